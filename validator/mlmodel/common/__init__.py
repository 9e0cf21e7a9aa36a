"""Helpers that know nothing of MLflow: cached values and the spelling of words.

Imports nothing of the package, so that every room may use it.  A new line belongs here only if it would be as useful in
another project, and no library of the base has it.
"""
