"""The members of a zip archive, as any reader may find them.

Readers disagree: some believe the directory at the end, some the headers before the data, some the first
member of a name and some the last.  So every member counts that either names, under what each says of it, and
what no directory accounts for is searched for headers.  Nothing here trusts a checksum or a flag.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.pickles.formats import zip_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.operands import Buffer

MAX_MEMBERS = 20_000
"""Members of one archive that are read."""
METHODS = {0: "stored", 8: "deflate", 12: "bzip2", 14: "zip-lzma"}
"""The compression methods that can be unpacked, by number (APPNOTE 4.4.5)."""

_LOCAL = Struct("<4s5H3I2H")
_CENTRAL = Struct("<4s6H3I5H2I")
_END = Struct("<4s4H2IH")
_END64 = Struct("<4sQ2H2I4Q")
_LOCATOR = Struct("<4sIQI")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_DESCRIPTOR = 24
"""Bytes that may stand between the data of one member and the next: a data descriptor."""
_NAME = 512
"""Bytes of a name that are kept."""


class Member(Record):
    """One member, by one account of it."""

    name: str
    start: int
    """Where its data begins."""
    end: int
    method: int
    listed: bool
    """Whether the directory at the end of the archive names it."""


class Oddity(Record):
    """Something about the archive that makes readers disagree, or keeps it from being read."""

    message: str


class _Record(Record):
    """What a record of the directory says."""

    name: bytes
    offset: int
    size: int
    method: int


def members(data: Buffer, start: int, end: int) -> Iterator[Member | Oddity]:
    """The members, those that the directory names first."""
    taken: list[tuple[int, int]] = []
    count = 0
    directory = _directory(data, start, end)
    if directory is None:
        first, bases = end, [start]
    else:
        first, bases = directory
        if bases != [start]:
            yield Oddity("the directory of the archive does not stand where its end record says")
        for record in _records(data, first, end):
            if count >= MAX_MEMBERS:
                yield Oddity(f"the archive has more than {MAX_MEMBERS:,} members")
                return
            count += 1
            found = False
            for base in bases:
                header = base + record.offset
                if start <= header and bytes(data[header : header + 4]) == _LOCAL_SIGN and header + 30 <= end:
                    found = True
                    yield from _listed(data, header, end, record, taken)
            if not found:
                yield Oddity(f"{_shown(record.name)}: the directory points to no header")
    for begin, stop in _gaps(taken, start, first):
        for member in _unlisted(data, begin, stop):
            if count >= MAX_MEMBERS:
                yield Oddity(f"the archive has more than {MAX_MEMBERS:,} members")
                return
            if directory is None and not count:
                yield Oddity("the archive has no directory: its members were found by their own headers")
            count += 1
            yield member


def _directory(data: Buffer, start: int, end: int) -> tuple[int, list[int]] | None:
    """Where the directory begins, and the offsets that its records may count from."""
    at = zip_end(data, start, end)
    if at < 0 or at + _END.size > end:
        return None
    *_, size, offset, _comment = _END.unpack_from(bytes(data[at : at + _END.size]))
    stop = at
    locator = bytes(data[max(start, at - _LOCATOR.size) : at])
    if locator.startswith(b"PK\6\7") and len(locator) == _LOCATOR.size:
        record = at - _LOCATOR.size - _END64.size
        raw = bytes(data[max(start, record) : record + _END64.size])
        if raw.startswith(b"PK\6\6") and len(raw) == _END64.size:
            *_, size, offset = _END64.unpack(raw)
            stop = record
    before = stop - size
    bases = [before - offset, start]
    for first in (before, start + offset):
        if start <= first < end and bytes(data[first : first + 4]) == _CENTRAL_SIGN:
            return first, list(dict.fromkeys(bases))
    return None


def _records(data: Buffer, at: int, end: int) -> Iterator[_Record]:
    while at + _CENTRAL.size <= end:
        fields = _CENTRAL.unpack_from(bytes(data[at : at + _CENTRAL.size]))
        if fields[0] != _CENTRAL_SIGN:
            return
        method, packed, size = fields[4], fields[8], fields[9]
        names, extras, comments, offset = fields[10], fields[11], fields[12], fields[16]
        at += _CENTRAL.size
        name = bytes(data[at : at + names])
        if 0xFFFFFFFF in (packed, size, offset):
            extra = bytes(data[at + names : at + names + extras])
            packed, offset = _wide(extra, packed, size, offset)
        yield _Record(name, offset, packed, method)
        at += names + extras + comments


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int]:
    """Packed size and offset with the 64-bit field of a record (APPNOTE 4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = [
                int.from_bytes(field[place : place + 8], "little") for place in range(0, len(field) - 7, 8)
            ]
            if size == 0xFFFFFFFF and numbers:
                numbers.pop(0)
            if packed == 0xFFFFFFFF and numbers:
                packed = numbers.pop(0)
            if offset == 0xFFFFFFFF and numbers:
                offset = numbers.pop(0)
            break
        at += 4 + length
    return packed, offset


def _listed(
    data: Buffer, header: int, end: int, record: _Record, taken: list[tuple[int, int]]
) -> Iterator[Member | Oddity]:
    """A member that the directory names, and what its own header says where that differs."""
    fields = _LOCAL.unpack(bytes(data[header : header + _LOCAL.size]))
    flags, method, packed, names, extras = fields[2], fields[3], fields[7], fields[9], fields[10]
    name = bytes(data[header + _LOCAL.size : header + _LOCAL.size + names])
    begin = header + _LOCAL.size + names + extras
    stop = begin + record.size
    if stop > end:
        yield Oddity(f"{_shown(record.name)}: its data reaches past the end of the archive")
        stop = end
    taken.append((header, stop))
    yield Member(_shown(record.name), begin, stop, record.method, listed=True)
    if name != record.name:
        yield Oddity(f"{_shown(record.name)}: its own header calls it {_shown(name)}")
    if flags & 1:
        yield Oddity(f"{_shown(record.name)}: it is marked as encrypted; it was read as if it were not")
    streamed = flags & 8 and packed == 0
    differs = method != record.method or (packed not in (record.size, 0xFFFFFFFF) and not streamed)
    if differs:
        yield Oddity(f"{_shown(record.name)}: its own header and the directory differ in size or compression")
        yield Member(_shown(name), begin, end if streamed else min(end, begin + packed), method, listed=False)


def _unlisted(data: Buffer, start: int, end: int) -> Iterator[Member | Oddity]:
    """Members in bytes that the directory does not account for."""
    at = start
    while True:
        header = data.find(_LOCAL_SIGN, at, end)
        if header < 0 or header + _LOCAL.size > end:
            return
        fields = _LOCAL.unpack(bytes(data[header : header + _LOCAL.size]))
        flags, method, packed, names, extras = fields[2], fields[3], fields[7], fields[9], fields[10]
        begin = header + _LOCAL.size + names + extras
        known = packed if not (flags & 8 and packed == 0) and packed != 0xFFFFFFFF else None
        stop = min(end, begin + known) if known is not None else end
        name = _shown(bytes(data[header + _LOCAL.size : header + _LOCAL.size + names]))
        at = header + 4
        if begin < end and method in METHODS:
            yield Member(name, begin, stop, method, listed=False)
            at = max(at, stop) if known is not None else at


def _gaps(taken: list[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for begin, stop in sorted(taken):
        if begin - at > _DESCRIPTOR:
            yield at, begin
        at = max(at, stop)
    if end - at > _DESCRIPTOR:
        yield at, end


def _shown(name: bytes) -> str:
    return name[:_NAME].decode("utf-8", "backslashreplace")
