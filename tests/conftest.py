"""Options of the test run, and what tests in several folders need."""

from __future__ import annotations

import compileall
import os
from importlib.metadata import distribution
from pathlib import Path

import jsonschema_rs
import pytest

import mlmodel
from mlmodel.resolution.uv import find_uv

# Hundreds of tests start our commands: without byte code on disk each would compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once, before the workers start: some tests see that commands write nothing."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(mlmodel.__file__).parent, quiet=2)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the transcripts of tests/golden/ and README.md anew; read the difference before you commit it",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected transcripts are to be written, not compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What MLflow's environments lack: jsonschema-rs, whose wheel fits every Python, our entry points, and uv."""
    monkeypatch.setenv("PATH", os.path.dirname(find_uv()), prepend=os.pathsep)
    folder = tmp_path / "lacking"
    folder.mkdir()
    (folder / "jsonschema_rs").symlink_to(Path(jsonschema_rs.__file__).parent)
    stated = Path(str(distribution("mlmodel").locate_file("")), "mlmodel-0.1.0.dist-info")
    (folder / stated.name).symlink_to(stated)
    return folder
