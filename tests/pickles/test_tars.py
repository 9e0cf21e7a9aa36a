"""Every member of a tar archive that ``tarfile`` gives the bytes of is found, whatever its headers say."""

from __future__ import annotations

import io
import tarfile
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodel.pickles import tars
from mlmodel.pickles.tars import Ambiguity, Member, Unreadable

BLOCK = 512


def header(
    name: bytes, size: bytes | int, kind: bytes, magic: bytes = b"ustar\x0000", prefix: bytes = b""
) -> bytes:
    """One header with a right checksum."""
    field = size if isinstance(size, bytes) else b"%011o\0" % size
    block = bytearray(BLOCK)
    block[: len(name[:100])] = name[:100]
    block[100:108] = block[108:116] = block[116:124] = b"0000000\0"
    block[124:136] = field.ljust(12, b"\0")[:12]
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[257:265] = magic.ljust(8, b"\0")[:8]
    block[345 : 345 + len(prefix[:155])] = prefix[:155]
    total = sum(block[:148]) + 8 * 32 + sum(block[156:])
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    size = len(rest) + len(str(len(rest)))
    size = len(rest) + len(str(size))
    return f"{size}".encode() + rest


def pax(kind: bytes = b"x", **records: str) -> bytes:
    content = b"".join(record(key.replace("__", "."), value) for key, value in records.items())
    return header(b"pax", len(content), kind) + padded(content)


def given_by_tarfile(data: bytes) -> list[bytes]:
    """The bytes of every member, as far as ``tarfile`` comes."""
    found = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    found.append(file.read())
    except (tarfile.TarError, ValueError, OSError, KeyError, RecursionError, EOFError):
        pass
    return found


def found(data: bytes) -> list[Any]:
    return list(tars.members(data, 0, len(data)))


def contents(data: bytes) -> list[bytes]:
    return [data[item.start : item.end] for item in found(data) if isinstance(item, Member)]


EVIL = b"cos\nsystem\n(S'id'\ntR."
FILE = header(b"pickle", len(EVIL), b"0") + padded(EVIL)
END = bytes(2 * BLOCK)

ARCHIVES = {
    "unknown type": header(b"pickle", len(EVIL), b"Z") + padded(EVIL) + END,
    "volume header": header(b"pickle", len(EVIL), b"V") + padded(EVIL) + END,
    "size of an extended header": pax(size="0") + header(b"a", 1024, b"0") + FILE + END,
    "size that is none": pax(size="x") + header(b"a", 1024, b"0") + FILE + END,
    "solaris header": pax(b"X", size="0") + header(b"a", 1024, b"0") + FILE + END,
    "size of a global header": pax(b"g", size=str(2 * BLOCK + len(EVIL)))
    + header(b"a", 1, b"0")
    + bytes(BLOCK)
    + FILE
    + END,
    "folder with a size": header(b"folder", 1024, b"5") + FILE + END,
    "link with a size": header(b"link", 1024, b"2") + FILE + END,
    "device with a size": header(b"tty", 1024, b"3") + FILE + END,
    "old folder": header(b"folder/", 1024, b"\0") + FILE + END,
    "no name": header(b"", len(EVIL), b"0") + padded(EVIL) + END,
    "long name": header(b"././@LongLink", 5, b"L") + padded(b"pickle") + FILE + END,
    "binary size": header(b"pickle", b"\x80" + bytes(10) + pack("B", len(EVIL)), b"0") + padded(EVIL) + END,
    "blanks and a NUL in the size": header(b"pickle", b" 25\x00777", b"0") + padded(EVIL) + END,
    "sparse": header(b"pickle", len(EVIL), b"S") + padded(EVIL) + FILE + END,
    "contiguous": header(b"pickle", len(EVIL), b"7") + padded(EVIL) + END,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_tarfile_gives_is_found(name: str) -> None:
    data = ARCHIVES[name]
    mine = contents(data)
    for content in given_by_tarfile(data):
        assert any(content in item or EVIL not in content for item in mine), content
    assert any(EVIL in item for item in mine)


def test_sums_of_signed_bytes_count() -> None:
    block = bytearray(header(b"pickle\xff\xfe", len(EVIL), b"0"))
    signed = sum(value - 256 if value > 127 else value for value in block[:148] + block[156:]) + 8 * 32
    block[148:156] = b"%06o\0 " % signed
    data = bytes(block) + padded(EVIL) + END
    assert given_by_tarfile(data) == [EVIL]
    assert contents(data) == [EVIL]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ARCHIVES["unknown type"], Ambiguity),
        (ARCHIVES["folder with a size"], Ambiguity),
        (ARCHIVES["size of a global header"], Ambiguity),
        (ARCHIVES["sparse"], Unreadable),
        (header(b"a", 0, b"0") + END + FILE, Ambiguity),
        (FILE + b"x" * BLOCK + END, Unreadable),
        (header(b"a", 9999, b"0") + bytes(10), Unreadable),
        (pax(size="-512") + FILE + END, Unreadable),
    ],
)
def test_what_readers_disagree_in_is_said(data: bytes, kind: type) -> None:
    assert any(isinstance(item, kind) for item in found(data))


def test_a_comment_for_all_members_is_nothing() -> None:
    """git archive writes one."""
    data = pax(b"g", comment="0123456789abcdef") + FILE + END
    assert [type(item) for item in found(data)] == [Member]


def test_many_records_end() -> None:
    content = b"1 a=" * 300_000
    data = header(b"pax", len(content), b"x") + padded(content) + FILE + END
    assert any(isinstance(item, Unreadable) for item in found(data))


PIECES = st.lists(
    st.one_of(
        st.builds(
            lambda name, size, kind, content: header(name, size, kind) + padded(content),
            st.sampled_from([b"a", b"pickle", b"f/", b""]),
            st.one_of(
                st.integers(0, 1100),
                st.sampled_from([b"\x80" + bytes(11), b" 17", b"12\x0034", b"\xff" * 12]),
            ),
            st.sampled_from([bytes([code]) for code in b"\x00012345678ZVDMNA"]),
            st.binary(max_size=600),
        ),
        st.builds(
            lambda kind, size: pax(kind, size=size),
            st.sampled_from([b"x", b"X"]),
            st.sampled_from(["0", "1", "512", "600", "1024", "x", " 7 "]),
        ),
        st.just(header(b"././@LongLink", 3, b"L") + padded(b"abc")),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_like_tarfile(pieces: list[bytes]) -> None:
    data = b"".join(pieces) + END
    mine = contents(data)
    told = any(isinstance(item, Unreadable) for item in found(data))
    for content in given_by_tarfile(data):
        assert told or not content or any(content in item for item in mine)
