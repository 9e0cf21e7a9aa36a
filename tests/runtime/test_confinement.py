"""What a confined program cannot do: each attempt is made, and what came of it is seen from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlmodel.runtime.confinement import supervisor, watching
from mlmodel.runtime.confinement.policy import Limits
from mlmodel.runtime.confinement.watching import Outcome, UnconfinedError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the layers are those of Linux")
SLOW = float(os.environ.get("MLMODEL_TEST_SLOW", "1"))
"""How many times slower than usual this machine is, as an emulated one; times are multiplied by it."""
SMALL = Limits(20.0 * SLOW, 1 << 29, 1 << 32, 1 << 24)
PRELUDE = """\
import ctypes, errno, os, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def tell(text):
    os.write(int(sys.argv[1]), str(text).encode() + b"\\n")
def attempt(work):
    try:
        tell(work())
    except OSError as error:
        tell(errno.errorcode[error.errno])
def call(number, *arguments):
    found = libc.syscall(number, *arguments)
    return found if found >= 0 else errno.errorcode[ctypes.get_errno()]
"""


def confined(
    folder: Path,
    program: str,
    limits: Limits = SMALL,
    *,
    weak: bool = False,
    without: tuple[str, ...] = (),
    prelude: str = PRELUDE,
) -> Outcome:
    """Run a program confined; it may tell its report with ``tell``."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    script = folder / "program.py"
    script.write_text(prelude + textwrap.dedent(program), encoding="utf-8")
    return supervisor.run(
        lambda report, _: [sys.executable, "-I", "-B", str(script), str(report)],
        python=sys.executable,
        read=[str(script)],
        forbidden=sys.prefix,
        scratch=str(scratch),
        limits=limits,
        weak=weak,
        without=without,
    )


def told(outcome: Outcome) -> list[str]:
    return outcome.report.decode().split()


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "outside" / "secret"
    path.parent.mkdir()
    path.write_text("secret")
    yield path
    assert path.read_text() == "secret"
    assert os.listdir(path.parent) == ["secret"]


def test_what_is_enforced_is_found_out_by_trying(tmp_path: Path) -> None:
    outcome = confined(tmp_path, "tell('ran')")
    assert told(outcome) == ["ran"]
    assert outcome.status == 0
    assert outcome.open == ()
    assert outcome.enforced == ("files", "network", "processes", "limits")
    assert {"limits", "landlock", "seccomp"} <= set(outcome.layers)


def test_honest_work(tmp_path: Path) -> None:
    outcome = confined(
        tmp_path,
        """
        import json, tempfile, concurrent.futures as futures
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("x")
        with futures.ThreadPoolExecutor(4) as pool:
            tell(sum(pool.map(int, "1234")))
        tell(len(open(os.__file__).read()) > 0)
        tell(os.environ.get("SECRET", "nothing"))
        os.kill(os.getpid(), 0)
        one, other = socket.socketpair()
        one.send(b"x")
        tell(other.recv(1))
        import asyncio, fcntl, mmap, shutil, termios
        shutil.copyfile(os.__file__, "copy")
        tell(open("copy").read() == open(os.__file__).read())
        with open("copy", "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, 1 << 20)
            fcntl.flock(file, fcntl.LOCK_EX)
            fcntl.lockf(file, fcntl.LOCK_EX)
            mapped = mmap.mmap(file.fileno(), 0)
            mapped[:1] = b"x"
        tell(len(mapped))
        tell(len(mmap.mmap(-1, 100, flags=mmap.MAP_PRIVATE)))
        tell(os.isatty(0))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        asyncio.run(asyncio.sleep(0))
        """,
    )
    assert told(outcome) == ["10", "True", "nothing", "b'x'", "True", str(1 << 20), "100", "False"]


def test_two_that_share_a_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    """As the probe of a new environment and the process that compiles ahead of it: what each tries has its own names."""

    def run(_: int) -> Outcome:
        return supervisor.run(
            lambda *_: [sys.executable, "-I", "-S", "-c", ""],
            python=sys.executable,
            read=[],
            forbidden=sys.prefix,
            scratch=str(tmp_path),
            limits=SMALL,
            weak=True,
        )

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, range(48)))
    assert [outcome.tried for outcome in found if outcome.open] == []
    assert os.listdir(tmp_path) == []


