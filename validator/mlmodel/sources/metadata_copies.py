"""The copies of a model's describing files that ``log_model`` leaves in ``metadata/``: no models of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

METADATA = "metadata"
"""The folder in which ``log_model`` leaves copies of the files that describe a model (``Model.log``): never in 2.11.1,
always in 2.11.3 to 2.14.1, on Databricks since 2.14.2."""
COPIED = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")
"""The files that it copies."""
_MAX_COPY = 1 << 20
"""Bytes of an MLmodel file in which the identity is looked for."""
_IDENTITY = lazy_pattern(rb"(?m)^(run_id|model_uuid|utc_time_created):[ \t]*(.*?)[ \t\r]*$")


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
