"""For programs: ``schemas/report.schema.json`` defines the output."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel import SPEC_VERSION, __version__, rules
from mlmodel.reporters import Style, Tally, unicode_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, Report


def render(reports: Iterable[Report], style: Style) -> Iterator[str]:
    """One JSON object; the models one by one, the summary last, so that nothing is held back."""
    del style  # everything is in the data; who reads it chooses
    head = {
        "report_version": 1,
        "tool": {"name": "mlmodel", "version": __version__},
        "spec_version": SPEC_VERSION,
    }
    yield json.dumps(head)[:-1] + ', "models": ['
    tally = Tally()
    for report in reports:
        yield (",\n" if tally.models else "\n") + json.dumps(_model(report))
        tally.add(report)
    summary = {
        "models": tally.models,
        "valid": tally.valid,
        "invalid": tally.invalid,
        "unjudged": tally.unjudged,
        "errors": tally.errors,
        "warnings": tally.warnings,
        "infos": tally.infos,
    }
    yield '\n], "summary": ' + json.dumps(summary) + "}\n"


def _model(report: Report) -> dict[str, Any]:
    return {
        "path": _text(report.path.replace(os.sep, "/")),
        "verdict": report.verdict.label,
        "mlflow_version": _text(report.mlflow_version),
        "flavors": list(report.flavors),
        "findings": [_finding(finding) for finding in report.findings],
        "truncated": report.truncated > 0,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.location
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.label,
        "message": _text(finding.message),
        "file": _text(place.file),
        "line": place.line,
        "column": place.column,
        "pointer": _text(place.pointer),
        "hint": _text(finding.hint),
        "help": rules.catalogue()[finding.rule].page,
    }


def _text(text: str | None) -> str | None:
    return None if text is None else unicode_text(text)
