"""Reports as one text of a format."""

from __future__ import annotations

from collections.abc import Iterable

from mlmodel.findings import Report
from mlmodel.reporters import Style, new_reporter


def rendered(format_: str, reports: Iterable[Report], style: Style | None = None) -> str:
    """All that a format's reporter writes of the reports."""
    reporter = new_reporter(format_, style or Style())
    pieces = [*reporter.begin()]
    for report in reports:
        pieces += reporter.add(report)
    return "".join([*pieces, *reporter.end()])
