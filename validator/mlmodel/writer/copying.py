"""Files of the author that a model directory takes along beside the model: code, and extra files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.flavors import UnsuitableError
from mlmodel.flavors.artifacts import copy_one

if TYPE_CHECKING:
    from collections.abc import Sequence

CODE, EXTRA = "code", "extra_files"
"""Folders of the model directory, by the names that MLflow gives them."""


def code(paths: Sequence[str | os.PathLike[str]], folder: str) -> None:
    """Copy files and folders into ``code/``.

    Raises:
        UnsuitableError: one does not exist, or two have one name.
    """
    _each("code_paths", paths, os.path.join(folder, CODE))


def extra_files(paths: Sequence[str | os.PathLike[str]], folder: str) -> list[dict[str, str]]:
    """Copy files and folders into ``extra_files/``, and say where each is, as the flavor records it.

    Raises:
        UnsuitableError: one does not exist, or two have one name.
    """
    names = _each("extra_files", paths, os.path.join(folder, EXTRA))
    return [{"path": f"{EXTRA}/{name}"} for name in names]


def _each(name: str, paths: Sequence[str | os.PathLike[str]], folder: str) -> list[str]:
    """Copy each into a folder, under its own name; the names."""
    if not isinstance(paths, (list, tuple)) or not all(
        isinstance(path, (str, os.PathLike)) for path in paths
    ):
        raise UnsuitableError(f"{name} is a list of paths")
    names: list[str] = []
    for path in paths:
        source = os.path.abspath(os.fspath(path))
        own = os.path.basename(source)
        target = os.path.join(folder, own)
        if not os.path.exists(source):
            raise UnsuitableError(f"{os.fspath(path)}, one of {name}, does not exist")
        if os.path.lexists(target):
            raise UnsuitableError(f"two of {name} are called {own}")
        copy_one(source, target)
        names.append(own)
    return names
