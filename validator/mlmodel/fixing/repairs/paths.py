"""Paths with slashes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.documents import parse_yaml
from mlmodel.fixing.edits import Edit, Repair
from mlmodel.fixing.repairs.base import repair_of
from mlmodel.model import paths
from mlmodel.sources.directory import Kind

if TYPE_CHECKING:
    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.fixing.repairs.base import Steps
    from mlmodel.model.model import Model


def slashed(model: Model, finding: Finding, document: Document, steps: Steps) -> Repair | None:
    """MLM006: slashes for backslashes, where that path is there."""
    use = next((use for use in paths.of(model) if use.pointer == steps and use.document is document), None)
    scalar = document.places.scalar(steps) if document.places else None
    if use is None or scalar is None or scalar.style in ("|", ">"):
        return None
    path = re.sub(r"[\\/]+", "/", use.value)
    if use.kind == "basename":
        path = path.rsplit("/", 1)[-1]
    if not path or paths.fault(path) is not None or not _is_there(model, path, use.kind):
        return None
    text = f"{scalar.style}{path}{scalar.style}"
    read = parse_yaml(text, document.path)
    if read.problems or read.data != path:
        return None
    return repair_of(finding, f"write {quoted(path)}", Edit(document.path, scalar.start, scalar.end, text))


def _is_there(model: Model, path: str, kind: str) -> bool:
    there = model.directory.look(path).kind
    if kind == "prefix" and there is Kind.MISSING:
        return any(name.startswith(path) for name in model.directory.entries)
    wanted = {"file": (Kind.FILE,), "basename": (Kind.FILE,), "directory": (Kind.DIRECTORY,)}
    return there in wanted.get(kind, (Kind.FILE, Kind.DIRECTORY))
