"""For programs: ``schemas/report.schema.json`` defines the output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlmodel.common.version import SPEC_VERSION, __version__
from mlmodel.reporters import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Report
    from mlmodel.reporters import RuleCount, Style


class JsonReporter:
    """One JSON object; the models one by one, the summary last, so that nothing is held back."""

    def __init__(self, style: Style) -> None:
        self._statistics = style.statistics  # everything else is in the data; who reads it chooses
        self._tally = Tally()

    def begin(self) -> Iterator[str]:
        """The object as far as its models."""
        head = {
            "report_version": 1,
            "tool": {"name": "mlmodel", "version": __version__},
            "spec_version": SPEC_VERSION,
        }
        yield json.dumps(head)[:-1] + ', "models": ['

    def add(self, report: Report) -> Iterator[str]:
        """A model."""
        yield (",\n" if self._tally.models else "\n") + json.dumps(report.to_dict())
        self._tally.add(report)

    def end(self) -> Iterator[str]:
        """The summary."""
        tally = self._tally
        summary = {
            "models": tally.models,
            "valid": tally.valid,
            "invalid": tally.invalid,
            "unjudged": tally.unjudged,
            "errors": tally.errors,
            "warnings": tally.warnings,
            "infos": tally.infos,
            **({"suppressed": tally.suppressed} if tally.suppressed else {}),
            **({"rules": [_rule_count(count) for count in tally.rules]} if self._statistics else {}),
        }
        yield '\n], "summary": ' + json.dumps(summary) + "}\n"


REPORTER = JsonReporter


def _rule_count(count: RuleCount) -> dict[str, Any]:
    return {**count._asdict(), "severity": count.severity.label}
