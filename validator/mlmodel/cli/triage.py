"""Findings that are known: those of a baseline, those that the configuration accepts, those of an earlier revision.

Each of the three is a function from a report to a report, in which what is known stands under
:attr:`~mlmodel.findings.Report.suppressed` and no longer counts.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mlmodel.cli.errors import WrongUseError
from mlmodel.common.records import Record
from mlmodel.findings import Finding, Report, Severity, Suppressed, Verdict
from mlmodel.reporters.places import model_path, without_positions
from mlmodel.standard.rules import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    Triage = Callable[[Report], Report]

_VERSION = 1


class BaselineError(WrongUseError):
    """A baseline cannot be read or written."""


class AcceptedFinding(Record):
    """An entry of ``per-finding-ignores``: findings that somebody decided to live with."""

    rules: frozenset[str]
    reason: str
    path: str | None = None
    """A glob of model directories, or of files in them; None for all."""
    message: str | None = None
    """A glob of messages; None for all."""
    expires: date | None = None
    """The last day on which it holds; None for ever."""


def suppress(report: Report, known: Callable[[Finding], Suppressed | None]) -> Report:
    """The report without the findings that are known; what could not be judged is never known."""
    kept: list[Finding] = []
    quiet: list[Suppressed] = []
    for finding in report.findings:
        item = None if catalogue()[finding.rule].unjudged else known(finding)
        if item is None:
            kept.append(finding)
        else:
            quiet.append(item)
    if not quiet:
        return report
    verdict = report.verdict
    if verdict is Verdict.INVALID and not any(finding.severity is Severity.ERROR for finding in kept):
        verdict = Verdict.VALID
    return replace(report, verdict=verdict, findings=tuple(kept), suppressed=(*report.suppressed, *quiet))


def limited(most: int) -> Triage:
    """Leaves the worst findings of each model, for what is known must not take the room of what is new."""

    def apply(report: Report) -> Report:
        if len(report.findings) <= most:
            return report
        worst = sorted(report.findings, key=lambda finding: -finding.severity)[:most]
        kept = tuple(sorted(worst, key=lambda finding: finding.sort_key))
        left_out = len(report.findings) - most
        return replace(report, findings=kept, truncated=report.truncated + left_out)

    return apply


# -- the configuration ------------------------------------------------------------------------------------


def accepting(entries: Sequence[AcceptedFinding], today: date) -> Triage:
    """Keeps quiet what the configuration accepts; where that has expired, the finding says so."""

    def apply(report: Report) -> Report:
        folder = model_path(report)

        def known(finding: Finding) -> Suppressed | None:
            entry = _entry_for(finding, folder, current)
            return Suppressed(finding, "accepted", entry.reason) if entry is not None else None

        found = suppress(report, known)
        if past:
            found = replace(found, findings=tuple(_reminded(finding, folder) for finding in found.findings))
        return found

    def _reminded(finding: Finding, folder: str) -> Finding:
        entry = _entry_for(finding, folder, past)
        if entry is None:
            return finding
        text = f"accepted until {entry.expires} because: {entry.reason}"
        return finding._replace(hint=f"{finding.hint}; {text}" if finding.hint else text)

    current = [entry for entry in entries if entry.expires is None or entry.expires >= today]
    past = [entry for entry in entries if entry.expires is not None and entry.expires < today]
    return apply


def _entry_for(finding: Finding, folder: str, entries: Iterable[AcceptedFinding]) -> AcceptedFinding | None:
    file = finding.location.file
    places = (folder, f"{folder}/{file}" if folder != "." else file) if file else (folder,)
    for entry in entries:
        if (
            finding.rule in entry.rules
            and (entry.path is None or any(fnmatchcase(place or "", entry.path) for place in places))
            and (entry.message is None or fnmatchcase(finding.message, entry.message))
        ):
            return entry
    return None


# -- a baseline -------------------------------------------------------------------------------------------


class _Key(Record):
    """What makes two findings the same: a moved line changes nothing, another value does."""

    path: str
    rule: str
    file: str
    pointer: str
    message: str


class Baseline:
    """Findings that were there when the baseline was written, by their number.

    The paths in its file are relative to the folder of the file.
    """

    def __init__(self, path: str) -> None:
        """Start without any finding.

        Args:
            path: the baseline's file, which need not be there.
        """
        self.path = path
        self._folder = os.path.dirname(os.path.abspath(path))
        self._known: Counter[_Key] = Counter()
        self._seen: Counter[_Key] = Counter()

    def read(self) -> None:
        """Take the findings of the file.

        Raises:
            BaselineError: it cannot be read, or is no baseline.
        """
        try:
            with open(self.path, encoding="utf-8") as file:
                document = json.load(file)
        except OSError as error:
            hint = "; --write-baseline makes it" if isinstance(error, FileNotFoundError) else ""
            raise BaselineError(f"{self.path}: {error.strerror}{hint}") from None
        except (ValueError, RecursionError) as error:
            raise BaselineError(f"{self.path}: not JSON: {error}") from None
        if not isinstance(document, dict) or document.get("baseline_version") != _VERSION:
            raise BaselineError(f"{self.path}: not a baseline of version {_VERSION}")
        for entry in document.get("findings", ()):
            try:
                self._known[_Key(*(str(entry[name]) for name in _Key._fields))] += int(entry.get("count", 1))
            except (TypeError, KeyError, ValueError):
                raise BaselineError(f"{self.path}: an entry that is no finding: {entry!r}"[:300]) from None

    def apply(self, report: Report) -> Report:
        """Keep quiet as many findings of a kind as the baseline has."""
        folder = model_path(report, self._folder)

        def known(finding: Finding) -> Suppressed | None:
            key = _key(folder, finding)
            self._seen[key] += 1
            return Suppressed(finding, "baseline") if self._seen[key] <= self._known[key] else None

        return suppress(report, known)

    @property
    def gone(self) -> int:
        """Findings of the baseline that no report had."""
        return sum((self._known - self._seen).values())

    def collect(self, report: Report) -> Report:
        """Take the findings of a report into the baseline."""
        folder = model_path(report, self._folder)
        for finding in report.findings:
            if not catalogue()[finding.rule].unjudged:
                self._known[_key(folder, finding)] += 1
        return suppress(report, lambda finding: Suppressed(finding, "baseline"))

    def write(self) -> int:
        """Write the findings, sorted, one a line, and return their number.

        Raises:
            BaselineError: it cannot be written.
        """
        entries: list[dict[str, Any]] = [
            {**key._asdict(), **({"count": count} if count > 1 else {})}
            for key, count in sorted(self._known.items())
        ]
        lines = ",\n".join(f"    {json.dumps(entry)}" for entry in entries)
        text = f'{{\n  "baseline_version": {_VERSION},\n  "findings": [\n{lines}\n  ]\n}}\n'
        temporary = f"{self.path}.{os.getpid()}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.replace(temporary, self.path)
        except OSError as error:
            raise BaselineError(f"{self.path}: {error.strerror}") from None
        return sum(self._known.values())


def _key(folder: str, finding: Finding) -> _Key:
    place = finding.location
    return _Key(
        folder, finding.rule, place.file or "", place.pointer or "", without_positions(finding.message)
    )


# -- an earlier revision ----------------------------------------------------------------------------------


def without(before: Callable[[str], Report | None]) -> Triage:
    """Keeps quiet what the same model had before.

    Args:
        before: the report of a model directory in the earlier revision; None where it was not there.
    """

    def apply(report: Report) -> Report:
        earlier = before(report.path)
        if earlier is None:
            return report
        had = Counter(_key("", finding) for finding in earlier.findings)

        def known(finding: Finding) -> Suppressed | None:
            key = _key("", finding)
            had[key] -= 1
            return Suppressed(finding, "unchanged") if had[key] >= 0 else None

        return suppress(report, known)

    return apply
