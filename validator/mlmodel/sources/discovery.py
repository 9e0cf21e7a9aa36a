"""Arguments -> model directories."""

from __future__ import annotations

import os
import re
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

    A model inside a model (shap's ``underlying_model``) counts too, the copies in ``metadata/`` do not.  Links are not
    followed.

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
            if is_model and not is_metadata_copy(folder):
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
    while not os.path.lexists(os.path.join(place, "MLmodel")) or is_metadata_copy(place):
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above
    return place if os.path.isabs(folder) else os.path.relpath(place)


METADATA = "metadata"
"""The folder in which ``log_model`` leaves copies of the files that describe a model (``Model.log``): never in 2.11.1,
always in 2.11.3 to 2.14.1, on Databricks since 2.14.2."""
COPIED = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")
"""The files that it copies."""
_MAX_COPY = 1 << 20
"""Bytes of an MLmodel file in which the identity is looked for."""
_IDENTITY = re.compile(rb"(?m)^(run_id|model_uuid|utc_time_created):[ \t]*(.*?)[ \t\r]*$")


def is_metadata_copy(folder: str) -> bool:
    """Whether a directory holds copies of the files of the model around it, and is no model of its own.

    It is called ``metadata``, has nothing but such copies, and its MLmodel file is that of the same model.
    """
    place = os.path.abspath(folder)
    above = os.path.dirname(place)
    if os.path.basename(place) != METADATA or not os.path.isfile(os.path.join(above, "MLmodel")):
        return False
    try:
        if not is_all_copies(os.listdir(place)):
            return False
        one, other = (_head(os.path.join(where, "MLmodel")) for where in (place, above))
    except OSError:
        return False
    return is_same_model(one, other)


def is_all_copies(names: Iterable[str]) -> bool:
    """Whether a folder with these names may be what ``log_model`` wrote."""
    return set(names) <= {*COPIED, "registered_model_meta"}


def is_same_model(one: bytes, other: bytes) -> bool:
    """Whether two MLmodel files are of one model: the run, the identifier and the time that both record are the same."""
    first, second = dict(_IDENTITY.findall(one[:_MAX_COPY])), dict(_IDENTITY.findall(other[:_MAX_COPY]))
    shared = first.keys() & second.keys()
    return bool(shared) and all(first[key] == second[key] for key in shared)


def _head(path: str) -> bytes:
    if os.path.islink(path) or not os.path.isfile(path):
        return b""
    with open(path, "rb") as file:
        return file.read(_MAX_COPY)
