"""Nothing that is made to cost time or memory does; nothing at all makes the reader fail."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodel.pickles.containers import Opener, Pickled
from mlmodel.pickles.reading import read
from tests.pickles import bombs
from tests.pickles.benign import OBJECTS
from tests.pickles.programs import framed, programs

PACKAGE = Path(__file__).parents[2] / "validator"


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_it_ends_and_memory_is_bounded(name: str, tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(bombs.BOMBS[name]())
    result = subprocess.run(
        [sys.executable, str(Path(bombs.__file__)), str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
    )
    _, growth, found = json.loads(result.stdout)
    unpacked = "bomb" in name
    assert growth < (330 if unpacked else 120)
    assert not unpacked or "Unreadable" in found or "members" in name


def opened(data: bytes) -> None:
    for item in Opener(len(data)).open(data, 0, len(data), "f"):
        assert item.path.startswith("f")
        if isinstance(item, Pickled):
            assert item.stream.complete or item.stream.problems


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_can_be_read(data: bytes) -> None:
    opened(data)
    opened(b"\x80\x04" + data)


@settings(max_examples=300, deadline=None)
@given(data=programs() | framed(), at=st.integers(0, 500), byte=st.integers(0, 255))
def test_any_program_can_be_read(data: bytes, at: int, byte: int) -> None:
    opened(data[:at] + bytes([byte]) + data[at + 1 :])
    assert read(data, 0, len(data)) == read(bytearray(data), 0, len(data))


def seeds() -> list[bytes]:
    import bz2
    import gzip
    import io
    import lzma
    import tarfile
    import zlib

    inner = pickle.dumps(OBJECTS["collections"], 4)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("a/data.pkl", inner)
        writer.writestr("b", inner, zipfile.ZIP_STORED)
        writer.writestr("schema.json", '{"__module__": "m", "__class__": "c"}')
    tape = io.BytesIO()
    with tarfile.open(fileobj=tape, mode="w") as tar:
        entry = tarfile.TarInfo("pickle")
        entry.size = len(inner)
        tar.addfile(entry, io.BytesIO(inner))
    npy = b"\x93NUMPY\x01\x00\x3b\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n" + inner
    packed = [gzip.compress(inner), zlib.compress(inner), bz2.compress(inner), lzma.compress(inner)]
    return [inner, archive.getvalue(), tape.getvalue(), npy, *packed]


SEEDS = seeds()


@settings(max_examples=400, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 20_000),
)
def test_any_damage_can_be_read(seed: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(seed)
    for at, byte in changes:
        data[at % len(data)] = byte
    opened(bytes(data[: cut % (2 * len(data)) or None]))


@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_every_prefix_can_be_read(seed: bytes) -> None:
    for size in range(min(len(seed), 3000)):
        opened(seed[:size])
