"""Many model directories, in one process or several, one report after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from itertools import islice
from typing import TYPE_CHECKING

from mlmodel.common import garbage
from mlmodel.common.interruption import Interrupted
from mlmodel.findings import Location, Report, Verdict
from mlmodel.standard.rules import new_finding
from mlmodel.validation import Options, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future, ProcessPoolExecutor

_CHUNK = 32
_LEAVING = 10.0
"""Seconds that workers have to remove what they have made."""


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

    pending: deque[Future[list[Report]]] = deque()
    with _pool(jobs, cleans=options.load is not None) as pool:
        chunk = first
        while chunk or pending:
            if chunk:
                with _signals_held():
                    pending.append(pool.submit(_validate_chunk, chunk, options))
                chunk = list(islice(remaining, _CHUNK))
                if len(pending) < 4 * jobs:
                    continue
            yield from pending.popleft().result()


@contextlib.contextmanager
def _pool(jobs: int, *, cleans: bool) -> Iterator[ProcessPoolExecutor]:
    """Worker processes, none of which outlives this one, or stays when it is interrupted; with ``cleans``, each
    removes first what it has made."""
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(jobs, initializer=_begin, initargs=(cleans,))
    try:
        yield pool
    except BaseException:
        _end(pool)
        raise
    pool.shutdown()


_HELD = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))
"""Signals that wait until a worker that was just started has its own handlers."""


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Keep signals waiting while workers are forked: they would run the handlers of this process before their own."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(pool: ProcessPoolExecutor) -> None:
    """End the workers: each may remove what it has made, and has a few seconds for that."""
    workers = list((getattr(pool, "_processes", None) or {}).values())
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + _LEAVING
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
        if worker.is_alive():
            worker.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def _begin(cleans: bool) -> None:
    """Begin as a worker: it is ended by the process that it works for, or by the end of that process."""
    import threading

    garbage.collect_rarely()
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of them
    # Who only looks has made nothing, and ends at once: an exception may come where a library cannot take one.
    signal.signal(signal.SIGTERM, (lambda number, _: _leave(number)) if cleans else signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)


def _leave(number: int) -> None:
    raise Interrupted(number)


def _end_with_parent() -> None:
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _validate_chunk(paths: list[str], options: Options) -> list[Report]:
    try:
        return [_validate(path, options) for path in paths]
    except Interrupted as why:  # the pool would take it for the result, and go on
        os._exit(int(why.code or 1))


def _validate(path: str, options: Options) -> Report:
    try:
        return validate(path, options)
    except OSError as error:  # it vanished after it was found
        finding = new_finding("MLM902", error.strerror or str(error), Location())
        return Report(path, Verdict.UNJUDGED, (finding,))
