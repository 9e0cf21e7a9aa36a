"""For people: what went wrong, and one paragraph that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.conformance.results import Level, Outcome

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary


def render(summary: Summary) -> str:
    """A line a case that is no pass, and the counts."""
    lines = [
        f"{result.outcome.value:<5} {result.case}: {printable(result.reason)}"
        for result in summary.results
        if result.outcome is not Outcome.PASS and not result.lacks
    ]
    about = " ".join(part for part in (summary.about.name, summary.about.version) if part)
    total = len(summary.judged)
    lines.append(f"{printable(about)}: {len(summary.results):,} cases in {summary.seconds:.1f} s")
    lines.append(
        ", ".join(
            f"{summary.count(outcome):,} {outcome.value}" for outcome in Outcome if summary.count(outcome)
        )
    )
    for level in (Level.VERDICTS, Level.RULES, Level.POINTERS):
        reached = summary.reached(level)
        lines.append(
            f"  {level.label:<9} {reached:,} of {total:,}"
            + (" - complete" if total and reached == total else "")
        )
    claim = "holds" if summary.holds else "does not hold"
    if summary.expected and not summary.holds:
        claim += ", as expected: every case that fails is known to"
    limits = f", without {', '.join(summary.without)}" if summary.without else ""
    lines.append(f"the claim at level {summary.asked.label}{limits} {claim}")
    return "\n".join(lines) + "\n"
