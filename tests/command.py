"""Runs the command line as users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_PROGRAMS = {
    "mlmodel": "from mlmodel.cli.entry import main; main()",
    "mlmodel-validate": "from mlmodel.cli.entry import validate; validate()",
}


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child that imports this checkout, free of what changes its output."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    return {**kept, "PYTHONPATH": str(ROOT / "validator"), "PYTHONUTF8": "1", **changes}


def mlmodel_validate(
    *arguments: str | Path,
    cwd: Path | None = None,
    stdin: str | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run ``mlmodel-validate``."""
    return run("mlmodel-validate", *arguments, cwd=cwd, stdin=stdin, **variables)


def run(
    program: str,
    *arguments: str | Path,
    cwd: Path | None = None,
    stdin: str | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run one of the two commands."""
    return subprocess.run(
        [sys.executable, "-c", _PROGRAMS[program], *map(str, arguments)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        input="" if stdin is None else stdin,
        cwd=cwd,
        env=environment(**variables),
        timeout=120 * float(os.environ.get("MLMODEL_TEST_SLOW", "1")),
    )


def scripts(folder: Path) -> Path:
    """A folder for the PATH that has the two commands and ``python3``."""
    folder.mkdir()
    for name, code in _PROGRAMS.items():
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    (folder / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (folder / "python3").chmod(0o755)
    return folder
