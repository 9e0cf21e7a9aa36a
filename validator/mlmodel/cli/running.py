"""One run of ``mlmodel validate``: from paths to outputs and an exit status."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mlmodel.cli import outputs
from mlmodel.cli.progress import Progress
from mlmodel.findings import Severity, Verdict
from mlmodel.sources import discovery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from mlmodel.cli.changes import Changes
    from mlmodel.cli.config import FindingIgnore
    from mlmodel.cli.triage import Baseline, Triage
    from mlmodel.findings import Report
    from mlmodel.reporters import Style
    from mlmodel.sources.exclusion import Exclusion
    from mlmodel.validation import Options
    from mlmodel.verdicts.cache import VerdictCache

BASELINE = "mlmodel-baseline.json"
_MANY = 100_000
"""Findings of a model, where known ones are taken away before the rest is cut to what is wanted."""


@dataclass
class Run:
    """What a run is to do."""

    options: Options
    jobs: int
    paths: tuple[str, ...]
    recursive: bool
    enclosing: bool
    exclusion: tuple[str, ...]
    """Patterns of folders that are not searched."""
    no_ignore: bool
    accepted: tuple[FindingIgnore, ...]
    baseline: str | None
    write_baseline: bool
    revision: str | None
    outputs: Sequence[outputs.Output]
    style: Style
    fail_on: str
    cluster: str | None = None
    """The scheduler of a cluster that judges."""
    cached: bool = False
    """Whether verdicts are kept."""
    _exclusion: Exclusion | None = None

    def models(self) -> Iterable[str]:
        """The model directories, as they are found.

        Raises:
            DiscoveryError: a path leads to none.
        """
        if self.enclosing:
            return discovery.enclosing(self.paths)
        if self.recursive:
            from mlmodel.sources.exclusion import Exclusion

            wanted = not self.no_ignore
            self._exclusion = Exclusion(self.exclusion, git=wanted, defaults=wanted)
            return discovery.below(self.paths, self._exclusion)
        return list(discovery.directories(self.paths))  # a wrong argument is said before any work is done

    def once(self) -> tuple[int, int]:
        """Validate everything.

        Returns:
            The number of models, and the exit status.

        Raises:
            DiscoveryError: a path leads to no model directory.
            GitError: there is no such revision.
            BaselineError: the baseline cannot be read or written.
            InternalError: an output cannot be written.
        """
        from mlmodel.bulk import validate_all

        found = self.models()
        changes = self._changes()
        try:
            if changes is not None:
                found = changes.touched(found)
            baseline = self._baseline()
            triage = self._triage(changes, baseline)
            options = self.options._replace(max_findings=_MANY) if triage else self.options
            outcome = Outcome(self.fail_on)
            progress = Progress(wanted=self.recursive and self.style.verbosity >= 0)
            with opened_cache(options, wanted=self.cached) as cache, self._executor() as executor:
                judged = validate_all(found, options, self.jobs, executor=executor, cache=cache)
                reports = _with_progress(outcome.watch(self._triaged(judged, triage)), progress)
                outputs.write(reports, self.outputs, self.style, progress.clear)
            progress.clear()
            self._notes(baseline)
        finally:
            if changes is not None:
                changes.close()
        status = outcome.status
        return outcome.models, 3 if status == 3 else 0 if self.write_baseline else status

    @contextlib.contextmanager
    def _executor(self) -> Iterator[Executor | None]:
        if self.cluster is None:
            yield None
            return
        from mlmodel.cli.cluster import cluster_executor

        with cluster_executor(self.cluster) as executor:
            yield executor

    @property
    def left_out(self) -> str:
        """What to say where nothing was found, and folders were not searched."""
        skipped = self._exclusion.skipped if self._exclusion is not None else []
        if not skipped:
            return ""
        names = ", ".join(path for path, _ in skipped[:3]) + (", ..." if len(skipped) > 3 else "")
        return f"; not searched: {names} (--no-ignore enters them)"

    def _changes(self) -> Changes | None:
        if self.revision is None:
            return None
        from mlmodel.cli.changes import Changes

        return Changes(self.revision, self.options._replace(max_findings=_MANY, load=None))

    def _baseline(self) -> Baseline | None:
        if self.baseline is None and not self.write_baseline:
            return None
        from mlmodel.cli.triage import Baseline

        found = Baseline(self.baseline or BASELINE)
        if not self.write_baseline:
            found.read()
        return found

    def _triage(self, changes: Changes | None, baseline: Baseline | None) -> list[Triage]:
        if not self.accepted and baseline is None and changes is None:
            return []
        from mlmodel.cli import triage
        from mlmodel.standard import rules

        steps: list[Triage] = []
        if self.accepted:
            entries = [
                triage.AcceptedFinding(rules.matching_any(entry.rules), *entry[1:]) for entry in self.accepted
            ]
            today = self.options.today or datetime.now(timezone.utc).date()
            steps.append(triage.accepting(entries, today))
        if baseline is not None:
            steps.append(baseline.collect if self.write_baseline else baseline.apply)
        if changes is not None:
            steps.append(triage.without(changes.report_before))
        return [*steps, triage.limited(self.options.max_findings)]

    @staticmethod
    def _triaged(reports: Iterable[Report], steps: list[Triage]) -> Iterator[Report]:
        for report in reports:
            found = report
            for step in steps:
                found = step(found)
            yield found

    def _notes(self, baseline: Baseline | None) -> None:
        """What is worth saying beside the reports, on standard error."""
        from mlmodel.common.texts import printable

        if baseline is not None and self.write_baseline:
            count = baseline.write()
            sys.stderr.write(f"{printable(baseline.path)}: {count:,} findings\n")
        if self.style.verbosity < 1:
            return
        if baseline is not None and not self.write_baseline and baseline.gone:
            text = f"{printable(baseline.path)}: {baseline.gone:,} findings are gone; --write-baseline drops them"
            sys.stderr.write(f"{text}\n")
        if self._exclusion is not None:
            for path, reason in self._exclusion.skipped:
                sys.stderr.write(f"{printable(path)}: not searched: {reason}\n")


@contextlib.contextmanager
def opened_cache(options: Options, *, wanted: bool) -> Iterator[VerdictCache | None]:
    """The verdicts that are kept, where that is wanted; a fault of them is one line on standard error."""
    if not wanted:
        yield None
        return
    from mlmodel.verdicts.cache import VerdictCache

    with VerdictCache(options, complain=_complain) as cache:
        yield cache


def _complain(line: str) -> None:
    from mlmodel.common.texts import printable

    sys.stderr.write(f"{printable(line)}\n")


def _with_progress(reports: Iterable[Report], progress: Progress) -> Iterator[Report]:
    for report in reports:
        progress.add(report)
        yield report


class Outcome:
    """Watches reports go by, for the exit status."""

    def __init__(self, fail_on: str) -> None:
        self._threshold = None if fail_on == "never" else Severity[fail_on.upper()]
        self._failed = False
        self._unjudged = False
        self.models = 0

    def watch(self, reports: Iterable[Report]) -> Iterator[Report]:
        """The reports, looked at as they go by."""
        for report in reports:
            self.models += 1
            self._unjudged |= report.verdict is Verdict.UNJUDGED
            if self._threshold is not None:
                self._failed |= report.at_least(self._threshold)  # what is left out is no worse
            yield report

    @property
    def status(self) -> int:
        """The exit status."""
        return 3 if self._unjudged else int(self._failed)
