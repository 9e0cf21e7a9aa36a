"""Reading the files of a model directory."""

from __future__ import annotations

import os
import pickle
from mmap import mmap
from pathlib import Path

import pytest

from mlmodel.pickles import Pickled, imported, scan
from mlmodel.sources.base import MAPPED_FROM
from mlmodel.sources.directory import ModelDirectory, UnreadableError
from tests.pickles.benign import OBJECTS


def test_every_pickle_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "model.pkl").write_bytes(pickle.dumps(OBJECTS["values"]) + b"\x80\x02cos\nsystem\n.")
    first, second = scan(ModelDirectory(str(tmp_path)), "sub/model.pkl")
    assert isinstance(first, Pickled)
    assert isinstance(second, Pickled)
    assert (first.path, first.marked, first.stream.start) == ("sub/model.pkl", True, 0)
    assert second.stream.start == first.stream.end
    assert {"decimal", "uuid", "datetime"} <= imported(first)
    assert imported(second) == {"os"}


def test_a_large_file_is_mapped(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(pickle.dumps([bytes(MAPPED_FROM * 3), OBJECTS["values"]]))
    directory = ModelDirectory(str(tmp_path))
    with directory.open_mapped("large") as data:
        assert isinstance(data, mmap)
    with pytest.raises(ValueError, match="closed"):
        data[0]
    (item,) = scan(directory, "large")
    assert isinstance(item, Pickled)
    assert item.stream.complete
    assert "decimal" in imported(item)


def test_watching(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\x80\x04cm\na\n\x940" + b"h\0)R0" * 5 + b"N.")
    directory = ModelDirectory(str(tmp_path))
    (plain,) = scan(directory, "f")
    (watched,) = scan(directory, "f", watch=lambda item: item.module == "m")
    assert isinstance(plain, Pickled)
    assert isinstance(watched, Pickled)
    assert (len(plain.stream.calls), len(watched.stream.calls)) == (1, 5)


def test_only_files_of_the_directory_are_opened(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (tmp_path / "outside").write_bytes(b"N.")
    (model / "empty").write_bytes(b"")
    (model / "link").symlink_to("../outside")
    (model / "inside").symlink_to("empty")
    (model / "folder").mkdir()
    os.mkfifo(model / "fifo")
    directory = ModelDirectory(str(model))
    for name in ("link", "folder", "fifo", "missing", "../outside"):
        with pytest.raises(UnreadableError), directory.open_mapped(name):
            pass
    for name in ("empty", "inside"):
        with directory.open_mapped(name) as data:
            assert data == b""
        assert not list(scan(directory, name))
