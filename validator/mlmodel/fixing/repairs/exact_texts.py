"""Texts that a loader takes as a whole, and that an editor or version control changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.fixing.edits import Edit, Repair, text_of
from mlmodel.fixing.repairs.base import repair_of
from mlmodel.model.model import MAX_TEXT

if TYPE_CHECKING:
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_LINES = "tree\r\n"
"""How a text of LightGBM begins whose line ends were converted."""


def as_written(model: Model, finding: Finding) -> Repair | None:
    """MLM022: the name without white space around it, or the lines without carriage returns."""
    file = finding.location.file
    if file is None or model.directory.look(file).size > MAX_TEXT:
        return None
    text = text_of(model.directory.read(file, MAX_TEXT))
    if text is None:
        return None
    if text.startswith(_LINES):
        return repair_of(
            finding, "write line feeds only", Edit(file, 0, len(text), text.replace("\r\n", "\n"))
        )
    return repair_of(finding, f"write {text.strip()} and no line end", Edit(file, 0, len(text), text.strip()))
