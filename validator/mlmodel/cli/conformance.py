"""``mlmodel conformance``."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING

import click

from mlmodel.cli.errors import printable
from mlmodel.conformance import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.conformance.adapters import Adapter, CommandAdapter
    from mlmodel.conformance.results import Level, Result
    from mlmodel.conformance.suite import Case

EPILOG = """Exit status: 0 the claim holds; 1 it does not; 2 wrong usage; 3 the implementation could not be started."""
_SMOKE = ("rules/MLM001-*", "rules/MLM101-*", "rules/MLM202-*", "rules/MLM007-*", "rules/MLM601-*")


@click.group("conformance")
def command() -> None:
    """Test an implementation of the standard with the cases of the suite."""


@command.command(epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.argument("adapter", nargs=-1, metavar="ADAPTER...", type=click.UNPROCESSED)
@click.option(
    "--oneshot", metavar="COMMAND", help="Run this command once a case; {model} stands for the directory."
)
@click.option("--role", type=click.Choice([*ROLES]), default="validator", show_default=True)
@click.option(
    "--level",
    type=click.Choice(["verdicts", "rules", "pointers"]),
    help="What must be right.  [default: as far as it says it goes]",
)
@click.option("--run", "globs", multiple=True, metavar="GLOB", help="Only the cases whose id matches.")
@click.option(
    "--xfail",
    type=click.Path(exists=True, dir_okay=False),
    help="A file with globs of cases that are known to fail, one a line; one that passes fails the run.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the implementation.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=10.0,
    show_default=True,
    help="Seconds for one answer.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "junit", "html"]),
    default="text",
    show_default=True,
)
@click.option(
    "--badge", type=click.Path(dir_okay=False, writable=True), help="Write an SVG badge to this file."
)
@click.option("--suite", type=click.Path(exists=True, file_okay=False), help="Another folder with cases.")
@click.pass_context
def run(
    context: click.Context,
    adapter: tuple[str, ...],
    oneshot: str | None,
    role: str,
    level: str | None,
    globs: tuple[str, ...],
    xfail: str | None,
    jobs: int,
    timeout: float,
    format_: str,
    badge: str | None,
    suite: str | None,
) -> None:
    """Ask an implementation about every case.

    ADAPTER is a command that speaks the protocol of conformance/README.md on its standard input and output.
    """
    from mlmodel.conformance import suite as suites

    if bool(adapter) == bool(oneshot):
        raise click.UsageError("name either an ADAPTER or --oneshot COMMAND", context)
    if oneshot is not None and "{model}" not in oneshot:
        raise click.UsageError("--oneshot has no {model}, which stands for the directory", context)
    ours = {
        option for parameter in context.command.params for option in parameter.opts if option.startswith("--")
    }
    behind = [word for word in adapter[1:] if word.partition("=")[0] in ours]
    if behind:
        click.echo(f"Note: {', '.join(behind)} behind the ADAPTER is an option of the ADAPTER", err=True)
    try:
        every = suites.cases(suite)
    except FileNotFoundError as error:
        raise click.UsageError(printable(str(error)), context) from None
    cases = suites.matching(every, globs)
    known = _lines(xfail) if xfail else ()
    for glob in known:
        if not suites.matching(every, [glob]):
            click.echo(f"Note: --xfail {printable(glob)} matches no case", err=True)
    _finish(context, cases, _maker(adapter, oneshot, timeout), role, level, jobs, known, format_, badge)


@command.command(epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.argument("adapter", nargs=-1, required=True, metavar="ADAPTER...", type=click.UNPROCESSED)
@click.pass_context
def smoke(context: click.Context, adapter: tuple[str, ...]) -> None:
    """A first result: ten cases, verdicts only."""
    from mlmodel.conformance import suite as suites

    cases = suites.matching(suites.cases(), _SMOKE)
    _finish(context, cases, _maker(adapter, None, 60.0), "validator", "verdicts", 1, (), "text", None)


@command.command("list")
@click.option("--run", "globs", multiple=True, metavar="GLOB", help="Only the cases whose id matches.")
def list_(globs: tuple[str, ...]) -> None:
    """List the cases: id, and what each is."""
    from mlmodel.conformance import suite as suites

    for case in suites.matching(suites.cases(), globs):
        click.echo(f"{case.id}  {case.title}")


@command.command()
@click.argument("directory", metavar="DIR", type=click.Path())
@click.option("--run", "globs", multiple=True, metavar="GLOB", help="Only the cases whose id matches.")
@click.pass_context
def export(context: click.Context, directory: str, globs: tuple[str, ...]) -> None:
    """Write the cases as finished model directories, each beside its case.json."""
    import os

    from mlmodel.conformance import suite as suites

    if os.path.exists(directory) and (not os.path.isdir(directory) or os.listdir(directory)):
        raise click.UsageError(f"{directory} exists, and is no empty directory", context)
    made = list(suites.export(suites.matching(suites.cases(), globs), directory))
    for line in made:
        if " (" in line:
            click.echo(line, err=True)
    click.echo(f"{len(made):,} cases in {directory}")


def _lines(path: str) -> tuple[str, ...]:
    with open(path, encoding="utf-8") as file:
        return tuple(line.split("#")[0].strip() for line in file if line.split("#")[0].strip())


class _Maker:
    """Makes the implementation, once for each thread that asks it."""

    def __init__(self, command: tuple[str, ...], oneshot: tuple[str, ...], timeout: float) -> None:
        self._command = command
        self._oneshot = oneshot
        self.timeout = timeout

    def __call__(self, variables: dict[str, str]) -> Adapter | CommandAdapter:
        from mlmodel.conformance.adapters import Adapter, CommandAdapter

        if self._oneshot:
            return CommandAdapter(self._oneshot, self.timeout, variables)
        return Adapter(self._command, self.timeout, variables)


def _maker(adapter: tuple[str, ...], oneshot: str | None, timeout: float) -> _Maker:
    try:
        command = tuple(shlex.split(oneshot)) if oneshot else ()
    except ValueError as error:
        raise click.UsageError(f"--oneshot: {error}") from None
    return _Maker(adapter, command, timeout)


def _finish(
    context: click.Context,
    cases: list[Case],
    make: _Maker,
    role: str,
    level: str | None,
    jobs: int,
    known: tuple[str, ...],
    format_: str,
    badge: str | None,
) -> None:
    from mlmodel.conformance import running
    from mlmodel.conformance.adapters import AdapterError
    from mlmodel.conformance.reports import report
    from mlmodel.conformance.results import Level, Summary

    cases = running.applicable(cases, role)
    if not cases:
        raise click.UsageError("no case is left", context)
    try:
        first = make({})
        about = first.hello()
        first.close()
    except AdapterError as error:
        click.echo(f"Error: {error}", err=True)
        context.exit(3)
    if role not in about.roles:
        raise click.UsageError(f"{about.name} says that it is no {role}", context)
    asked = Level[level.upper()] if level else _level(about.features, role)
    options = running.Options(role, asked, jobs, make.timeout, known)
    start = time.monotonic()
    results = tuple(_shown(running.run(cases, make, options, about.features), len(cases)))
    summary = Summary(about, asked, results, time.monotonic() - start)
    click.echo(report(format_)(summary), nl=False)
    if badge:
        with open(badge, "w", encoding="utf-8") as file:
            file.write(report("badge")(summary))
    context.exit(0 if (summary.expected if known else summary.holds) else 1)


def _level(features: frozenset[str], role: str) -> Level:
    from mlmodel.conformance.results import Level

    if role != "validator" or "pointers" in features:
        return Level.POINTERS
    return Level.RULES if "rules" in features else Level.VERDICTS


def _shown(results: Iterable[Result], total: int) -> Iterable[Result]:
    """The results, with their count on a terminal."""
    shown = sys.stderr.isatty()
    for number, result in enumerate(results, 1):
        if shown:
            click.echo(f"\r{number:,} of {total:,} {result.case:<60.60}", err=True, nl=False)
        yield result
    if shown:
        click.echo("\r" + " " * 90 + "\r", err=True, nl=False)
