"""For people: what went wrong, and one paragraph that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.conformance.balance import Balance, balance, by_chapter, percent
from mlmodel.conformance.results import Level, Outcome

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary


def render(summary: Summary) -> str:
    """Each case that is no pass, with its title; the counts, plain and balanced."""
    lines = [
        f"{result.outcome.value:<5} {result.case}: {printable(result.reason)}"
        + (f"\n      {printable(result.title)}" if result.title else "")
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
    lines += ["", *_balanced(summary), ""]
    claim = "holds" if summary.holds else "does not hold"
    if summary.expected and not summary.holds:
        claim += ", as expected: every case that fails is known to"
    limits = f", without {', '.join(summary.without)}" if summary.without else ""
    lines.append(f"the claim at level {summary.asked.label}{limits} {claim}")
    return "\n".join(lines) + "\n"


def _balanced(summary: Summary) -> list[str]:
    """A table: each rule counts the same, and so do what is to be refused and what is to be accepted."""
    rows = [
        (level.label, balance(summary.judged, level))
        for level in (Level.VERDICTS, Level.RULES, Level.POINTERS)
    ]
    rows += by_chapter(summary.judged, summary.asked).items()
    width = max(len(name) for name, _ in rows)
    head = f"  {'balanced':<{width}}  {'found':>7}  {'accepted':>8}  {'score':>7}"
    return [head, *(_row(name, width, shares) for name, shares in rows)]


def _row(name: str, width: int, shares: Balance) -> str:
    found, accepted, score = map(percent, (shares.found, shares.accepted, shares.score))
    return f"  {name:<{width}}  {found:>7}  {accepted:>8}  {score:>7}"
