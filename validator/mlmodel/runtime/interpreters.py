"""The interpreters of this machine, and which of them is the recorded one.

Nothing is started to find out: a version is part of the path where pyenv and uv keep interpreters, and uv tells
of the others.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.runtime.confinement import disk

if TYPE_CHECKING:
    from collections.abc import Iterator


class Interpreter(Record):
    """A Python that is installed here."""

    path: str
    version: tuple[int, ...]
    exact: bool = True
    """Whether it is the wanted version, at the precision in which it is wanted."""

    @property
    def label(self) -> str:
        """Its version, ``3.11.7``."""
        return ".".join(map(str, self.version))


def find(wanted: tuple[int, ...] | None, uv: str) -> Interpreter | None:
    """The interpreter for a recorded version: that one, else the nearest of the same minor, else None.

    Where none is recorded, the running one is it.
    """
    if wanted is None or len(wanted) < 2:
        wanted = sys.version_info[:2]
    for search in (_of_pyenv, lambda: _of_uv(uv)):
        known = list(search())
        exact = [one for one in known if one.version[: len(wanted)] == wanted]
        if exact:
            return exact[-1]
    known = [*_of_pyenv(), *_of_uv(uv)]
    near = [one for one in known if one.version[:2] == wanted[:2]]
    if not near:
        return None
    return min(near, key=lambda one: abs(one.version[2] - wanted[2]))._replace(exact=False)


def _of_pyenv() -> Iterator[Interpreter]:
    root = os.environ.get("PYENV_ROOT") or os.path.join(os.path.expanduser("~"), ".pyenv")
    folder = os.path.join(root, "versions")
    try:
        names = os.listdir(folder)
    except OSError:
        return
    found = []
    for name in names:
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", name)
        path = os.path.join(folder, name, "python.exe" if os.name == "nt" else "bin/python")
        if match and os.access(path, os.X_OK):
            found.append(Interpreter(path, tuple(map(int, match.groups()))))
    yield from sorted(found, key=lambda one: one.version)


def _of_uv(uv: str) -> Iterator[Interpreter]:
    """What uv finds: its own, those on the PATH, and those of the Windows registry."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in _ACTIVE},
        "UV_PYTHON_DOWNLOADS": "never",
        "PATH": os.pathsep.join(
            part for part in os.get_exec_path() if not part.rstrip("/\\").endswith("shims")
        ),
    }
    command = [uv, "python", "list", "--only-installed", "--output-format", "json", "--no-config"]
    with disk.scratch() as folder:  # no .venv of the current folder counts
        try:
            text = subprocess.run(  # noqa: S603
                command, check=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=30,
            ).stdout  # fmt: skip
            listed = json.loads(text)
        except (OSError, subprocess.SubprocessError, ValueError):
            return
    found = []
    for entry in listed:
        match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", entry.get("version", ""))
        if match and entry.get("implementation") == "cpython" and entry.get("path"):
            found.append(Interpreter(entry["path"], tuple(map(int, match.groups()))))
    yield from sorted(found, key=lambda one: one.version)


_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON", "PYTHONHOME", "PYTHONPATH")
