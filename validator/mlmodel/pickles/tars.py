"""The members of a tar archive (POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU), as Python's ``tarfile`` finds them.

``torch.load`` opens its oldest format with ``tarfile``, so what that module returns decides.  Where other readers
(GNU tar, bsdtar) would go on differently, an :class:`Ambiguity` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.pickles.formats import TAR_BLOCK, is_tar_header, tar_number
from mlmodel.sources.ranges import contiguous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.operands import Buffer

MAX_MEMBERS = 20_000
"""Members of one archive that are read."""
MAX_RECORDS = 1 << 20
"""Bytes of one extended header that are read."""

_BLOCK = TAR_BLOCK
_REGULAR = frozenset(b"\x0007S")
"""Types of regular files: ``\\0``, ``0``, ``7`` (contiguous) and ``S`` (GNU, sparse)."""
_WITHOUT_DATA = frozenset(b"123456")
"""Links, devices, directories, FIFOs: ``tarfile`` takes the block after such a header for the next one, whatever size
the header states.  Every other type is followed by data, unknown types too."""
_LONG_NAME, _LONG_LINK = ord("L"), ord("K")
_EXTENDED, _GLOBAL, _SOLARIS, _SPARSE = ord("x"), ord("g"), ord("X"), ord("S")
_ABOUT_THE_NEXT = frozenset({_LONG_NAME, _LONG_LINK, _EXTENDED, _GLOBAL, _SOLARIS})
_GNU_TYPES = frozenset({_LONG_NAME, _LONG_LINK, _SPARSE})
_RECORD = lazy_pattern(rb"(\d+) ([^=]{1,1000})=")
_RECORD_START = lazy_pattern(rb"\d+ [^=]")
_MAX_RECORDS = 1_000
_UNREAD = b""
"""Stands for records that are not read: no keyword is empty."""
_DECISIVE = (b"path", b"size", b"linkpath", b"GNU.sparse")
"""Keys of a global header that change what its members are; git writes one with a comment only."""
_NOT_ZERO = lazy_pattern(rb"[^\0]")


class Member(Record):
    """A file in the archive: everything that ``tarfile.extractfile`` gives bytes of."""

    name: str
    start: int
    end: int


class Ambiguity(Record):
    """Something that makes readers disagree about the members."""

    message: str


class Unreadable(Record):
    """A part of the archive that cannot be read."""

    reason: str


class _Header(Record):
    name: bytes
    type: int
    size: int
    is_directory: bool
    """Whether ``tarfile`` takes it for one by the slash behind its name (tar before POSIX had no type for it)."""


def members(data: Buffer, start: int, end: int) -> Iterator[Member | Ambiguity | Unreadable]:
    """The files of the archive in a range of bytes, in order."""
    at = start
    name = b""
    local: dict[bytes, bytes] = {}
    shared: dict[bytes, bytes] = {}
    for _ in range(MAX_MEMBERS):
        block = bytes(data[at : min(end, at + _BLOCK)])
        if len(block) < _BLOCK or not any(block):
            yield from _after_end(data, at, end)
            at = _next_header(data, at, end)
            if at >= end:
                return
            continue  # readers that do not stop at empty blocks go on here
        header = _header(block)
        if header is None:
            yield Unreadable(f"the tar archive has a header that cannot be read, at byte {at - start:,}")
            return
        begin = at + _BLOCK
        size = header.size
        if header.type in _ABOUT_THE_NEXT:
            content = bytes(data[begin : min(end, begin + size, begin + MAX_RECORDS)])
            if header.type == _LONG_NAME:
                name = content.split(b"\0", 1)[0]
            elif header.type == _GLOBAL:
                shared.update(_records(content))
                if any(key.startswith(_DECISIVE) for key in shared):
                    yield Ambiguity(
                        "the tar archive has a global header: readers differ in what they take from it"
                    )
            elif header.type != _LONG_LINK:
                local = _records(content) | local  # of several in a row, tarfile applies the first last
            if size > MAX_RECORDS or _UNREAD in local or _UNREAD in shared:
                yield Unreadable(f"the tar archive has an extended header of {size:,} bytes")
        else:
            shown = (local.get(b"path") or name or shared.get(b"path") or header.name)[:_BLOCK]
            size = _stated(local, size)
            if size < 0:
                yield Unreadable(f"a member of the tar archive has a size of {size:,} bytes")
                return
            if header.type in _WITHOUT_DATA or header.is_directory:
                yield from _of_no_file(shown, size)
                size = 0
            else:
                if header.type == _SPARSE:
                    begin = _behind_sparse_map(data, block, begin, end)
                yield from _of_file(shown, header.type, {*local, *shared})
                reach = max(size, _stated(shared, size))
                yield Member(_shown(shown), begin, max(begin, min(end, begin + reach)))
            name, local = b"", {}
        if begin + size > end:
            yield Unreadable("the tar archive is cut")
            return
        at = begin + -(-size // _BLOCK) * _BLOCK
    yield Unreadable(f"the tar archive has more than {MAX_MEMBERS:,} members")


def _next_header(data: Buffer, at: int, end: int) -> int:
    """Where a header stands behind the end of an archive; the end of the data where none does."""
    at += _BLOCK
    while at + _BLOCK <= end:
        match = _NOT_ZERO.search(contiguous(data), at, end)
        if match is None:
            return end
        at += (match.start() - at) // _BLOCK * _BLOCK
        if is_tar_header(bytes(data[at : at + _BLOCK])):
            return at
        at += _BLOCK
    return end


def _of_no_file(name: bytes, size: int) -> Iterator[Ambiguity]:
    if size:
        message = (
            f"{_shown(name)!r} is no file, and states {size:,} bytes: readers differ in whether to skip them"
        )
        yield Ambiguity(message)


def _of_file(name: bytes, kind: int, keys: set[bytes]) -> Iterator[Ambiguity | Unreadable]:
    if kind == _SPARSE or any(key.startswith(b"GNU.sparse") for key in keys):
        yield Unreadable(f"{_shown(name)!r} is a sparse file, whose parts are not put together here")
    if kind not in _REGULAR:
        message = (
            f"{_shown(name)!r} is of the unknown type {chr(kind)!r}: readers differ in whether it is a file"
        )
        yield Ambiguity(message)


def _header(block: bytes) -> _Header | None:
    size = tar_number(block[124:136])
    if size is None or size < 0 or not is_tar_header(block):
        return None
    name, kind = block[:100].split(b"\0", 1)[0], block[156]
    is_directory = kind == 0 and name.endswith(b"/")
    prefix = block[345:500].split(b"\0", 1)[0]
    if prefix and kind not in _GNU_TYPES:
        name = prefix + b"/" + name
    return _Header(name, kind, size, is_directory)


def _behind_sparse_map(data: Buffer, block: bytes, at: int, end: int) -> int:
    """Where the data of a sparse file begins: more blocks of its map may follow the header (GNU, byte 482 and 504)."""
    more = block[482]
    while more and at + _BLOCK <= end:
        more = data[at + 504]
        at += _BLOCK
    return at


def _records(content: bytes) -> dict[bytes, bytes]:
    """The records of an extended header, each ``LENGTH KEY=VALUE`` and a line end, where the length counts all of the record."""
    found: dict[bytes, bytes] = {}
    at = 0
    for _ in range(_MAX_RECORDS):
        match = _RECORD.match(content, at)
        length = _integer(match[1]) if match is not None else 0
        if match is None and _RECORD_START.match(content, at):
            found[_UNREAD] = b""
        if match is None or length <= 0:
            return found
        found[match[2]] = content[match.end() : at + length - 1]
        at += length
    found[_UNREAD] = b""
    return found


def _stated(records: dict[bytes, bytes], size: int) -> int:
    """The size that extended headers give, or else the header's own."""
    return _integer(records[b"size"]) if b"size" in records else size


def _integer(text: bytes) -> int:
    """As ``tarfile`` reads a number of an extended header: 0 for what is none."""
    try:
        return int(text.decode("utf-8"))
    except ValueError:
        return 0


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _after_end(data: Buffer, at: int, end: int) -> Iterator[Ambiguity]:
    """Readers that are told to ignore blocks of zeros find what stands behind them."""
    more = _NOT_ZERO.search(contiguous(data), min(at, end), end)
    if more is not None and end - more.start() >= _BLOCK:
        yield Ambiguity(f"bytes follow the end of the tar archive, from byte {more.start():,} on")
