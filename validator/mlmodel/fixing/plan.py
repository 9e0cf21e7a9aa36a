"""Which repairs a model needs, and what its files are after them."""

from __future__ import annotations

import difflib
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlmodel.fixing.edits import EditedDirectory, edited, text_of
from mlmodel.fixing.repairs import REPAIRS
from mlmodel.model.model import MAX_TEXT, Model
from mlmodel.sources.base import Kind, Source, UnreadableError
from mlmodel.sources.directory import ModelDirectory
from mlmodel.validation import Options, run_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.fixing.edits import Edit, Repair

_ROUNDS = 10
"""A repair may make another one possible: a file that is written is then named."""
_UNJUDGED = frozenset({"MLM901", "MLM902", "MLM903"})


@dataclass(frozen=True, slots=True)
class Plan:
    """The repairs of one model."""

    root: str
    """The directory, links resolved."""
    repairs: tuple[Repair, ...]
    before: dict[str, bytes | None]
    """For each file that changes, what it is now; None for a new one."""
    after: dict[str, bytes]
    unjudged: tuple[Finding, ...]
    """Why the model could not be judged as a whole."""

    def diff(self) -> Iterator[str]:
        """A unified diff, line by line."""
        for file in sorted(self.after):
            before = self.before[file]
            old = _lines(before or b"")
            new = _lines(self.after[file])
            source = "/dev/null" if before is None else f"a/{file}"
            for line in difflib.unified_diff(old, new, source, f"b/{file}", lineterm="\n"):
                yield line.rstrip("\r\n") + "\n"
                if not line.endswith("\n"):
                    yield "\\ No newline at end of file\n"


def _lines(content: bytes) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", content.decode("utf-8"))


def plan(path: str) -> Plan:
    """The repairs of the model directory ``path``, every one after the other until there is none."""
    root = ModelDirectory(path).root
    before: dict[str, bytes | None] = {}
    after: dict[str, bytes] = {}
    repairs: list[Repair] = []
    findings: list[Finding] = []
    for _ in range(_ROUNDS):
        model = Model(EditedDirectory(path, after))
        findings = list(run_checks(model, Options()))
        found = _compatible(_repairs(model, findings), model)
        if not found:
            break
        repairs += found
        for file, edits in _by_file(found).items():
            is_new = model.directory.look(file).kind is Kind.MISSING
            content = None if is_new else model.directory.read(file, MAX_TEXT)
            before.setdefault(file, content)
            after[file] = edited(content or b"", edits)
    unjudged = tuple(finding for finding in findings if finding.rule in _UNJUDGED)
    return Plan(root, tuple(repairs), before, after, unjudged)


def _repairs(model: Model, findings: list[Finding]) -> Iterator[Repair]:
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        repair = REPAIRS.get(finding.rule)
        try:
            found = repair(model, finding) if repair is not None else None
        except UnreadableError:
            continue  # a finding of its own says so
        if found is not None:
            yield found


def _compatible(repairs: Iterator[Repair], model: Model) -> list[Repair]:
    """The repairs that can be made at once: no two change the same place, and every file may be written."""
    kept: list[Repair] = []
    taken: list[Edit] = []
    for repair in repairs:
        if not repair.edits or not all(_may_write(model.directory, edit.file) for edit in repair.edits):
            continue
        if any(_overlap(edit, other) for edit in repair.edits for other in taken):
            continue
        kept.append(repair)
        taken += repair.edits
    return kept


def _overlap(edit: Edit, other: Edit) -> bool:
    return edit.file == other.file and edit.start <= other.end and other.start <= edit.end


def _may_write(directory: Source, path: str) -> bool:
    """Whether a path is a text file of the directory itself, reached by no link, or still free."""
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        entry = directory.look("/".join(parts[:end]))
        last = end == len(parts)
        if stat.S_ISLNK(entry.mode) or os.path.islink(os.path.join(directory.root, *parts[:end])):
            return False
        if entry.kind is not (Kind.FILE if last else Kind.DIRECTORY):
            return last and entry.kind is Kind.MISSING
    try:
        return text_of(directory.read(path, MAX_TEXT)) is not None
    except UnreadableError:
        return False


def _by_file(repairs: list[Repair]) -> dict[str, list[Edit]]:
    found: dict[str, list[Edit]] = {}
    for repair in repairs:
        for edit in repair.edits:
            found.setdefault(edit.file, []).append(edit)
    return found
