"""The memo: what PUT, BINPUT and MEMOIZE store and GET and BINGET fetch, in eight bytes an entry."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ENTRIES = 1 << 24
"""Entries that are kept: 128 MiB.  A reader needs more than a gigabyte for as many."""
MAX_SPARSE = 1 << 17
"""Entries out of order that are kept.  No pickler writes any."""

MAX_DIGITS = 4300
"""Digits of an index; ``int()`` reads no more."""

UNSET = -2
"""Stands for an index that was never set."""


class Memo:
    """Values by index.  Picklers count 0, 1, 2 ...; Python 2's began at 1; anything else is slow, and bounded."""

    def __init__(self) -> None:
        self.dense = array("q")
        """By index.  :attr:`add` is its ``append`` as long as there are no others."""
        self.sparse: dict[bytes, int] = {}
        """The indices out of order, by their digits."""
        # The keys are text because its hash cannot be foreseen: of integers anyone can write a million that
        # collide.
        self._unset = 0
        self.add: Callable[[int], None] = self.dense.append
        """MEMOIZE: store a value under the number of values that are stored."""

    @property
    def plain(self) -> bool:
        """Whether the indices so far are 0, 1, 2 ... without a gap."""
        return not self._unset and not self.sparse

    @property
    def full(self) -> bool:
        """Whether there are more entries than are kept."""
        return len(self.dense) > MAX_ENTRIES or len(self.sparse) > MAX_SPARSE

    def put(self, index: int, value: int) -> None:
        """Store a value under an index of at most 64 bits or so."""
        dense = self.dense
        if index == len(dense) == 0 or (index == len(dense) and not self.sparse):
            dense.append(value)
        elif index < len(dense):
            if dense[index] == UNSET:
                self._unset -= 1
            dense[index] = value
        elif index == 1 and not dense and not self.sparse:
            dense.extend((UNSET, value))
            self._unset = 1
        else:
            self.sparse[b"%d" % index] = value
        self.add = dense.append if self.plain else self._memoize

    def _memoize(self, value: int) -> None:
        self.put(len(self.dense) - self._unset + len(self.sparse), value)

    def get(self, index: int) -> int:
        """The value under an index, :data:`UNSET` when there is none."""
        if 0 <= index < len(self.dense):
            return self.dense[index]
        return self.sparse.get(b"%d" % index, UNSET)

    def put_text(self, raw: bytes, value: int) -> bool:
        """Store under an index in decimal digits; says whether they are some."""
        digits = _digits(raw)
        if digits is None:
            return False
        if len(digits) <= 18:
            self.put(int(digits), value)
        else:
            self.sparse[digits] = value
            self.add = self._memoize
        return True

    def get_text(self, raw: bytes) -> int:
        """The value under an index in decimal digits, :data:`UNSET` when there is none."""
        digits = _digits(raw)
        if digits is None:
            return UNSET
        return self.get(int(digits)) if len(digits) <= 18 else self.sparse.get(digits, UNSET)


def _digits(raw: bytes) -> bytes | None:
    """A decimal number without sign, leading zeros and the blanks and underscores that ``int()`` allows."""
    digits = raw.split(b"\0", 1)[0].strip().removeprefix(b"+").replace(b"_", b"").lstrip(b"0")
    if digits.isdigit():
        return digits if len(digits) <= MAX_DIGITS else None
    return b"0" if not digits and b"0" in raw else None
