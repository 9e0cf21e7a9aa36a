"""How much memory a process takes."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from mlmodel.runtime.confinement import memory


class Usage(ctypes.Structure):
    """``rusage_info_v0`` of ``<sys/resource.h>``."""

    _fields_ = (
        ("ri_uuid", ctypes.c_uint8 * 16), ("ri_user_time", ctypes.c_uint64), ("ri_system_time", ctypes.c_uint64),
        ("ri_pkg_idle_wkups", ctypes.c_uint64), ("ri_interrupt_wkups", ctypes.c_uint64), ("ri_pageins", ctypes.c_uint64),
        ("ri_wired_size", ctypes.c_uint64), ("ri_resident_size", ctypes.c_uint64), ("ri_phys_footprint", ctypes.c_uint64),
        ("ri_proc_start_abstime", ctypes.c_uint64), ("ri_proc_exit_abstime", ctypes.c_uint64),
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="not told there")
def test_the_memory_of_a_process() -> None:
    program = "held = bytes(range(256)) * (1 << 18); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        taken = memory.resident(process.pid)
        process.communicate(b"\n")
    assert 1 << 26 < taken < 1 << 28
    assert memory.resident(process.pid) == 0


def test_what_is_swapped_out_counts() -> None:
    text = (
        "Name:\tVmRSS:\nVmPeak:\t    9000 kB\nVmRSS:\t     100 kB\nRssAnon:\t  90 kB\nVmSwap:\t      28 kB\n"
    )
    assert memory.of_status(text) == 128 << 10
    assert memory.of_status("Name:\tpython\nState:\tZ (zombie)\n") == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_the_buffers_of_sockets_count() -> None:
    def measured() -> int:
        return memory.buffers(memory.tasks(os.getpid()))

    before = measured()
    one, other = socket.socketpair()
    with one, other:
        room = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert measured() - before >= 2 * room
    assert measured() == before
    assert memory.buffers(["/proc/0/task/0"]) == 0


@pytest.mark.parametrize(("resident", "footprint"), [(5 << 30, 1), (1, 5 << 30)])
def test_macos_counts_what_is_resident_or_compressed(resident: int, footprint: int) -> None:
    def answer(pid: int, flavor: int, buffer: int) -> int:
        assert (pid, flavor) == (os.getpid(), 0)
        usage = Usage.from_address(buffer)
        ctypes.memset(buffer, 0xFF, ctypes.sizeof(usage))
        usage.ri_resident_size, usage.ri_phys_footprint = resident, footprint
        return 0

    assert ctypes.sizeof(Usage) == memory._SIZE
    function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    assert memory.of_macos(SimpleNamespace(proc_pid_rusage=function(answer)), os.getpid()) == 5 << 30


def test_macos_does_not_always_tell() -> None:
    function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    assert memory.of_macos(SimpleNamespace(proc_pid_rusage=function(lambda *_: -1)), 1) == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="it has the library")
def test_nothing_is_told_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor by one without the function."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert memory.resident(os.getpid()) == 0
    monkeypatch.setattr(ctypes, "CDLL", lambda path: SimpleNamespace(path=path))
    assert memory.resident(os.getpid()) == 0