def test_what_is_left_of_a_process_is_given_to_nobody(tmp_path: Path) -> None:
    """1 has the kernel start no program with it, where 0 only has it write no file (``core(5)``)."""
    outcome = confined(tmp_path, "import resource; tell(max(resource.getrlimit(resource.RLIMIT_CORE)))")
    assert told(outcome) == ["1"]


FILES = {
    "read": "open(path).read()",
    "write": "open(path, 'a').write('x')",
    "truncate": "os.truncate(path, 0)",
    "chmod": "os.chmod(path, 0o777)",
    "chown": "os.chown(path, 1, 1)",
    "utime": "os.utime(path)",
    "setxattr": "os.setxattr(path, 'user.x', b'x')",
    "unlink": "os.unlink(path)",
    "rename": "os.rename(path, path + '2')",
    "link": "os.link(path, path + '2')",
    "symlink": "os.symlink(path, path + '2')",
    "mkdir": "os.mkdir(path + '2')",
    "create": "os.open(path + '2', os.O_CREAT | os.O_WRONLY)",
    "list": "os.listdir(os.path.dirname(path))",
    "environment": "os.open(os.path.join(sys.prefix, 'x'), os.O_CREAT | os.O_WRONLY)",
    "its parent": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
}


@pytest.mark.parametrize("work", FILES.values(), ids=FILES)
def test_files(tmp_path: Path, secret: Path, work: str) -> None:
    (answer,) = told(confined(tmp_path, f"path = {str(secret)!r}\nattempt(lambda: {work})"))
    assert answer in ("EACCES", "EPERM", "EXDEV", "ENOENT"), answer
    assert not os.path.exists(os.path.join(sys.prefix, "x"))


CALLS = {
    "tcp": "socket.socket()",
    "udp": "socket.socket(type=socket.SOCK_DGRAM)",
    "unix": "socket.socket(socket.AF_UNIX)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "fork": "os.fork()",
    "exec": "os.execv('/bin/sh', ['sh', '-c', 'true'])",
    "spawn": "os.posix_spawn('/bin/sh', ['sh'], {})",
    "signal": "os.kill(os.getppid(), signal.SIGTERM)",
    "signal to all": "os.kill(-1, signal.SIGTERM)",
    "ptrace": "call(101 if os.uname().machine == 'x86_64' else 117, 16, os.getppid(), 0, 0)",
    "io_uring": "call(425, 1, 0)",
    "user namespace": "call(272 if os.uname().machine == 'x86_64' else 97, 0x10000000)",
    "mount": "call(165 if os.uname().machine == 'x86_64' else 40, b'x', b'/', b'tmpfs', 0, 0)",
    "bpf": "call(321 if os.uname().machine == 'x86_64' else 280, 0, 0, 0)",
    "pidfd": "call(434, os.getppid(), 0)",
    "limits of others": "__import__('resource').prlimit(os.getppid(), 7)",
    "pair of datagram sockets": "socket.socketpair(type=socket.SOCK_DGRAM)",
    "pair of raw sockets": "socket.socketpair(type=socket.SOCK_RAW)",
    "pair of another family": "call(53 if os.uname().machine == 'x86_64' else 199, 30, 1, 0, ctypes.create_string_buffer(8))",
    "open file in a message": "socket.send_fds(socket.socketpair()[0], [b'x'], [1])",
    "file of memory": "os.memfd_create('x')",
    "program of memory": "os.execv('/proc/self/exe', ['x', '-c', ''])",
    "threads with files of their own": "call(56 if os.uname().machine == 'x86_64' else 220, 0x10900, 0, 0, 0, 0)",
    "files of its own": "call(436, 0xFFFFFFF, 0xFFFFFFF, 2)",
    "outliving": "call(157 if os.uname().machine == 'x86_64' else 167, 1, 0)",
    "hiding": "call(157 if os.uname().machine == 'x86_64' else 167, 4, 0)",
    "inotify": "call(294 if os.uname().machine == 'x86_64' else 26, 0)",
    "a call that nobody knows yet": "call(999)",
    "dnotify": "__import__('fcntl').fcntl(os.open('.', os.O_RDONLY), 1026, 1)",
    "scheduling of others": "os.sched_setscheduler(os.getppid(), os.SCHED_BATCH, os.sched_param(0))",
    "32-bit call": "call(0x40000000 + 39) if os.uname().machine == 'x86_64' else 'EPERM'",
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(tmp_path: Path, name: str) -> None:
    outcome = confined(tmp_path, f"attempt(lambda: {CALLS[name]})")
    if name == "32-bit call" and not told(outcome):
        assert outcome.status < 0
        return
    (answer,) = told(outcome)
    assert answer in ("EACCES", "EPERM", "ENOSYS"), answer


def test_a_listener_hears_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]
        confined(tmp_path, f"attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 1))")
        with pytest.raises(TimeoutError):
            server.accept()


