"""One page that needs nothing else: the counts, every rule, every case."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.conformance.reports.badge_report import render as badge
from mlmodel.conformance.results import Level, Outcome, by_rule

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ddd}
.pass{color:#176f2c}.fail,.error,.xpass{color:#b3261e;font-weight:600}.skip,.xfail{color:#8a6100}code{font-size:90%}"""


def render(summary: Summary) -> str:
    """The page."""
    about = summary.about
    total = len(summary.judged)
    levels = "".join(
        f"<tr><td>{level.label}</td><td>{summary.reached(level):,} of {total:,}</td></tr>"
        for level in Level
        if level
    )
    counts = ", ".join(
        f"{summary.count(outcome):,} {outcome.value}" for outcome in Outcome if summary.count(outcome)
    )
    limits = f"; without {', '.join(summary.without)}" if summary.without else ""
    rules = "".join(
        f'<tr><td><code>{rule}</code></td><td class="{"pass" if passed == cases else "fail"}">{passed} of {cases}</td></tr>'
        for rule, (passed, cases) in by_rule(summary.results).items()
    )
    rows = "".join(
        f'<tr><td><code>{escape(result.case)}</code></td><td class="{result.outcome.value}">{result.outcome.value}</td>'
        f"<td>{escape(printable(result.reason))}</td></tr>"
        for result in sorted(
            summary.results, key=lambda result: (result.outcome is Outcome.PASS, result.case)
        )
    )
    name = escape(printable(f"{about.name} {about.version}".strip()))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>MLmodel conformance: {name}</title><style>{_STYLE}</style></head>
<body><h1>MLmodel conformance: {name}</h1>
{badge(summary)}
<p>{len(summary.results):,} cases in {summary.seconds:.1f} seconds: {counts}{escape(limits)}. {escape(about.language)}</p>
<h2>Levels</h2><table>{levels}</table>
<h2>Cases</h2><table><tr><th>case</th><th>outcome</th><th>why</th></tr>{rows}</table>
<h2>Rules</h2><table><tr><th>rule</th><th>cases passed</th></tr>{rules}</table>
</body></html>
"""
