"""Requirements that are pinned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.checks.pins import saved_versions
from mlmodel.environment import recorded, versions
from mlmodel.environment.conda import ItemOrigin
from mlmodel.environment.requirements import Form, TextOrigin
from mlmodel.fixing.edits import Edit, Repair, text_of
from mlmodel.fixing.repairs.base import repair_of
from mlmodel.model.model import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


_VERSION = re.compile(r"\d+(?:\.\d+)+(?:(?:a|b|rc|\.post)\d+)?")
_HEAD = re.compile(
    r"(?P<head>[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*\[[^\]]*\])?)(?P<versions>[^;()@]*?)(?=\s*(?:;|\s-|$))"
)


def pinned(model: Model, finding: Finding) -> Repair | None:
    """MLM430: pin a requirement to the version that the model records, wherever it is listed."""
    lines = [
        entry for entry in recorded.of(model).own_lines if entry.form is Form.REQUIREMENT and not entry.target
    ]
    name = next((entry.name for entry in lines if entry.place == finding.location), None)
    version = _recorded_version(model, name, lines) if name is not None else None
    if version is None:
        return None
    edits = []
    for entry in lines:
        if entry.name == name and not versions.bounded(entry.clauses):
            edit = _pin(model, entry, version)
            if edit is None:
                return None
            edits.append(edit)
    return repair_of(finding, f"pin {name} to {version}, the version that the model records", *edits)


def _recorded_version(model: Model, name: str, lines: Sequence[Entry]) -> str | None:
    """The one version of a distribution that the MLmodel file records; or else, that another list pins."""
    saved = {versions.public(version) for known, version, _ in saved_versions(model) if known == name}
    mlflow = model.config.get("mlflow_version")
    if name in ("mlflow", "mlflow-skinny") and isinstance(mlflow, str):
        saved.add(mlflow)
    saved = saved or {entry.pin for entry in lines if entry.name == name and entry.pin and not entry.marker}
    version = saved.pop() if len(saved) == 1 else ""
    return version if _VERSION.fullmatch(version) else None


def _pin(model: Model, entry: Entry, version: str) -> Edit | None:
    match = _HEAD.match(entry.text)
    start = _offset(model, entry)
    if match is None or start is None or (entry.clauses and not versions.allows(entry.clauses, version)):
        return None
    return Edit(entry.origin.file, start + match.end("head"), start + match.end("versions"), f"=={version}")


def _offset(model: Model, entry: Entry) -> int | None:
    """Where the text of an entry stands in its file; None where it is not written in one piece."""
    text, start = "", 0
    if isinstance(entry.origin, TextOrigin):
        text = text_of(model.directory.read(entry.origin.file, MAX_TEXT)) or ""
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)", text)[: entry.line - 1]
        start = sum(map(len, lines)) + entry.column - 1
    elif isinstance(entry.origin, ItemOrigin):
        document = entry.origin.document
        scalar = document.places.scalar(entry.origin.pointer) if document.places else None
        if scalar is None or scalar.style in ("|", ">"):
            return None
        text = document.text[: scalar.end]
        start = text.find(entry.text, scalar.start)
    return start if start >= 0 and text.startswith(entry.text, start) else None
