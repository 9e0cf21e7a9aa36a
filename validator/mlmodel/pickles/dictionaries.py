"""The items of the dictionaries that a stream makes, as long as there is room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.pickles.operands import Buffer

MAX_FILLED = 20_000
"""Dictionaries whose items are remembered at a time."""
MAX_ITEMS = 200_000
"""Keys and values of all of them."""
MAX_OF_ONE = 1_024
"""Keys and values of one of them: a state has fewer."""
DICTIONARIES = (0x7D, 0x64)
"""The opcodes that make one."""


class Dictionaries:
    """Keys and values in turn, by the value that stands for the dictionary."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._items: dict[int, list[int] | None] = {}
        """Those that have items; None where there are too many."""
        self._room = MAX_ITEMS
        self._unknown_before = 0
        """The offset up to which others may have some."""

    def begin(self, offset: int) -> None:
        """Items were not told before."""
        self._unknown_before = offset

    def fill(self, value: int, items: list[int] | None) -> None:
        """A dictionary gets items; None where they are not looked at."""
        size = len(items) if items is not None else MAX_OF_ONE + 1
        known = self._items.get(value, ())
        if known is None:
            return
        self._room -= size if size <= MAX_OF_ONE else 1
        if len(self._items) >= MAX_FILLED or self._room < 0:
            self._unknown_before = max(self._items, default=0)
            self._items.clear()
            self._room = MAX_ITEMS
            known = None if value <= self._unknown_before else ()
        if items is None or known is None or len(known) + size > MAX_OF_ONE:
            self._items[value] = None
        elif isinstance(known, list):
            known.extend(items)
        else:
            self._items[value] = items if value > self._unknown_before else None

    def items_of(self, value: int) -> Sequence[int] | None:
        """The keys and values of a dictionary in turn; None where they are not known."""
        if value <= 0 or self._data[value - 1] not in DICTIONARIES:
            return None
        if value in self._items:
            return self._items[value]
        return () if value > self._unknown_before else None
