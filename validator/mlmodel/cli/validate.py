"""``mlmodel validate``, which is also ``mlmodel-validate``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from mlmodel import __version__
from mlmodel.cli import config
from mlmodel.cli.errors import InternalError, printable
from mlmodel.cli.loading import LoadCommand, load_options, wish
from mlmodel.findings import Severity, Verdict
from mlmodel.sources import discovery
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mlmodel.findings import Report
    from mlmodel.validation import Options

EPILOG = """Exit status: 0 every model conforms; 1 findings at or above --fail-on; 2 wrong usage or
configuration; 3 something could not be judged."""


def _list_rules(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        for rule in rules.catalogue().values():
            click.echo(f"{rule.id}  {rule.severity.label:<7}  {rule.name:<30}  {rule.summary}")
        context.exit()


def _explain(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        from mlmodel.cli.explain import pages

        click.echo(pages(value), nl=False)
        context.exit()


@click.command("validate", epilog=EPILOG, cls=LoadCommand)
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@click.option("-r", "--recursive", is_flag=True, help="Find every model directory below the paths.")
@click.option(
    "--enclosing", is_flag=True, help="Validate the model directory around each path; skip paths in none."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "sarif", "junit", "github"]),
    default="text",
    show_default=True,
)
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    help="Report only these rules: ids, prefixes or names, comma-separated.",
)
@click.option("--ignore", multiple=True, metavar="RULES", help="Do not report these rules.")
@click.option(
    "--severity", multiple=True, metavar="RULE=LEVEL", help="Report a rule as error, warning, info or off."
)
@click.option(
    "--fail-on", type=click.Choice(config.FAIL_ON), help="Lowest severity that fails.  [default: error]"
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False),
    help="Read this file, not the nearest pyproject.toml or mlmodel.toml.",
)
@click.option("--no-config", is_flag=True, help="Read no configuration file.")
@click.option(
    "-j", "--jobs", type=click.IntRange(min=0), help="Worker processes; 0 for one a core.  [default: 1]"
)
@click.option(
    "--max-findings", type=click.IntRange(min=1), help="Findings shown for one model.  [default: 1000]"
)
@click.option(
    "--resolve",
    is_flag=True,
    help="Ask the package index whether the environment can be installed (needs mlmodel[load]).",
)
@click.option(
    "--platform",
    type=click.Choice(["linux", "linux-arm64", "macos", "windows"]),
    help="Where it is to be installed.  [default: linux]",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Judge what is still maintained as of this day, YYYY-MM-DD.  [default: the current day, UTC]",
)
@load_options
@click.option("-q", "--quiet", is_flag=True, help="Findings only, no summary.")
@click.option("-v", "--verbose", is_flag=True, help="Notes too, and models without findings.")
@click.option(
    "--color/--no-color",
    default=None,
    help="Color the output.  [default: on a terminal, unless NO_COLOR is set]",
)
@click.option(
    "--explain",
    metavar="RULE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Show the page of a rule and exit.",
)
@click.option(
    "--list-rules",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_rules,
    help="List all rules and exit.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.version_option(__version__, prog_name="mlmodel")
@click.help_option("-h", "--help")
@click.pass_context
def command(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    recursive: bool,
    enclosing: bool,
    format_: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: tuple[str, ...],
    fail_on: str | None,
    config_file: str | None,
    no_config: bool,
    jobs: int | None,
    max_findings: int | None,
    resolve: bool,
    platform: str | None,
    today: datetime | None,
    quiet: bool,
    verbose: bool,
    color: bool | None,
    debug: bool,
    **loading: Any,
) -> None:
    """Validate model directories, without running anything in them unless --load says so.

    PATH is a directory that holds an MLmodel file, or that file itself; - reads paths from standard
    input, one a line.
    """
    if not paths:
        raise click.UsageError("no PATH given; '.' is the current directory", context)
    if recursive and enclosing:
        raise click.UsageError("--recursive and --enclosing exclude each other", context)
    if platform and not resolve:
        raise click.UsageError("--platform goes with --resolve", context)
    load = wish(context, loading)
    try:
        settings = _settings(config_file, no_config)
        options = _options(settings, select, ignore, severity, max_findings, debug)._replace(load=load)
        if today is not None:
            options = options._replace(today=today.date())
        if resolve:
            options = _resolving(options, platform or "linux", context)
        processes = settings.jobs if jobs is None else jobs
        if options.load is not None and processes != 1:  # lines of several would overwrite each other
            options = options._replace(load=options.load._replace(say=None))
        reports = _reports(paths, recursive, enclosing, options, processes)
        outcome = _Outcome(fail_on or settings.fail_on)
        _render(outcome.watch(reports), format_, _style_options(color, quiet, verbose))
    except (config.ConfigError, rules.UnknownRuleError, discovery.DiscoveryError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    except (click.ClickException, BrokenPipeError):
        raise
    except Exception as error:
        if debug:
            raise
        raise InternalError(printable(f"{type(error).__name__}: {error} (--debug shows where)")) from None
    if not outcome.models and not enclosing:
        raise click.UsageError(printable(f"no model directory below {', '.join(paths)}"), context)
    context.exit(outcome.exit_code)


class _Outcome:
    """Watches reports go by, for the exit code."""

    def __init__(self, fail_on: str) -> None:
        self._threshold = None if fail_on == "never" else Severity[fail_on.upper()]
        self._failed = False
        self._unjudged = False
        self.models = 0

    def watch(self, reports: Iterable[Report]) -> Iterator[Report]:
        for report in reports:
            self.models += 1
            self._unjudged |= report.verdict is Verdict.UNJUDGED
            if self._threshold is not None:
                self._failed |= report.at_least(self._threshold)  # what is left out is no worse
            yield report

    @property
    def exit_code(self) -> int:
        return 3 if self._unjudged else int(self._failed)


def _settings(config_file: str | None, no_config: bool) -> config.Config:
    if no_config:
        return config.Config()
    path = config_file or config.find(os.curdir)
    return config.load(path) if path else config.Config()


def _options(
    settings: config.Config,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: tuple[str, ...],
    max_findings: int | None,
    debug: bool,
) -> Options:
    from mlmodel.validation import Options

    selected = _split(select) or settings.select
    ignored = rules.matching_any([*settings.ignore, *_split(ignore)])
    words: dict[str, str] = {}  # the command line comes last and wins
    for selector, word in [*settings.severity.items(), *map(_assignment, severity)]:
        words.update(dict.fromkeys(rules.matching(selector), word))
    return Options(
        select=rules.matching_any(selected) if selected else None,
        ignore=ignored | {rule for rule, word in words.items() if word == "off"},
        severity={rule: Severity[word.upper()] for rule, word in words.items() if word != "off"},
        per_path_ignores=tuple(
            (glob, rules.matching_any(selectors)) for glob, selectors in settings.per_path_ignores.items()
        ),
        max_findings=max_findings or settings.max_findings or 1000,
        debug=debug,
    )


def _resolving(options: Options, platform: str, context: click.Context) -> Options:
    from mlmodel.resolution import uv

    try:
        uv.find_uv()  # a missing tool is said before any work is done
    except uv.MissingToolError as error:
        raise click.UsageError(str(error), context) from None
    return options._replace(resolve=platform)


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _assignment(text: str) -> tuple[str, str]:
    selector, separator, word = text.partition("=")
    if not separator:
        raise config.ConfigError(f"--severity wants RULE=LEVEL, not {text!r}")
    config.check_severity(word)
    return selector, word


def _reports(
    paths: tuple[str, ...], recursive: bool, enclosing: bool, options: Options, jobs: int
) -> Iterator[Report]:
    from mlmodel.bulk import relax_gc, validate_all

    relax_gc()
    given = list(_expand(paths))
    if enclosing:
        found: Iterable[str] = discovery.enclosing(given)
    elif recursive:
        found = discovery.below(given)
    else:
        found = list(discovery.directories(given))  # a wrong argument is said before any work is done
    return validate_all(found, options, jobs)


def _expand(paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        if path == "-":
            lines = os.fsdecode(sys.stdin.buffer.read()).split("\n")
            yield from filter(None, (line.removesuffix("\r") for line in lines))
        else:
            yield path


def _style_options(color: bool | None, quiet: bool, verbose: bool) -> tuple[bool, int]:
    if color is None:
        color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return color, int(verbose) - int(quiet)


def _render(reports: Iterable[Report], format_: str, style: tuple[bool, int]) -> None:
    from mlmodel.reporters import Style, reporter

    if hasattr(sys.stdout, "reconfigure"):  # file names may hold bytes that are no text
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        for piece in reporter(format_)(reports, Style(*style)):
            sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more: what is left goes nowhere, or Python complains when it flushes it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
