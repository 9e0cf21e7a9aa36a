"""How one scalar is written in the text of a document."""

from __future__ import annotations

from mlmodel.common.records import Record


class Scalar(Record):
    """A scalar as it stands in the text: ``text[start:end]``, quotes included."""

    start: int
    end: int
    style: str
    """``'``, ``"``, ``|``, ``>``, or empty for a plain scalar."""
