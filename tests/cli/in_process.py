"""The command line without a process of its own: what most tests of it need."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from mlmodel.cli.main import main


class Done(NamedTuple):
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str


def mlmodel(*arguments: str | Path) -> Done:
    """Run ``mlmodel`` in the current directory."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="mlmodel")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, outside of any checkout that a CI service names."""
    for name in (
        "GITHUB_WORKSPACE",
        "CI_PROJECT_DIR",
        "BUILD_SOURCESDIRECTORY",
        "WORKSPACE",
        "NO_COLOR",
        "FORCE_COLOR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
