"""JSON Schema, by whichever implementation is installed.

:mod:`.rust` is jsonschema-rs, which answers in microseconds; :mod:`.pure` is jsonschema, the reference implementation in
Python, for systems that jsonschema-rs has no wheels for.  Both give the same failures, at the same places.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from mlmodel.common import interruption
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VARIABLE = "MLMODEL_SCHEMA_ENGINE"
"""The environment variable that names an engine, ``rust`` or ``pure``, to compare them."""
_MODULES = {"rust": "jsonschema_rs", "pure": "jsonschema"}
"""Engines, the preferred one first, and what each needs."""


class Failure(Record):
    """One assertion of a schema that a value does not meet."""

    instance: Any
    """The value in question."""
    path: tuple[str | int, ...]
    """Its place in the value that was checked."""
    keywords: tuple[str | int, ...]
    """The way through the schemas to the keyword that failed; ``$ref`` is a step of it."""
    missing: str | None = None
    """The property that ``required`` found missing."""


class Engine(Protocol):
    """A schema, ready to be asked."""

    def is_valid(self, value: Any) -> bool:
        """Whether a value meets the schema."""

    def failures(self, value: Any) -> Iterator[Failure]:
        """Every assertion that a value does not meet."""

    def first(self, value: Any) -> Failure | None:
        """One assertion that a value does not meet, at little cost however large the value is."""


class EngineMissingError(ImportError):
    """No implementation of JSON Schema is installed."""


@cache
def chosen() -> str:
    """The engine that is used: the one that the environment names, or the first that is installed.

    Raises:
        EngineMissingError: there is none.
    """
    asked = os.environ.get(VARIABLE)
    for name, module in _MODULES.items():
        if (asked in (None, "", name)) and find_spec(module) is not None:
            return name
    raise EngineMissingError(f"neither of {' and '.join(_MODULES.values())} is installed")


def make(document: Any, retrieve: Callable[[str], Any]) -> Engine:
    """An engine for a schema of draft-07.

    Args:
        document: the schema.
        retrieve: gives the document that a ``$ref`` names, by its path below ``schemas/``.
    """
    with interruption.held():  # an exception in what Rust calls of Python is a panic, or another exception
        engine: Engine = import_module(f"mlmodel.standard.engines.{chosen()}").Schema(document, retrieve)
    return engine
