"""``mlmodel validate``, which is also ``mlmodel-validate``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from mlmodel.cli import config, outputs
from mlmodel.cli import options as asked
from mlmodel.cli.errors import InternalError, WrongUseError, checked_output, printable
from mlmodel.cli.loading import LoadCommand, load_options, requested_load
from mlmodel.cli.running import Run
from mlmodel.cli.selectors import RuleSelectors
from mlmodel.common.version import __version__
from mlmodel.sources import discovery
from mlmodel.sources.base import UnopenedError
from mlmodel.sources.opening import is_remote
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mlmodel.reporters import Style
    from mlmodel.validation import Options

EPILOG = """Exit status: 0 every model conforms; 1 findings at or above --fail-on; 2 wrong usage or
configuration; 3 something could not be judged; 130 or 143 ended by SIGINT or SIGTERM."""


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


class ValidateCommand(LoadCommand):
    """A command of which no output is lost without a word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; some of them print something."""
        with checked_output():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        with checked_output():
            return super().invoke(ctx)


@click.command("validate", epilog=EPILOG, cls=ValidateCommand)
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@click.option("-r", "--recursive", is_flag=True, help="Find every model directory below the paths.")
@click.option(
    "--enclosing", is_flag=True, help="Validate the model directory around each path; skip paths in none."
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="With --recursive: do not enter these folders; patterns as in .gitignore.",
)
@click.option(
    "--no-ignore",
    is_flag=True,
    help="With --recursive: enter environments, caches and what git ignores, too.",
)
@click.option(
    "--format",
    "formats",
    type=outputs.OutputType(),
    multiple=True,
    help="text, json, jsonl, markdown, html, sarif, junit, github or gitlab; with =FILE to a file of its own. "
    "May be given several times.  [default: text]",
)
@click.option(
    "-o",
    "--output-file",
    type=click.Path(dir_okay=False),
    help="Write to this file, in UTF-8, not to standard output.",
)
@click.option(
    "--digests", is_flag=True, help="Report SHA-256 of the directory, and in JSON of every file of it."
)
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option(
    "--select",
    multiple=True,
    type=RuleSelectors(),
    metavar="RULES",
    help="Report only these rules: ids, prefixes or names, comma-separated.",
)
@click.option(
    "--ignore", multiple=True, type=RuleSelectors(), metavar="RULES", help="Do not report these rules."
)
@click.option(
    "--severity", multiple=True, metavar="RULE=LEVEL", help="Report a rule as error, warning, info or off."
)
@click.option(
    "--fail-on", type=click.Choice(config.FAIL_ON), help="Lowest severity that fails.  [default: error]"
)
@click.option(
    "--trust-module",
    multiple=True,
    metavar="NAMES",
    help="Accept objects of these modules or classes of yours as data, comma-separated.",
)
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False),
    help="Report only findings that are not in this file.",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write the findings to the --baseline file.  [default: mlmodel-baseline.json]",
)
@click.option(
    "--diff",
    "revision",
    metavar="REVISION",
    help="Report only what is new since this git revision, as a pull request on it has it.",
)
@click.option("--watch", is_flag=True, help="Validate again whenever a file changes, until interrupted.")
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False),
    help="Read this file, not the nearest pyproject.toml or mlmodel.toml.",
)
@click.option("--no-config", is_flag=True, help="Read no configuration file.")
@click.option(
    "--cache/--no-cache",
    "cached",
    default=None,
    help="Keep verdicts, and do not read models again that have not changed.  [default: with a configuration file]",
)
@asked.jobs
@asked.cluster
@click.option(
    "--max-findings", type=click.IntRange(min=1), help="Findings shown for one model.  [default: 1000]"
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME[==VERSION]",
    help="Ask, too, what this reader or serving product needs; repeatable (see mlmodel targets).",
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
    help="Color the output.  [default: on a terminal, unless NO_COLOR is set; with FORCE_COLOR everywhere]",
)
@click.option(
    "--explain",
    type=RuleSelectors(),
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
    exclude: tuple[str, ...],
    no_ignore: bool,
    formats: tuple[outputs.Output, ...],
    output_file: str | None,
    digests: bool,
    statistics: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: tuple[str, ...],
    fail_on: str | None,
    trust_module: tuple[str, ...],
    baseline: str | None,
    write_baseline: bool,
    revision: str | None,
    watch: bool,
    config_file: str | None,
    no_config: bool,
    cached: bool | None,
    jobs: int | None,
    cluster: str | None,
    max_findings: int | None,
    targets: tuple[str, ...],
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

    PATH is a directory that holds an MLmodel file, or that file itself; an archive of it; or the address of
    either, such as s3://bucket/model or models:/name@alias.  - reads paths from standard input, one a line.
    """
    if not paths:
        raise click.UsageError("no PATH given; '.' is the current directory", context)
    if recursive and enclosing:
        raise click.UsageError("--recursive and --enclosing exclude each other", context)
    if (exclude or no_ignore) and not recursive:
        raise click.UsageError("--exclude and --no-ignore go with --recursive", context)
    if platform and not resolve:
        raise click.UsageError("--platform goes with --resolve", context)
    if write_baseline and revision is not None:
        raise click.UsageError(
            "--write-baseline and --diff exclude each other: a baseline has everything", context
        )
    expanded = tuple(_expand(paths))
    if (watch or revision is not None) and any(map(is_remote, expanded)):
        raise click.UsageError("--watch and --diff are for local paths, not for addresses", context)
    chosen = outputs.chosen(formats, output_file, context)
    load = requested_load(context, loading)
    try:
        settings = asked.settings(config_file, no_config)
        options = asked.options(
            settings, asked.Given(select, ignore, severity, trust_module, targets, max_findings)
        )._replace(load=load, debug=debug, digests=digests)
        if today is not None:
            options = options._replace(today=today.date())
        if resolve:
            options = _resolving(options, platform or "linux", context)
        processes = settings.jobs if jobs is None else jobs
        if options.load is not None and processes != 1:  # lines of several would overwrite each other
            options = options._replace(load=options.load._replace(progress=None))
        run = Run(
            options=options,
            jobs=processes,
            cluster=cluster,
            paths=expanded,
            recursive=recursive,
            enclosing=enclosing,
            exclusion=(*settings.exclude, *exclude),
            no_ignore=no_ignore,
            accepted=settings.per_finding_ignores,
            baseline=baseline or settings.baseline,
            write_baseline=write_baseline,
            revision=revision,
            outputs=chosen,
            style=_style(chosen, color, quiet, verbose, statistics),
            fail_on=fail_on or settings.fail_on,
            cached=settings.found if cached is None else cached,
        )
        if watch:
            from mlmodel.cli.watching import watched

            context.exit(watched(run.models, run.once))
        models, status = run.once()
    except (WrongUseError, rules.UnknownRuleError, discovery.DiscoveryError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    except UnopenedError as error:
        raise InternalError(printable(str(error))) from None
    except (click.ClickException, click.exceptions.Exit, OSError):
        raise
    except Exception as error:
        if debug:
            raise
        raise InternalError(printable(f"{type(error).__name__}: {error} (--debug shows where)")) from None
    if not models and not enclosing and revision is None:
        raise click.UsageError(
            printable(f"no model directory below {', '.join(paths)}{run.left_out}"), context
        )
    context.exit(status)


def _resolving(options: Options, platform: str, context: click.Context) -> Options:
    from mlmodel.resolution import uv

    try:
        uv.find_uv()  # a missing tool is said before any work is done
    except uv.MissingToolError as error:
        raise click.UsageError(str(error), context) from None
    return options._replace(resolve=platform)


def _expand(paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        if path == "-":
            lines = os.fsdecode(sys.stdin.buffer.read()).split("\n")
            yield from filter(None, (line.removesuffix("\r") for line in lines))
        else:
            yield path


def _style(
    chosen: list[outputs.Output], color: bool | None, quiet: bool, verbose: bool, statistics: bool
) -> Style:
    from mlmodel.cli import repository
    from mlmodel.reporters import Style

    if color is None:
        color = _is_colored()
    services = {"github", "gitlab", "sarif", "junit", "markdown", "html"}
    root = repository.root() if any(output.format in services for output in chosen) else None
    return Style(color, int(verbose) - int(quiet), root, statistics)


def _is_colored() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
