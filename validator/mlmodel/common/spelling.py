"""The near miss: which known word somebody meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 100
"""Characters of a word that is compared: the comparison takes quadratic time, and no known word is longer."""
MANY = 500
"""Keys of one mapping among which a slip is looked for; no author's file has more."""
_MOST = 2_000
"""Words that one is compared with at most."""


def nearest(word: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    """The known word most like ``word``, None where none is alike (``cutoff`` from 0, anything, to 1, equal)."""
    from difflib import get_close_matches  # where all is well, nothing is looked for
    from itertools import islice

    if len(word) > _LONGEST:
        return None
    candidates = [other for other in islice(known, _MOST) if len(other) <= _LONGEST]
    return next(iter(get_close_matches(word, sorted(candidates), 1, cutoff)), None)
