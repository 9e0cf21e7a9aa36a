"""Tries what Windows should refuse, and says what it did: one line of JSON on standard output.

A script: ``python -I -S -B denial_probes_windows.py ARGUMENTS``, with our own interpreter.  No process of Windows becomes
another, as ``launcher.py`` does; so this one runs right before the program, in the same job and with the same token.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # -I leaves it out

import denial_probes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_ERRORS = frozenset({errno.EACCES, errno.EPERM})
_WINDOWS_ERRORS = frozenset({5, 1314, 1816, 10013})
"""Access denied, privilege not held, not enough quota (of processes in the job), ``WSAEACCES``."""
RIGHTS = (0x1, 0x2, 0x20)
"""To end a process, to start a thread in it, to write to its memory."""


def refused(attempt: Callable[[], object]) -> bool:
    """Whether something that should be refused is."""
    try:
        attempt()
    except OSError as error:
        return error.errno in _ERRORS or getattr(error, "winerror", None) in _WINDOWS_ERRORS
    return False


def child() -> None:
    """Start a program, which proves by its answer that it ran."""
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", "print('ran')"], check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ).stdout  # fmt: skip
    if b"ran" not in answer:
        raise PermissionError(errno.EPERM, "it was ended before it ran")


def reach(process: int) -> None:
    """Get hold of a process, to do something to it."""
    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
    kernel.OpenProcess.restype = ctypes.c_void_p
    for right in RIGHTS:
        if kernel.OpenProcess(right, 0, process):
            return
    raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined,unused-ignore]


def proofs(canary: str, forbidden: str, process: int) -> dict[str, bool]:
    """What is refused, found out by trying; and whether the folder of one's own can be written to."""
    tries: dict[str, Callable[[], object]] = {
        "read": lambda: os.close(os.open(canary, os.O_RDONLY)),
        "write": lambda: os.close(os.open(canary, os.O_WRONLY | os.O_APPEND)),
        "write environment": lambda: denial_probes.create(forbidden),
        "chmod": lambda: os.chmod(canary, 0o600),
        "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "child": child,
        "reach": lambda: reach(process),
    }
    found = {name: refused(attempt) for name, attempt in tries.items()}
    try:
        denial_probes.create(os.curdir)
    except OSError:
        return {**found, "own folder": False}
    return {**found, "own folder": True}


if __name__ == "__main__":
    print(json.dumps(proofs(*json.loads(sys.argv[1]))), flush=True)  # noqa: T201
    os._exit(0)
