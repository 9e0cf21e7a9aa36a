"""Environments are made once, whole or not at all, and go when they are not used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlmodel.runtime.store import Store, key, locked
from tests.command import environment


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
