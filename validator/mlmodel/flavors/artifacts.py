"""Files and folders that a Python model takes along in ``artifacts/``, by the names it knows them under."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = "artifacts"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def copy(sources: Mapping[str, str], folder: str) -> dict[str, dict[str, str]]:
    """Copy them, and say where each is.

    One source under two names is copied once; sources of one name, in letters of any case, get numbered folders of their
    own, in the order that they are given in (``_resolve_artifact_path_collisions`` of MLflow 3.17.2).  MLflow also
    records where they came from, a ``uri`` that no reader uses and that tells paths of this machine.
    """
    distinct = list(dict.fromkeys(sources.values()))
    places = dict(
        zip(
            distinct,
            _places([os.path.basename(os.path.normpath(source)) for source in distinct]),
            strict=True,
        )
    )
    for source, place in places.items():
        copy_one(source, os.path.join(folder, FOLDER, *place.split("/")))
    return {name: {"path": f"{FOLDER}/{places[source]}"} for name, source in sorted(sources.items())}


def copy_one(source: str, target: str) -> None:
    """Copy a file, in blocks, or a folder; makes the folders above."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, ignore=_LEFT_OUT)
    else:
        shutil.copyfile(source, target)


def _places(names: Sequence[str]) -> list[str]:
    """The path of each below ``artifacts/``: its name, or that in a numbered folder where another has the same."""
    plain = [name.casefold() for name in names]
    # Compared as they are, as MLflow compares what is taken: a number is no letter.
    taken = {name for name, key in zip(names, plain, strict=True) if plain.count(key) == 1}
    found: list[str] = []
    number = 0
    for name, key in zip(names, plain, strict=True):
        if plain.count(key) == 1:
            found.append(name)
            continue
        while str(number) in taken:
            number += 1
        taken.add(str(number))
        found.append(f"{number}/{name}")
    return found


def paths(folder: str, recorded: Mapping[str, Any]) -> dict[str, str]:
    """Where each is in a model directory."""
    return {name: os.path.join(folder, entry["path"]) for name, entry in recorded.items()}
