"""``mlmodel compat``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlmodel.cli.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.findings import Report
    from mlmodel.targets.compatibility import Compatibility, Row

VERSION = 1
"""Of the JSON form."""
EPILOG = """Exit status: 0 shown, and no target named by --target fails; 1 one does; 2 wrong usage; 3 the MLmodel file
cannot be read."""


@click.command("compat", epilog=EPILOG)
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option(
    "--target",
    "words",
    multiple=True,
    metavar="NAME[==VERSION]",
    help="Show this target only, and fail where it does; repeatable.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "html", "markdown"]),
    default="text",
    show_default=True,
)
@click.pass_context
def command(context: click.Context, directory: str, words: tuple[str, ...], format_: str) -> None:
    """Show which releases of MLflow read a model directory, and what each target makes of it.

    A target is a reader or a product that serves models; `mlmodel targets` lists them.
    """
    from mlmodel.findings import Verdict
    from mlmodel.model.model import Model
    from mlmodel.sources import discovery
    from mlmodel.sources.base import UnopenedError, UnreadableError
    from mlmodel.sources.opening import open_source
    from mlmodel.standard.target_errors import TargetError
    from mlmodel.standard.targets import parse
    from mlmodel.targets.compatibility import compatibility
    from mlmodel.validation import validate

    try:
        given = next(discovery.directories([directory]))
        targets = [parse(word) for word in dict.fromkeys(words)] or None
    except (discovery.DiscoveryError, TargetError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    report = validate(given)
    path = report.path  # without credentials
    try:
        model = Model(open_source(given))
    except UnopenedError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        context.exit(3)
    try:
        found = compatibility(model, targets) if model.config else None
    except UnreadableError:
        found = None
    if found is None:
        click.echo(printable(f"{path}: the MLmodel file cannot be read; see mlmodel validate"), err=True)
        context.exit(3)
    for line in _FORMATS[format_](path, report, found):
        click.echo(printable(line) if format_ == "text" else line)
    model.clear()
    if report.verdict is Verdict.UNJUDGED:
        context.exit(3)
    context.exit(1 if words and found.fails else 0)


def _summary(report: Report) -> str:
    from mlmodel.findings import Severity

    errors = report.count(Severity.ERROR)
    if not errors:
        return f"the directory itself is {report.verdict.label}"
    return f"the directory itself is {report.verdict.label}, for every reader: {errors} error{'s'[: errors > 1]}, see mlmodel validate"


def _first(row: Row) -> str:
    """The first reason, in one line."""
    from mlmodel.findings import Severity

    if not row.reasons:
        return ""
    reason = row.reasons[0]
    more = len(row.reasons) - 1
    note = "note: " if reason.severity is Severity.INFO else ""
    return f"{note}{reason.what}: {reason.effect} [{reason.rule}]" + (f", and {more} more" if more else "")


def _text(path: str, report: Report, found: Compatibility) -> Iterator[str]:
    from mlmodel.targets.compatibility import sentence

    yield f"{path}: {sentence(found)}"
    yield _summary(report)
    width = max((len(row.target.label) for row in found.rows), default=0)
    for row in found.rows:
        yield f"{row.target.label:<{width}}  {row.verdict:<7}  {_first(row)}".rstrip()


def _json(path: str, report: Report, found: Compatibility) -> Iterator[str]:
    import json

    from mlmodel.targets.compatibility import as_json

    document: dict[str, Any] = {
        "compatibility_version": VERSION,
        "path": path,
        "verdict": report.verdict.label,
        **as_json(found),
    }
    yield json.dumps(document, indent=2, ensure_ascii=True)


def _markdown(path: str, report: Report, found: Compatibility) -> Iterator[str]:
    from mlmodel.targets.compatibility import sentence

    def cell(text: str) -> str:
        return printable(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")

    yield f"# {cell(path)}"
    yield ""
    yield f"{cell(sentence(found))}; {_summary(report)}."
    yield ""
    yield "| target | version | verdict | first reason |"
    yield "| --- | --- | --- | --- |"
    for row in found.rows:
        yield f"| {row.target.name} | {row.target.version} | {row.verdict} | {cell(_first(row))} |"


def _html(path: str, report: Report, found: Compatibility) -> Iterator[str]:
    from html import escape

    from mlmodel.targets.compatibility import sentence

    def cell(text: str) -> str:
        return escape(printable(text))

    yield "<!DOCTYPE html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{cell(path)}</title>'
    yield "<style>body{font-family:sans-serif}td,th{text-align:left;padding:.3em 1em .3em 0;vertical-align:top}"
    yield ".works{color:#060}.depends{color:#850}.fails{color:#a00}</style></head><body>"
    yield f"<h1>{cell(path)}</h1><p>{cell(sentence(found))}; {cell(_summary(report))}.</p>"
    yield "<table><tr><th>target</th><th>version</th><th>verdict</th><th>reasons</th></tr>"
    for row in found.rows:
        reasons = "<br>".join(
            f"{cell(each.what)}: {cell(each.effect)} [{each.rule}]<br><small>{cell(each.remedy)} ({cell(each.source)})</small>"
            for each in row.reasons
        )
        yield (
            f"<tr><td>{cell(row.target.name)}</td><td>{cell(row.target.version)}</td>"
            f'<td class="{row.verdict}">{row.verdict}</td><td>{reasons}</td></tr>'
        )
    yield "</table></body></html>"


_FORMATS: dict[str, Callable[[str, Report, Compatibility], Iterator[str]]] = {
    "text": _text,
    "json": _json,
    "html": _html,
    "markdown": _markdown,
}
