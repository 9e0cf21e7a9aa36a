r"""Confinement on Windows: a job, a weaker token, and a watchdog.

A **job** ends with us, holds one process, and limits memory and processor time.  The **token** has no privileges
and low integrity, so that nothing of the user's can be changed but the scratch folder, and what Windows leaves to
low integrity: ``AppData\LocalLow``, and the scratch folders and processes of models that are loaded at the same
time.  Neither keeps a process from reading files or from the network, nor from asking a service of Windows to do
something for it.

What is refused is tried by ``denial_probes_windows.py``, in the same job and with the same token, right before the program.

Of this, only what Wine implements has been run: starting, handles, reports, the watchdog, and ending the job.
That low integrity and the job's limits of processes, memory and time are kept is what Microsoft documents
("Mandatory Integrity Control", "Job Objects"); the attempts tell whether it is so.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from mlmodel.common.records import Record
from mlmodel.runtime.confinement import disk, policy, promises
from mlmodel.runtime.confinement.watching import (
    CANCELLED,
    INTERVAL,
    MAX_OUTPUT,
    MAX_REPORT,
    Outcome,
    UnconfinedError,
    exceeded,
    held,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlmodel.runtime.confinement.policy import Limits

PROBES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "denial_probes_windows.py")
PROTECTED = promises.protected(promises.WINDOWS)
"""What is protected, and what has to be refused for it."""
CHANGES = ("write", "write environment", "chmod")
STARTING = 60.0
"""Seconds for trying what is refused."""
KILLED = -9
"""The status of what we ended."""
NOT_ENOUGH_QUOTA = 1816
"""The exit status of what a job ended because its time was over."""
_SIGNALS = {
    0xC0000005: signal.SIGSEGV,  # access violation
    0xC00000FD: signal.SIGSEGV,  # stack overflow
    0xC000001D: signal.SIGILL,
    0xC0000094: signal.SIGFPE,  # a division of integers by zero
    0xC0000409: signal.SIGABRT,  # abort() of the C library, and what compilers find to be overrun
}
"""What the statuses of processes that died mean elsewhere."""


class Process(Protocol):
    """A process that was started."""

    def wait(self, seconds: float) -> int | None:
        """Its exit status, None while it runs."""

    def memory(self) -> int:
        """Bytes of it that are resident."""


class Job(Protocol):
    """Processes that end together."""

    layers: list[str]

    def active(self) -> int:
        """How many are in it."""

    def start(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        folder: str,
        output: int,
        passed: Sequence[int],
        token: Any,
    ) -> Process:
        """Start one more."""

    def end(self) -> None:
        """End them all."""

    def close(self) -> None:
        """End them all, and the job."""


class System(Protocol):
    """What :mod:`mlmodel.runtime.confinement.winapi` offers."""

    def Job(self, limits: Limits, seconds: int) -> Job:  # noqa: N802
        """A new job."""

    def weaker(self) -> Any:
        """A token of low integrity."""

    def give(self, folder: str) -> None:
        """Let processes of low integrity write to a folder."""

    def inheritable(self, descriptor: int) -> int:
        """The handle of a descriptor, which a process can be given."""


class _Way(Record):
    """How a program is going to be started, and what that keeps it from."""

    job: Job
    token: Any
    proofs: dict[str, bool]
    layers: tuple[str, ...]


def run(
    command: Callable[[int, str], list[str]],
    *,
    variables: Iterable[tuple[str, str]] = (),
    forbidden: str,
    scratch: str,
    limits: Limits,
    weak: bool,
    without: tuple[str, ...],
    listen: Callable[[bytes], None] | None,
    stop: threading.Event | None,
    system: System,
) -> Outcome:
    """Run a program confined, as :func:`mlmodel.runtime.confinement.supervisor.run` does."""
    seconds = int(limits.wall * min(os.cpu_count() or 1, 8)) + 1
    with contextlib.ExitStack() as closing:
        way = _way(forbidden, scratch, limits, seconds, without, system, closing)
        enforced, missing = held(PROTECTED, way.proofs)
        if not weak and {"files", "network"} & set(missing):
            raise UnconfinedError(f"{' and '.join(missing)} would stay open to it", missing)
        if "files" in missing and all(way.proofs[proof] for proof in CHANGES):
            enforced.insert(0, "changes of files")
        report, reporting = os.pipe()
        output, printing = os.pipe()
        handle = system.inheritable(reporting)
        try:
            program, launching = policy.program(command(handle, scratch))
            process = way.job.start(
                program,
                {**policy.variables(scratch), "PATH": _path(program[0]), **dict(variables), **launching},
                scratch,
                system.inheritable(printing),
                [handle],
                way.token,
            )
        except OSError as error:
            raise UnconfinedError(f"the program could not be started: {error}") from None
        finally:
            os.close(reporting)
            os.close(printing)
            told, printed = _Reader(report, MAX_REPORT), _Reader(output, MAX_OUTPUT, last=True)
        status, limit = _watched(process, told, scratch, limits, listen, stop)
        way.job.end()
        told.join(10)
        printed.join(10)
    if limit is None and told.full:
        limit = f"{MAX_REPORT >> 20} MiB of report"
    if limit is None and status == NOT_ENOUGH_QUOTA:
        status, limit = KILLED, f"{seconds} seconds of processor time"
    return Outcome(
        bytes(told.kept),
        KILLED if limit is not None or status is None else _status(status),
        limit,
        bytes(printed.kept),
        (*enforced, "limits"),
        tuple(missing),
        way.layers,
        tuple((name, way.proofs[name]) for words in PROTECTED.values() for name in words),
    )


def _path(python: str) -> str:
    """The ``PATH`` for an interpreter: conda keeps the libraries of its packages beside it, and has them found so."""
    home = os.path.dirname(python)
    return os.pathsep.join([home, os.path.join(home, "Library", "bin"), policy.variables(home)["PATH"]])


def _status(status: int) -> int:
    """An exit status, negative for the signal that the end of a process would be elsewhere."""
    return -_SIGNALS[status] if status in _SIGNALS else status


# -- before it starts ----------------------------------------------------------------------------------


def _way(
    forbidden: str,
    scratch: str,
    limits: Limits,
    seconds: int,
    without: tuple[str, ...],
    system: System,
    closing: contextlib.ExitStack,
) -> _Way:
    """The strongest way of starting a program that works here.

    Raises:
        UnconfinedError: none does.
    """
    why = ""
    for weaker in (True, False) if "token" not in without else (False,):
        try:
            token = None
            if weaker:
                token = system.weaker()
                closing.callback(token.close)
                system.give(scratch)
            job = system.Job(limits, seconds)
            closing.callback(job.close)
            proofs = _tried(job, token, forbidden, scratch, system)
        except (OSError, ValueError) as error:
            why = str(error)
            continue
        if proofs["own folder"] or not weaker:
            return _Way(job, token, proofs, (*job.layers, *(["token"] if weaker else [])))
    raise UnconfinedError(f"the confinement did not start: {why}")


def _tried(job: Job, token: Any, forbidden: str, scratch: str, system: System) -> dict[str, bool]:
    """What is refused to a process in a job and with a token, which is then gone.

    Raises:
        OSError: it does not start.
        ValueError: it does not answer.
    """
    with disk.scratch() as folder:
        canary = os.path.join(folder, "canary")
        with open(canary, "wb"):
            pass
        answer, answering = os.pipe()
        try:
            # The interpreter itself, not the launcher of a virtual environment, which would start it as its child.
            python = getattr(sys, "_base_executable", sys.executable)
            process = job.start(
                [python, "-I", "-S", "-B", PROBES, json.dumps([canary, forbidden, os.getpid()])],
                policy.variables(scratch),
                scratch,
                system.inheritable(answering),
                [],
                token,
            )
        finally:
            os.close(answering)
            said = _Reader(answer, MAX_OUTPUT)
        status = process.wait(STARTING)
        if status is None:
            job.end()
        said.join(10)
        until = time.monotonic() + 10
        while job.active() and time.monotonic() < until:  # the next process is to be its only one
            time.sleep(0.01)
    text = bytes(said.kept).decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        raise ValueError(text.strip()[-300:] or f"status {status}") from None
    return {str(name): value is True for name, value in found.items()}


# -- while it runs -------------------------------------------------------------------------------------


def _watched(
    process: Process,
    told: _Reader,
    scratch: str,
    limits: Limits,
    listen: Callable[[bytes], None] | None,
    stop: threading.Event | None,
) -> tuple[int | None, str | None]:
    """The exit status of a process, or the limit that it reached."""
    deadline = time.monotonic() + limits.wall
    while True:
        status = process.wait(INTERVAL)
        left = deadline - time.monotonic()
        if status is not None:
            return status, None
        limit = exceeded(process.memory(), told.kept, scratch, limits, left)
        if limit is not None:
            return None, limit
        if listen is not None:
            listen(bytes(told.kept[-4096:]))
        if stop is not None and stop.is_set():
            return None, CANCELLED


class _Reader(threading.Thread):
    """Reads a pipe to its end: nothing of Windows waits for several of them."""

    def __init__(self, descriptor: int, most: int, *, last: bool = False) -> None:
        super().__init__(daemon=True)
        self.kept = bytearray()
        self.full = False
        """Whether more came than is kept, and reading has ended for that."""
        self._descriptor = descriptor
        self._most = most
        self._last = last
        self.start()

    def run(self) -> None:
        """Read, and keep the last bytes of all or the first ones."""
        try:
            while not self.full and (block := os.read(self._descriptor, 65536)):
                self.kept += block
                if self._last:
                    del self.kept[: -self._most]
                self.full = len(self.kept) > self._most
        finally:
            os.close(self._descriptor)
