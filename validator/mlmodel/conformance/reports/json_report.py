"""For programs: ``schemas/conformance-report.schema.json`` defines it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlmodel import __version__
from mlmodel.conformance.balance import balance, by_chapter, weights
from mlmodel.conformance.results import Level, Outcome, by_rule
from mlmodel.conformance.suite import SUITE_VERSION

if TYPE_CHECKING:
    from mlmodel.conformance.balance import Balance
    from mlmodel.conformance.results import Result, Summary


def render(summary: Summary) -> str:
    """One JSON object."""
    about = summary.about
    weight = weights(summary.judged)
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
        "balanced": {level.label: _shares(balance(summary.judged, level)) for level in Level if level},
        "chapters": {
            section: _shares(found) for section, found in by_chapter(summary.judged, summary.asked).items()
        },
        "by_rule": {
            rule: {"passed": passed, "cases": total}
            for rule, (passed, total) in by_rule(summary.results).items()
        },
        "results": [
            {
                "case": result.case,
                "title": result.title,
                "section": result.section,
                "rules": list(result.rules),
                "weight": round(weight.get(result.case, 0.0), 6),
                "role": result.role,
                "outcome": result.outcome.value,
                "level": result.level.label,
                "reason": result.reason,
                **_answers(result),
                "seconds": round(result.seconds, 4),
                "noise": result.noise,
            }
            for result in summary.results
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _shares(found: Balance) -> dict[str, float | None]:
    return {
        name: None if share is None else round(share, 6)
        for name, share in (("found", found.found), ("accepted", found.accepted), ("score", found.score))
    }


def _answers(result: Result) -> dict[str, list[str]]:
    """What was expected and what came, where these differ."""
    if result.outcome in (Outcome.PASS, Outcome.SKIP):
        return {}
    return {"expected": list(result.expected), "found": list(result.found)}
