"""Many model directories, in one process or several, one report after the other."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from mlmodel.findings import Location, Report, Verdict
from mlmodel.standard.rules import new_finding
from mlmodel.validation import Options, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CHUNK = 32


def relax_gc() -> None:
    """Have Python look for circular garbage rarely, and not at all at the end of the process.

    For a process of our own that only validates: models leave no circles behind (:meth:`Model.clear`), what was
    imported stays, and looking through it again and again took a tenth of the time, at the end as much as 30 models.
    """
    import atexit
    import gc

    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def validate_all(paths: Iterable[str], options: Options, jobs: int = 1) -> Iterator[Report]:
    """Reports in the order of the paths.

    Args:
        paths: model directories; taken as they are needed, so that any number passes in flat memory.
        options: as for :func:`mlmodel.validate`.
        jobs: worker processes; 1 for none, 0 for one a core.
    """
    jobs = jobs or os.cpu_count() or 1
    remaining = iter(paths)
    first = list(islice(remaining, _CHUNK)) if jobs > 1 else []
    if len(first) < _CHUNK:  # too few to be worth a process
        for path in (*first, *remaining):
            yield _validate(path, options)
        return
    yield from _in_processes(first, remaining, options, jobs)


def _in_processes(
    first: list[str], remaining: Iterator[str], options: Options, jobs: int
) -> Iterator[Report]:
    from collections import deque
    from concurrent.futures import Future, ProcessPoolExecutor

    pending: deque[Future[list[Report]]] = deque()
    with ProcessPoolExecutor(jobs, initializer=relax_gc) as pool:
        chunk = first
        while chunk or pending:
            if chunk:
                pending.append(pool.submit(_validate_chunk, chunk, options))
                chunk = list(islice(remaining, _CHUNK))
                if len(pending) < 4 * jobs:
                    continue
            yield from pending.popleft().result()


def _validate_chunk(paths: list[str], options: Options) -> list[Report]:
    return [_validate(path, options) for path in paths]


def _validate(path: str, options: Options) -> Report:
    try:
        return validate(path, options)
    except OSError as error:  # it vanished after it was found
        finding = new_finding("MLM902", error.strerror or str(error), Location())
        return Report(path, Verdict.UNJUDGED, (finding,))
