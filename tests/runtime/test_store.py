"""Environments are made once, whole or not at all, and go when they are not used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlmodel.runtime import stamp
from mlmodel.runtime.store import Store, key, locked
from tests.command import environment, run


def make(folder: str) -> None:
    os.mkdir(folder)
    Path(folder, "whole").touch()


def test_made_once_by_many(tmp_path: Path) -> None:
    made: list[str] = []

    def slowly(folder: str) -> None:
        made.append(folder)
        time.sleep(0.1)
        make(folder)

    def use() -> None:
        with Store(str(tmp_path)).using("key", slowly) as folder:
            assert Path(folder, "whole").exists()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken(folder: str) -> None:
        os.mkdir(folder)
        raise RuntimeError

    store = Store(str(tmp_path))
    with pytest.raises(RuntimeError), store.using("key", broken):
        pass
    assert os.listdir(tmp_path / "environments") == []
    with store.using("key", make) as folder:
        assert Path(folder, "whole").exists()


@pytest.mark.skipif(os.name == "nt", reason="kills a process")
def test_a_process_that_is_killed_leaves_nothing_usable(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\nfrom mlmodel.runtime.store import Store\n"
        "def make(folder):\n    os.mkdir(folder); print('half', flush=True); time.sleep(60)\n"
        f"with Store({str(tmp_path)!r}).using('key', make): pass\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment())
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    store = Store(str(tmp_path))
    with store.using("key", make) as folder:
        assert Path(folder, "whole").exists()
    assert os.listdir(tmp_path / "environments") == ["key"]


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for number in range(4):
        with store.using(f"key{number}", make) as folder:
            pass
        os.utime(folder, (number, number))
    with store.using("key0", make):  # in use: touched, and locked
        store.prune(2)
        assert sorted(os.listdir(tmp_path / "environments")) == ["key0", "key3"]


def test_a_lock_that_is_held(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with locked(path), pytest.raises(BlockingIOError), locked(path, wait=False):
        pass
    with locked(path, wait=False):
        pass


def test_texts(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    assert store.text("a") is None
    store.keep("a", "one")
    store.keep("a", "two")
    assert store.text("a") == "two"
    assert 0 <= store.age("a") < 60


def test_keys_differ_where_the_parts_do() -> None:
    assert len({key("a", "b"), key("ab"), key("a", "b", ""), key("b", "a")}) == 4


# -- what was damaged -----------------------------------------------------------------------------------


def fill(folder: str) -> None:
    """An environment in small."""
    package = Path(folder, "lib", "python3.11", "site-packages", "library")
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import library.other\n")
    (package / "other.py").write_text("value = 1\n")
    (package / "data").mkdir()
    Path(folder, "bin").mkdir()
    Path(folder, "bin", "python").symlink_to(sys.executable)
    Path(folder, "pyvenv.cfg").write_text("home = /usr/bin\n")


PACKAGE = "lib/python3.11/site-packages/library"
DAMAGES: dict[str, Callable[[Path], object]] = {
    "a library's folder is removed": lambda folder: discard(folder / PACKAGE),
    "a file is removed": lambda folder: (folder / PACKAGE / "other.py").unlink(),
    "a file is cut": lambda folder: os.truncate(folder / PACKAGE / "other.py", 3),
    "a file is emptied": lambda folder: (folder / PACKAGE / "other.py").write_text(""),
    "a file is written over": lambda folder: (folder / PACKAGE / "other.py").write_text("value = 2\n"),
    "a file is added": lambda folder: (folder / PACKAGE / ".." / "evil.pth").write_text("import evil\n"),
    "an empty folder is removed": lambda folder: (folder / PACKAGE / "data").rmdir(),
    "the interpreter is gone": lambda folder: (folder / "bin" / "python").unlink(),
    "the interpreter leads nowhere": lambda folder: relink(folder / "bin" / "python", "/nowhere/python"),
    "the settings are garbled": lambda folder: (folder / "pyvenv.cfg").write_bytes(b"\xff\xfe"),
    "the stamp is gone": lambda folder: (folder / stamp.NAME).unlink(),
    "the stamp is garbled": lambda folder: (folder / stamp.NAME).write_bytes(b"\xff\xfe"),
    "a folder is a file": lambda folder: replace(folder / PACKAGE),
}


def discard(path: Path) -> Path:
    shutil.rmtree(path)
    return path


def replace(path: Path) -> Path:
    shutil.rmtree(path)
    path.write_text("x")
    return path


def relink(path: Path, goal: str) -> Path:
    path.unlink()
    path.symlink_to(goal)
    return path


@pytest.mark.skipif(os.name == "nt", reason="makes links")
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_is_made_anew(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    store = Store(str(tmp_path))
    with store.using("key", fill) as folder:
        before = stamp.of(folder)
    made: list[str] = []

    def again(folder: str) -> None:
        made.append(folder)
        fill(folder)

    with store.using("key", again):
        assert made == []
    damage(Path(folder))
    assert not store.is_whole(folder)
    store = Store(str(tmp_path))
    with store.using("key", again):
        assert len(made) == 1
        assert sorted(os.listdir(folder)) == ["bin", "lib", stamp.NAME, "pyvenv.cfg"]
        assert len(before) == len(stamp.of(folder))
    assert len(os.listdir(tmp_path / "environments")) == 1


def test_bytecode_is_no_damage(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    with store.using("key", make) as folder:
        Path(folder, "bytecode").mkdir()
        Path(folder, "bytecode", "x.pyc").touch()
        Path(folder, "bytecode.stamp").touch()
        assert store.is_whole(folder)


@pytest.mark.parametrize("garbled", [b"", b"\xff\xfe\x00", b"numpy==1.0\n", b"0" * 64 + b"\nnumpy==1.0\n"])
def test_a_text_that_was_damaged_is_none(tmp_path: Path, garbled: bytes) -> None:
    store = Store(str(tmp_path))
    store.keep("key", "numpy==1.26.4\n")
    assert store.text("key") == "numpy==1.26.4\n"
    (tmp_path / "resolved" / "key").write_bytes(garbled)
    assert store.text("key") is None
    store.keep("key", "numpy==1.26.4\n")
    assert store.text("key") == "numpy==1.26.4\n"


def test_a_folder_in_the_place_of_a_text(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    (tmp_path / "resolved" / "key").mkdir(parents=True)
    assert store.text("key") is None
    store.keep("key", "x")
    assert store.text("key") == "x"


def test_what_was_left_half_made_is_removed_at_once(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    with store.using("key", make):
        pass
    (tmp_path / "environments" / "other.4711.new" / "lib").mkdir(parents=True)
    store = Store(str(tmp_path))
    with store.using("key", make):
        assert os.listdir(tmp_path / "environments") == ["key"]


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_a_cache_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file") as caught:
        Store(str(tmp_path / "file")).check()
    assert str(tmp_path / "file") in str(caught.value.filename)


# -- the command ----------------------------------------------------------------------------------------


def cache(folder: Path, *arguments: str) -> tuple[int, str]:
    result = run("mlmodel", "cache", *arguments, MLMODEL_CACHE=str(folder))
    return result.returncode, result.stdout + result.stderr


def test_the_command(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    with store.using("one", make), store.using("two", make):
        pass
    status, text = cache(tmp_path)
    assert status == 0
    assert [line.split()[0] for line in text.splitlines()[:2]] in (["one", "two"], ["two", "one"])
    assert f"2 environments, 0.0 MB, in {tmp_path}" in text
    assert cache(tmp_path, "check")[0] == 0
    Path(tmp_path, "environments", "two", "whole").unlink()
    status, text = cache(tmp_path, "check")
    assert (status, "two  damaged" in text, "one  whole" in text) == (1, True, True)
    assert cache(tmp_path, "clear", "three")[0] == 2
    assert cache(tmp_path, "clear", "two")[0] == 0
    store.keep("text", "x")
    with store.using("one", make):
        assert cache(tmp_path, "clear") == (0, "one  is in use\nfreed 0.0 MB; 1 in use\n")
    assert cache(tmp_path, "clear") == (0, "freed 0.0 MB\n")
    assert store.environments() == []
    assert store.text("text") is None


def test_the_command_with_a_cache_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, text = cache(tmp_path / "file")
    assert (status, "Traceback" in text) == (3, False)
    assert str(tmp_path / "file") in text
