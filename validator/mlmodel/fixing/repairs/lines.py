"""Requirements that are added to the lists, or deleted from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.environment import recorded, saved_versions
from mlmodel.environment.conda import ItemOrigin
from mlmodel.environment.requirements import Form, TextOrigin
from mlmodel.fixing.edits import Edit, Repair, text_of
from mlmodel.fixing.repairs.base import repair_of
from mlmodel.model.model import MAX_TEXT

if TYPE_CHECKING:
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_VERSION = lazy_pattern(r"\d+(?:\.\d+)+(?:(?:a|b|rc|\.post)\d+)?")


def library_added(model: Model, finding: Finding) -> Repair | None:
    """MLM404, MLM464: list the library of the flavor, in the version that the MLmodel file records."""
    told = (
        saved
        for saved in saved_versions.of(model)
        if f"{saved.distribution}=={saved.public}" in (finding.hint or "")
    )
    saved = next(told, None)
    environment = recorded.of(model)
    if saved is None or not _VERSION.fullmatch(saved.public) or saved.distribution in environment.names:
        return None
    line = f"{saved.distribution}=={saved.public}"
    edits = []
    if environment.requirements is not None:
        text = text_of(model.directory.read(recorded.REQUIREMENTS, MAX_TEXT))
        if text is None:
            return None
        newline = "\r\n" if "\r\n" in text else "\n"
        added = f"{line}{newline}" if text.endswith("\n") else f"{newline}{line}"
        edits.append(Edit(recorded.REQUIREMENTS, len(text), len(text), added))
    if environment.conda is not None and environment.conda.pip is not None:
        edit = _appended(environment.conda.pip, line)
        if edit is None:
            return None
        edits.append(edit)
    return repair_of(finding, f"list {line}, the version that the model records", *edits) if edits else None


def _appended(entries: tuple[Entry, ...], line: str) -> Edit | None:
    """A new item after the last one of a list in a YAML file; None where it is not written one item a line."""
    origin = entries[-1].origin if entries else None
    if not isinstance(origin, ItemOrigin):
        return None
    document = origin.document
    scalar = document.places.scalar(origin.pointer) if document.places else None
    if scalar is None:
        return None
    before = document.text[document.text.rfind("\n", 0, scalar.start) + 1 : scalar.start]
    if not re.fullmatch(r"[ ]*- +", before):
        return None
    newline = "\r\n" if "\r\n" in document.text else "\n"
    return Edit(document.path, scalar.end, scalar.end, f"{newline}{before}{line}")


def deleted(model: Model, finding: Finding) -> Repair | None:
    """MLM465: delete the lines that name a module of Python."""
    lines = [entry for entry in recorded.of(model).own_lines if entry.form is Form.REQUIREMENT]
    name = next((entry.name for entry in lines if entry.place == finding.location), None)
    edits = []
    for entry in lines:
        if name is not None and entry.name == name:
            edit = _without(model, entry)
            if edit is None:
                return None
            edits.append(edit)
    return repair_of(finding, f"delete {name}, which is part of Python", *edits) if edits else None


def _without(model: Model, entry: Entry) -> Edit | None:
    """The edit that deletes the line of an entry; None where the line holds more, or is all that its list has."""
    if isinstance(entry.origin, TextOrigin):
        text = text_of(model.directory.read(entry.origin.file, MAX_TEXT)) or ""
        place, start = entry.line, 0
        for _ in range(place - 1):
            start = text.find("\n", start) + 1
        return _line(entry.origin.file, text, start, re.escape(entry.text))
    if not isinstance(entry.origin, ItemOrigin):
        return None
    document = entry.origin.document
    items = document.data
    for step in entry.origin.pointer[:-1]:
        items = items[step]
    scalar = document.places.scalar(entry.origin.pointer) if document.places else None
    if scalar is None or len(items) < 2:
        return None
    start = document.text.rfind("\n", 0, scalar.start) + 1
    return _line(document.path, document.text, start, rf"- +['\"]?{re.escape(entry.text)}['\"]?")


def _line(file: str, text: str, start: int, content: str) -> Edit | None:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end + 1
    if not re.fullmatch(rf"[ \t]*{content}[ \t]*(?:#[^\n]*)?\r?\n?", text[start:end]):
        return None
    if end == len(text) and not text.endswith("\n") and start:
        start -= 1  # the last line has no end of its own: that of the line before goes
        start -= text[start - 1 : start] == "\r"
    return Edit(file, start, end, "")
