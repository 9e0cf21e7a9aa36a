"""For people, and for editors that parse ``path:line:column: message``."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mlmodel.findings import Severity
from mlmodel.reporters import Style, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, LoadReport, Report

_COLORS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
# C0 (the tab aside), DEL, C1, marks that reorder or hide text, line and paragraph separators, lone surrogates.
_CONTROL = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
_WIDTH = 160


def render(reports: Iterable[Report], style: Style) -> Iterator[str]:
    """Findings as they come, a hint under each, and one line that sums up."""
    tally = Tally()
    hidden = 0
    for report in reports:
        tally.add(report)
        for finding in report.findings:
            if finding.severity is Severity.INFO and style.verbosity < 1:
                hidden += 1
                continue
            yield _finding(report, finding, style)
        if report.truncated:
            yield f"{printable(report.path)}: {report.truncated} more findings not shown\n"
        if style.verbosity >= 0 and report.load is not None:
            yield f"{printable(report.path)}: {printable(load_text(report.load))}\n"
            if style.verbosity >= 1:
                yield from (f"    {printable(line)}\n" for line in load_details(report.load))
        if style.verbosity >= 1 and not report.findings:
            yield f"{printable(report.path)}: valid, no findings\n"
    if style.verbosity >= 0:
        yield summary(tally, hidden, style)


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


def _finding(report: Report, finding: Finding, style: Style) -> str:
    place = finding.location
    path = os.path.join(report.path, *place.file.split("/")) if place.file else report.path
    where = ":".join(str(part) for part in (printable(path), place.line, place.column) if part)
    label = _paint(finding.severity.label, _COLORS[finding.severity], style)
    rule = _paint(finding.rule, "1", style)
    lines = [f"{where}: {label} {rule} {printable(finding.message)} [{finding.name}]"]
    if place.source:
        lines += _excerpt(place.source, place.line or 1, place.column or 1, style)
    if finding.hint:
        lines.append(f"    {_paint('hint:', '1', style)} {printable(finding.hint)}")
    return "\n".join(lines) + "\n"


def _excerpt(source: str, line: int, column: int, style: Style) -> list[str]:
    """The offending line, cut around the column, and a caret under it."""
    start = max(0, column - _WIDTH // 2) if len(source) > _WIDTH else 0
    shown = printable(source[start : start + _WIDTH].replace("\t", " "))
    if not shown.strip():
        return []
    margin = f"{line:>5} | "
    caret = " " * (len(margin) + column - 1 - start) + "^"
    return [margin + shown, _paint(caret, "1", style)]


def summary(tally: Tally, hidden: int, style: Style) -> str:
    """The line that sums up."""
    models = f"{tally.models:,} model{'' if tally.models == 1 else 's'}"
    parts = [
        f"{count:,} {name}{'' if count == 1 else 's'}"
        for count, name in ((tally.errors, "error"), (tally.warnings, "warning"), (tally.infos, "note"))
        if count
    ]
    if tally.unjudged:
        verdict, color = f"{tally.unjudged:,} could not be judged", "31"
    elif tally.invalid:
        verdict, color = f"{tally.invalid:,} of them invalid" if tally.models > 1 else "invalid", "31"
    else:
        verdict, color = "valid", "32"
    text = f"{models}, {_paint(verdict, color, style)}"
    if parts:
        text += ": " + ", ".join(parts)
    return text + (" (--verbose shows notes)" if hidden else "") + "\n"


def _paint(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.color else text


def printable(text: str) -> str:
    """A text that cannot move the cursor, change colors or reorder what a person reads."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_CONTROL, _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
