"""Implementations under test: one process that answers JSON lines, or a command that is run once a case.

A reply is the first line of the process's standard output that is a JSON object with the ``id`` of the request;
whatever else it prints is noise, and counted.  No answer in time, or a process that ends, is an error of the case.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

PROTOCOL = 1
_MAX_LINE = 64 * 1024 * 1024
_MAX_TAIL = 2000
_ENDING = 1.0
"""Seconds between the end of what a process writes and its own end."""


class AdapterError(Exception):
    """The implementation crashed, hung or answered rubbish; never a rejection."""


class About(Record):
    """What an implementation says of itself."""

    name: str
    version: str
    language: str
    roles: frozenset[str]
    features: frozenset[str]


class Adapter:
    """A process that answers requests; started when it is first asked, and again after it failed."""

    def __init__(self, command: Sequence[str], timeout: float, variables: dict[str, str]) -> None:
        self._command = list(command)
        self._timeout = timeout
        self._variables = variables
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._tail = b""
        self._count = 0
        self.noise = 0
        """Lines that were no answer."""

    def hello(self) -> About:
        """Ask what it is.

        Raises:
            AdapterError: it cannot be started, or does not answer.
        """
        reply = self.ask("hello", protocol=PROTOCOL)
        about = reply.get("implementation")
        about = about if isinstance(about, dict) else {}
        return About(
            str(about.get("name", self._command[0])),
            str(about.get("version", "")),
            str(about.get("language", "")),
            _texts(reply.get("roles")),
            _texts(reply.get("features")),
        )

    def ask(self, op: str, **arguments: object) -> dict[str, Any]:
        """Send a request, and wait for its reply.

        Raises:
            AdapterError: no reply.
        """
        self._start()
        self._count += 1
        id_ = self._count
        line = json.dumps({"id": id_, "op": op, **arguments}).encode() + b"\n"
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except OSError:
            raise self._failed("it ended before it was asked") from None
        deadline = time.monotonic() + self._timeout  # of the answer, whatever else it prints until then
        while True:
            try:
                answer = self._lines.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                raise self._failed(f"no answer within {self._timeout:g} seconds") from None
            if answer is None:
                raise self._failed("it ended without an answer")
            reply = _object(answer)
            if reply is not None and reply.get("id") == id_:
                return reply
            self.noise += 1
            if time.monotonic() >= deadline:
                raise self._failed(
                    f"no answer within {self._timeout:g} seconds, but {self.noise:,} other lines"
                )

    def close(self) -> None:
        """Let it end by itself, and end it when it does not."""
        if self._process is not None:
            try:
                self.ask("bye")
            except AdapterError:
                return
            self._end()

    def _start(self) -> None:
        if self._process is not None:
            return
        try:
            process = subprocess.Popen(  # noqa: S603 - what the user named
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **self._variables},
            )
        except OSError as error:
            raise AdapterError(f"{self._command[0]} cannot be started: {error.strerror or error}") from None
        self._process = process
        self._lines = queue.Queue(maxsize=10_000)
        self._tail = b""
        threading.Thread(target=self._read, args=(process, self._lines), daemon=True).start()
        threading.Thread(target=self._drain, args=(process,), daemon=True).start()

    @staticmethod
    def _read(process: subprocess.Popen[bytes], lines: queue.Queue[bytes | None]) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            while line := stream.readline(_MAX_LINE):
                lines.put(line)
            lines.put(None)

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr as stream:
            for line in stream:
                self._tail = (self._tail + line)[-_MAX_TAIL:]

    def _failed(self, reason: str) -> AdapterError:
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # what hangs has no exit code
                code = self._process.wait(timeout=_ENDING if "ended" in reason else 0)
        self._end()
        detail = f" (exit {code})" if code is not None else ""
        return AdapterError(f"{reason}{detail}{_last_lines(self._tail)}")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # what was not sent is lost with the process
            process.stdin.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_CRASH = lazy_pattern(
    rb"^(Traceback \(most recent call last\):|Exception in thread |Unhandled exception|panic: |thread '.*' panicked"
    rb"|Uncaught |node:internal/|fatal error: )",
    re.MULTILINE,
)
"""How Python, Java, .NET, Go, Rust and JavaScript begin to tell of a crash; some of them exit with 1 then."""
_SHOWN_LINES = 6


def _last_lines(text: bytes) -> str:
    """The end of what a program wrote to standard error, as the rest of a message."""
    lines = [
        line.rstrip() for line in text[-_MAX_TAIL:].decode("utf-8", "replace").splitlines() if line.strip()
    ]
    if not lines:
        return ""
    return f": {lines[-1]}" if len(lines) == 1 else ":\n    " + "\n    ".join(lines[-_SHOWN_LINES:])


class CommandAdapter:
    """A command with ``{model}`` in it: exit 0 is valid, 1 is invalid, everything else an error."""

    noise = 0

    def __init__(self, command: Sequence[str], timeout: float, variables: dict[str, str]) -> None:
        self._command = list(command)
        self._timeout = timeout
        self._variables = variables

    def hello(self) -> About:
        """A command says nothing of itself.

        Raises:
            AdapterError: there is no such program.
        """
        if shutil.which(self._command[0]) is None:
            raise AdapterError(f"{self._command[0]} cannot be started: there is no such program")
        return About(self._command[0], "", "", frozenset({"validator"}), frozenset())

    def ask(self, op: str, **arguments: object) -> dict[str, Any]:
        """Run it.

        Raises:
            AdapterError: it cannot be run, does not end, or ends with another code.
        """
        if op != "validate":
            raise AdapterError(f"a command cannot be asked to {op}")
        model = str(arguments["model"])
        command = [part.replace("{model}", model) for part in self._command]
        try:
            result = subprocess.run(  # noqa: S603 - what the user named
                command,
                check=False,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=self._timeout,
                env={**os.environ, **self._variables},
            )
        except OSError as error:
            raise AdapterError(f"{command[0]} cannot be started: {error.strerror or error}") from None
        except subprocess.TimeoutExpired:
            raise AdapterError(f"no answer within {self._timeout:g} seconds") from None
        if result.returncode not in (0, 1):
            raise AdapterError(f"exit {result.returncode}{_last_lines(result.stderr)}")
        if result.returncode == 1 and _CRASH.search(result.stderr):
            raise AdapterError(f"it crashed, with exit 1{_last_lines(result.stderr)}")
        return {"verdict": "invalid" if result.returncode else "valid"}

    def close(self) -> None:
        """Nothing is left running."""


Asked: TypeAlias = "Adapter | CommandAdapter"
"""What is under test."""


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _texts(value: object) -> frozenset[str]:
    return (
        frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()
    )
