"""The location that a finding about a value of a document has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.findings import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.documents.base import Document


def location_of(document: Document, pointer: Sequence[str | int], *, key: bool = False) -> Location:
    """The location of the value at ``pointer``, or of its key; without line and column where the document has no such value."""
    position = document.locate(pointer, key=key)
    steps = document.pointer(pointer)
    if position is None:
        return Location(document.path, pointer=steps)
    line, column = position
    return Location(document.path, line, column, steps, document.source_line(line))
