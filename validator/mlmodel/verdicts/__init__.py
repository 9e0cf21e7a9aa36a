"""Verdicts that are kept: a model whose files have not changed since it was judged is not read again.

A verdict is found again by the place of the model, the options, the rules, the targets and this program; it counts only
where the state of the files (:mod:`mlmodel.sources.state`) is the one that they had, and its own bytes are those that were
written.  Everything else is as if nothing had been kept.  What depends on more than the files is never kept: what could
not be judged, loading, and asking the package index.

Imports ``validation`` and what is below it.  ``cache`` keeps them, ``settings`` says what they depend on.
"""
