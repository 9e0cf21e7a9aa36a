"""Files and folders that a Python model takes along in ``artifacts/``, by the names it knows them under."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import UnsuitableError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "artifacts"


def copy(sources: Mapping[str, str], folder: str) -> dict[str, dict[str, str]]:
    """Copy them, and say where each is.

    MLflow also records where they came from, a ``uri`` that no reader uses and that tells paths of this machine.

    Raises:
        UnsuitableError: two of them have the same name.
    """
    recorded: dict[str, dict[str, str]] = {}
    for name, source in sorted(sources.items()):
        path = f"{FOLDER}/{os.path.basename(os.path.normpath(source))}"
        target = os.path.join(folder, *path.split("/"))
        if os.path.lexists(target):
            raise UnsuitableError(f"two of artifacts are called {os.path.basename(path)}")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        recorded[name] = {"path": path}
    return recorded


def paths(folder: str, recorded: Mapping[str, Any]) -> dict[str, str]:
    """Where each is in a model directory."""
    return {name: os.path.join(folder, entry["path"]) for name, entry in recorded.items()}
