"""For programs: ``schemas/report.schema.json`` defines the output."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.common.version import SPEC_VERSION, __version__
from mlmodel.reporters import Style, Tally, unicode_text
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, LoadReport, Phase, Report


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
        **({"load": _load(report.load)} if report.load is not None else {}),
    }


def _load(load: LoadReport) -> dict[str, Any]:
    environment = load.environment
    predict = next((phase for phase in load.phases if phase.name == "predict"), None)
    return {
        "outcome": load.outcome,
        "mode": load.mode,
        "seconds": round(load.seconds, 3),
        "environment": None
        if environment is None
        else {
            "python": _text(environment.python),
            "python_version": _text(environment.version),
            "recorded_python": _text(environment.recorded),
            "source": _text(environment.source),
            "as_of": environment.as_of,
            "packages": environment.packages,
            "made": environment.made,
            "seconds": round(environment.seconds, 3),
        },
        "layers": list(load.layers),
        "enforced": list(load.enforced),
        "not_enforced": list(load.open),
        "phases": [_phase(phase) for phase in load.phases],
        "predictions": predict.detail.get("output") if predict is not None else None,
    }


def _phase(phase: Phase) -> dict[str, Any]:
    failure = phase.failure
    return {
        "name": _text(phase.name),
        "about": _text(phase.about),
        "outcome": phase.outcome,
        "seconds": phase.seconds,
        "peak_bytes": phase.peak_bytes,
        "error": None
        if failure is None
        else {
            "type": _text(failure.type),
            "message": _text(failure.message),
            "traceback": _text(failure.traceback),
        },
        "warnings": [
            {"category": _text(warned.category), "message": _text(warned.message)}
            for warned in phase.warnings
        ],
        "detail": phase.detail,
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
