"""The index of a checkpoint of TensorFlow: how far the tensors reach in each shard of data.

It is an SSTable (LevelDB, ``doc/table_format.md``) of ``BundleEntryProto`` by the names of tensors
(``tensorflow/core/protobuf/tensor_bundle.proto``).  TensorFlow writes it without compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model.protobuf import BrokenError, fields, varint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes

    Data = bytes | mmap | RangedBytes

_FOOTER = 48
_PLAIN = 0
"""The type of a block that is not compressed, in the byte behind it."""
_MAX_ENTRIES = 50_000
_MAX_BLOCK, _MAX_READ = 16 << 20, 64 << 20
_SHARD, _OFFSET, _SIZE = 3, 4, 5


def ends(data: Data) -> dict[int, int]:
    """The byte that the tensors reach in each shard, by its number.

    Raises:
        BrokenError: it is no such table, or a block of it is compressed.
    """
    size = len(data)
    if size < _FOOTER:
        raise BrokenError("it is shorter than the end of a table")
    position = size - _FOOTER
    for _ in range(2):  # the table of the table's properties, which is passed over
        _, position = varint(data, position, size)
    start, position = varint(data, position, size)
    length, _ = varint(data, position, size)
    found: dict[int, int] = {}
    count = read = 0
    for _, value in _block(data, start, length):
        block, position = varint(value, 0, len(value))
        length, _ = varint(value, position, len(value))
        read += length + _FOOTER
        if read > _MAX_READ:
            return found
        for key, entry in _block(data, block, length):
            count += 1
            if count > _MAX_ENTRIES:
                return found
            if key:  # the first is the header of the bundle
                numbers = {field.number: field.value for field in fields(entry, 0, len(entry))}
                shard = numbers.get(_SHARD, 0)
                found[shard] = max(found.get(shard, 0), numbers.get(_OFFSET, 0) + numbers.get(_SIZE, 0))
    return found


def _block(data: Data, start: int, length: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block, which shares the beginnings of keys."""
    end = start + length
    if not 4 <= length <= _MAX_BLOCK or end >= len(data):
        raise BrokenError(f"a block reaches to byte {end:,}", end=end)
    if data[end] != _PLAIN:
        raise BrokenError("a block is compressed")
    block = bytes(data[start:end])
    entries = length - 4 * (int.from_bytes(block[-4:], "little") + 1)
    if entries < 0:
        raise BrokenError("a block has more starts than bytes")
    position, key = 0, b""
    while position < entries:
        shared, position = varint(block, position, entries)
        rest, position = varint(block, position, entries)
        size, position = varint(block, position, entries)
        key = key[:shared] + block[position : position + rest]
        position += rest
        if position + size > entries:
            raise BrokenError("an entry reaches beyond its block")
        yield key, block[position : position + size]
        position += size
