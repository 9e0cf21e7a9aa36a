"""The base of what the functions of the package raise."""

from __future__ import annotations


class MlmodelError(Exception):
    """Something that was asked for cannot be done; told in one line.  Findings about a model are no exceptions."""
