"""Options of the test run, and what tests in several folders need."""

from __future__ import annotations

import os
from importlib.metadata import distribution
from pathlib import Path

import jsonschema_rs
import pytest

from mlmodel.resolution.uv import find_uv


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
