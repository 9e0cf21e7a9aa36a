"""Workflow commands that GitHub Actions shows as annotations on the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.findings import Severity
from mlmodel.reporters import Style, Tally, path_of
from mlmodel.reporters.text_format import printable, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(reports: Iterable[Report], style: Style) -> Iterator[str]:
    """One ``::error file=...::`` line a finding, and a last line that sums up."""
    tally = Tally()
    hidden = 0
    for report in reports:
        tally.add(report)
        for finding in report.findings:
            if finding.severity is Severity.INFO and style.verbosity < 1:
                hidden += 1
            else:
                yield _annotation(report, finding)
    if style.verbosity >= 0:
        yield summary(tally, hidden, Style())


def _annotation(report: Report, finding: Finding) -> str:
    place = finding.location
    properties = {"file": path_of(report, finding), "line": place.line, "col": place.column}
    properties["title"] = f"{finding.rule} {finding.name}"
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    message = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    return f"::{_COMMANDS[finding.severity]} {listed}::{_message(message)}\n"


def _message(text: str) -> str:
    lines = text.replace("%", "%25").split("\n")
    return "%0A".join(printable(line) for line in lines)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
