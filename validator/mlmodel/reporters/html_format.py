"""One page to look at: it needs no other file, no script and no network."""

from __future__ import annotations

import os
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from mlmodel.common.version import SPEC_VERSION, __version__
from mlmodel.findings import Severity, Verdict
from mlmodel.reporters import Style, Tally
from mlmodel.reporters.html_details import details
from mlmodel.reporters.html_markup import escaped, from_markdown, table
from mlmodel.reporters.places import model_path
from mlmodel.reporters.text_format import excerpt, load_details, load_text
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding, Report

_IN_MEMORY = 16 << 20
"""Characters of the models' part that are kept in memory; more goes to a temporary file, for the counts come first."""
_DETAILED = 200
"""Models whose signature, environment and objects are shown."""
_LISTED = 2_000
"""Models in the table; those with findings have a part of their own in any case."""
_CHUNK = 1 << 20
_LABELS = {"error": "error", "warning": "warning", "info": "note"}


class HtmlReporter:
    """Counts, a table of the models, each model with its findings and what it says, and the rules that were broken."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._tally = Tally()
        self._rows: list[tuple[str, ...]] = []
        self._body = SpooledTemporaryFile(  # noqa: SIM115 - it lives as long as the reporter
            max_size=_IN_MEMORY, mode="w+", encoding="ascii", newline="\n"
        )

    def begin(self) -> Iterator[str]:
        """Nothing: the counts come first."""
        yield from ()

    def add(self, report: Report) -> Iterator[str]:
        """Nothing: the model is kept until the counts are known."""
        yield from ()
        self._tally.add(report)
        number = self._tally.models
        path = model_path(report, self._style.root)
        if number <= _LISTED:
            self._rows.append(_row(report, path, number))
        if report.findings or report.load is not None or number <= _DETAILED:
            self._body.writelines(_model(report, path, number))

    def end(self) -> Iterator[str]:
        """The page."""
        with open(os.path.join(os.path.dirname(__file__), "report.css"), encoding="ascii") as file:
            style = file.read()
        tally = self._tally
        models = f"{tally.models:,} model{'' if tally.models == 1 else 's'}"
        yield (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{models}: {_verdict(tally)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
            '<a class="skip" href="#models">Skip to the models</a>\n'
        )
        yield f"<header>\n<h1>{models}: {_verdict(tally)}</h1>\n{_cards(tally)}"
        yield _filters(tally, notes=self._style.verbosity >= 1)
        yield '</header>\n<main id="models">\n'
        if len(self._rows) > 1:
            yield f"<h2>Models</h2>\n{table(_HEAD, self._rows, 'All models')}\n"
            if tally.models > _LISTED:
                yield f"<p>... and {tally.models - _LISTED:,} more models.</p>\n"
        yield "<h2>Findings</h2>\n"
        self._body.seek(0)
        while piece := self._body.read(_CHUNK):
            yield piece
        self._body.close()
        if tally.rules:
            yield "<h2>Rules</h2>\n"
            yield from (_rule(count.rule) for count in tally.rules)
        yield (
            f'</main>\n<footer class="soft"><p>mlmodel {escaped(__version__)}, standard {SPEC_VERSION}, '
            f'<a href="{rules.REPOSITORY}">the project</a></p></footer>\n</body>\n</html>\n'
        )


REPORTER = HtmlReporter

_HEAD = ("model", "verdict", "flavors", "MLflow", "errors", "warnings", "notes")


def _verdict(tally: Tally) -> str:
    if tally.unjudged:
        return f"{tally.unjudged:,} could not be judged"
    if tally.invalid:
        return f"{tally.invalid:,} invalid"
    return "valid"


def _cards(tally: Tally) -> str:
    cards = [
        ("valid", "valid", tally.valid),
        ("error", "invalid", tally.invalid),
        *([("error", "not judged", tally.unjudged)] if tally.unjudged else []),
        ("error", "error" if tally.errors == 1 else "errors", tally.errors),
        ("warning", "warning" if tally.warnings == 1 else "warnings", tally.warnings),
        ("info", "note" if tally.infos == 1 else "notes", tally.infos),
        *([("", "known", tally.suppressed)] if tally.suppressed else []),
    ]
    items = "".join(
        f'<li class="{kind if count else ""}"><b>{count:,}</b> {name}</li>' for kind, name, count in cards
    )
    return f'<ul class="cards">{items}</ul>\n'


def _filters(tally: Tally, *, notes: bool) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" id="show-{kind}"{" checked" if on else ""}> {name} ({count:,})</label>'
        for kind, name, count, on in (
            ("error", "errors", tally.errors, True),
            ("warning", "warnings", tally.warnings, True),
            ("info", "notes", tally.infos, notes),
        )
    )
    return f"<fieldset><legend>Show</legend>{boxes}</fieldset>\n"


def badge(kind: str, text: str) -> str:
    """A word on a colored ground."""
    return f'<span class="badge {kind}">{text}</span>'


def _row(report: Report, path: str, number: int) -> tuple[str, ...]:
    shown = f"<code>{escaped(path)}</code>"
    if report.findings or report.load is not None or number <= _DETAILED:
        shown = f'<a href="#model-{number}">{shown}</a>'
    verdict = "not judged" if report.verdict is Verdict.UNJUDGED else report.verdict.label
    counts = (report.count(severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO))
    return (
        shown,
        badge(report.verdict.label, verdict),
        escaped(", ".join(report.flavors) or "-"),
        escaped(report.mlflow_version or "-"),
        *(f"{count:,}" for count in counts),
    )


def _model(report: Report, path: str, number: int) -> Iterator[str]:
    verdict = "not judged" if report.verdict is Verdict.UNJUDGED else report.verdict.label
    yield (
        f'<section class="model" id="model-{number}" aria-labelledby="name-{number}">\n'
        f'<h3 id="name-{number}"><code>{escaped(path)}</code> {badge(report.verdict.label, verdict)}</h3>\n'
    )
    facts = [f"flavors {', '.join(report.flavors)}"] if report.flavors else []
    facts += [f"MLflow {report.mlflow_version}"] if report.mlflow_version else []
    facts += ["no findings"] if not report.findings else []
    facts += [f"{len(report.suppressed):,} known findings not shown"] if report.suppressed else []
    yield f'<p class="soft">{escaped("; ".join(facts) or "the MLmodel file cannot be read")}</p>\n'
    if report.load is not None:
        steps = "".join(f"<li>{escaped(line)}</li>" for line in load_details(report.load))
        yield f"<p>{escaped(load_text(report.load))}</p><ul>{steps}</ul>\n"
    if report.findings:
        yield '<ol class="findings">\n'
        yield from map(_finding, report.findings)
        yield "</ol>\n"
    if report.truncated:
        yield f"<p>... and {report.truncated:,} more findings.</p>\n"
    if number <= _DETAILED:
        yield from details(report.path)
    yield "</section>\n"


def _finding(finding: Finding) -> str:
    place = finding.location
    label = finding.severity.label
    where = ":".join(str(part) for part in (place.file, place.line, place.column) if part)
    where = f" <code>{escaped(where)}</code>" if where else ""
    source = ""
    if place.source:
        lines = excerpt(place.source, place.line or 1, place.column or 1)
        shown = [escaped(line) for line in lines[:1]]
        shown += [f'<span class="caret" aria-hidden="true">{escaped(line)}</span>' for line in lines[1:]]
        if shown:
            source = f'<pre tabindex="0" role="group" aria-label="the line">{chr(10).join(shown)}</pre>'
    hint = f"<p><strong>Hint:</strong> {escaped(finding.hint)}</p>" if finding.hint else ""
    return (
        f'<li class="finding {label}">{badge(label, _LABELS[label])} '
        f'<a href="#{finding.rule}">{finding.rule}</a> {finding.name}{where}'
        f"<p>{escaped(finding.message)}</p>{source}{hint}</li>\n"
    )


def _rule(id_: str) -> str:
    from mlmodel.reporters.rule_pages import readable

    rule = rules.catalogue()[id_]
    folder = rule.url.rpartition("/")[0] + "/"
    text = readable(rule).split("\n", 1)[1]  # the heading says what the summary below says
    return (
        f'<details id="{rule.id}"><summary>{rule.id} {rule.name}: {escaped(rule.summary)}</summary>\n'
        f'{from_markdown(text, 2, folder)}\n<p><a href="{rule.url}">{rule.id} in the standard</a></p></details>\n'
    )
