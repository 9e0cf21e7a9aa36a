"""The members of a tar archive: headers of 512 bytes, each before its data (POSIX and GNU)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.operands import Buffer

MAX_MEMBERS = 20_000
"""Members of one archive that are read."""

_BLOCK = 512
_LONG_NAME, _EXTENDED = b"L", b"x"
_PATH = rb"\d+ path=([^\n]*)\n"
"""The record of an extended header that gives the name (POSIX.1-2001, pax)."""


class Member(NamedTuple):
    """A regular file in the archive."""

    name: str
    start: int
    end: int


def is_header(head: bytes) -> bool:
    """Whether these are the first bytes of a tar archive: a header whose checksum is right."""
    if len(head) < _BLOCK or not head[0]:
        return False
    stored = _octal(head[148:156])
    return stored is not None and stored == sum(head[:148]) + 8 * 0x20 + sum(head[156:_BLOCK])


def members(data: Buffer, start: int, end: int) -> Iterator[Member | str]:
    """The regular files; a text where the archive cannot be read on."""
    at, longer = start, b""
    for _ in range(MAX_MEMBERS):
        header = bytes(data[at : min(end, at + _BLOCK)])
        if len(header) < _BLOCK or not any(header):
            return
        size = _octal(header[124:136])
        if size is None:
            yield "the tar archive has a header that cannot be read"
            return
        begin = at + _BLOCK
        stop = min(end, begin + size)
        kind = header[156:157]
        if kind == _LONG_NAME:
            longer = bytes(data[begin : min(stop, begin + _BLOCK)]).split(b"\0", 1)[0]
        elif kind == _EXTENDED:
            found = re.search(_PATH, bytes(data[begin : min(stop, begin + 8 * _BLOCK)]))
            longer = found[1][:_BLOCK] if found is not None else b""
        elif kind in (b"0", b"\0", b"7", b" "):
            name = longer or header[:100].split(b"\0", 1)[0]
            yield Member(name.decode("utf-8", "backslashreplace"), begin, stop)
            longer = b""
        if begin + size > end:
            yield "the tar archive is cut"
            return
        at = begin + -(-size // _BLOCK) * _BLOCK
    yield f"the tar archive has more than {MAX_MEMBERS:,} members"


def _octal(field: bytes) -> int | None:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        return None
