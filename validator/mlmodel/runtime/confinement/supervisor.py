"""Starts a confined process, watches what it uses, and gathers what it says."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from mlmodel.common import interruption
from mlmodel.runtime.confinement import disk, memory, policy, promises
from mlmodel.runtime.confinement.watching import (
    CANCELLED,
    INTERVAL,
    MAX_OUTPUT,
    Outcome,
    UnconfinedError,
    exceeded,
    held,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from mlmodel.runtime.confinement.policy import Limits

LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launcher.py")
PROTECTED = promises.protected(promises.MACOS if sys.platform == "darwin" else promises.LINUX)
"""What is protected, and what has to be refused for it."""


def run(
    command: Callable[[int, str], list[str]],
    *,
    python: str,
    read: list[str],
    forbidden: str,
    scratch: str,
    limits: Limits,
    variables: Iterable[tuple[str, str]] = (),
    weak: bool = False,
    without: tuple[str, ...] = (),
    listen: Callable[[bytes], None] | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Run a program confined.

    Args:
        command: makes the command, given the descriptor for its report and its scratch folder.
        python: the interpreter that it starts with.
        read: what it may read beside the interpreter's own installation.
        forbidden: a folder of that installation, in which it must not write.
        scratch: a folder of its own.
        limits: what it may use.
        variables: environment variables beside those of every run.
        weak: start it also where files or the network stay open.
        without: layers to leave out, for tests.
        listen: is given the end of the report so far, several times a second.
        stop: ends it when set.

    Raises:
        UnconfinedError: files or the network would stay open, and ``weak`` is not set.
    """
    if sys.platform == "win32":
        from mlmodel.runtime.confinement import winapi, windows

        return windows.run(
            command, variables=variables, forbidden=forbidden, scratch=scratch, limits=limits, weak=weak,
            without=without, listen=listen, stop=stop, system=winapi,
        )  # fmt: skip
    with disk.scratch() as folder, contextlib.ExitStack() as closing:
        report, reporting = os.pipe()
        closing.callback(os.close, report)
        status, answering = os.pipe()
        closing.callback(os.close, status)
        text = _policy(
            command(reporting, scratch), python, read, forbidden, scratch, folder, limits, answering
        )
        text["needed"] = [] if weak else [*PROTECTED["files"], *PROTECTED["network"]]
        text["without"] = list(without)
        text["environment"].update(variables)
        path = os.path.join(folder, "policy.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(text, file)
        with interruption.held():
            process = subprocess.Popen(  # noqa: S603 -- our own script, with our own interpreter
                [sys.executable, "-I", "-S", "-B", LAUNCHER, path],
                env=policy.variables(scratch),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(reporting, answering),
                start_new_session=True,
            )
            closing.callback(_end, process)
        os.close(reporting)
        os.close(answering)
        return _watched(process, report, status, scratch, limits, listen, stop)


def _policy(
    command: list[str],
    python: str,
    read: list[str],
    forbidden: str,
    scratch: str,
    folder: str,
    limits: Limits,
    answering: int,
) -> dict[str, Any]:
    folder = os.path.realpath(folder)
    canary, readable = os.path.join(folder, "canary"), os.path.join(folder, "readable")
    for path in (canary, readable):
        with open(path, "wb"):
            pass
        os.chmod(path, 0o700)
    cores = os.cpu_count() or 1
    return {
        **policy.rules(python, [*read, readable], scratch),
        "command": command,
        "environment": policy.variables(scratch),
        "folder": scratch,
        "status": answering,
        "canary": canary,
        "readable": readable,
        "forbidden": forbidden,
        "cpu": int(limits.wall * min(cores, 8)) + 1,
        "address_space": limits.address_space,
        "disk": limits.disk,
        "threads": policy.threads(),
        "parent": os.getpid(),
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _watched(
    process: subprocess.Popen[bytes],
    report: int,
    status: int,
    scratch: str,
    limits: Limits,
    listen: Callable[[bytes], None] | None,
    stop: threading.Event | None,
) -> Outcome:
    kept = {"report": bytearray(), "status": bytearray(), "output": bytearray()}
    assert process.stdout is not None
    deadline = time.monotonic() + limits.wall
    limit: str | None = None
    with selectors.DefaultSelector() as selector:
        for descriptor, name in ((report, "report"), (status, "status"), (process.stdout.fileno(), "output")):
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ, name)
        due = 0.0
        while limit is None and (process.poll() is None or selector.select(0)):
            if not selector.get_map():  # it has closed them all, and may go on
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(INTERVAL)
            for key, _ in selector.select(INTERVAL) if selector.get_map() else ():
                block = os.read(key.fd, 65536)
                if not block:
                    selector.unregister(key.fd)
                kept[key.data] += block
            del kept["output"][:-MAX_OUTPUT]
            now = time.monotonic()
            if now >= due:
                limit = _exceeded(process.pid, kept["report"], scratch, limits, deadline - now)
                if limit is None and len(kept["status"]) > MAX_OUTPUT:
                    limit = "one line of status"
                if listen is not None:
                    listen(bytes(kept["report"][-4096:]))
                took = time.monotonic() - now
                due = now + min(max(INTERVAL, 40 * took), 10 * INTERVAL)  # looking takes little of the time
            if stop is not None and stop.is_set():
                limit = CANCELLED
    _end(process)
    return _outcome(process.returncode, kept, limit, limits)


def _exceeded(pid: int, report: bytearray, scratch: str, limits: Limits, left: float) -> str | None:
    tasks = memory.tasks(pid)
    if len(tasks) > policy.threads():
        return f"{policy.threads()} threads"
    removed = disk.removed(tasks, scratch, limits.disk)
    taken = memory.resident(pid) + memory.buffers(tasks)
    return exceeded(taken, report, scratch, limits, left, removed)


_LIMITS = "limits" if memory.resident(os.getpid()) else "limits of time and disk"
"""What is watched: how much memory a process takes, not every system tells."""


def _outcome(returned: int, kept: dict[str, bytearray], limit: str | None, limits: Limits) -> Outcome:
    try:
        told = json.loads(kept["status"])
    except ValueError:
        reason = bytes(kept["output"]).decode("utf-8", "replace").strip()[-300:]
        raise UnconfinedError(f"the confinement did not start: {limit or reason or returned}") from None
    proofs = {name: told["proofs"].get(name) is True for words in PROTECTED.values() for name in words}
    enforced, missing = held(PROTECTED, proofs)
    if returned == 99 and not kept["report"]:
        said = (
            bytes(kept["output"]).decode("utf-8", "replace").strip().splitlines()[-1:]
        )  # why a layer is not on
        why = f" ({said[0][:200]})" if said else ""
        raise UnconfinedError(f"{' and '.join(missing)} would stay open to it{why}", missing)
    if returned == -signal.SIGXCPU:
        limit = limit or f"{int(limits.wall)} seconds of processor time"
    return Outcome(
        bytes(kept["report"]),
        returned,
        limit,
        bytes(kept["output"]),
        tuple(enforced) if "limits" in PROTECTED else (*enforced, _LIMITS),
        tuple(missing),
        tuple(told["layers"]),
        tuple(proofs.items()),
    )
