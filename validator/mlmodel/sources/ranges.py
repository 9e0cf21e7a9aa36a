"""Bytes that are fetched in blocks when they are looked at, for sources that no file can be mapped from."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, SupportsIndex, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

BLOCK = 1 << 16
"""Bytes that are fetched at once."""
MAX_BLOCKS = 256
"""Blocks that are kept: 16 MiB."""


class RangedBytes:
    """A file as a sequence of bytes: it can be indexed, sliced and searched as ``bytes`` and ``mmap`` can.

    Args:
        size: length of the file.
        fetch: returns exactly the bytes of a range, given its offset and length.
        ahead: blocks that are fetched at once at most, where one is looked at after the other.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes], ahead: int = 1) -> None:
        self._size = size
        self._fetch = fetch
        self._ahead = ahead
        self._run = 1
        """Blocks to fetch at once, should the next one be wanted."""
        self._next = -1
        """The block behind those that were fetched last."""
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def __len__(self) -> int:
        """The length of the file."""
        return self._size

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | bytes:
        """One byte as a number, or a slice (a step is not supported).

        Raises:
            IndexError: the index is outside the file.
        """
        if isinstance(key, slice):
            start, stop, _ = key.indices(self._size)
            return self._range(start, stop)
        index = key.__index__()
        index += self._size if index < 0 else 0
        if not 0 <= index < self._size:
            raise IndexError("index out of range")
        block, offset = divmod(index, BLOCK)
        return self._block(block)[offset]

    def contiguous(self) -> bytes:
        """All bytes.

        Raises:
            UnreadableError: there are more than the source fetches at once.
        """
        return self._fetch(0, self._size)

    def find(self, wanted: bytes, start: int = 0, end: int | None = None) -> int:
        """The lowest offset of ``wanted`` in ``[start, end)``, -1 where it is not."""
        start, end, _ = slice(start, end).indices(self._size)
        while start + len(wanted) <= end:
            stop = min(end, (start // BLOCK + 1) * BLOCK + len(wanted) - 1)
            at = self._range(start, stop).find(wanted)
            if at >= 0:
                return start + at
            start = max(start + 1, stop - len(wanted) + 1)
        return -1

    def rfind(self, wanted: bytes, start: int = 0, end: int | None = None) -> int:
        """The highest offset of ``wanted`` in ``[start, end)``, -1 where it is not."""
        start, end, _ = slice(start, end).indices(self._size)
        while start + len(wanted) <= end:
            begin = max(start, end - BLOCK - len(wanted) + 1)
            at = self._range(begin, end).rfind(wanted)
            if at >= 0:
                return begin + at
            if begin == start:
                break
            end = begin + len(wanted) - 1
        return -1

    def _range(self, start: int, stop: int) -> bytes:
        if stop <= start:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        if first == last:
            block = self._block(first)
            return block[start - first * BLOCK : stop - first * BLOCK]
        if last - first >= MAX_BLOCKS // 4:
            return self._fetch(start, stop - start)  # too long to be looked at again
        joined = b"".join(map(self._block, range(first, last + 1)))
        return joined[start - first * BLOCK : stop - first * BLOCK]

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is not None:
            self._blocks.move_to_end(number)
            return block
        self._run = min(self._run * 2, self._ahead) if number == self._next else 1
        start = number * BLOCK
        content = self._fetch(start, min(BLOCK * self._run, self._size - start))
        self._next = number + self._run
        for at in range(0, len(content), BLOCK):
            self._blocks[number + at // BLOCK] = content[at : at + BLOCK]
            if len(self._blocks) > MAX_BLOCKS:
                self._blocks.popitem(last=False)
        return self._blocks[number]


def contiguous(data: bytes | bytearray | mmap | RangedBytes) -> bytes | bytearray | mmap:
    """The bytes as something that a regular expression can search.

    Raises:
        UnreadableError: they are fetched in ranges, and are more than the source fetches at once.
    """
    return data.contiguous() if isinstance(data, RangedBytes) else data
