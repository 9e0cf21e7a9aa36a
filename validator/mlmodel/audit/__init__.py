"""Audits: every model of a registry, an experiment or a store, one row each, that last.

Imports ``bulk`` and what is below it, and the reporters' HTML.  ``where`` turns arguments into subjects, ``registry`` asks an
installed MLflow client for them, ``rows`` says what a row holds, ``journal`` keeps the rows of a run that may be killed, and
``auditing`` ties them together.  ``parquet``, ``page`` and ``gate`` are what is done with rows, each with its own extra.
Nothing here is imported by ``mlmodel validate``.
"""
