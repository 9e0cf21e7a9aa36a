"""An audit: subjects judged, a row each, written as it comes."""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from mlmodel.audit.rows import row_of
from mlmodel.bulk import validate_all
from mlmodel.common.version import __version__
from mlmodel.verdicts.settings import described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

    from mlmodel.audit.rows import Row
    from mlmodel.audit.subjects import Subject, Wanted
    from mlmodel.findings import Report
    from mlmodel.validation import Options
    from mlmodel.verdicts.cache import VerdictCache


class Rows(Protocol):
    """Where rows go: a journal, or standard output."""

    def begin(self, id_: str) -> bool:
        """Whether a model is to be judged."""

    def add(self, row: Row) -> None:
        """Write a row."""


def settings(
    where: tuple[str, ...], wanted: Wanted, servers: tuple[str | None, ...], options: Options
) -> str:
    """A digest of what an audit is asked for: rows with the same one can stand in one file."""
    parts = (__version__, where, wanted, servers, described(options))
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def audit(
    subjects: Iterable[Subject],
    options: Options,
    rows: Rows,
    settings: str,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    cache: VerdictCache | None = None,
    before_row: Callable[[Subject, Row], None] | None = None,
) -> Iterator[Report]:
    """Judge models, and write a row for each; those that ``rows`` has already are passed over.

    Args:
        subjects: taken as they are needed, so that any number passes in flat memory.
        options: what to report; facts are asked for in any case.
        rows: where the rows go.
        settings: the digest of what was asked for.
        jobs: as of :func:`mlmodel.bulk.validate_all`.
        executor: likewise.
        cache: verdicts that are kept.
        before_row: called with each row before it is written: what it does is done again after a kill between the two.

    Yields:
        The reports, each after its row was written.
    """
    judged: deque[Subject] = deque()

    def places() -> Iterator[str]:
        for subject in subjects:
            if rows.begin(subject.id):
                judged.append(subject)
                yield subject.place

    asked = options._replace(facts=True)
    for report in validate_all(places(), asked, jobs, executor=executor, cache=cache):
        subject = judged.popleft()
        row = row_of(subject, report, settings)
        if before_row is not None:
            before_row(subject, row)
        rows.add(row)
        yield report
