"""Signatures and examples of what real libraries make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import environments
from tests.pickles.test_benign_libraries import LIBRARIES

SCRIPT = Path(__file__).with_name("library_values.py")
VALIDATOR = Path(__file__).parents[2] / "validator"
FRAMES = (
    "numpy==2.4.6", "pandas==3.1.1", "polars==2.1.0", "pyarrow==25.0.1",
    "click>=8.1", "jsonschema-rs>=0.40", "packaging>=22", "PyYAML>=6.0",
)  # fmt: skip


@pytest.mark.libraries
@pytest.mark.parametrize("name", ["polars", "pyarrow", "examples"])
def test_frames(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    python = environments.environment("frames", FRAMES)
    assert environments.run(python, SCRIPT, str(VALIDATOR), name).splitlines()[-1] == "done"


@pytest.mark.libraries
@pytest.mark.parametrize("name", ["torch", "pydantic"])
def test_others(name: str) -> None:
    python = environments.environment("libraries", LIBRARIES)
    assert environments.run(python, SCRIPT, str(VALIDATOR), name).splitlines()[-1] == "done"
