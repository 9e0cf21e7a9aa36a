"""Markdown for people: the summary of a CI job, a comment on a pull request."""

from __future__ import annotations

import re
from heapq import nsmallest
from typing import TYPE_CHECKING

from mlmodel.common.texts import printable
from mlmodel.findings import Severity, Verdict
from mlmodel.reporters import Style, Tally, is_shown
from mlmodel.reporters.places import finding_path, model_path
from mlmodel.reporters.text_format import load_text
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding, Report

_WORST = 25
"""Findings that are shown; a job's summary has room for 1 MiB."""
_MODELS = 50
"""Models that are listed."""
_MARKS = {Severity.ERROR: "🔴 error", Severity.WARNING: "🟡 warning", Severity.INFO: "🔵 note"}


class MarkdownReporter:
    """Counts, the models that are not valid, the worst findings, and how often each rule was broken."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._tally = Tally()
        self._rows: list[str] = []
        self._not_shown = 0
        self._worst: list[tuple[int, int, str]] = []
        self._number = 0

    def begin(self) -> Iterator[str]:
        """Nothing: the counts come first."""
        yield from ()

    def add(self, report: Report) -> Iterator[str]:
        """Nothing: what a job's summary shows is known at the end."""
        yield from ()
        self._tally.add(report)
        if report.verdict is not Verdict.VALID or report.load is not None:
            if len(self._rows) < _MODELS:
                self._rows.append(_model_row(report, self._style.root))
            else:
                self._not_shown += 1
        found = [finding for finding in report.findings if is_shown(finding, self._style)]
        for finding in found:
            self._number += 1
            self._worst.append((-finding.severity, self._number, _row(report, finding, self._style.root)))
        if len(self._worst) > 10 * _WORST:
            self._worst = nsmallest(_WORST, self._worst)

    def end(self) -> Iterator[str]:
        """All of it."""
        tally = self._tally
        if tally.unjudged:
            verdict = f"⚠️ {tally.unjudged:,} could not be judged"
        else:
            verdict = f"❌ {tally.invalid:,} invalid" if tally.invalid else "✅ valid"
        yield f"## MLflow models: {verdict}\n\n"
        yield "| models | valid | invalid | not judged | errors | warnings | notes |"
        yield "\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        numbers = (tally.models, tally.valid, tally.invalid, tally.unjudged)
        counts = (tally.errors, tally.warnings, tally.infos)
        yield f"| {' | '.join(f'{number:,}' for number in (*numbers, *counts))} |\n"
        if tally.suppressed:
            yield f"\n{tally.suppressed:,} known findings are not counted.\n"
        yield from self._models()
        yield from self._findings()
        if self._style.statistics or len(tally.rules) > 1:
            yield from _statistics(tally)

    def _models(self) -> Iterator[str]:
        if not self._rows:
            return
        yield "\n| model | | flavors | MLflow | errors | warnings |\n| --- | --- | --- | --- | ---: | ---: |\n"
        yield from self._rows
        if self._not_shown:
            yield f"\n... and {self._not_shown:,} more models.\n"

    def _findings(self) -> Iterator[str]:
        if not self._worst:
            return
        yield "\n### Findings\n\n| | where | what |\n| --- | --- | --- |\n"
        for _, _, row in nsmallest(_WORST, self._worst):
            yield row
        if self._number > _WORST:
            yield f"\n... and {self._number - _WORST:,} more.\n"


REPORTER = MarkdownReporter


def _model_row(report: Report, root: str | None) -> str:
    verdict = {Verdict.VALID: "valid", Verdict.INVALID: "**invalid**", Verdict.UNJUDGED: "**not judged**"}
    loaded = f"<br>{_escaped(load_text(report.load))}" if report.load is not None else ""
    return (
        f"| {_code(model_path(report, root))} | {verdict[report.verdict]}{loaded} "
        f"| {_escaped(', '.join(report.flavors)) or '-'} | {_escaped(report.mlflow_version or '-')} "
        f"| {report.count(Severity.ERROR):,} | {report.count(Severity.WARNING):,} |\n"
    )


def _row(report: Report, finding: Finding, root: str | None) -> str:
    place = finding.location
    parts = (finding_path(report, finding, root), place.line, place.column)
    where = ":".join(str(part) for part in parts if part)
    rule = rules.catalogue()[finding.rule]
    hint = f"<br>→ {_escaped(finding.hint)}" if finding.hint else ""
    return (
        f"| {_MARKS[finding.severity]} | {_code(where)} "
        f"| [{finding.rule}]({rule.url}) {finding.name}: {_escaped(finding.message)}{hint} |\n"
    )


def _statistics(tally: Tally) -> Iterator[str]:
    yield "\n<details><summary>By rule</summary>\n\n| rule | | findings | models |\n| --- | --- | ---: | ---: |\n"
    for count in tally.rules:
        link = f"[{count.rule}]({rules.catalogue()[count.rule].url}) {count.name}"
        yield f"| {link} | {count.severity.label} | {count.findings:,} | {count.models:,} |\n"
    yield "\n</details>\n"


def _escaped(text: str) -> str:
    """A text in a cell of a table, with nothing in it that Markdown or HTML would act on."""
    flat = (
        printable(" ".join(text.split("\n"))).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    return re.sub(r"([\\`*_{}\[\]()#+!|~@])", r"\\\1", flat)


def _code(text: str) -> str:
    """A text as code; as HTML, since a table's cell ends at ``|`` in a code span, too."""
    flat = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<code>{flat.replace('|', '&#124;')}</code>"
