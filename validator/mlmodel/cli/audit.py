"""``mlmodel audit``: every model of a registry, an experiment or a folder, a row each."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import timezone
from typing import TYPE_CHECKING, Any

import click

from mlmodel.cli import options as asked
from mlmodel.cli.config import FAIL_ON
from mlmodel.cli.errors import InternalError, WrongUseError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mlmodel.audit.registry_process import RegistryProcess
    from mlmodel.audit.rows import Row
    from mlmodel.audit.subjects import Wanted
    from mlmodel.validation import Options

EPILOG = """Exit status: 0 complete; 1 findings at or above --fail-on; 2 wrong usage or configuration; 3 something could
not be judged, or the registry does not answer; 130 or 143 ended by SIGINT or SIGTERM."""


@click.command("audit", epilog=EPILOG)
@click.argument("where", nargs=-1, required=True, metavar="WHERE...")
@click.option(
    "-o",
    "--output",
    "results",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Write the rows to this file: JSON Lines, or Parquet where it ends so (needs mlmodel[parquet]); repeatable.  "
    "[default: standard output, as JSON Lines]",
)
@click.option("--restart", is_flag=True, help="Drop the rows of a run that was ended, and begin anew.")
@click.option("--tracking-uri", metavar="URI", help="The tracking server, as MLflow takes it.")
@click.option("--registry-uri", metavar="URI", help="The registry, where it is another server.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    metavar="DATE",
    help="Only models created (in folders: changed) since, UTC.",
)
@click.option(
    "--filter", "filter_string", metavar="TEXT", help="Only what the client's search finds with this filter."
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Do not enter these folders; as in .gitignore."
)
@click.option(
    "--tag",
    is_flag=True,
    help="Write verdict, counts and digest as tags of each model version, nothing else.",
)
@asked.jobs
@asked.cluster
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="never",
    help="Lowest severity that fails.  [default: never]",
)
@click.option(
    "--cache/--no-cache",
    "cached",
    default=None,
    help="Keep verdicts, and do not read models again that have not changed.  [default: with a configuration file]",
)
@asked.judging_options
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.help_option("-h", "--help")
@click.pass_context
def command(
    context: click.Context,
    /,
    where: tuple[str, ...],
    results: tuple[str, ...],
    restart: bool,
    tracking_uri: str | None,
    registry_uri: str | None,
    since: datetime | None,
    filter_string: str | None,
    exclude: tuple[str, ...],
    tag: bool,
    jobs: int | None,
    cluster: str | None,
    fail_on: str,
    cached: bool | None,
    config_file: str | None,
    no_config: bool,
    quiet: bool,
    debug: bool,
    **given: Any,
) -> None:
    """Judge every model at WHERE, and write a row for each.

    WHERE is a folder or an archive; models:/ (a registry), models:/NAME, models:/NAME/VERSION, models:/NAME@ALIAS,
    models:/m-ID; experiments:/ or experiments:/NAME (logged models and the models of runs); runs:/RUN[/PATH].

    A run that is ended leaves RESULTS.partial; the same command goes on with it.
    """
    from mlmodel.audit.journal import JournalError
    from mlmodel.audit.subjects import SourceError, Wanted, WhereError
    from mlmodel.standard.rules import UnknownRuleError

    moment = since.replace(tzinfo=timezone.utc).timestamp() if since is not None else None
    try:
        configured = asked.settings(config_file, no_config)
        options = asked.options(configured, asked.Given(**given))._replace(debug=debug)
        run = _Audit(
            where=where,
            wanted=Wanted(moment, filter_string, (*configured.exclude, *exclude)),
            servers=(tracking_uri, registry_uri),
            options=options._replace(facts=True),
            results=results,
            restart=restart,
            tag=tag,
            jobs=configured.jobs if jobs is None else jobs,
            cluster=cluster,
            fail_on=fail_on,
            cached=configured.found if cached is None else cached,
            quiet=quiet,
        )
        status = run.once()
    except (WrongUseError, UnknownRuleError, WhereError, JournalError) as error:
        raise click.UsageError(printable(str(error)), context) from None
    except SourceError as error:
        raise InternalError(printable(str(error))) from None
    except (click.ClickException, click.exceptions.Exit):
        raise
    except OSError as error:
        if error.filename is None:
            raise
        raise InternalError(printable(f"{error.filename}: {error.strerror or error}")) from None
    except Exception as error:
        if debug:
            raise
        raise InternalError(printable(f"{type(error).__name__}: {error} (--debug shows where)")) from None
    context.exit(status)


class _Audit:
    """One run of the command."""

    def __init__(
        self,
        where: tuple[str, ...],
        wanted: Wanted,
        servers: tuple[str | None, str | None],
        options: Options,
        results: tuple[str, ...],
        restart: bool,
        tag: bool,
        jobs: int,
        cluster: str | None,
        fail_on: str,
        cached: bool,
        quiet: bool,
    ) -> None:
        self.where = where
        self.wanted = wanted
        self.servers = servers
        self.options = options
        self.results = results
        self.restart = restart
        self.tag = tag
        self.jobs = jobs
        self.cluster = cluster
        self.fail_on = fail_on
        self.cached = cached
        self.quiet = quiet

    def once(self) -> int:
        """Audit, and return the exit status."""
        from mlmodel.audit.auditing import audit, settings
        from mlmodel.audit.where import is_tracked, subjects
        from mlmodel.cli.cluster import cluster_executor
        from mlmodel.cli.progress import Progress
        from mlmodel.cli.running import Outcome, opened_cache

        self._check()
        digest = settings(self.where, self.wanted, self.servers, self.options)
        outcome = Outcome(self.fail_on)
        progress = Progress(wanted=bool(self.results) and not self.quiet)
        with (
            self._registry(needed=any(map(is_tracked, self.where))) as registry,
            self._rows(digest) as rows,
            opened_cache(self.options, wanted=self.cached) as cache,
            cluster_executor(self.cluster) as executor,
        ):
            try:
                reports = audit(
                    subjects(self.where, self.wanted, registry),
                    self.options,
                    rows,
                    digest,
                    jobs=self.jobs,
                    executor=executor,
                    cache=cache,
                    before_row=registry.tag if registry is not None and self.tag else None,
                )
                for report in outcome.watch(reports):
                    progress.add(report)
            finally:
                progress.clear()
            self._finish(rows)
            counts = dict(rows.verdicts)
        if not self.quiet:
            self._say(counts)
        return 3 if counts.get("unjudged") else outcome.status

    def _check(self) -> None:
        if self.tag and not all(each.startswith("models:") for each in self.where):
            raise WrongUseError("--tag goes with models:/ only: it writes tags of model versions")
        if self.restart and not self.results:
            raise WrongUseError("--restart goes with --output")
        places = [os.path.abspath(result) for result in self.results]
        if len(set(places)) < len(places):
            raise WrongUseError("--output names a file twice")
        if any(_is_parquet(result) for result in self.results):
            from mlmodel.audit.parquet import check_installed

            check_installed()

    @contextlib.contextmanager
    def _registry(self, *, needed: bool) -> Iterator[RegistryProcess | None]:
        if not needed:
            yield None
            return
        from mlmodel.audit.registry_process import RegistryProcess

        with RegistryProcess(*self.servers, keeps=self.cached) as registry:
            import mlmodel.bulk  # noqa: F401 - what judges is imported while the client is

            registry.connect()
            yield registry

    @contextlib.contextmanager
    def _rows(self, asked: str) -> Iterator[Any]:
        if not self.results:
            yield _Printed()
            return
        from mlmodel.audit.journal import Journal

        partial = f"{self.results[0]}.partial"
        with Journal(partial, asked, restart=self.restart) as journal:
            if journal.resumed and not self.quiet:
                sys.stderr.write(f"{printable(partial)}: going on after {journal.resumed:,} models\n")
            yield journal

    def _finish(self, rows: Any) -> None:
        if not self.results:
            return
        lines = [result for result in self.results if not _is_parquet(result)]
        for result in self.results:
            if _is_parquet(result):
                from mlmodel.audit.parquet import write

                write(rows.path, result)
        rows.finish(lines)

    def _say(self, counts: dict[str, int]) -> None:
        total = sum(counts.values())
        words = {"valid": "valid", "invalid": "invalid", "unjudged": "not judged"}
        parts = [f"{counts[key]:,} {word}" for key, word in words.items() if counts.get(key)]
        text = f"{total:,} model{'' if total == 1 else 's'}" + (f": {', '.join(parts)}" if parts else "")
        if self.results:
            click.echo(printable(f"{text}; {', '.join(self.results)}"))
        else:
            sys.stderr.write(f"{text}\n")


def _is_parquet(path: str) -> bool:
    return path.lower().endswith((".parquet", ".pq"))


class _Printed:
    """Rows on standard output: each model once, and nothing to go on with."""

    def __init__(self) -> None:
        from collections import Counter

        self.verdicts: Counter[str] = Counter()
        self._seen: set[str] = set()

    def begin(self, id_: str) -> bool:
        if id_ in self._seen:
            return False
        self._seen.add(id_)
        return True

    def add(self, row: Row) -> None:
        import json

        self.verdicts[row["verdict"]] += 1
        sys.stdout.write(f"{json.dumps(row)}\n")
        sys.stdout.flush()
