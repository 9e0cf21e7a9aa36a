"""Workflow commands that GitHub Actions shows as annotations on the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.findings import Severity
from mlmodel.reporters import Style, Tally, is_shown
from mlmodel.reporters.places import finding_path
from mlmodel.reporters.text_format import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding, Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


class GitHubReporter:
    """One ``::error file=...::`` line a finding, and a last line that sums up."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._tally = Tally()
        self._hidden = 0

    def begin(self) -> Iterator[str]:
        """Nothing."""
        yield from ()

    def add(self, report: Report) -> Iterator[str]:
        """The annotations."""
        self._tally.add(report)
        for finding in report.findings:
            if is_shown(finding, self._style):
                yield _annotation(report, finding, self._style.root)
            else:
                self._hidden += 1

    def end(self) -> Iterator[str]:
        """The counts."""
        if self._style.verbosity >= 0:
            yield summary(self._tally, self._hidden, Style())


REPORTER = GitHubReporter


def _annotation(report: Report, finding: Finding, root: str | None) -> str:
    place = finding.location
    properties = {"file": finding_path(report, finding, root), "line": place.line, "col": place.column}
    properties["title"] = f"{finding.rule} {finding.name}"
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    message = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    return f"::{_COMMANDS[finding.severity]} {listed}::{_message(message)}\n"


def _message(text: str) -> str:
    lines = text.replace("%", "%25").split("\n")
    return "%0A".join(printable(line) for line in lines)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
