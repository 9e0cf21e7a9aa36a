"""A badge as SVG with role, level, version and balanced score: green for a claim that holds, gray for everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.conformance.balance import balance, percent
from mlmodel.conformance.suite import SUITE_VERSION

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary

_WIDTH = 6.6
"""Of a character, in pixels."""


def render(summary: Summary) -> str:
    """The picture."""
    left = f"MLmodel {SUITE_VERSION}"
    role = summary.results[0].role if summary.results else "nothing"
    score = percent(balance(summary.judged, summary.asked).score)
    limits = f" without {', '.join(summary.without)}" if summary.without else ""
    right = f"{role}, {summary.asked.label}, {score} balanced{limits}"
    color = "#2a7f3f" if summary.holds else "#777"
    one, two = (round(len(text) * _WIDTH + 14) for text in (left, right))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{one + two}" height="20" viewBox="0 0 {one + two} 20" role="img" aria-label="{left}: {right}">'
        f'<rect width="{one}" height="20" fill="#444"/><rect x="{one}" width="{two}" height="20" fill="{color}"/>'
        f'<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{one / 2:g}" y="14">{left}</text><text x="{one + two / 2:g}" y="14">{right}</text></g></svg>\n'
    )
