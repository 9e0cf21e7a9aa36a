"""How one scalar is written in the text of a document."""

from __future__ import annotations

from typing import NamedTuple


class Scalar(NamedTuple):
    """A scalar as it stands in the text: ``text[start:end]``, quotes included."""

    start: int
    end: int
    style: str
    """``'``, ``"``, ``|``, ``>``, or empty for a plain scalar."""
