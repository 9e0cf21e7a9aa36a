"""MessagePack, as far as is needed to find out where an object ends (the MessagePack specification, "Formats")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes

MAX_ITEMS = 200_000
"""Items that are stepped over, at most."""

# First bytes after which the length of a text, of bytes or of an extension stands, in so many bytes.
_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_EXTENSIONS = range(0xC7, 0xCA)
# First bytes of values of one width: floats, integers, extensions of a fixed size with their type.
_WIDTHS = {
    0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
# First bytes of arrays and mappings: the bytes of the count, and the items of an entry.
_CONTAINERS = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
_PLAIN = (0xC0, 0xC2, 0xC3)
"""Null, false, true."""


class BrokenError(Exception):
    """The data end within an object, or no object begins so.

    Attributes:
        is_cut: whether the data end within an object.
    """

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.is_cut = is_cut


def end_of_object(data: bytes | mmap | RangedBytes, size: int) -> int | None:
    """The offset in bytes at which the first object ends; None where it has more than :data:`MAX_ITEMS` items.

    Raises:
        BrokenError: the object does not end within the data, or is none.
    """
    position, pending = 0, 1
    for _ in range(MAX_ITEMS):
        if not pending:
            break
        pending -= 1
        if position >= size:
            raise BrokenError(is_cut=True)
        first = data[position]
        position += 1
        if first < 0x80 or first >= 0xE0 or first in _PLAIN:
            continue
        if first < 0x90:
            pending += 2 * (first & 0x0F)
        elif first < 0xA0:
            pending += first & 0x0F
        elif first < 0xC0:
            position += first & 0x1F
        elif first in _WIDTHS:
            position += _WIDTHS[first]
        elif first in _LENGTHS:
            width = _LENGTHS[first]
            position += (
                width + int.from_bytes(data[position : position + width], "big") + (first in _EXTENSIONS)
            )
        elif first in _CONTAINERS:
            width, items = _CONTAINERS[first]
            pending += items * int.from_bytes(data[position : position + width], "big")
            position += width
        else:
            raise BrokenError(is_cut=False)
    else:
        return None
    if position > size:
        raise BrokenError(is_cut=True)
    return position
