"""The keys of a file as a tree: of its data, or of a text that need not be YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlmodel.model.outline.places import Path

_LEVELS = 4
"""No described key stands deeper."""
_DEEPEST = 12
LINES = 2000
_WIDTH = 500
"""Bounds that keep any text from costing much: its levels, lines, characters of a line."""


@dataclass(slots=True, eq=False)
class Node:
    """A key of the file, with what stands below it."""

    key: str
    line: int
    column: int
    value: str
    """``mapping``, ``list``, ``scalar``, ``null``, ``empty``, or ``any`` where that cannot be told."""
    text: str = ""
    """The value, where it is a scalar."""
    children: list[Node] = field(default_factory=list)
    path: Path = ()
    """The keys from the root of the file to it, its own included."""


KEY_LINE = lazy_pattern(r"( *)([A-Za-z_][\w.-]*):(?:[ \t]+(\S.*))?$")
_NULLS = ("null", "Null", "NULL", "~")


def from_text(text: str) -> list[Node]:
    """The outline of a text that need not be YAML, judged by indentation alone."""
    roots: list[Node] = []
    stack: list[tuple[int, Node]] = []
    for number, full in enumerate(text.split("\n", LINES)[:LINES], 1):
        line = full[:_WIDTH]
        match = KEY_LINE.match(line.rstrip().expandtabs(8))
        if match is None:
            continue
        indent, value = len(match[1]), match[3] or ""
        while stack and stack[-1][0] >= indent:
            stack.pop()
        if len(stack) == _DEEPEST:
            continue
        path = (*(above.key for _, above in stack), match[2])
        column = len(line) - len(line.lstrip()) + 1
        node = Node(match[2], number, column, kind_of_text(value), value, [], path)
        siblings = stack[-1][1].children if stack else roots
        siblings.append(node)
        if stack and stack[-1][1].value == "empty":
            stack[-1][1].value = "mapping"
        stack.append((indent, node))
    return roots


def kind_of_text(value: str) -> str:
    """What a value is (see :attr:`Node.value`), as far as its first line tells."""
    if value in _NULLS:
        return "null"
    if not value or value.startswith("#"):
        return "empty"
    return "any" if value[0] in "{[&*!|>" else "scalar"


def from_data(data: Mapping[str, Any], path: Path = ()) -> list[Node]:
    """The outline of parsed data; its nodes have no lines."""
    nodes = []
    for key, value in data.items():
        place = (*path, key)
        children = from_data(value, place) if isinstance(value, dict) and len(place) < _LEVELS else []
        text = value if isinstance(value, str) else ""
        nodes.append(Node(key, 0, 0, _kind_of_value(value), text, children, place))
    return nodes


def _kind_of_value(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, (dict, list)):
        return "mapping" if isinstance(value, dict) else "list"
    return "scalar"


def walk(nodes: Iterable[Node], path: Path = ()) -> Iterator[tuple[Node, Path]]:
    """Every node, with the path of what it stands below."""
    for node in nodes:
        yield node, path
        yield from walk(node.children, (*path, node.key))
