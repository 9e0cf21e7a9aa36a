"""What a registry said of versions is kept between audits, for this registry, until the file is damaged or cleared."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from mlmodel.audit import kept
from mlmodel.audit.kept import KeptVersions, Known
from tests.cli.in_process import here, mlmodel

__all__ = ["here"]

SAID = [Known("/models/1", "ann"), Known("models:/a/2", None)]


def keep(root: Path) -> list[bytes]:
    with closing(KeptVersions("here", str(root))) as store:
        keys = [store.key("a", number) for number in range(2)]
        store.keep(zip(keys, SAID, strict=True))
    return keys


def test_what_was_kept_is_there_for_its_registry(tmp_path: Path) -> None:
    keys = keep(tmp_path)
    with closing(KeptVersions("here", str(tmp_path))) as store:
        assert store.look([*keys, store.key("a", 3)]) == dict(zip(keys, SAID, strict=True))
        assert store.look([]) == {}
    with closing(KeptVersions("elsewhere", str(tmp_path))) as other:
        assert other.look([other.key("a", 0)]) == {}


def test_what_nobody_asks_for_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keep(tmp_path)
    now = time.time()
    for days, there in ((50, True), (100, True), (161, False)):
        monkeypatch.setattr(time, "time", lambda days=days: now + days * 86_400)
        with closing(KeptVersions("here", str(tmp_path))) as store:
            assert bool(store.look(keys)) == there, days


@pytest.mark.parametrize("damage", [b"", b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    keys = keep(tmp_path)
    (tmp_path / kept.FILE).write_bytes(damage)
    with closing(KeptVersions("here", str(tmp_path))) as store:
        assert store.look(keys) == {}
    assert keep(tmp_path) == keys
    with closing(KeptVersions("here", str(tmp_path))) as store:
        assert len(store.look(keys)) == 2


def test_a_folder_in_its_place_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / kept.FILE).mkdir()
    keys = keep(tmp_path)
    with closing(KeptVersions("here", str(tmp_path))) as store:
        assert store.look(keys) == {}


def test_the_command_shows_and_clears_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(here))
    assert "registries" not in mlmodel("cache", "list").stdout
    keep(here)
    assert "what registries said of model versions, 0.0 MB" in mlmodel("cache", "list").stdout
    assert mlmodel("cache", "clear", "verdicts").status == 0
    assert not (here / kept.FILE).exists()
