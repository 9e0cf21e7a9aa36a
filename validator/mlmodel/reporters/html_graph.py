"""A small graph of one serialized object: the distributions that it imports from, and what it calls of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.reporters.html_markup import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.inspection import InspectedObject

_GROUPS = 10
_CALLS = 14
"""Nodes of a column; the tables under the graph have all."""
_ROW = 34
_HEIGHT = 26
_COLUMNS = ((8, 190), (264, 190), (520, 372))
"""Where each column starts, and how wide its nodes are."""
_LETTER = 7.3
"""Width of a letter of 12 pixels in a monospaced font."""
_WIDTH = 900
_HARMLESS = frozenset({"code", "unexplained"})
"""Remarks that say that something is not known; the others say that it is wrong."""


class _Node(Record):
    column: int
    row: float
    text: str
    kind: str
    """The class by which the style sheet colors it."""

    @property
    def y(self) -> float:
        """The upper edge."""
        return 8 + self.row * _ROW

    @property
    def left(self) -> tuple[float, float]:
        """Where a line comes in."""
        return _COLUMNS[self.column][0], self.y + _HEIGHT / 2

    @property
    def right(self) -> tuple[float, float]:
        """Where a line goes out."""
        start, width = _COLUMNS[self.column]
        return start + width, self.y + _HEIGHT / 2


def graph(part: InspectedObject) -> str:
    """An SVG element with a text alternative; empty where the object names nothing."""
    groups = list(part.imports.items())[:_GROUPS]
    calls = part.calls[:_CALLS]
    if not groups:
        return ""
    rows = max(len(groups), len(calls), 1)
    file = _Node(0, (rows - 1) / 2, part.path, "file")
    bad = {said.offset for said in part.remarks if said.kind not in _HARMLESS}
    named = {name: index for index, (_, names) in enumerate(groups) for name in names}
    middle = [
        _Node(1, _spread(index, len(groups), rows), f"{group} ({len(names):,})", "group")
        for index, (group, names) in enumerate(groups)
    ]
    lines = [_line(file, node, "edge") for node in middle]
    right = []
    for index, used in enumerate(calls):
        kind = "bad" if used.offset in bad else "call"
        node = _Node(2, _spread(index, len(calls), rows), used.text, kind)
        right.append(node)
        source = named.get(used.text.partition("(")[0])
        lines.append(_line(middle[source] if source is not None else file, node, f"edge {kind}"))
    more = [f"{len(part.imports) - _GROUPS} more distributions"] if len(part.imports) > _GROUPS else []
    more += [f"{len(part.calls) - _CALLS} more calls"] if len(part.calls) > _CALLS else []
    height = 16 + rows * _ROW
    label = escaped(f"What {part.path} imports and calls")
    nodes = "".join(map(_box, [file, *middle, *right]))
    note = f"<p>Not drawn: {', '.join(more)}.</p>" if more else ""
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{label}, drawn">'
        f'<svg class="graph" role="img" aria-label="{label}: {escaped(_spoken(groups, len(part.calls)))}" '
        f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">{"".join(lines)}{nodes}</svg></div>{note}'
    )


def _spoken(groups: Sequence[tuple[str, Sequence[str]]], calls: int) -> str:
    names = ", ".join(f"{len(found)} of {group}" for group, found in groups)
    return f"names: {names}; {calls} calls; the tables below list them"


def _spread(index: int, count: int, rows: int) -> float:
    """The row of a node, so that the nodes of a short column are in the middle."""
    return index + (rows - count) / 2


def _line(start: _Node, end: _Node, kind: str) -> str:
    (x1, y1), (x2, y2) = start.right, end.left
    middle = (x1 + x2) / 2
    return f'<path class="{kind}" d="M{x1:g} {y1:g} C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"/>'


def _box(node: _Node) -> str:
    x, width = _COLUMNS[node.column]
    most = int((width - 16) / _LETTER)
    text = node.text if len(node.text) <= most else node.text[: most - 3] + "..."
    return (
        f'<g class="{node.kind}"><title>{escaped(node.text[:500])}</title>'
        f'<rect x="{x}" y="{node.y:g}" width="{width}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + 8}" y="{node.y + 17:g}">{escaped(text)}</text></g>'
    )
