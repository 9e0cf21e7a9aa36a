"""Many model directories, in one process or several, one report after the other."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from mlmodel.common import garbage
from mlmodel.common.ending import end_with_parent
from mlmodel.common.errors import MlmodelError
from mlmodel.common.interruption import Interrupted
from mlmodel.common.records import Record
from mlmodel.findings import Location, Report, Verdict
from mlmodel.standard.rules import new_finding
from mlmodel.validation import Options, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future, ProcessPoolExecutor

    from mlmodel.verdicts.cache import Ticket, VerdictCache

_CHUNK = 32
"""Models that a process of ours is given at once."""
_CHUNK_SECONDS = 1.0
"""Seconds that a chunk for another executor takes."""
_MAX_CHUNK = 128
"""Models in such a chunk, at most."""
_UNKNOWN_WORKERS = 32
"""Workers of an executor that does not tell how many it has."""
_LEAVING = 10.0
"""Seconds that workers have to remove what they have made."""


def _misuse() -> tuple[type[Exception], ...]:
    """Errors of an executor that say that it, or its workers, cannot do the work at all."""
    from concurrent.futures import BrokenExecutor
    from pickle import PickleError

    return BrokenExecutor, ImportError, AttributeError, TypeError, PickleError


def validate_all(
    paths: Iterable[str],
    options: Options | None = None,
    jobs: int = 1,
    *,
    executor: Executor | None = None,
    cache: VerdictCache | None = None,
) -> Iterator[Report]:
    """Reports in the order of the paths.

    A model whose worker is lost is judged again, by itself; where that fails, too, its report is unjudged.

    Args:
        paths: model directories; taken as they are needed, so that any number passes in flat memory.
        options: as for :func:`mlmodel.validate`.
        jobs: worker processes; 1 for none, 0 for one a core.
        executor: where the models are judged, in place of processes of our own: any executor of
            :mod:`concurrent.futures`, that of a cluster too.  Its workers need this package, and the paths must lead to
            the same files there.
        cache: verdicts that are kept: what is there is not judged again, what is new is kept.

    Raises:
        concurrent.futures.BrokenExecutor: the executor takes no more work.
    """
    options = options or Options()
    remaining = iter(paths)
    if executor is not None:
        yield from _Distribution(executor.submit, _judge_chunk, options, cache, _Pace(executor)).reports(
            remaining
        )
        return
    jobs = jobs or os.cpu_count() or 1
    first = list(islice(remaining, _CHUNK)) if jobs > 1 else []
    if len(first) < _CHUNK:  # too few to be worth a process
        yield from _one_by_one(chain(first, remaining), options, cache)
        return
    with _pool(jobs, cleans=options.load is not None) as pool:

        def submit(*work: Any) -> Future[list[Report]]:
            with _signals_held():
                return pool.submit(*work)

        distribution = _Distribution(submit, _validate_chunk, options, cache, _Fixed(jobs))
        yield from distribution.reports(chain(first, remaining))


def _one_by_one(paths: Iterable[str], options: Options, cache: VerdictCache | None) -> Iterator[Report]:
    for path in paths:
        if cache is None:
            yield _validate(path, options)
            continue
        known, ticket = cache.look(path)
        if known is None:
            known = _validate(path, options)
            cache.keep(ticket, known)
        yield known


class _Fixed:
    """How much our own processes are given at once."""

    chunk = _CHUNK
    cancels = False
    """Whether what is not needed any more is called off; our own processes are ended."""

    def __init__(self, jobs: int) -> None:
        self.waiting = 4 * jobs

    def learn(self, reports: list[Report]) -> None:
        """Nothing: they do not get lost one by one."""


class _Pace(_Fixed):
    """How much an executor is given at once: chunks of about a second, so that a worker that is lost costs no more."""

    cancels = True

    def __init__(self, executor: Executor) -> None:
        workers = getattr(executor, "_max_workers", None)
        super().__init__(workers if isinstance(workers, int) else _UNKNOWN_WORKERS)
        self.chunk = 4
        self._mean = 0.0

    def learn(self, reports: list[Report]) -> None:
        """Adapt to what the last chunk took."""
        if reports:
            mean = sum(report.seconds for report in reports) / len(reports)
            self._mean = (3 * self._mean + mean) / 4 if self._mean else mean
            self.chunk = int(max(1, min(_MAX_CHUNK, _CHUNK_SECONDS / max(self._mean, 1e-6))))


class _Window(Record):
    """Models that follow each other: those whose verdicts are kept, and those that are judged."""

    known: list[Report | None]
    """A report for each model; None for those that are judged, in their order."""
    paths: list[str]
    """Of those that are judged."""
    tickets: list[Ticket | None]
    future: Future[list[Report]] | None


class _Distribution:
    """Work handed to workers, a window after the other, and taken back in order."""

    def __init__(
        self,
        submit: Callable[..., Future[list[Report]]],
        work: Callable[[list[str], Options], list[Report]],
        options: Options,
        cache: VerdictCache | None,
        pace: _Fixed,
    ) -> None:
        self._submit = submit
        self._work = work
        self._options = options
        self._cache = cache
        self._pace = pace

    def reports(self, paths: Iterator[str]) -> Iterator[Report]:
        from collections import deque

        pending: deque[_Window] = deque()
        try:
            while True:
                while len(pending) < self._pace.waiting and (batch := list(islice(paths, self._pace.chunk))):
                    pending.append(self._opened(batch))
                if not pending:
                    return
                yield from self._closed(pending.popleft())
        finally:
            for window in pending if self._pace.cancels else ():
                if window.future is not None:
                    window.future.cancel()

    def _opened(self, batch: list[str]) -> _Window:
        known: list[Report | None] = [None] * len(batch)
        missing = batch
        tickets: list[Ticket | None] = [None] * len(batch)
        if self._cache is not None:
            looked = [self._cache.look(path) for path in batch]
            known = [report for report, _ in looked]
            missing = [path for path, (report, _) in zip(batch, looked, strict=True) if report is None]
            tickets = [ticket for report, ticket in looked if report is None]
        future = self._submit(self._work, missing, self._options) if missing else None
        return _Window(known, missing, tickets, future)

    def _closed(self, window: _Window) -> Iterator[Report]:
        judged = self._judged(window)
        if self._cache is not None:
            for ticket, fresh in zip(window.tickets, judged, strict=True):
                self._cache.keep(ticket, fresh)
        new = iter(judged)
        for report in window.known:
            yield report if report is not None else next(new)

    def _judged(self, window: _Window) -> list[Report]:
        if window.future is None:
            return []
        try:
            judged = window.future.result()
        except _misuse():
            raise
        except Exception:
            if self._options.debug:
                raise
            return [self._alone(path) for path in window.paths]
        self._pace.learn(judged)
        return judged

    def _alone(self, path: str) -> Report:
        """The report on a model whose worker was lost: it, or another of its chunk, may be why."""
        try:
            return self._submit(self._work, [path], self._options).result()[0]
        except _misuse():
            raise
        except Exception as error:  # noqa: BLE001 - whatever a cluster has for a worker that is gone
            message = f"the worker that judged it was lost, twice: {type(error).__name__}: {error}"[:300]
            return _unjudged(path, "MLM901", message)


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
    manager = getattr(pool, "_executor_manager_thread", None)
    pool.shutdown(wait=False, cancel_futures=True)
    if manager is not None:
        # It closes what concurrent.futures writes to when Python ends: both at once would be a traceback.
        manager.join(max(1.0, deadline - time.monotonic()))


def _begin(cleans: bool) -> None:
    """Begin as a worker: it is ended by the process that it works for, or by the end of that process."""
    garbage.collect_rarely()
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of them
    # Who only looks has made nothing, and ends at once: an exception may come where a library cannot take one.
    signal.signal(signal.SIGTERM, (lambda number, _: _leave(number)) if cleans else signal.SIG_DFL)
    end_with_parent()
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)


def _leave(number: int) -> None:
    raise Interrupted(number)


def _judge_chunk(paths: list[str], options: Options) -> list[Report]:
    """What a worker of any executor does."""
    return [_validate(path, options) for path in paths]


def _validate_chunk(paths: list[str], options: Options) -> list[Report]:
    try:
        return _judge_chunk(paths, options)
    except Interrupted as why:  # the pool would take it for the result, and go on
        os._exit(int(why.code or 1))


def _validate(path: str, options: Options) -> Report:
    try:
        return validate(path, options)
    except OSError as error:  # it vanished after it was found
        return _unjudged(path, "MLM902", error.strerror or str(error))
    except MlmodelError as error:
        from mlmodel.sources.addresses import AddressError, shown

        if not isinstance(error, AddressError):
            raise
        return _unjudged(shown(path), "MLM902", str(error))  # what reads it is not installed here


def _unjudged(path: str, rule: str, message: str) -> Report:
    return Report(path, Verdict.UNJUDGED, (new_finding(rule, message, Location()),))
