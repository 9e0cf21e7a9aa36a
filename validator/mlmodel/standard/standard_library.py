"""The top-level modules of Python's standard library, by the releases of Python that have them."""

from __future__ import annotations

from functools import cache
from typing import Any

from mlmodel.standard import data


def is_standard(module: str, python: tuple[int, ...] | None = None) -> bool:
    """Whether a top-level module is part of the standard library of a Python, ``(3, 11)``; of any Python where that is None."""
    names = _table()
    if module in names["always"]:
        return True
    era = names["sometimes"].get(module)
    if era is None:
        return False
    if python is None or len(python) < 2:
        return True
    since, until = era
    return (since is None or python[:2] >= _minor(since)) and (until is None or python[:2] <= _minor(until))


def modules() -> frozenset[str]:
    """The top-level modules of any Python's standard library."""
    names = _table()
    return frozenset((*names["always"], *names["sometimes"]))


def _minor(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


@cache
def _table() -> dict[str, Any]:
    """``standard-library.json``, which ``tools/standard_library.py`` writes."""
    table = data.annex("standard-library.json")
    table["always"] = frozenset(table["always"])
    return table
