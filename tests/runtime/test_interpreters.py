"""Which interpreter stands for the recorded Python."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from mlmodel.runtime import interpreters

pytestmark = pytest.mark.skipif(os.name == "nt", reason="makes executable scripts")


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A uv that knows 3.12.4 and a PyPy, and a pyenv that has 3.11.2, 3.11.9 and something else."""
    for name in ("3.11.2", "3.11.9", "miniconda3"):
        (tmp_path / "pyenv" / "versions" / name / "bin").mkdir(parents=True)
        python = tmp_path / "pyenv" / "versions" / name / "bin" / "python"
        python.touch()
        python.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    listed = [
        {"version": "3.12.4", "path": "/uv/3.12.4/bin/python", "implementation": "cpython"},
        {"version": "3.9.1", "path": "/uv/pypy", "implementation": "pypy"},
        {"version": "3.13.0rc1", "path": "/uv/rc", "implementation": "cpython"},
    ]
    fake = tmp_path / "uv"
    fake.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(listed))})\n")
    fake.chmod(0o755)
    return str(fake)


@pytest.mark.parametrize(
    ("wanted", "version", "exact"),
    [
        ((3, 11, 9), (3, 11, 9), True),
        ((3, 11, 8), (3, 11, 9), False),
        ((3, 11, 3), (3, 11, 2), False),
        ((3, 11), (3, 11, 9), True),
        ((3, 12, 4), (3, 12, 4), True),
        ((3, 12, 1), (3, 12, 4), False),
    ],
)
def test_found(uv: str, wanted: tuple[int, ...], version: tuple[int, ...], exact: bool) -> None:
    found = interpreters.find(wanted, uv)
    assert found is not None
    assert (found.version, found.exact) == (version, exact)


@pytest.mark.parametrize("wanted", [(3, 9, 1), (3, 13, 0), (2, 7, 18)])
def test_not_found(uv: str, wanted: tuple[int, ...]) -> None:
    assert interpreters.find(wanted, uv) is None


def test_a_uv_that_fails_knows_none(tmp_path: Path, uv: str) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 2\n")
    broken.chmod(0o755)
    assert interpreters.find((3, 12, 4), str(broken)) is None
    found = interpreters.find((3, 11, 2), str(broken))
    assert found is not None
    assert found.exact
    assert uv
