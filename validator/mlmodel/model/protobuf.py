"""The wire format of Protocol Buffers, as far as lengths and a few fields go: without its library, and field by field.

The source of the format is https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes

MAX_FIELDS = 200_000
"""Fields of one message that are looked at."""
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


class BrokenError(ValueError):
    """The bytes are no message, or end before it does."""

    def __init__(self, message: str, *, end: int | None = None) -> None:
        super().__init__(message)
        self.end = end
        """The byte that the message says that it reaches, where it is too short."""


class Field(Record):
    """One field of a message: its number, and its value or where that stands."""

    number: int
    wire: int
    value: int
    """Of a varint; 0 for other fields."""
    start: int
    end: int


def fields(data: bytes | mmap | RangedBytes, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between two places of the data, one after the other.

    Raises:
        BrokenError: a field does not begin as one, or reaches beyond the end.
    """
    position = start
    for _ in range(MAX_FIELDS):
        if position == end:
            return
        tag, position = varint(data, position, end)
        number, wire = tag >> 3, tag & 7
        if not number or wire not in (_VARINT, _EIGHT, _BYTES, _FOUR):
            raise BrokenError(f"no field begins at byte {position - 1:,}")
        value, first = 0, position
        if wire == _VARINT:
            value, position = varint(data, position, end)
        elif wire == _BYTES:
            size, first = varint(data, position, end)
            position = first + size
        else:
            position += 8 if wire == _EIGHT else 4
        if position > end:
            raise BrokenError(f"a field reaches to byte {position:,}", end=position)
        yield Field(number, wire, value, first, position)


def varint(data: bytes | mmap | RangedBytes, position: int, end: int) -> tuple[int, int]:
    """The number at a place, and the place behind it.

    Raises:
        BrokenError: none ends before the end.
    """
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    if position >= end:
        raise BrokenError(f"a number is cut at byte {position:,}", end=position + 1)
    raise BrokenError(f"no number ends at byte {position:,}")
