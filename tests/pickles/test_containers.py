"""Pickles are found in files of every kind, and what cannot be read is said to be unread."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from struct import pack
from typing import Any

import pytest

from mlmodel.pickles import ContainerAnomaly, DeclaredClasses, Pickled, Unreadable
from mlmodel.pickles.containers import Found, Opener
from tests.pickles.benign import OBJECTS

EVIL = b"cevil\nrun\n(S'id'\ntR."
HONEST = pickle.dumps(OBJECTS["collections"], 4)


def brief(value: object) -> str | None:
    """An id that is the same in every process: archives have the time in them."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


def found(data: bytes) -> list[Found]:
    return list(Opener(len(data)).open(data, 0, len(data), "f"))


def paths(data: bytes) -> list[str]:
    """Where pickles are that ask for ``evil.run``."""
    items = (item for item in found(data) if isinstance(item, Pickled))
    streams = [
        (item.path, stream)
        for item in items
        for stream in (item.stream, *item.stream.alternatives, *item.stream.nested)
    ]
    return [path for path, stream in streams if "evil" in stream.modules]


def archive(*members: tuple[str, bytes], compression: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as writer:
        for name, content in members:
            writer.writestr(name, content)
    return file.getvalue()


def tape(*members: tuple[str, bytes], form: Any = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=form) as writer:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            writer.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def npy(descr: str, content: bytes) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + pack("<H", len(header)) + header + content


def zfile(content: bytes) -> bytes:
    return b"ZF" + hex(len(content)).encode().ljust(19) + zlib.compress(content)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (EVIL, "f"),
        (b"\x80\x02" + EVIL, "f"),
        (HONEST + EVIL, "f"),
        (gzip.compress(EVIL), "f!gzip"),
        (gzip.compress(HONEST) + bytes(7) + gzip.compress(EVIL), "f!gzip"),
        (zlib.compress(EVIL), "f!zlib"),
        (zlib.compress(EVIL, 1), "f!zlib"),
        (bz2.compress(EVIL), "f!bzip2"),
        (bz2.compress(HONEST) + bz2.compress(EVIL), "f!bzip2"),
        (lzma.compress(EVIL), "f!xz"),
        (lzma.compress(EVIL, lzma.FORMAT_ALONE), "f!lzma"),
        (zfile(EVIL), "f!zlib"),
        (gzip.compress(zlib.compress(archive(("a.pkl", EVIL)))), "f!gzip!zlib!a.pkl"),
        (
            gzip.compress(b"\x80\x04" + bytes(200) * 0 + b"B" + pack("<I", 1 << 20) + bytes(1 << 20) + EVIL),
            "f!gzip",
        ),
        (archive(("archive/data.pkl", EVIL)), "f!archive/data.pkl"),
        (archive(("weights.bin", EVIL), compression=8), "f!weights.bin"),
        (archive(("w", EVIL), compression=12), "f!w"),
        (archive(("in.zip", archive(("a", EVIL)))), "f!in.zip!a"),
        (archive(("a", b"x" * 9), ("a.npy", npy("'|O'", EVIL))), "f!a.npy"),
        (b"prefix" + archive(("a", EVIL)), "f!a"),
        (HONEST + archive(("a", EVIL)), "f!a"),
        (tape(("pickle", EVIL)), "f!pickle"),
        (tape(("n" * 200, EVIL)), "f!" + "n" * 200),
        (tape(("pickle", EVIL), form="w:gz"), "f!gzip!pickle"),
        (npy("'|O'", EVIL), "f"),
        (npy("[('a', '<i4'), ('b', '|O')]", EVIL), "f"),
        (npy("'<f8'", b"\x80\x04" + EVIL), "f"),
        (
            b"\x80\x02ctorch.storage\n_load_from_bytes\nB"
            + pack("<I", len(EVIL) + 2)
            + b"\x80\x02"
            + EVIL
            + b"\x85R.",
            "f!bytes at 39",
        ),
    ],
    ids=brief,
)
def test_where_pickles_are(data: bytes, path: str) -> None:
    assert paths(data) == [path]


# -- archives that readers disagree on ---------------------------------------------------------------


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


ARCHIVE = archive(("a", b"x" * 40), ("data.pkl", EVIL), ("z", b"y" * 40))
LOCAL = ARCHIVE.index(b"PK\3\4", 10)
CENTRAL = ARCHIVE.index(b"PK\1\2", ARCHIVE.index(b"PK\1\2") + 4)
END = ARCHIVE.index(b"PK\5\6")


