"""For programs: ``schemas/conformance-report.schema.json`` defines it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlmodel import __version__
from mlmodel.conformance.results import Level, Outcome, by_rule
from mlmodel.conformance.suite import SUITE_VERSION

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary


def render(summary: Summary) -> str:
    """One JSON object."""
    about = summary.about
    document = {
        "report_version": 1,
        "suite": {"version": SUITE_VERSION, "tool": __version__},
        "implementation": {"name": about.name, "version": about.version, "language": about.language},
        "level": summary.asked.label,
        "holds": summary.holds,
        "without": list(summary.without),
        "seconds": round(summary.seconds, 3),
        "totals": {outcome.value: summary.count(outcome) for outcome in Outcome},
        "levels": {level.label: summary.reached(level) for level in Level if level},
        "by_rule": {
            rule: {"passed": passed, "cases": total}
            for rule, (passed, total) in by_rule(summary.results).items()
        },
        "results": [
            {
                "case": result.case,
                "role": result.role,
                "outcome": result.outcome.value,
                "level": result.level.label,
                "reason": result.reason,
                "seconds": round(result.seconds, 4),
                "noise": result.noise,
            }
            for result in summary.results
        ],
    }
    return json.dumps(document, indent=2) + "\n"
