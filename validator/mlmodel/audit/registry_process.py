"""A registry that is asked by a process of its own.

MLflow's client takes more memory than everything that judges; here it is that of one process, which ends with the audit,
and the workers of the audit are made from one that has none of it.  It works while models are judged, a few batches
ahead, so that any number passes in flat memory.
"""

from __future__ import annotations

import gc
import signal
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlmodel.audit.client_imports import lean
from mlmodel.audit.registry import Registry, point
from mlmodel.audit.subjects import SourceError, WhereError
from mlmodel.common.ending import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from typing import Self

    from mlmodel.audit.rows import Row
    from mlmodel.audit.subjects import Subject, Wanted

_BATCH = 200
"""Subjects that are handed over at once."""
_AHEAD = 4
"""Batches that are asked for before the first of them is used up."""
_GARBAGE = 10_000
"""Objects after which Python looks for circular garbage: SQLAlchemy leaves much."""
_PATIENCE = 5.0
"""Seconds that the process has to end."""


class RegistryProcess:
    """What :class:`mlmodel.audit.registry.Registry` offers to an audit, asked for in another process."""

    def __init__(self, tracking_uri: str | None, registry_uri: str | None, *, keeps: bool) -> None:
        """Begin to connect; the arguments are those of a registry.

        Raises:
            WhereError: there is nothing at the address.
        """
        import multiprocessing

        point(tracking_uri, registry_uri)
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, tracking_uri, registry_uri, keeps), daemon=True
        )
        self._process.start()
        theirs.close()
        self._batches: deque[list[Subject] | Exception] = deque()
        self._outstanding = 0

    def connect(self) -> None:
        """Wait until it has connected.

        Raises:
            WhereError: no MLflow is installed, or there is nothing at the address.
        """
        self._answer("connected")

    def subjects(self, where: str, wanted: Wanted) -> Iterator[Subject]:
        """The models that an address names; to be used up before the next are asked for.

        Raises:
            WhereError: it names nothing.
            SourceError: the server does not answer, or refuses.
        """
        self._ask("subjects", where, wanted)
        for _ in range(_AHEAD):
            self._ask_for_more()
        while batch := self._next_batch():
            self._ask_for_more()
            yield from batch
        while self._outstanding:
            self._next_batch()  # empty, too

    def tag(self, subject: Subject, row: Row) -> None:
        """Write verdict, counts and digest as tags of a model version.

        Raises:
            SourceError: the server does not answer, or refuses.
        """
        self._ask("tag", subject, {**row, "findings": []})
        self._answer("tagged")

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- what is said to the process, and what it says -------------------------------------------

    def _ask(self, *what: Any) -> None:
        try:
            self._connection.send(what)
        except OSError:
            raise self._lost() from None

    def _ask_for_more(self) -> None:
        self._ask("more")
        self._outstanding += 1

    def _next_batch(self) -> list[Subject]:
        while not self._batches:
            self._receive()
        found = self._batches.popleft()
        if isinstance(found, Exception):
            raise found
        return found

    def _answer(self, wanted: str) -> None:
        while self._receive() != wanted:
            continue  # a batch came first

    def _receive(self) -> str:
        """The kind of the next thing that is said; batches are put aside.

        Raises:
            WhereError: what was asked for cannot be.
            SourceError: likewise, or the process is gone.
        """
        try:
            kind, value = self._connection.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if kind == "batch":
            self._outstanding -= 1
            self._batches.append(value)
        elif isinstance(value, Exception):
            raise value
        return str(kind)

    def _lost(self) -> SourceError:
        self._process.join(_PATIENCE)
        return SourceError(
            f"the process that asks the registry was lost (exit status {self._process.exitcode})"
        )


# -- in the process ------------------------------------------------------------------------------------------


def _serve(connection: Connection, tracking_uri: str | None, registry_uri: str | None, keeps: bool) -> None:
    gc.set_threshold(_GARBAGE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all of them
    end_with_parent()
    try:
        with lean():
            registry = Registry(tracking_uri, registry_uri, keeps=keeps)
    except Exception as error:  # noqa: BLE001 - it is raised where it can be said
        connection.send(("connected", _sendable(error)))
        return
    connection.send(("connected", None))
    batches: Iterator[list[Subject] | Exception] = iter(())
    while True:
        try:
            what, *arguments = connection.recv()
        except (EOFError, OSError):
            return
        if what == "subjects":
            batches = _batches(registry.subjects(*arguments))
        elif what == "more":
            connection.send(("batch", next(batches, [])))
        else:
            connection.send(("tagged", _tagged(registry, *arguments)))


def _batches(subjects: Iterator[Subject]) -> Iterator[list[Subject] | Exception]:
    """Subjects, so many at once; an error comes behind those that were found before it."""
    while True:
        found: list[Subject] = []
        error = None
        try:
            found.extend(islice(subjects, _BATCH))
        except Exception as caught:  # noqa: BLE001 - it is raised where it can be said
            error = _sendable(caught)
        if found:
            yield found
        if error is not None:
            yield error
        if error is not None or not found:
            return


def _tagged(registry: Registry, subject: Subject, row: Row) -> Exception | None:
    try:
        registry.tag(subject, row)
    except Exception as error:  # noqa: BLE001 - it is raised where it can be said
        return _sendable(error)
    return None


def _sendable(error: Exception) -> Exception:
    """An error as one of ours: that of a library may not be the same in the other process."""
    if isinstance(error, (WhereError, SourceError)):
        return type(error)(str(error))
    return RuntimeError(f"{type(error).__name__}: {error}")
