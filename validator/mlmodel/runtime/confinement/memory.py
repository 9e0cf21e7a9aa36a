"""How much memory a process takes, as its system tells."""

from __future__ import annotations

import os
import struct
import sys
from typing import Any

LIBRARY = "/usr/lib/libproc.dylib"
_USAGE, _SIZE = 0, 96
"""``RUSAGE_INFO_V0`` of macOS, and the bytes of a ``rusage_info_v0`` (``<sys/resource.h>``)."""
_RESIDENT = 16 + 6 * 8
"""Where ``ri_resident_size`` is in it, behind a UUID and six numbers; ``ri_phys_footprint`` follows."""


def resident(pid: int) -> int:
    """Bytes of memory that a process of one's own takes; 0 where the system does not say."""
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


def _of_linux(pid: int) -> int:
    """The same for every thread, but one that has ended, as the first one may have, says 0."""
    for folder in (f"/proc/{pid}", *tasks(pid)):
        try:
            with open(f"{folder}/statm", encoding="ascii") as file:
                taken = int(file.read().split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if taken:
            return taken * os.sysconf("SC_PAGE_SIZE")
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
