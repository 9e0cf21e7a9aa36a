"""The README: every transcript is run, every snippet works, every link leads somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlmodel.cli import config
from tests.command import ROOT, environment, scripts
from tests.overlay import fences

README = ROOT / "README.md"
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/mlmodel-validate examples/sklearn-logistic-regression"
TEST = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/python -m pytest"

_CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def text() -> str:
    return README.read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a reader of the README has: a clone."""
    clone = tmp_path / "mlmodel"
    clone.mkdir()
    shutil.copytree(ROOT / "examples", clone / "examples")
    shutil.copy(README, clone)
    return clone


@pytest.mark.skipif(os.name == "nt", reason="the transcripts are for a POSIX shell")
def test_transcripts(copy: Path, tmp_path: Path, update_golden: bool) -> None:
    path = f"{scripts(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"

    def replayed(block: re.Match[str]) -> str:
        return "".join(_replay(block[0], copy, path))

    fresh = _CONSOLE.sub(replayed, text())
    if update_golden:
        README.write_text(fresh, encoding="utf-8", newline="\n")
    assert fresh == text()


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
    shell = [
        fence.body.strip()
        for fence in fences(text())
        if fence.language == "sh" and "libraries" not in fence.flags
    ]
    assert shell == [INSTALL, TEST]
    assert text().index(TEST) < 2000


def test_ci_runs_the_command_of_the_readme() -> None:
    assert f"\n{TEST}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_python(copy: Path) -> None:
    snippets = [
        fence.body
        for fence in fences(text())
        if fence.language == "python" and "libraries" not in fence.flags
    ]
    assert snippets
    for snippet in snippets:
        subprocess.run([sys.executable, "-c", snippet], check=True, cwd=copy, env=environment())


def test_configuration(tmp_path: Path) -> None:
    (table,) = [fence.body for fence in fences(text()) if fence.language == "toml"]
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    settings = config.load(str(tmp_path / "pyproject.toml"))
    assert settings.fail_on == "warning"
    assert settings.per_path_ignores["tests/models/broken-*"] == ("ALL",)


def test_every_setting_is_in_the_table() -> None:
    (table,) = [fence.body for fence in fences(text()) if fence.language == "toml"]
    words = set(re.findall(r"^([\w-]+) =|^\[tool\.mlmodel\.([\w-]+)\]", table, re.MULTILINE))
    assert {first or second for first, second in words} >= set(config._KEYS)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links(page: str) -> None:
    content = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", content)
    for target in targets:
        if not target.startswith("https://"):
            assert (ROOT / target).exists(), target
