"""For people, and for editors that parse ``path:line:column: message``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.findings import Severity
from mlmodel.reporters import Style, Tally, is_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding, LoadReport, Report


_COLORS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_WIDTH = 160
"""Characters of a line that are shown."""


class TextReporter:
    """Findings as they come, a hint under each, and one line that sums up."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._tally = Tally()
        self._hidden = 0

    def begin(self) -> Iterator[str]:
        """Nothing."""
        yield from ()

    def add(self, report: Report) -> Iterator[str]:
        """The findings, and what came of loading."""
        style = self._style
        self._tally.add(report)
        for finding in report.findings:
            if is_shown(finding, style):
                yield _finding(report, finding, style)
            else:
                self._hidden += 1
        if report.truncated:
            yield f"{printable(report.path)}: {report.truncated} more findings not shown\n"
        if style.verbosity >= 0 and report.load is not None:
            yield f"{printable(report.path)}: {printable(load_text(report.load))}\n"
            if style.verbosity >= 1:
                yield from (f"    {printable(line)}\n" for line in load_details(report.load))
        if report.digests is not None:
            yield f"{printable(report.path)}: sha256 {report.digests.directory}\n"
        if style.verbosity >= 1:
            for item in report.suppressed:
                reason = f": {item.reason}" if item.reason else ""
                yield f"{printable(_where(report, item.finding))}: {item.kind} {item.finding.rule}{printable(reason)}\n"
            if not report.findings:
                yield f"{printable(report.path)}: valid, no findings\n"

    def end(self) -> Iterator[str]:
        """The counts."""
        if self._style.statistics:
            yield from _statistics(self._tally, self._style)
        if self._style.verbosity >= 0:
            yield summary(self._tally, self._hidden, self._style)


REPORTER = TextReporter


def load_text(load: LoadReport) -> str:
    """What came of loading, in one line."""
    loaded = [
        phase.about or "" for phase in load.phases if phase.name == "load" and phase.outcome == "passed"
    ]
    ways = f" with {' and with '.join(loaded)}" if loaded else ""
    words = {
        "predicted": f"loads{ways}, and predicts on its example",
        "loaded": f"loads{ways}; no prediction",
        "failed": "does not load" if not loaded else f"loads{ways}, and fails after that",
        "unproven": "whether it loads is not known",
    }
    parts = [words[load.outcome]]
    environment = load.environment
    if environment is not None and environment.version:
        parts.append(f"Python {environment.version}")
        if environment.packages is not None:
            as_of = f" as of {environment.as_of[:10]}" if environment.as_of else ""
            parts.append(f"{environment.packages} packages{as_of}")
    if load.enforced:
        parts.append(f"confined: {', '.join(load.enforced)}")
    if load.open:
        parts.append(f"open to it: {', '.join(load.open)}")
    return "; ".join([*parts, f"{load.seconds:.1f} s"])


def load_details(load: LoadReport) -> Iterator[str]:
    """What confined it, and each step with its time and the most memory until then, a line each."""
    if load.layers:
        yield f"confined by {', '.join(load.layers)}"
    environment = load.environment
    if environment is not None and environment.packages is not None:
        done = "resolved and installed" if environment.made else "was there"
        yield f"environment: {done}, {environment.seconds:.2f} s"
    for phase in load.phases:
        reason = phase.detail.get("reason")
        parts = [
            phase.outcome + (f" ({str(reason)[:200]})" if phase.outcome == "skipped" and reason else ""),
            *(() if phase.seconds is None else (f"{phase.seconds:.2f} s",)),
            *(() if phase.peak_bytes is None else (f"{phase.peak_bytes / 1e6:.0f} MB",)),
        ]
        yield f"{phase.label}: {', '.join(parts)}"


def _where(report: Report, finding: Finding) -> str:
    place = finding.location
    path = os.path.join(report.path, *place.file.split("/")) if place.file else report.path
    return ":".join(str(part) for part in (path, place.line, place.column) if part)


def _finding(report: Report, finding: Finding, style: Style) -> str:
    place = finding.location
    label = _paint(finding.severity.label, _COLORS[finding.severity], style)
    rule = _paint(finding.rule, "1", style)
    where = printable(_where(report, finding))
    lines = [f"{where}: {label} {rule} {printable(finding.message)} [{finding.name}]"]
    if place.source:
        lines += (
            _paint(line, "1", style) if line.lstrip() == "^" else line
            for line in excerpt(place.source, place.line or 1, place.column or 1)
        )
    if finding.hint:
        lines.append(f"    {_paint('hint:', '1', style)} {printable(finding.hint)}")
    return "\n".join(lines) + "\n"


def excerpt(source: str, line: int, column: int) -> list[str]:
    """The offending line with its number, cut around the column, and a caret under it; nothing of a blank line."""
    start = max(0, column - _WIDTH // 2) if len(source) > _WIDTH else 0
    shown = printable(source[start : start + _WIDTH].replace("\t", " "))
    if not shown.strip():
        return []
    margin = f"{line:>5} | "
    return [margin + shown, " " * (len(margin) + column - 1 - start) + "^"]


def _statistics(tally: Tally, style: Style) -> Iterator[str]:
    width = len(f"{max((count.findings for count in tally.rules), default=0):,}")
    for count in tally.rules:
        label = _paint(f"{count.severity.label:<7}", _COLORS[count.severity], style)
        models = f"{count.models:,} model{'' if count.models == 1 else 's'}"
        yield f"{count.findings:>{width},}  {label}  {count.rule}  {count.name}, in {models}\n"


def summary(tally: Tally, hidden: int, style: Style) -> str:
    """The line that sums up."""
    models = f"{tally.models:,} model{'' if tally.models == 1 else 's'}"
    if tally.unjudged:
        verdict, color = f"{tally.unjudged:,} could not be judged", "31"
    elif tally.invalid:
        verdict, color = f"{tally.invalid:,} of them invalid" if tally.models > 1 else "invalid", "31"
    else:
        verdict, color = "valid", "32"
    text = f"{models}, {_paint(verdict, color, style)}"
    parts = counted(tally)
    if parts:
        text += ": " + ", ".join(parts)
    if tally.suppressed:
        text += f"; {tally.suppressed:,} known"
    return text + (" (--verbose shows notes)" if hidden else "") + "\n"


def counted(tally: Tally) -> list[str]:
    """The numbers of findings by severity, ``2 errors``; those that there are."""
    return [
        f"{count:,} {name}{'' if count == 1 else 's'}"
        for count, name in ((tally.errors, "error"), (tally.warnings, "warning"), (tally.infos, "note"))
        if count
    ]


def _paint(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.color else text
