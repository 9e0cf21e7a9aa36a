"""What documents of a model have its loaders do, and how such documents are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.sources.directory import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Location
    from mlmodel.model.model import Model

    Pointer = tuple[str | int, ...]

MAX_TEXT = 1 << 16
"""Bytes of a small text file (``keras_module.txt``) that are read."""
MAX_CONFIG = 1 << 20
"""Bytes of a configuration in the form of INI files (spaCy) that are read."""
MAX_VALUES = 100_000
"""Values of one document that are looked at."""


class ImportedName(Record):
    """A dotted name that the loader imports, and calls or makes an object of."""

    name: str
    place: Location
    what: str
    """What the document means by it, ``the activation function``."""
    libraries: tuple[str, ...]
    """What the names of the loader's own library begin with."""


class OwnModule(Record):
    """A Python file beside the document that the loader runs."""

    file: str
    place: Location
    what: str
    is_there: bool
    asks: bool = False
    """Whether the loader asks on the terminal first (transformers, 15 seconds; no terminal: it fails)."""


class HubModule(Record):
    """A Python file that the loader fetches from a repository of the Hugging Face Hub, and runs."""

    repository: str
    revision: str | None
    place: Location
    what: str


class Action(Record):
    """Something else that the document has the loader do."""

    message: str
    place: Location
    is_certain: bool
    """Whether it runs code or opens files, and not only may."""


Item = ImportedName | OwnModule | HubModule | Action


def text_of(value: object, default: str = "") -> str:
    """A text of at most 1,000 characters, or what to take in its place."""
    return value if isinstance(value, str) and len(value) <= 1000 else default


def is_file(model: Model, path: str) -> bool:
    """Whether a file of the model stands there."""
    return model.directory.look(path).kind is Kind.FILE


def json_of(model: Model, path: str) -> Document | None:
    """A document in JSON; None where there is none."""
    return model.json(path) if path and is_file(model, path) else None


def mapping_of(value: object) -> dict[str, Any]:
    """A mapping; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def walk(data: object) -> Iterator[tuple[Pointer, Any]]:
    """The values of a document with their pointers, those inside others included."""
    pending: list[tuple[Pointer, Any]] = [((), data)]
    for _ in range(MAX_VALUES):
        if not pending:
            return
        pointer, value = pending.pop()
        yield pointer, value
        if isinstance(value, dict):
            pending += (((*pointer, key), item) for key, item in value.items())
        elif isinstance(value, list):
            pending += (((*pointer, index), item) for index, item in enumerate(value))
