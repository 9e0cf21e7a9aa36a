"""How the value of a YAML flow scalar is spread over its source text."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    from mlmodel.documents.scalar import Scalar

# YAML 1.1, sections 4.1.4 and 5.1.5: a line break folds into one space, each empty line after it into a line
# feed, and the blanks around them into nothing.  LS and PS are breaks that do not fold.
_BREAK = r"(?:\r\n|[\r\n\x85\u2028\u2029])"
_REST = r"[ \t\r\n\x85\u2028\u2029]*"
_FOLD = rf"(?P<first>{_BREAK})(?P<rest>{_REST})"  # the blanks before it are found backwards
_PLAIN = lazy_pattern(_FOLD)
_SINGLE = lazy_pattern(rf"{_FOLD}|''")
_DOUBLE = lazy_pattern(
    rf"\\{_BREAK}(?P<below>{_REST})"
    rf"|\\(?:x[0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}}|U[0-9a-fA-F]{{8}}|.)|{_FOLD}",
    re.DOTALL,
)


class SourceMap:
    """Finds the source of a scalar's characters; block scalars are not mapped, their start stands for all.

    Characters stand in the source one by one except at folds and escapes, so only these are kept.
    """

    def __init__(self, text: str, scalar: Scalar) -> None:
        start, self._end, style = scalar
        self._values = array("q", [0])
        """Indexes in the value where a run of characters begins that stand side by side in the source."""
        self._sources = array("q", [start])
        """Where in the source each run begins."""
        if style in ("|", ">"):
            self._end = start
            return
        if style:
            start, self._end = start + 1, self._end - 1
            self._sources[0] = start
        count = 0
        for match in {"'": _SINGLE, '"': _DOUBLE}.get(style, _PLAIN).finditer(text, start, self._end):
            begin, length = match.start(), _length(match)
            if match["first"]:
                while begin > start and text[begin - 1] in " \t":
                    begin -= 1
            count += begin - start
            start = match.end()
            self._values.extend((count, count + length))
            self._sources.extend((begin, start))
            count += length

    def index(self, offset: int) -> int:
        """The index in the source of the character at ``offset`` of the value."""
        run = bisect_right(self._values, offset) - 1
        return min(self._sources[run] + offset - self._values[run], self._end)


def _length(match: re.Match[str]) -> int:
    """How many characters of the value a fold or an escape makes."""
    if match["first"]:
        below = _breaks(match["rest"])
        return below + 1 if match["first"] in "\u2028\u2029" else max(1, below)
    below_joined = match.groupdict().get("below")
    return 1 if below_joined is None else _breaks(below_joined)


def _breaks(blanks: str) -> int:
    return len(blanks) - blanks.count(" ") - blanks.count("\t") - blanks.count("\r\n")