LIMITS = {
    "spin": ("while True: pass", Limits(SLOW, 1 << 29, None, 1 << 24), f"{SLOW:g} seconds"),
    "sleep": ("time.sleep(60)", Limits(SLOW, 1 << 29, None, 1 << 24), f"{SLOW:g} seconds"),
    "memory": (
        "held = [b'x' * (1 << 20) for _ in range(2000)]; time.sleep(9)",
        Limits(20.0 * SLOW, 1 << 28, None, 1 << 24),
        "0.25 GiB of memory",
    ),
    "disk": (
        "import itertools\nfor n in itertools.count(): open(f'{n}', 'wb').write(b'x' * (1 << 20)); time.sleep(0.01)",
        Limits(20.0 * SLOW, 1 << 29, None, 1 << 24),
        "16 MiB of disk",
    ),
    "disk, with every pipe closed": (
        "os.closerange(1, 100)\nfor n in range(10000): open(f'{n}', 'wb').write(b'x' * (1 << 20)); time.sleep(0.01)",
        Limits(20.0 * SLOW, 1 << 29, None, 1 << 24),
        "16 MiB of disk",
    ),
    "disk, where no path leads": (
        "for n in range(200): os.mkdir('d' * 50); os.chdir('d' * 50)\nopen('f', 'wb').write(b'x' * (1 << 23)); time.sleep(9)",
        Limits(20.0 * SLOW, 1 << 29, None, 1 << 24),
        "the length of a path",
    ),
    "disk, of files that were removed": (
        (
            "for n in range(400):\n    globals()[f'f{n}'] = open('f', 'wb')\n    os.write(globals()[f'f{n}'].fileno(), b'x' * (1 << 20))"
            "\n    os.unlink('f')\n    time.sleep(0.01)\ntime.sleep(9)"
        ),
        Limits(20.0 * SLOW, 1 << 29, None, 1 << 24),
        "16 MiB of disk",
    ),
    "disk, of a removed file that stays mapped": (
        (
            "import mmap\nlibc.mmap.restype = ctypes.c_void_p\nfile = os.open('f', os.O_RDWR | os.O_CREAT)\n"
            "os.write(file, b'x' * 4096)\nlibc.mmap(None, 4096, 1, 2, file, 0)\nos.unlink('f')\nos.close(file)\ntime.sleep(9)"
        ),
        Limits(20.0 * SLOW, 1 << 29, None, 1 << 24),
        "16 MiB of disk",
    ),
    "memory, after the first thread has ended": (
        (
            "def hold():\n    time.sleep(0.5)\n    held = [b'x' * (1 << 20) for _ in range(2000)]\n    time.sleep(9)\n"
            "threading.Thread(target=hold).start()\nlibc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)"
        ),
        Limits(20.0 * SLOW, 1 << 28, None, 1 << 24),
        "0.25 GiB of memory",
    ),
    "report": (
        "while True: tell('x' * 60000)",
        Limits(20.0 * SLOW, 1 << 29, None, 1 << 24),
        "4 MiB of report",
    ),
}


