"""How much memory a process takes, as its system tells."""

from __future__ import annotations

import contextlib
import os
import re
import struct
import sys
from functools import cache
from typing import Any

from mlmodel.common.patterns import lazy_pattern

LIBRARY = "/usr/lib/libproc.dylib"
_USAGE, _SIZE = 0, 96
"""``RUSAGE_INFO_V0`` of macOS, and the bytes of a ``rusage_info_v0`` (``<sys/resource.h>``)."""
_RESIDENT = 16 + 6 * 8
"""Where ``ri_resident_size`` is in it, behind a UUID and six numbers; ``ri_phys_footprint`` follows."""


def resident(pid: int) -> int:
    """Bytes of memory that a process of one's own takes, on Linux with what is swapped out; 0 where the system does not say."""
    if sys.platform != "darwin":
        return _of_linux(pid)
    import ctypes

    try:
        return of_macos(ctypes.CDLL(LIBRARY), pid)
    except (OSError, AttributeError):
        return 0


def tasks(pid: int) -> list[str]:
    """The folders of the threads of a process in ``/proc``, none where the system has no such."""
    folder = f"/proc/{pid}/task"
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder)]
    except OSError:
        return []


def opened(task: str) -> list[tuple[str, str]]:
    """The descriptors of a thread, each with what it leads to.

    Raises:
        OSError: the thread has ended.
    """
    found = []
    with os.scandir(f"{task}/fd") as descriptors:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                found.append((descriptor.path, os.readlink(descriptor.path)))
    return found


def buffers(tasks: list[str]) -> int:
    """Bytes that the sockets of a process may hold, which it does not have among its own memory.

    Args:
        tasks: the folders of its threads in ``/proc``; they share their descriptors.
    """
    for task in tasks:
        with contextlib.suppress(OSError):
            descriptors = opened(task)
            if descriptors:
                return sum(goal.startswith("socket:") for _, goal in descriptors) * _of_a_socket()
    return 0


@cache
def _of_a_socket() -> int:
    """Bytes: its buffer, which is only looked at before the last message, and what the kernel needs itself."""
    try:
        with open("/proc/sys/net/core/wmem_default", encoding="ascii") as file:
            return 2 * int(file.read())
    except (OSError, ValueError):  # in a network namespace of a kernel that tells it only outside
        return 2 * 212_992


_TAKEN = lazy_pattern(r"^Vm(?:RSS|Swap):\s+(\d+) kB$", re.MULTILINE)


def of_status(text: str) -> int:
    """Bytes that are resident or swapped out, as ``/proc/PID/status`` tells; 0 of a thread that has ended."""
    return sum(int(size) << 10 for size in _TAKEN.findall(text))


def _of_linux(pid: int) -> int:
    """The same for every thread, but one that has ended, as the first one may have, says nothing."""
    for folder in (f"/proc/{pid}", *tasks(pid)):
        try:
            with open(f"{folder}/status", encoding="utf-8", errors="replace") as file:
                taken = of_status(file.read())
        except OSError:
            continue
        if taken:
            return taken
    return 0


def of_macos(libproc: Any, pid: int) -> int:
    """What is resident, or what a process has made its own, with what of that is compressed, if that is more."""
    import ctypes

    libproc.proc_pid_rusage.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    libproc.proc_pid_rusage.restype = ctypes.c_int
    usage = ctypes.create_string_buffer(_SIZE)
    if libproc.proc_pid_rusage(pid, _USAGE, usage) != 0:
        return 0
    return int(max(struct.unpack_from("=QQ", usage, _RESIDENT)))
