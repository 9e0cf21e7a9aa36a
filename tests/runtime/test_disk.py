"""What a confined process writes, and what it makes of its folder so that nobody sees or removes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlmodel.runtime.confinement import disk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="other names and permissions")
MOST = 1 << 20


def deep(folder: Path, levels: int = 3000) -> None:
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(levels):
            os.mkdir("d" * 50)
            os.chdir("d" * 50)
        Path("large").write_bytes(bytes(2 * MOST))
    finally:
        os.chdir(here)


def wide(folder: Path) -> None:
    for number in range(30):
        for name in ("a", "b"):
            inner = folder / str(number) / name
            inner.mkdir(parents=True)
            (inner / "file").write_text("text")
        (folder / str(number) / "file").write_text("text")


def unreadable(folder: Path) -> None:
    (folder / "one" / "two").mkdir(parents=True)
    (folder / "one" / "two" / "file").write_text("text")
    os.chmod(folder / "one" / "two", 0o300)
    os.chmod(folder / "one", 0)


def linked(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(bytes(2 * MOST))
    os.symlink(outside, folder / "link")
    os.symlink("nowhere", folder / "broken")
    os.mkfifo(folder / "pipe")


def empty(folder: Path) -> None:
    del folder


@pytest.mark.parametrize("make", [deep, wide, unreadable, linked, empty])
def test_all_of_it_goes_away(tmp_path: Path, make: Callable[[Path], None]) -> None:
    with disk.scratch(str(tmp_path)) as folder:
        make(Path(folder))
    assert not os.path.exists(folder)
    assert not (tmp_path / "outside").exists() or (tmp_path / "outside" / "kept").exists()


def test_what_cannot_go_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "unlink", refuse)
    disk.remove(str(tmp_path))
    assert (tmp_path / "file").exists()


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(tmp_path)
    linked(tmp_path / "0")
    assert disk.exceeded(str(tmp_path / "0"), MOST) is None
    assert disk.exceeded(str(tmp_path), 4096) == "0 MiB of disk"
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "large").write_bytes(b"x" * (2 * MOST))
    assert disk.exceeded(str(tmp_path), MOST * 8) is None
    assert disk.exceeded(str(tmp_path / "more"), MOST) == "1 MiB of disk"
    monkeypatch.setattr(disk, "MAX_FILES", 100)
    assert disk.exceeded(str(tmp_path), MOST * 8) == "100 files"
    assert disk.exceeded(str(tmp_path / "nothing"), MOST) is None


def test_files_too_deep_to_be_seen(tmp_path: Path) -> None:
    with disk.scratch(str(tmp_path)) as folder:
        deep(Path(folder))
        assert disk.exceeded(folder, MOST) == "the length of a path"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_files_that_nobody_may_see(tmp_path: Path) -> None:
    with disk.scratch(str(tmp_path)) as folder:
        unreadable(Path(folder))
        assert disk.exceeded(folder, MOST) == "what can be looked into"
