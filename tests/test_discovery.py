"""From arguments to model directories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlmodel.sources import discovery
from mlmodel.sources.discovery import DiscoveryError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with models at several depths."""
    for folder in (
        "b",
        "a/nested/underlying_model",
        "a/nested",
        "a",
        ".venv/lib/model",
        "node_modules/x",
        ".git/x",
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for folder in (
        "b",
        "a/nested",
        "a/nested/underlying_model",
        ".venv/lib/model",
        "node_modules/x",
        ".git/x",
    ):
        (tmp_path / folder / "MLmodel").write_text("", encoding="utf-8")
    (tmp_path / "readme.txt").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def slashed(paths: list[str]) -> list[str]:
    return [path.replace(os.sep, "/") for path in paths]


def test_directories_are_taken_as_given() -> None:
    assert list(discovery.directories(["b", "a", "./b/", "b"])) == ["b", "a", "./b/", "b"]


def test_an_mlmodel_file_means_its_directory(here: Path) -> None:
    assert list(discovery.directories(["b/MLmodel", str(here / "b" / "MLmodel")])) == ["b", str(here / "b")]
    os.chdir("b")
    assert list(discovery.directories(["MLmodel"])) == ["."]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "nowhere does not exist"),
        ("nowhere/MLmodel", "does not exist"),
        ("readme.txt", "is a file, not a model directory"),
        ("", "does not exist"),
    ],
)
def test_what_is_no_directory(path: str, words: str) -> None:
    with pytest.raises(DiscoveryError, match=words):
        list(discovery.directories([path]))


def test_below() -> None:
    assert slashed(list(discovery.below(["."]))) == ["./a/nested", "./a/nested/underlying_model", "./b"]
    assert slashed(list(discovery.below(["b", "a"]))) == ["b", "a/nested", "a/nested/underlying_model"]


def test_below_a_skipped_name_that_was_asked_for() -> None:
    assert slashed(list(discovery.below([".venv"]))) == [".venv/lib/model"]


@pytest.mark.parametrize("path", ["nowhere", "readme.txt", "b/MLmodel"])
def test_below_what_is_no_directory(path: str) -> None:
    with pytest.raises(DiscoveryError, match="is not a directory"):
        list(discovery.below([path]))


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_below_follows_no_links(here: Path) -> None:
    (here / "b" / "loop").symlink_to(here)
    (here / "link").symlink_to(here / "b")
    assert len(list(discovery.below(["."]))) == 3


def test_below_is_lazy(here: Path) -> None:
    found = discovery.below(["."])
    next(found)
    (here / "a" / "nested" / "underlying_model" / "MLmodel").unlink()
    assert slashed(list(found)) == ["./b"]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("b/model.pkl", "b"),  # deleted, or not there yet
        ("b/data/deep/er/model.pkl", "b"),
        ("b", "b"),
        ("b/", "b/"),
        ("a/nested/underlying_model/x", "a/nested/underlying_model"),  # the nearest one
        ("a/nested/other/x", "a/nested"),
        ("a/x", None),
        ("readme.txt", None),
        ("nowhere/x", None),
        ("a/nested/../x", None),
        ("a/../b/x", "b"),
    ],
)
def test_enclosing(path: str, model: str | None) -> None:
    found = [os.path.normpath(one) for one in discovery.enclosing([path])]
    assert found == ([os.path.normpath(model)] if model else [])


def test_enclosing_gives_each_model_once() -> None:
    assert list(discovery.enclosing(["b/x", "b/MLmodel", "a/nested/x", "b/y"])) == ["b", "a/nested"]


def test_enclosing_the_current_directory(here: Path) -> None:
    os.chdir("b")
    assert list(discovery.enclosing(["model.pkl"])) == ["."]
    assert list(discovery.enclosing([str(here / "b" / "model.pkl")])) == [str(here / "b")]


def test_enclosing_from_inside_the_model(here: Path) -> None:
    (here / "b" / "data").mkdir()
    os.chdir("b/data")
    (found,) = discovery.enclosing(["x", "../model.pkl", "."])
    assert os.path.samefile(found, here / "b")
    os.chdir("..")
    assert list(discovery.enclosing(["../a/x"])) == []  # which is not in the current directory
