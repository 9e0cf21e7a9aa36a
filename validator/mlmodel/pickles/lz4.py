"""LZ4 frames, which joblib writes and the standard library does not read (LZ4 Frame Format 1.6.4, Block Format)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mlmodel.pickles.operands import Buffer

MAGIC = b"\x04\x22\x4d\x18"
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_HISTORY = 1 << 16
"""Bytes back that a match may reach."""
_MAX_BLOCK = 1 << 22
"""Bytes of a block, unpacked."""


class BrokenError(ValueError):
    """These are no LZ4 frames."""


def pieces(data: Buffer, start: int, end: int) -> Iterator[bytes]:
    """The content of all frames one behind the other, block by block.

    Raises:
        BrokenError: a frame is cut, or broken.
    """
    at = start
    while at + 4 <= end:
        magic = bytes(data[at : at + 4])
        if int.from_bytes(magic, "little") in _SKIPPABLE:
            at += 8 + int.from_bytes(bytes(data[at + 4 : at + 8]), "little")
        elif magic == MAGIC:
            at = yield from _frame(data, at + 4, end)
        else:
            return


def _frame(data: Buffer, at: int, end: int) -> Generator[bytes, None, int]:
    """The blocks of one frame; returns the offset behind it."""
    flags = data[at] if at < end else 0
    if flags >> 6 != 1:
        raise BrokenError("the version of the frame is not 1")
    linked, block_sums, sized, summed, named = (
        not flags & 0x20, flags & 0x10, flags & 0x08, flags & 0x04, flags & 0x01,
    )  # fmt: skip
    at += 3 + (8 if sized else 0) + (4 if named else 0)
    history = b""
    while True:
        size = int.from_bytes(_exactly(data, at, 4, end), "little")
        at += 4
        if size == 0:
            return at + (4 if summed else 0)
        length = size & 0x7FFFFFFF
        raw = _exactly(data, at, length, end)
        block = raw if size >> 31 else _block(raw, history)
        yield block
        if linked:
            history = (history + block)[-_HISTORY:]
        at += length + (4 if block_sums else 0)


def _exactly(data: Buffer, at: int, size: int, end: int) -> bytes:
    if size > _MAX_BLOCK + 1024 or at + size > end:
        raise BrokenError("a block reaches past the end")
    return bytes(data[at : at + size])


def _block(raw: bytes, history: bytes) -> bytes:
    """One block: literals and matches in turn."""
    out = bytearray(history)
    most = len(history) + _MAX_BLOCK
    at = 0
    try:
        while at < len(raw):
            token = raw[at]
            at += 1
            count = token >> 4
            if count == 15:
                count, at = _more(raw, at, count)
            if at + count > len(raw) or len(out) + count > most:
                raise BrokenError("a block is longer than it may be")
            out += raw[at : at + count]
            at += count
            if at == len(raw):
                break
            back = raw[at] | raw[at + 1] << 8
            at += 2
            count = token & 15
            if count == 15:
                count, at = _more(raw, at, count)
            count += 4
            if not 0 < back <= len(out) or len(out) + count > most:
                raise BrokenError("a match reaches before the start")
            if back >= count:
                begin = len(out) - back
                out += out[begin : begin + count]
            else:
                unit = bytes(out[-back:])
                out += (unit * (count // back + 1))[:count]
    except IndexError:
        raise BrokenError("a block is cut") from None
    return bytes(out[len(history) :])


def _more(raw: bytes, at: int, count: int) -> tuple[int, int]:
    """A length that goes on, and the offset behind it."""
    while True:
        byte = raw[at]
        at += 1
        count += byte
        if byte != 255:
            return count, at
