"""Values that are quoted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.environment import recorded
from mlmodel.fixing.edits import Edit, Repair
from mlmodel.fixing.repairs.base import repair_of

if TYPE_CHECKING:
    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.fixing.repairs.base import Steps
    from mlmodel.model.model import Model


def quoted(_: Model, finding: Finding, document: Document, steps: Steps) -> Repair | None:
    """MLM111: quote a scalar that was meant as a string."""
    written = _plain(document, steps)
    return _requoted(finding, document, steps, written) if written else None


def quoted_python(model: Model, finding: Finding, document: Document, steps: Steps) -> Repair | None:
    """MLM211, MLM411: quote a version of Python.

    ``3.1`` is what a program left of 3.10 that read it as a number: MLflow never ran on Python 3.1.
    """
    written = _plain(document, steps)
    if written is None or not re.fullmatch(r"\d\.\d+", written):
        return None
    if written == "3.1":
        others = {python.text for python in recorded.of(model).pythons if python.numbers}
        if len(others) > 1:
            return None
        written = others.pop() if others else "3.10"
    return _requoted(finding, document, steps, written)


def _requoted(finding: Finding, document: Document, steps: Steps, text: str) -> Repair | None:
    scalar = document.places.scalar(steps) if document.places else None
    if scalar is None:
        return None
    written = document.text[scalar.start : scalar.end]
    summary = f"quote {written}" if written == text else f"write '{text}' for {written}"
    return repair_of(finding, summary, Edit(document.path, scalar.start, scalar.end, f"'{text}'"))


def _plain(document: Document, steps: Steps) -> str | None:
    """A scalar without quotes as it is written, None for others."""
    scalar = document.places.scalar(steps) if document.places else None
    if scalar is None or scalar.style:
        return None
    written = document.text[scalar.start : scalar.end]
    return written if re.fullmatch(r"[^\s'](?:[^\n\r']*[^\s'])?", written) else None
