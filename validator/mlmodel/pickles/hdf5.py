"""The configuration of a Keras model in an HDF5 file, found without reading the format.

Keras keeps it as one JSON text in the attribute ``model_config``.  HDF5 never compresses attributes and writes each in
one piece, so that the text stands in the file as it is: every JSON object is tried that may be one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

MAX_TEXTS = 1_000
"""JSON texts that are taken from one file."""
_FIRST, _LARGEST = 1 << 12, 1 << 26
"""Bytes of a text that are tried first, and at most."""
_TIMES = 4
"""Bytes that are tried, all together: so many times the size of the file, and once the largest text."""

_OBJECT = lazy_pattern(rb"\{[ \t\r\n]*\"")
_CLASS_KEY = lazy_pattern(rb"class(?:_|\\u005[fF])name")


class Undecoded(Record):
    """Something that looks like a configuration and cannot be decoded."""

    offset: int


def configurations(data: bytes | bytearray | mmap, start: int, end: int) -> Iterator[Any]:
    """The JSON objects in a range of bytes; :class:`Undecoded` where one seems cut or broken, or where there is too much."""
    decoded: list[tuple[int, int]] = []
    left = _TIMES * (end - start) + _LARGEST
    at = start
    while match := _OBJECT.search(data, at, end):
        value, stop, tried = _decode(data, match.start(), end)
        left -= tried
        if left < 0 or len(decoded) == MAX_TEXTS:
            yield Undecoded(match.start())
            return
        if stop > match.start():
            decoded.append((match.start(), stop))
            yield value
        at = max(stop, match.end())
    place = 0
    for key in _CLASS_KEY.finditer(data, start, end):
        while place < len(decoded) and decoded[place][1] <= key.start():
            place += 1
        if place == len(decoded) or key.start() < decoded[place][0]:
            yield Undecoded(key.start())
            return


def _decode(data: bytes | bytearray | mmap, start: int, end: int) -> tuple[Any, int, int]:
    """The JSON value at an offset, where it ends (the offset itself where there is none), and the bytes that were tried."""
    size, tried = _FIRST, 0
    while True:
        raw = bytes(data[start : min(end, start + size)])
        tried += len(raw)
        text = raw.decode("utf-8", "surrogateescape")
        try:
            value, length = json.JSONDecoder().raw_decode(text)
        except json.JSONDecodeError as error:
            is_cut = error.pos >= len(text) - _NEAR or error.msg.startswith("Unterminated string")
            if is_cut and start + size < end and size < _LARGEST:
                size *= 8
                continue
            return None, start, tried
        except RecursionError:
            return None, start, tried
        return value, start + len(text[:length].encode("utf-8", "surrogateescape")), tried


_NEAR = 64
"""Characters before the end of a piece within which a fault may come from the cut."""
