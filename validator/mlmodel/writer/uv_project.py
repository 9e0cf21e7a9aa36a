"""``uv_project_path``: the requirements that the lock of a uv project pins, and its files in the model directory.

As MLflow 3.11.1 and later do (``mlflow.utils.uv_utils``): ``uv export`` of what is locked, and ``uv.lock``, ``pyproject.toml`` and
``.python-version`` copied.  Where MLflow falls back to what it finds out itself, this refuses.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from mlmodel.common import scratch
from mlmodel.flavors import UnsuitableError
from mlmodel.resolution.uv import MissingToolError, UnansweredError, ask, find_uv

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOCK, _PROJECT, _PYTHON = "uv.lock", "pyproject.toml", ".python-version"
_TIMEOUT = 60.0
"""Seconds for uv to read a lock."""


def requirements(
    project: str | os.PathLike[str], groups: Sequence[str] = (), extras: Sequence[str] = ()
) -> list[str]:
    """The pinned lines of a project, in uv's order, the project itself left out; its private indexes before them.

    Raises:
        UnsuitableError: it is no project with a lock, or uv cannot read it.
    """
    if not isinstance(project, (str, os.PathLike)):
        raise UnsuitableError(
            f"uv_project_path is {type(project).__name__}, and must be the path of a folder"
        )
    for argument, names in (("uv_groups", groups), ("uv_extras", extras)):
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise UnsuitableError(f"{argument} is a list of names")
    path = os.path.abspath(os.fspath(project))
    for name in (_LOCK, _PROJECT):
        if not os.path.isfile(os.path.join(path, name)):
            raise UnsuitableError(f"uv_project_path: {os.fspath(project)} has no {name}")
    chosen = [word for name in groups for word in ("--group", name)]
    chosen += [word for name in extras for word in ("--extra", name)]
    try:
        with scratch.folder() as folder:
            command = [
                *("export", "--frozen", "--no-dev", "--no-hashes", "--no-header", "--no-emit-project"),
                *("--no-annotate", "--quiet", "--project", path, "-o", "exported.txt", *chosen),
            ]
            answer = ask(find_uv("uv_project_path"), command, folder, _TIMEOUT)
            if not answer.solved:
                raise UnsuitableError(f"uv_project_path: uv says: {answer.text}")
            with open(os.path.join(folder, "exported.txt"), encoding="utf-8") as stream:
                lines = [line.strip() for line in stream]
    except (MissingToolError, UnansweredError) as error:
        raise UnsuitableError(f"uv_project_path: {error}") from error
    found = [line for line in lines if line and not line.startswith("#")]
    return [*(f"--extra-index-url {url}" for url in _indexes(path)), *found]


def copy(project: str | os.PathLike[str], folder: str) -> None:
    """Copy the files of a project that say what is installed."""
    for name in (_LOCK, _PROJECT, _PYTHON):
        source = os.path.join(os.fspath(project), name)
        if os.path.isfile(source):
            shutil.copyfile(source, os.path.join(folder, name))


def _indexes(path: str) -> list[str]:
    """The indexes that a lock names and the project, too; others are the default ones of whoever locked it.

    A lock never holds credentials.
    """
    with open(os.path.join(path, _LOCK), encoding="utf-8") as stream:
        found = re.findall(r'source\s*=\s*\{\s*registry\s*=\s*"(https?://[^"]+)"', stream.read())
    with open(os.path.join(path, _PROJECT), encoding="utf-8") as stream:
        project = stream.read()
    return sorted({url for url in found if url in project})
