"""How the value of a YAML flow scalar is spread over its source text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents.base import Scalar

_FOLD = r"(?P<fold>[ \t]*\r?\n\s*)"
_PLAIN = re.compile(_FOLD + r"|(?P<one>.)", re.DOTALL)
_SINGLE = re.compile(_FOLD + r"|(?P<one>''|.)", re.DOTALL)
_DOUBLE = re.compile(
    r"(?P<joined>\\\r?\n[ \t]*)|"
    + _FOLD
    + r"|(?P<one>\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|.)",
    re.DOTALL,
)


def tokens(text: str, scalar: Scalar) -> Iterator[tuple[int, int]]:
    """Pairs of an index in ``text`` and how many characters of the value its token makes.

    A line break folds into one space, and each empty line after it into a line feed.
    """
    start, end, style = scalar
    if style in ("|", ">"):
        return
    pattern = {"'": _SINGLE, '"': _DOUBLE}.get(style, _PLAIN)
    if style:
        start, end = start + 1, end - 1
    for match in pattern.finditer(text, start, end):
        if match["one"] is not None:
            yield match.start(), 1
        elif match["fold"] is not None:
            yield match.start(), max(1, match["fold"].count("\n") - 1)
        else:
            yield match.start(), 0