@pytest.mark.parametrize(
    ("data", "odd"),
    [
        (patched(ARCHIVE, LOCAL + 14, b"\0\0\0\0"), False),  # a wrong checksum
        (patched(ARCHIVE, CENTRAL + 16, b"\0\0\0\0"), False),
        (patched(ARCHIVE, LOCAL + 6, b"\1"), True),  # marked as encrypted
        (patched(ARCHIVE, LOCAL + 30, b"DATA"), True),  # two names
        (patched(ARCHIVE, CENTRAL + 20, b"\1"), True),  # two sizes
        (patched(ARCHIVE, LOCAL + 8, b"\x08"), True),  # two methods of compression
        (patched(ARCHIVE, CENTRAL + 10, b"\x63"), True),
        (
            patched(ARCHIVE, CENTRAL, b"XXXX"),
            False,
        ),  # the directory breaks off: what it does not name is found
        (patched(ARCHIVE, CENTRAL + 42, b"\xff\xff"), True),  # it points elsewhere
        (patched(ARCHIVE, END + 16, b"\1\2"), True),  # the directory stands elsewhere
        (ARCHIVE[:END], True),  # no end record
        (ARCHIVE[: CENTRAL - 60], True),  # no directory
        (b"PK\3\4 no header" + ARCHIVE, True),
        (archive(("data.pkl", EVIL), ("other", b"")) + b"comment", False),
    ],
    ids=brief,
)
def test_archives_that_are_odd(data: bytes, odd: bool) -> None:
    items = found(data)
    assert paths(data)
    assert any(isinstance(item, ContainerAnomaly) for item in items) is odd


def test_members_of_the_same_name_are_all_read() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive(("data.pkl", EVIL), ("data.pkl", HONEST))
    assert len([item for item in found(data) if isinstance(item, Pickled)]) == 2


def test_a_large_archive_with_64_bit_records() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer, writer.open("a", "w", force_zip64=True) as member:
        member.write(EVIL)
    assert paths(file.getvalue()) == ["f!a"]


# -- what is not read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x04\x22\x4d\x18" + bytes(40), "lz4"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "Zstandard"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "7-Zip"),
        (gzip.compress(HONEST)[:-20], "cut"),
        (patched(gzip.compress(HONEST * 9), 200, b"\xff\xff\xff\xff"), "broken"),
        (lzma.compress(HONEST)[:-30], "cut"),
        (patched(patched(ARCHIVE, LOCAL + 8, b"\x09"), CENTRAL + 10, b"\x09"), "compression method 9"),
        (archive(("schema.json", b"{")), "JSON"),
        (archive(("schema.json", b"[" * 100_000)), "JSON"),
        (tape(("a", HONEST))[: 512 + 100], "cut"),
    ],
    ids=brief,
)
def test_what_cannot_be_read_is_said(data: bytes, reason: str) -> None:
    reasons = [item.reason for item in found(data) if isinstance(item, Unreadable)]
    assert any(reason in text for text in reasons), reasons


@pytest.mark.parametrize(
    "data",
    [
        b"", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", b"x = 1\n", b"import os\n", b'{"a": 1}',
        npy("'<f8'", bytes(8)), archive(("a.npy", npy("'<f8'", bytes(8))), compression=8), zlib.compress(b"a text" * 99_000),
        gzip.compress(b"a,b\n1,2\n" * 99_000), bytes(range(256)), b"xgboost==2\n", b"BZ", b"ZF", b"PK", bytes(600),
    ],
    ids=brief,
)  # fmt: skip
def test_what_holds_no_pickle_yields_nothing(data: bytes) -> None:
    assert not found(data)


def test_what_follows_the_last_pickle_is_told() -> None:
    (item,) = found(HONEST + b"raw data of a storage")
    assert isinstance(item, Pickled)
    assert item.trailing == 21


# -- documents that name modules ------------------------------------------------------------------------


def test_skops_and_keras() -> None:
    schema = {
        "__module__": "sklearn.svm",
        "__class__": "SVC",
        "content": [{"__module__": "os", "__class__": "system"}] * 2,
    }
    items = found(
        archive(
            ("schema.json", json.dumps(schema).encode()), ("0.npy", npy("'<f8'", bytes(8))), compression=8
        )
    )
    assert [(item.path, item.form, item.names) for item in items if isinstance(item, DeclaredClasses)] == [
        ("f!schema.json", "skops", (("sklearn.svm", "SVC"), ("os", "system")))
    ]
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"layers": [{"module": None, "class_name": "L"}]},
    }
    (item,) = found(archive(("config.json", json.dumps(config).encode())))
    assert isinstance(item, DeclaredClasses)
    assert (item.path, item.form, item.names) == ("f!config.json", "keras", (("keras", "Sequential"),))


# -- torch's old format -----------------------------------------------------------------------------------


def test_five_pickles_and_storages() -> None:
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    data = b"".join(pickle.dumps(part, 2) for part in parts)
    data += b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\0tR."
    data += pickle.dumps(["0"], 2) + pack("<q", 2) + bytes(8)
    items = [item for item in found(data) if isinstance(item, Pickled)]
    assert len(items) == 5
    assert items[3].stream.modules == {"torch", "torch._utils"}
    assert [item.trailing for item in items] == [0, 0, 0, 0, 16]