@pytest.mark.parametrize(("program", "limits", "limit"), LIMITS.values(), ids=LIMITS)
def test_limits(tmp_path: Path, program: str, limits: Limits, limit: str) -> None:
    started = time.monotonic()
    outcome = confined(tmp_path, program, limits)
    assert outcome.limit == limit
    assert outcome.status < 0
    assert time.monotonic() - started < 15 * SLOW


def test_addresses_and_one_large_file(tmp_path: Path) -> None:
    outcome = confined(
        tmp_path,
        """
        try:
            bytearray(1 << 33)
        except MemoryError:
            tell("MemoryError")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        attempt(lambda: os.posix_fallocate(os.open("large", os.O_CREAT | os.O_WRONLY), 0, 1 << 26))
        """,
    )
    assert told(outcome) == ["MemoryError", "EFBIG"]


def test_a_flood_of_output_is_not_kept(tmp_path: Path) -> None:
    outcome = confined(tmp_path, "for _ in range(100): os.write(1, b'x' * 60000)\ntell('done')")
    assert told(outcome) == ["done"]
    assert len(outcome.output) <= watching.MAX_OUTPUT


def test_nothing_is_left_running(tmp_path: Path) -> None:
    outcome = confined(
        tmp_path,
        "tell(os.getpid())\nattempt(os.fork)\nos.setsid()\ntime.sleep(60)",
        SMALL._replace(wall=SLOW),
    )
    pid = int(told(outcome)[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """Whoever is killed takes the confined process along."""
    marker = tmp_path / "scratch" / "pid"
    program = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]\n"
        "from tests.runtime.test_confinement import confined\n"
        'confined(Path(sys.argv[3]), \'open("pid", "w").write(str(os.getpid()))\\ntime.sleep(60)\')\n'
    )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(root), str(root / "validator"), str(tmp_path)]
    )
    try:
        for _ in range(int(200 * SLOW)):
            if marker.exists() and marker.read_text():
                break
            time.sleep(0.05)
        pid = int(marker.read_text())
    finally:
        process.kill()
        process.wait()
    for _ in range(int(100 * SLOW)):
        try:
            if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.05)
    pytest.fail("it still runs")


# -- with a layer missing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("without", "open_"),
    [
        (("namespaces",), ()),
        (("limits",), ("limits",)),
        (("landlock",), ("files", "limits")),
        (("landlock", "namespaces"), ("files", "limits")),
        (("seccomp",), ("files", "network", "processes", "limits")),
        (("landlock", "seccomp"), ("files", "network", "processes", "limits")),
    ],
)
def test_a_missing_layer_is_said(tmp_path: Path, without: tuple[str, ...], open_: tuple[str, ...]) -> None:
    outcome = confined(tmp_path, "tell('ran')", weak=True, without=without)
    assert told(outcome) == ["ran"]
    assert set(outcome.open) == set(open_)
    assert not set(without) & set(outcome.layers)
    assert {name for name, refused in outcome.tried if not refused} or not open_


@pytest.mark.parametrize("without", [("landlock",), ("seccomp",)])
def test_nothing_starts_where_files_or_network_stay_open(tmp_path: Path, without: tuple[str, ...]) -> None:
    with pytest.raises(UnconfinedError, match="would stay open"):
        confined(tmp_path, "open('ran', 'w')", without=without)
    assert not (tmp_path / "scratch" / "ran").exists()


def test_without_landlock_files_can_be_read_but_not_changed(tmp_path: Path, secret: Path) -> None:
    program = f"path = {str(secret)!r}\nattempt(lambda: open(path).read())\nattempt(lambda: open(path, 'a'))\nattempt(lambda: os.unlink(path))"
    assert told(confined(tmp_path, program, weak=True, without=("landlock",))) == ["secret", "EROFS", "EROFS"]


def test_many_at_once(tmp_path: Path) -> None:
    found: list[list[str]] = []

    def one(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(told(confined(folder, f"tell({number})")))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [[str(number)] for number in range(6)]
