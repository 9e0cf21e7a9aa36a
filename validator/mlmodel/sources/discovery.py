"""Arguments -> model directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SKIPPED = frozenset({".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__"})


class DiscoveryError(Exception):
    """An argument does not lead to a model directory: a usage error."""


def directories(paths: Iterable[str]) -> Iterator[str]:
    """The given directories; a path of an ``MLmodel`` file means the directory around it.

    Raises:
        DiscoveryError: a path is not there, or is another file.
    """
    for path in paths:
        if os.path.isdir(path):
            yield path
        elif os.path.basename(path) == "MLmodel" and os.path.lexists(path):
            yield os.path.dirname(path) or "."
        elif os.path.lexists(path):
            raise DiscoveryError(
                f"{path} is a file, not a model directory (--enclosing finds the model around a file)"
            )
        else:
            raise DiscoveryError(f"{path} does not exist")


def below(paths: Iterable[str]) -> Iterator[str]:
    """Every model directory at or below the given directories, in the order of their names.

    A model inside a model (shap's ``underlying_model``) counts too.  Links are not followed.

    Raises:
        DiscoveryError: a path is not a directory.
    """
    for path in paths:
        if not os.path.isdir(path):
            raise DiscoveryError(f"{path} is not a directory")
        pending = [path]
        while pending:  # os.walk recurses: a thousand levels would be too many for it
            folder = pending.pop()
            is_model, folders = _look_into(folder)
            if is_model:
                yield folder
            pending += (os.path.join(folder, name) for name in sorted(folders, reverse=True))


def _look_into(folder: str) -> tuple[bool, list[str]]:
    """Whether a directory holds an ``MLmodel``, and the directories in it; none where it cannot be read."""
    is_model = False
    folders: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders += [entry.name] if entry.name not in _SKIPPED else []
                elif entry.name == "MLmodel":
                    is_model = True
    except OSError:
        pass
    return is_model, folders


def enclosing(paths: Iterable[str]) -> Iterator[str]:
    """The nearest model directory around each path, each once; paths inside no model are left out.

    A path need not exist (a deleted file still has a model around it).
    """
    seen: set[str] = set()
    for path in paths:
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        found = _nearest_model_dir(folder)
        if found is not None and found not in seen:
            seen.add(found)
            yield found


def _nearest_model_dir(folder: str) -> str | None:
    place = os.path.abspath(folder)
    while not os.path.lexists(os.path.join(place, "MLmodel")):
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above
    return place if os.path.isabs(folder) else os.path.relpath(place)
