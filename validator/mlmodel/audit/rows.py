"""What a row of an audit holds: ``schemas/audit-row.schema.json`` defines it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from mlmodel.audit.subjects import recorded_moment
from mlmodel.common.texts import unicode_text
from mlmodel.common.version import __version__
from mlmodel.findings import Facts, Severity, Verdict
from mlmodel.sources.addresses import shown

if TYPE_CHECKING:
    from mlmodel.audit.subjects import Subject
    from mlmodel.findings import Report

Row = dict[str, Any]
"""A row: JSON values only."""


def row_of(subject: Subject, report: Report, settings: str) -> Row:
    """The row of a model.

    Args:
        subject: the model.
        report: what was found of it.
        settings: the digest of what the audit was asked for.
    """
    told = report.to_dict()
    facts = report.facts or Facts()
    return {
        "id": unicode_text(shown(subject.id)),
        "kind": subject.kind,
        "name": _text(subject.name),
        "version": subject.version,
        "source": unicode_text(shown(subject.source or subject.place)),
        "owner": _text(subject.owner),
        "created": subject.created or recorded_moment(facts.created),
        "experiment_id": subject.experiment_id,
        "run_id": subject.run_id or _text(facts.run_id),
        "model_id": subject.model_id or _text(facts.model_id),
        "verdict": told["verdict"],
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "infos": report.count(Severity.INFO),
        "mlflow_version": told["mlflow_version"],
        "python": _text(facts.python),
        "flavors": told["flavors"],
        "digest": facts.digest,
        "findings": [_finding(each) for each in told["findings"]],
        "truncated": told["truncated"],
        "checked": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tool": __version__,
        "settings": settings,
    }


def _text(text: str | None) -> str | None:
    return None if text is None else unicode_text(text)


_KEYS = ("rule", "name", "severity", "message", "file", "line", "column", "pointer", "offset", "hint")


def _finding(told: dict[str, Any]) -> dict[str, Any]:
    return {key: told.get(key) for key in _KEYS}


def is_row(value: object) -> bool:
    """Whether a value is one that :func:`row_of` may have made, as far as an audit goes on with it."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and value.get("verdict") in [verdict.label for verdict in Verdict]
    )
