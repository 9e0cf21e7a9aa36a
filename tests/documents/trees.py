"""Random JSON-like data for tests, and how to compare it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Pointer = tuple[str | int, ...]

WORDS = (
    "",
    "a",
    "key",
    "<<",
    "=",
    "~",
    "null",
    "yes",
    "No",
    "1",
    "0x1",
    "1e3",
    "1:30",
    "2001-01-01",
    "- a",
    "a: b",
    "#",
)
texts = st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(texts, inner, max_size=5)),
    max_leaves=25,
)
containers = st.one_of(
    st.lists(trees, min_size=1, max_size=5), st.dictionaries(texts, trees, min_size=1, max_size=5)
)


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal in their types too (``True`` is not 1); NaN is NaN."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) or left != left  # noqa: PLR0124


def places(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Every value of a tree, itself included, with its pointer."""
    yield pointer, value
    if isinstance(value, dict):
        for key, below in value.items():
            yield from places(below, (*pointer, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from places(below, (*pointer, index))


def offset(text: str, position: tuple[int, int] | None) -> int:
    """The index in a text of a line and column, both counted from 1."""
    assert position is not None
    line, column = position
    return sum(len(full) + 1 for full in text.split("\n")[: line - 1]) + column - 1
