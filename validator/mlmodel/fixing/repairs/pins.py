"""Requirements that are pinned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.environment import distributions, object_versions, recorded, saved_versions, versions
from mlmodel.environment.conda import ItemOrigin
from mlmodel.environment.requirements import Form, TextOrigin
from mlmodel.fixing.edits import Edit, Repair, text_of
from mlmodel.fixing.repairs.base import repair_of
from mlmodel.model.model import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.environment.conda import Package
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


_VERSION = lazy_pattern(r"\d+(?:\.\d+)+(?:(?:a|b|rc|\.post)\d+)?")
_HEAD = lazy_pattern(
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


def series(model: Model, finding: Finding) -> Repair | None:
    """MLM431, MLM498: pin the version that the MLmodel file records, where nothing in the model contradicts it."""
    saved = next(
        (one for one in saved_versions.of(model) if finding.message.startswith(f"{one.pointer[-1]} is ")),
        None,
    )
    if saved is None or _VERSION.fullmatch(saved.public) is None:
        return None
    recorded_versions = {
        one.public for one in saved_versions.of(model) if one.distribution == saved.distribution
    }
    objects = [version for _, name, version in object_versions.of(model) if name == saved.distribution]
    if len(recorded_versions) > 1 or not all(
        saved_versions.same_series(one, saved.public) for one in objects
    ):
        return None
    edits = []
    environment = recorded.of(model)
    for entry in environment.own_lines:
        is_other = entry.pin is not None and not saved_versions.agree(entry.pin, saved.public)
        if entry.name == saved.distribution and is_other and entry.form is Form.REQUIREMENT:
            edit = _pin(model, entry._replace(clauses=()), saved.public)
            if edit is None:
                return None
            edits.append(edit)
    for package in environment.conda.packages if environment.conda is not None else ():
        is_other = package.pin is not None and not saved_versions.agree(package.pin, saved.public)
        if package.distribution == saved.distribution and is_other:
            edit = _conda_pin(package, saved.public)
            if edit is None:
                return None
            edits.append(edit)
    summary = f"pin {saved.distribution} to {saved.public}, the version that the model records"
    return repair_of(finding, summary, *edits) if edits else None


def _conda_pin(package: Package, version: str) -> Edit | None:
    document = package.origin.document
    scalar = document.places.scalar(package.origin.pointer) if document.places else None
    match = re.fullmatch(r"(?P<head>[\w.-]+)={1,2}[\w.]+", package.text)
    if (
        scalar is None
        or match is None
        or document.text[scalar.start : scalar.end].strip("'\"") != package.text
    ):
        return None
    start = document.text.index(package.text, scalar.start)
    return Edit(document.path, start + match.end("head"), start + len(package.text), f"={version}")


def label_dropped(model: Model, finding: Finding) -> Repair | None:
    """MLM443: pin the release without the label of a build, wherever it is listed."""
    lines = [entry for entry in recorded.of(model).own_lines if entry.form is Form.REQUIREMENT]
    told = next((entry for entry in lines if entry.place == finding.location), None)
    if told is None or told.pin is None:
        return None
    public = versions.public(told.pin)
    edits = []
    for entry in lines:
        if entry.name == told.name and entry.pin == told.pin:
            edit = _pin(model, entry._replace(clauses=()), public)
            if edit is None:
                return None
            edits.append(edit)
    return repair_of(finding, f"pin {told.name} to {public}, which indexes have", *edits)


def _recorded_version(model: Model, name: str, lines: Sequence[Entry]) -> str | None:
    """The one version of a distribution that the MLmodel file records; or else, that another list pins."""
    saved = {one.public for one in saved_versions.of(model) if one.distribution == name}
    mlflow = model.config.get("mlflow_version")
    if name in distributions.MLFLOW and isinstance(mlflow, str):
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
