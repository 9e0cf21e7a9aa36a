"""The Python files of a model, each parsed once and never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model.model import fact
from mlmodel.sources.directory import UnreadableError

if TYPE_CHECKING:
    from mlmodel.documents.python_source import Parsed
    from mlmodel.model.model import Model

MAX_FILES = 500
"""Python files of one model that are parsed; what lies beyond is not judged."""


@fact
def _cache(model: Model) -> dict[str, Parsed]:
    del model
    return {}


def parsed(model: Model, file: str) -> Parsed:
    """A Python file of the model; without tree and fault where it cannot be read, or is one too many."""
    from mlmodel.documents import python_source

    nothing = python_source.Parsed(None, None, ())
    known = _cache(model)
    if file not in known:
        if len(known) >= MAX_FILES:
            return nothing
        try:
            content = model.directory.read(file, python_source.MAX_BYTES)
        except UnreadableError:
            known[file] = nothing
        else:
            known[file] = python_source.parse(content)
    return known[file]


def code_folders(model: Model) -> tuple[str, ...]:
    """The folders that loaders put on ``sys.path``: what ``code`` of any flavor names, without slashes at the ends."""
    found = (conf.get("code") for conf in model.flavors.values())
    return tuple(
        dict.fromkeys(code.strip("/") for code in found if isinstance(code, str) and code.strip("/"))
    )
