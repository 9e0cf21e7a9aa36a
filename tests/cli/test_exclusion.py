"""What a recursive search does not enter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mlmodel.sources import discovery
from mlmodel.sources.exclusion import Exclusion
from tests.cli.in_process import here, mlmodel
from tests.overlay import make_model

__all__ = ["here"]


def models(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).mkdir(parents=True)
        (folder / path / "MLmodel").write_text("", encoding="utf-8")


def found(*arguments: str, start: str = ".", git: bool = True, defaults: bool = True) -> list[str]:
    paths = discovery.below([start], Exclusion(arguments, git=git, defaults=defaults))
    return [os.path.relpath(path, start).replace(os.sep, "/") for path in paths]


@pytest.mark.parametrize(
    "folder",
    [
        ".direnv",
        ".pixi",
        ".cache",
        "build",
        "dist",
        "lib/python3.12/site-packages",
        "lib/dist-packages",
        "a/.venv",
    ],
)
def test_folders_of_tools(here: Path, folder: str) -> None:
    models(here, f"{folder}/model", "mine")
    assert found() == ["mine"]
    assert len(found(defaults=False)) == 2
    assert found(start=folder) == ["model"]  # what the user names is wanted


@pytest.mark.parametrize("marker", ["pyvenv.cfg", "conda-meta"])
@pytest.mark.parametrize("name", ["env", ".env", "myenv"])
def test_environments_by_what_they_hold(here: Path, name: str, marker: str) -> None:
    models(here, f"{name}/lib/python3.12/model", "mine")
    (here / name / marker).mkdir()
    assert found() == ["mine"]
    assert found(start=name) == ["lib/python3.12/model"]


def test_a_folder_named_env_is_no_environment(here: Path) -> None:
    models(here, "env/model")
    assert found() == ["env/model"]


def test_what_git_ignores(here: Path) -> None:
    models(here, "mlruns/0/model", "models/old/a", "models/keep", "models/sub/scratch/b", "models/sub/c")
    (here / ".git").mkdir()
    (here / ".gitignore").write_text("mlruns/\n/models/old\n\n# a comment\n!keep\n", encoding="utf-8")
    (here / "models" / "sub" / ".gitignore").write_text("scratch\n", encoding="utf-8")
    assert found() == ["models/keep", "models/sub/c"]
    assert found(start="models") == ["keep", "sub/c"]
    assert found(start="mlruns") == ["0/model"]  # it is named, though git ignores it
    assert len(found(git=False)) == 5


def test_git_agrees(here: Path) -> None:
    """The same folders as ``git check-ignore``, for patterns of many forms."""
    folders = [f"{a}/{b}" for a in ("x", "y", "z-1", "w w") for b in ("out", "keep", "tmp.d", "n[1]")]
    models(here, *folders)
    subprocess.run(["git", "init", "-q"], check=True)
    (here / ".git" / "info" / "exclude").write_text("z-?/keep\n", encoding="utf-8")
    (here / ".gitignore").write_text(
        "x/*\n!x/keep\n**/tmp.d/\nw\\ w/out\ny/n\\[1\\]\n[bad\n", encoding="utf-8"
    )
    (here / "y" / ".gitignore").write_text("*\n!/out/\n", encoding="utf-8")
    ignored = subprocess.run(
        ["git", "check-ignore", "--stdin"],
        input="\n".join(folders),
        capture_output=True,
        encoding="utf-8",
        check=False,
    ).stdout.splitlines()
    assert found() == sorted(set(folders) - set(ignored))


def test_an_ignore_file_outside_of_a_repository_says_nothing(here: Path) -> None:
    (here / ".gitignore").write_text("*\n", encoding="utf-8")
    models(here, "a/model")
    assert found(start="a") == ["model"]


def test_patterns_of_the_user(here: Path) -> None:
    models(here, "a/broken-1", "a/good", "tests/models/b", "c")
    assert found("broken-*", "/tests") == ["a/good", "c"]


def test_the_command(here: Path) -> None:
    for name in ("a", "skipped", "build"):
        make_model(here / name)
    (here / "mlmodel.toml").write_text('exclude = ["skipped"]\n', encoding="utf-8")
    done = mlmodel("validate", "-v", "-r", ".")
    assert done.stdout.endswith("1 model, valid\n")
    assert "./build: not searched: a folder of tools\n" in done.stderr.replace(os.sep, "/")
    assert "./skipped: not searched: excluded\n" in done.stderr.replace(os.sep, "/")
    assert mlmodel("validate", "--no-ignore", "-r", ".").stdout == "2 models, valid\n"
    assert mlmodel("validate", "--exclude", "a", "-r", ".").status == 2
    assert "--no-ignore enters them" in mlmodel("validate", "--exclude", "a", "-r", ".").stderr
    assert mlmodel("validate", "--exclude", "a", "a").status == 2
