"""The README and the guides: every transcript is run, every snippet works, every link leads somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlmodel.cli import config
from mlmodel.reporters import FORMATS
from mlmodel.sources import exclusion
from tests.command import ROOT, environment, scripts
from tests.overlay import fences

README = ROOT / "README.md"
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/mlmodel-validate examples/sklearn-logistic-regression"
TEST = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest"

_CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def text(page: Path = README) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a reader has: a clone."""
    clone = tmp_path / "mlmodel"
    clone.mkdir()
    shutil.copytree(ROOT / "examples", clone / "examples")
    shutil.copy(ROOT / "LICENSE", clone)
    return clone


@pytest.mark.skipif(os.name == "nt", reason="the transcripts are for a POSIX shell")
@EVERY_PAGE
def test_transcripts(page: Path, copy: Path, tmp_path: Path, update_golden: bool) -> None:
    path = f"{scripts(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
    written = text(page)

    def replayed(block: re.Match[str]) -> str:
        for fence in fences(written[: block.start()]):  # files that the reader has made by then
            if "file" in fence.words:
                (copy / fence.words["file"]).write_text(fence.body, encoding="utf-8")
        return "".join(_replay(block[0], copy, path))

    fresh = _CONSOLE.sub(replayed, written)
    if update_golden:
        page.write_text(fresh, encoding="utf-8", newline="\n")
    assert fresh == text(page)


def _replay(block: str, folder: Path, path: str) -> list[str]:
    """The commands of a block, each with what it prints."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    mark = "-- next --"
    script = f"\nstatus=$?; echo '{mark}'; (exit $status)\n".join(commands)
    result = subprocess.run(
        ["sh", "-c", script],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=folder,
        env=environment(PATH=path),
    )
    outputs = result.stdout.split(f"{mark}\n")
    return [f"$ {command}\n{output}" for command, output in zip(commands, outputs, strict=True)]


def test_the_two_commands_come_first() -> None:
    shell = [fence.body.strip() for fence in fences(text()) if fence.language == "sh" and not fence.flags]
    assert shell == [INSTALL, TEST]
    assert text().index(TEST) < 2000


def test_ci_runs_the_command_of_the_readme() -> None:
    assert f"\n{TEST}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@EVERY_PAGE
def test_python(page: Path, copy: Path) -> None:
    for fence in fences(text(page)):
        if fence.language == "python" and "libraries" not in fence.flags:
            subprocess.run([sys.executable, "-c", fence.body], check=True, cwd=copy, env=environment())


def table() -> str:
    """The settings that the guide shows, as one file."""
    return "\n".join(
        fence.body for fence in fences(text(ROOT / "docs" / "findings.md")) if fence.language == "toml"
    )


def test_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(table(), encoding="utf-8")
    settings = config.load(str(tmp_path / "pyproject.toml"))
    assert settings.fail_on == "warning"
    assert settings.per_path_ignores["tests/models/broken-*"] == ("ALL",)
    assert settings.per_finding_ignores[0].reason == "the platform pins it"


def test_every_setting_is_in_the_table() -> None:
    words = set(re.findall(r"^([\w-]+) =|^\[\[?tool\.mlmodel\.([\w-]+)\]", table(), re.MULTILINE))
    assert {first or second for first, second in words} >= set(config._KEYS)


def test_every_format_and_folder_is_in_the_guides() -> None:
    formats = text(ROOT / "docs" / "formats.md")
    assert all(f"| `{name}` |" in formats for name in FORMATS)
    assert all(f"`{name}`" in text(ROOT / "docs" / "many-models.md") for name in exclusion.NAMES)


def test_the_recipes_stand_in_the_guide_as_they_are() -> None:
    guide = text(ROOT / "docs" / "ci.md")
    for recipe in (ROOT / "docs" / "ci").iterdir():
        assert recipe.suffix == ".json" or recipe.read_text(encoding="utf-8") in guide


def test_every_guide_is_in_the_index() -> None:
    index = text(ROOT / "docs" / "README.md")
    assert all(page.name == "README.md" or f"]({page.name})" in index for page in PAGES)


_LINKED = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("page", _LINKED, ids=lambda page: page.stem)
def test_links(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", text(page)):
        if target.startswith("https://"):
            continue
        found = page.parent / target if target else page
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", text(found), re.MULTILINE)
            assert anchor in {
                re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings
            }


def test_the_picture_is_what_the_command_shows() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "pictures.py"), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
