"""What the scripts that run with the interpreter of an MLflow release lack."""

from __future__ import annotations

import os
from importlib.metadata import distribution
from pathlib import Path

import jsonschema_rs
import pytest

from mlmodel.uv import find_uv


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
