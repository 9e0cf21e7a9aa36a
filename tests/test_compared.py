"""The guide that stands beside other tools: every command of its table prints what the table says."""

from __future__ import annotations

import re
import shlex
import subprocess
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from mlmodel.cli.main import main
from tests.cli.in_process import here
from tests.command import ROOT
from tests.overlay import fences

__all__ = ["here"]

PAGE = (ROOT / "docs" / "compared.md").read_text(encoding="utf-8")


class Row(NamedTuple):
    """A feature, the command that shows it, and what that prints."""

    feature: str
    command: str
    prints: str


def _cells(line: str) -> list[str]:
    return [cell.strip(" ").replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


TABLE = [_cells(line) for line in PAGE.splitlines() if line.startswith("| ")]
ROWS = [
    Row(cells[0], cells[-2].strip("`"), cells[-1].strip("`"))
    for cells in TABLE
    if cells[-2].startswith("`mlmodel ")
]


@pytest.fixture
def models(here: Path) -> Path:
    """What the page says that its commands are run on; the good model is committed."""
    (here / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    (setup,) = (fence for fence in fences(PAGE) if fence.language == "console")
    for line in setup.body.splitlines():
        subprocess.run(["sh", "-c", line.removeprefix("$ ")], check=True, cwd=here)
    for fence in fences(PAGE):
        if "file" in fence.words:
            (here / fence.words["file"]).write_text(fence.body, encoding="utf-8")
    (here / "hostile.pkl").write_bytes(b'cos\nsystem\n(S"id"\ntR.')
    with zipfile.ZipFile(here / "good.zip", "w") as archive:
        for path in (here / "models" / "good").iterdir():
            archive.write(path, f"good/{path.name}")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "models/good"], ["commit", "-q", "-m", "models"]):
        subprocess.run([*git, *words], check=True, cwd=here)
    return here


def test_the_table_is_read() -> None:
    assert len(ROWS) > 25
    assert {len(cells) for cells in TABLE} == {9}
    assert all(row.prints for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.feature)
def test_what_the_table_shows(row: Row, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(models / "cache"))
    words = shlex.split(row.command)[1:]
    result = CliRunner().invoke(main, words, prog_name="mlmodel", input="models/good/MLmodel\n")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert row.prints in result.output
    assert result.exit_code == (3 if "deep" in words else result.exit_code)
