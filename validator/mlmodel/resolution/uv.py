"""uv: where it is, how it is asked, and what its answers mean.

It runs with the indexes, the cache and the credentials of the user's own configuration.  What a model says
reaches it in files only, as requirements that our own parser accepted.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from importlib import import_module
from typing import TYPE_CHECKING

from mlmodel.common import interruption
from mlmodel.common.errors import MlmodelError
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ROOM = 256 * 1024
"""Bytes that uv's files take, at least: requirements, a lock and what it says."""
MAX_OUTPUT = 256 * 1024
"""Bytes of uv's explanation that are read."""


class MissingToolError(MlmodelError):
    """uv is not installed."""

    def __init__(self, option: str = "--resolve") -> None:
        super().__init__(f"{option} needs uv, which `pip install 'mlmodel[load]'` brings")


class UnansweredError(Exception):
    """The index could not be asked, so that nothing is known."""


class ToolFailedError(UnansweredError):
    """uv could not work on this machine: a disk is full, or a folder of its cannot be written to."""


class Answer(Record):
    """What uv said."""

    solved: bool
    text: str
    """Its messages, color and wrapping removed."""


def find_uv(option: str = "--resolve") -> str:
    """The path of uv: that of the extra, else the one on the PATH.

    Raises:
        MissingToolError: there is none; its text says that ``option`` needs it.
    """
    try:
        return str(import_module("uv").find_uv_bin())
    except (ImportError, AttributeError, OSError):
        pass
    found = shutil.which("uv")
    if found is None:
        raise MissingToolError(option)
    return os.path.abspath(found)


def write(folder: str, name: str, lines: Sequence[str]) -> None:
    """Write a file for uv to read, a line each."""
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def too_long(timeout: float) -> str:
    """What to say when uv took longer than that many seconds."""
    return f"no answer within {timeout:.0f} seconds"


def ask(
    uv: str,
    arguments: Sequence[str],
    folder: str,
    timeout: float,
    *,
    variables: Mapping[str, str | None] | None = None,
    listen: Callable[[str], None] | None = None,
) -> Answer:
    """Run uv in a folder of ours.

    Args:
        uv: its path.
        arguments: a list of our own words; what a model says is in files.
        folder: where it runs; no configuration above the folder counts.
        timeout: seconds that it may take.
        variables: environment variables that differ from ours; None takes one away.
        listen: is given the last line that uv has printed, several times a second.

    Raises:
        UnansweredError: uv could not find out.
    """
    write(folder, "uv.toml", ())  # so that none above the directory counts; the user's own does
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_WRAP": "1", "NO_COLOR": "1"}
    for name, value in {"FORCE_COLOR": None, **(variables or {})}.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    with tempfile.TemporaryFile(dir=folder) as messages, contextlib.ExitStack() as closing:
        try:
            with interruption.held():
                process = subprocess.Popen(  # noqa: S603
                    [uv, *arguments],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=messages,
                )
                closing.enter_context(process)
                closing.callback(process.kill)
        except OSError as error:
            raise ToolFailedError(f"uv does not run: {error.strerror}: {uv}") from None
        try:
            _wait(process, time.monotonic() + timeout, messages.fileno(), listen)
        except subprocess.TimeoutExpired:
            raise UnansweredError(too_long(timeout)) from None
        messages.seek(0)
        text = messages.read(MAX_OUTPUT).decode("utf-8", "replace")
    if process.returncode:
        _check_room(folder)  # where uv cannot write, it cannot say so either
    return answer(process.returncode, text)


def _check_room(folder: str) -> None:
    """Find out that there is room in the folder where uv ran.

    Raises:
        ToolFailedError: there is none.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_ROOM))
    except OSError as error:
        raise ToolFailedError(f"uv cannot write: {error.strerror}: {folder}") from None


def _wait(
    process: subprocess.Popen[bytes], deadline: float, messages: int, listen: Callable[[str], None] | None
) -> None:
    if listen is None or not hasattr(os, "pread"):
        process.wait(max(0.0, deadline - time.monotonic()))
        return
    while True:
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise
        else:
            return
        size = os.fstat(messages).st_size
        tail = os.pread(messages, 500, max(0, size - 500)).decode("utf-8", "replace").split("\n")
        listen(next((line.strip() for line in reversed(tail) if line.strip()), ""))


_COLORS = lazy_pattern(r"\x1b\[[0-9;]*m")
_OFFLINE = lazy_pattern(r"could not be queried|lack of valid authentication|network was disabled")


def answer(status: int, output: str) -> Answer:
    """Tell what uv found out from what kept it from finding out.

    Raises:
        UnansweredError: something did.
    """
    text = _COLORS.sub("", output)
    if status == 0:
        return Answer(True, text)
    fault = _machine(text)
    if fault is not None:
        raise ToolFailedError(fault)
    if status < 0:
        raise ToolFailedError(f"uv died of signal {-status}")
    unanswered = _OFFLINE.search(text)
    if status == 1 and "No solution found" in text and not unanswered:
        return Answer(False, text)
    lines = [line.strip() for line in text.splitlines()]
    reason = next((line for line in lines if _OFFLINE.search(line)), None)
    reason = reason or next((line for line in lines if line.startswith("error:")), f"uv ended with {status}")
    causes = [line for line in lines if re.match(r"(?i)cause(?:d by)?:", line)] if not unanswered else []
    reason = ": ".join([reason, *causes[-1:]])
    reason = re.sub(r"(?i)\b(?:error|hint|cause|caused by):\s*", "", reason)
    raise UnansweredError(re.sub(r"//[^/@\s]*@", "//", reason)[:300])


# Permission denied, not a directory, is a directory, no space left, read-only, text busy, quota exceeded, I/O error.
_MACHINE = lazy_pattern(
    r"(?P<why>[A-Z][a-z][\w -]*?) ?\(os error (?:1|5|13|20|21|26|28|30|122)\)"
    r"|(?P<words>No space left on device|Read-only file system)"
)
_PATH = lazy_pattern(r"(?:[`\"']| to | at )(/[^`\"':\n]+|[A-Za-z]:\\[^`\"'\n]+)")


def _machine(text: str) -> str | None:
    """What of this machine kept uv from working, with the path that it names; None where nothing did."""
    for number, line in enumerate(lines := text.splitlines()):
        match = _MACHINE.search(line)
        if match is not None:
            near = _PATH.findall(line) or _PATH.findall("\n".join(lines[max(0, number - 3) : number]))
            where = f": {near[-1]}" if near else ""
            return f"uv says: {match['why'] or match['words']}{where}"[:400]
    return None


def explanation_of_date(text: str) -> str | None:
    """Why ``--exclude-newer`` left nothing: the releases that are too new, "" where the index has no dates, and
    None where that was not the reason."""
    late = re.search(
        r"`?([A-Za-z0-9._-]+)`? was filtered by [`']?exclude-newer.*?(?:published at (\S+))", text, re.DOTALL
    )
    if late is not None:
        return f"{late[1]}, published {late[2][:10]}"
    if "exclude-newer" in text:
        return re.sub(r"\s+", " ", text.partition("hint:")[2])[:200].strip()
    return "" if "missing an upload date" in text else None
