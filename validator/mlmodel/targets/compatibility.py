"""Which targets take a model as it is, which with remarks, which not; and which releases of MLflow read it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.findings import Severity
from mlmodel.standard import targets as profiles
from mlmodel.standard.targets import MLFLOW, Target
from mlmodel.targets import checking, releases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlmodel.model.model import Model
    from mlmodel.targets.checking import Reason
    from mlmodel.targets.releases import Unread

WORKS, DEPENDS, FAILS = "works", "depends", "fails"
"""Verdicts on a target: nothing speaks against it; a warning does; an error does."""


class Span(Record):
    """Releases of MLflow that follow each other."""

    first: str
    last: str | None
    """None for the newest one that is known, and those after it."""

    def __str__(self) -> str:
        if self.last is None:
            return f"{self.first} and later"
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


class Row(Record):
    """What one target makes of a model."""

    target: Target
    verdict: str
    reasons: tuple[Reason, ...]
    """The worst first."""


class Compatibility(Record):
    """What the readers make of a model."""

    reads: tuple[Span, ...]
    """The releases of MLflow that read the MLmodel file."""
    loads: tuple[Span, ...]
    """Those that know how to load the model, too."""
    same: tuple[Span, ...]
    """Those that read nothing otherwise than the release that wrote it, too."""
    rows: tuple[Row, ...]

    @property
    def fails(self) -> bool:
        """Whether a target does not take the model."""
        return any(row.verdict == FAILS for row in self.rows)


def compatibility(model: Model, targets: Iterable[Target] | None = None) -> Compatibility:
    """What the targets make of a model whose MLmodel file is a mapping; all targets but MLflow where none are given."""
    chosen = [each for each in profiles.every() if each.name != MLFLOW] if targets is None else targets
    found = releases.unread(model)
    return Compatibility(
        _spans(found, lambda unread: unread.rule == releases.READ),
        _spans(found, lambda unread: unread.rule in (releases.READ, releases.LOAD)),
        _spans(found, lambda unread: unread.severity > Severity.INFO),
        tuple(_row(target, model) for target in chosen),
    )


def _row(target: Target, model: Model) -> Row:
    reasons = sorted(checking.reasons(target, model), key=lambda reason: -reason.severity)
    worst = reasons[0].severity if reasons else Severity.INFO
    verdict = {Severity.ERROR: FAILS, Severity.WARNING: DEPENDS}.get(worst, WORKS)
    return Row(target, verdict, tuple(dict.fromkeys(reasons)))


def _spans(found: tuple[Unread, ...], speaks_against: Callable[[Unread], bool]) -> tuple[Span, ...]:
    versions = profiles.profile(MLFLOW).versions
    good = [(v, not any(map(speaks_against, releases.applying(found, v)))) for v in versions]
    spans = []
    for is_good, run in groupby(good, key=lambda each: each[1]):
        members = [version for version, _ in run]
        if is_good:
            spans.append(Span(members[0], None if members[-1] == versions[-1] else members[-1]))
    return tuple(spans)


def sentence(found: Compatibility) -> str:
    """The releases of MLflow in one line: ``reads with MLflow 2.10.2 and later; predicts the same from 2.16.2 on``."""
    if not found.reads:
        return "no release of MLflow reads it"
    parts = [f"reads with MLflow {_joined(found.reads)}"]
    if found.loads != found.reads:
        parts.append(f"loads with {_joined(found.loads)}" if found.loads else "no release loads it")
    if found.same != found.loads and found.loads:
        parts.append(
            f"predicts the same with {_joined(found.same)}" if found.same else "each reads it otherwise"
        )
    return "; ".join(parts)


def _joined(spans: tuple[Span, ...]) -> str:
    return ", ".join(map(str, spans))


def as_json(found: Compatibility) -> dict[str, Any]:
    """The same as JSON values, as ``schemas/compatibility.schema.json`` defines them."""
    return {
        "mlflow": {
            "reads": _spans_json(found.reads),
            "loads": _spans_json(found.loads),
            "predicts_the_same": _spans_json(found.same),
        },
        "targets": [
            {
                "target": row.target.name,
                "version": row.target.version,
                "read": row.target.profile.read,
                "verdict": row.verdict,
                "reasons": [_reason_json(reason) for reason in row.reasons],
            }
            for row in found.rows
        ],
    }


def _spans_json(spans: tuple[Span, ...]) -> list[dict[str, str | None]]:
    return [{"from": span.first, "to": span.last} for span in spans]


def _reason_json(reason: Reason) -> dict[str, Any]:
    place = reason.location
    return {
        "rule": reason.rule,
        "severity": reason.severity.label,
        "requirement": reason.requirement,
        "what": reason.what,
        "effect": reason.effect,
        "remedy": reason.remedy,
        "source": reason.source,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "pointer": place.pointer,
    }
