"""Confinement on Windows: its decisions with a system that is played, its structures, and on Windows the real thing."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from mlmodel.model.model import Model
from mlmodel.runtime import probe_job, probe_runner
from mlmodel.runtime.confinement import (
    denial_probes,
    denial_probes_windows,
    disk,
    policy,
    watching,
    windows,
    winstructs,
)
from mlmodel.runtime.confinement.policy import Limits
from mlmodel.runtime.confinement.watching import Outcome, UnconfinedError
from mlmodel.runtime.load_options import LoadOptions
from mlmodel.sources.directory import ModelDirectory
from tests.runtime import test_confinement, tiny, windows_layout

REAL = os.name == "nt"
WINE = REAL and hasattr(getattr(ctypes, "windll").ntdll, "wine_get_version")  # noqa: B009 -- known there only
played = pytest.mark.skipif(REAL, reason="Windows plays itself")
on_windows = pytest.mark.skipif(not REAL, reason="needs Windows")
genuine = pytest.mark.skipif(
    not REAL or WINE, reason="needs Windows itself: Wine takes such limits and does not keep them"
)
SMALL = Limits(20.0, 1 << 29, 1 << 32, 1 << 24)
ALL = {name: True for needed in windows.PROTECTED.values() for name in needed}
USUAL = {**ALL, "read": False, "tcp": False, "udp": False}
"""What Windows should refuse to a process with the token."""
NOTHING = dict.fromkeys(ALL, False)


# -- a system that is played --------------------------------------------------------------------------


class PlayedProcess:
    def __init__(self, process: subprocess.Popen[bytes], status: int | None, memory: int) -> None:
        self.process = process
        self._status = status
        self._memory = memory

    def wait(self, seconds: float) -> int | None:
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return self._status if self._status is not None else status

    def memory(self) -> int:
        return self._memory


class PlayedJob:
    def __init__(self, system: PlayedSystem) -> None:
        self.layers = ["job"]
        self.closed = False
        self._system = system
        self._processes: list[subprocess.Popen[bytes]] = []

    def active(self) -> int:
        return sum(process.poll() is None for process in self._processes)

    def start(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        folder: str,
        output: int,
        passed: Sequence[int],
        token: PlayedToken | None,
    ) -> PlayedProcess:
        assert self.active() == 0
        system = self._system
        system.started.append((list(command), environment, token))
        status = None
        if windows.PROBES in command:
            command = [sys.executable, "-c", f"print({system.answer(token)!r})"]
        else:
            status = system.status
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=passed
        )
        self._processes.append(process)
        return PlayedProcess(process, status, system.memory)

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def close(self) -> None:
        self.end()
        self.closed = True


class PlayedToken:
    closed = False

    def close(self) -> None:
        self.closed = True


class PlayedSystem:
    """What ``winapi`` offers, with processes of this system."""

    def __init__(self, proofs: dict[str, bool] = USUAL, bare: dict[str, bool] = NOTHING) -> None:
        self.proofs = {**proofs, "own folder": True}
        self.bare = {**bare, "own folder": True}
        self.jobs: list[PlayedJob] = []
        self.tokens: list[PlayedToken] = []
        self.given: list[str] = []
        self.started: list[tuple[list[str], dict[str, str], PlayedToken | None]] = []
        self.failing: str | None = None
        self.garbled = False
        self.status: int | None = None
        self.memory = 0

    def answer(self, token: PlayedToken | None) -> str:
        return "no module named site" if self.garbled else json.dumps(self.proofs if token else self.bare)

    def Job(self, limits: Limits, seconds: int) -> PlayedJob:  # noqa: N802
        assert seconds > limits.wall
        self.jobs.append(PlayedJob(self))
        return self.jobs[-1]

    def weaker(self) -> PlayedToken:
        if self.failing == "weaker":
            raise OSError("no token")
        self.tokens.append(PlayedToken())
        return self.tokens[-1]

    def give(self, folder: str) -> None:
        if self.failing == "give":
            raise OSError("no label")
        self.given.append(folder)

    def inheritable(self, descriptor: int) -> int:
        return descriptor


def run(
    folder: Path,
    program: str,
    system: PlayedSystem,
    limits: Limits = SMALL,
    *,
    weak: bool = True,
    without: tuple[str, ...] = (),
    stop: threading.Event | None = None,
) -> Outcome:
    scratch = folder / "scratch"
    scratch.mkdir()
    prelude = (
        "import os, sys, time\ndef tell(text):\n    os.write(int(sys.argv[1]), str(text).encode() + b'\\n')\n"
    )
    # Not that of a virtual environment, whose base need not have the same name here as it does on Windows.
    python = os.path.realpath(sys.executable)
    try:
        return windows.run(
            lambda report, _: [python, "-I", "-c", prelude + textwrap.dedent(program), str(report)],
            forbidden=sys.prefix,
            scratch=str(scratch),
            limits=limits,
            weak=weak,
            without=without,
            listen=None,
            stop=stop,
            system=system,
        )
    finally:
        assert all(job.closed for job in system.jobs)
        assert all(token.closed for token in system.tokens)


@played
@pytest.mark.parametrize(
    ("proofs", "enforced", "open_"),
    [
        (ALL, ("files", "network", "processes", "limits"), ()),
        (USUAL, ("changes of files", "processes", "limits"), ("files", "network")),
        ({**USUAL, "child": False}, ("changes of files", "limits"), ("files", "network", "processes")),
        ({**USUAL, "reach": False}, ("changes of files", "limits"), ("files", "network", "processes")),
        ({**USUAL, "chmod": False}, ("processes", "limits"), ("files", "network")),
        ({**ALL, "udp": False}, ("files", "processes", "limits"), ("network",)),
        (NOTHING, ("limits",), ("files", "network", "processes")),
    ],
)
def test_what_is_said_goes_by_what_was_tried(
    tmp_path: Path, proofs: dict[str, bool], enforced: tuple[str, ...], open_: tuple[str, ...]
) -> None:
    system = PlayedSystem(proofs)
    outcome = run(tmp_path, "tell('ran'); print('printed'); sys.exit(4)", system)
    assert (outcome.report, outcome.status, outcome.limit) == (b"ran\n", 4, None)
    assert outcome.output == b"printed\n"
    assert (outcome.enforced, outcome.open) == (enforced, open_)
    assert outcome.layers == ("job", "token")
    assert system.given == [str(tmp_path / "scratch")]


@played
def test_the_attempts_and_the_program_share_a_job_and_a_token(tmp_path: Path) -> None:
    system = PlayedSystem()
    run(tmp_path, "tell('ran')", system)
    assert len(system.jobs) == len(system.tokens) == 1
    (tried, _, token), (_, environment, other) = system.started
    assert windows.PROBES in tried
    assert token is other is system.tokens[0]
    environment.pop("__PYVENV_LAUNCHER__", None)  # where these tests run in a virtual environment
    home, library, system_path = environment.pop("PATH").split(os.pathsep, 2)
    assert os.path.join(home, "Library", "bin") == library
    expected = policy.variables(str(tmp_path / "scratch"))
    assert system_path == expected.pop("PATH")
    assert environment == expected


@played
@pytest.mark.parametrize("name", ["read", "write", "chmod", "tcp", "udp"])
def test_nothing_starts_where_files_or_network_stay_open(tmp_path: Path, name: str) -> None:
    system = PlayedSystem({**ALL, name: False})
    with pytest.raises(UnconfinedError, match="would stay open") as caught:
        run(tmp_path, "open('ran', 'w')", system, weak=False)
    assert caught.value.missing == (("network",) if name in ("tcp", "udp") else ("files",))
    assert not (tmp_path / "scratch" / "ran").exists()
    assert len(system.started) == 1


@played
def test_it_starts_where_all_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, "tell('ran')", PlayedSystem(ALL), weak=False).report == b"ran\n"


@played
@pytest.mark.parametrize("failing", ["weaker", "give", "own folder", "left out"])
def test_without_the_token_where_it_cannot_be_had(tmp_path: Path, failing: str) -> None:
    system = PlayedSystem(bare={**NOTHING, "child": True, "reach": True})
    system.failing = failing
    if failing == "own folder":
        system.proofs["own folder"] = False
    outcome = run(tmp_path, "tell('ran')", system, without=("token",) if failing == "left out" else ())
    assert outcome.report == b"ran\n"
    assert outcome.layers == ("job",)
    assert outcome.enforced == ("processes", "limits")
    assert system.started[-1][2] is None


@played
def test_nothing_starts_where_the_attempts_do_not_answer(tmp_path: Path) -> None:
    system = PlayedSystem()
    system.garbled = True
    with pytest.raises(UnconfinedError, match="did not start: no module named site"):
        run(tmp_path, "open('ran', 'w')", system)
    assert not (tmp_path / "scratch" / "ran").exists()


@played
def test_it_is_stopped(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    outcome = run(tmp_path, "time.sleep(60)", PlayedSystem(), stop=stop)
    assert (outcome.status, outcome.limit) == (windows.KILLED, watching.CANCELLED)


@played
def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    system = PlayedSystem()
    (tmp_path / "scratch").mkdir()
    with pytest.raises(UnconfinedError, match="could not be started"):
        windows.run(
            lambda *_: [str(tmp_path / "nothing")],
            forbidden=sys.prefix, scratch=str(tmp_path / "scratch"), limits=SMALL, weak=True, without=(),
            listen=None, stop=None, system=system,
        )  # fmt: skip


@played
@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0xC0000005, -signal.SIGSEGV),
        (0xC00000FD, -signal.SIGSEGV),
        (0xC0000409, -signal.SIGABRT),
        (0xC0000142, 0xC0000142),
        (1, 1),
    ],
)
def test_a_crash_is_named_as_elsewhere(tmp_path: Path, status: int, told: int) -> None:
    system = PlayedSystem()
    system.status = status
    outcome = run(tmp_path, "pass", system)
    assert (outcome.status, outcome.limit) == (told, None)


@played
def test_the_time_of_the_job(tmp_path: Path) -> None:
    system = PlayedSystem()
    system.status = windows.NOT_ENOUGH_QUOTA
    outcome = run(tmp_path, "pass", system)
    assert outcome.limit == f"{int(20.0 * min(os.cpu_count() or 1, 8)) + 1} seconds of processor time"
    assert outcome.status < 0


LIMITS = {
    "sleep": ("time.sleep(60)", Limits(1.0, 1 << 29, None, 1 << 24), "1 seconds"),
    "disk": (
        "with open('one', 'wb') as file:\n  while True: file.write(b'x' * (1 << 20)); time.sleep(0.01)",
        SMALL,
        "16 MiB of disk",
    ),
    "disk, with every pipe closed": (
        "os.closerange(0, 100)\nfor n in range(10000): open(f'{n}', 'wb').write(b'x' * (1 << 20)); time.sleep(0.01)",
        SMALL,
        "16 MiB of disk",
    ),
    "report": ("while True: tell('x' * 60000)", SMALL, "4 MiB of report"),
    "report, at the end": ("try: tell('x' * (5 << 20))\nexcept OSError: pass", SMALL, "4 MiB of report"),
}


@played
@pytest.mark.parametrize(("program", "limits", "limit"), LIMITS.values(), ids=LIMITS)
def test_limits(tmp_path: Path, program: str, limits: Limits, limit: str) -> None:
    started = time.monotonic()
    outcome = run(tmp_path, program, PlayedSystem(), limits)
    assert outcome.limit == limit
    assert outcome.status < 0
    assert time.monotonic() - started < 15


@played
def test_memory(tmp_path: Path) -> None:
    system = PlayedSystem()
    system.memory = 1 << 30
    assert run(tmp_path, "time.sleep(60)", system).limit == "0.5 GiB of memory"


@played
def test_a_flood_of_output_is_not_kept(tmp_path: Path) -> None:
    outcome = run(
        tmp_path,
        "os.write(1, b'first')\nfor _ in range(100): os.write(1, b'x' * 60000)\nos.write(1, b'last')",
        PlayedSystem(),
    )
    assert len(outcome.output) == watching.MAX_OUTPUT
    assert outcome.output.endswith(b"xlast")


# -- the command and the variables -----------------------------------------------------------------------


def test_the_launcher_of_an_environment_is_left_out(tmp_path: Path) -> None:
    environment, home = tmp_path / "env", tmp_path / "Python 3"
    (environment / "Scripts").mkdir(parents=True)
    python = str(environment / "Scripts" / "python.exe")
    assert policy.program([python, "-I"]) == ([python, "-I"], {})
    (environment / "pyvenv.cfg").write_text("include-system-site-packages = false\n")
    assert policy.program([python, "-I"]) == ([python, "-I"], {})
    (environment / "pyvenv.cfg").write_text(f"home = {home}\r\nversion = 3.11.9\r\n")
    assert policy.program([python, "-I"]) == (
        [str(home / "python.exe"), "-I"],
        {"__PYVENV_LAUNCHER__": python},
    )


def test_the_variables_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"SYSTEMROOT": r"D:\Win", "TOKEN": "secret", "USERPROFILE": r"C:\me"})
    found = policy.of_windows("scratch")
    assert found["PATH"] == r"D:\Win\System32;D:\Win"
    assert found["SYSTEMROOT"] == r"D:\Win"
    assert found["USERPROFILE"] == found["TEMP"] == found["APPDATA"] == "scratch"
    assert "TOKEN" not in found


# -- structures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("structure", "size"), [(s, size) for s, (_, size) in windows_layout.STRUCTURES.items()]
)
def test_sizes(structure: type[ctypes.Structure], size: int) -> None:
    assert ctypes.sizeof(structure) == size


COMPILER = shutil.which("x86_64-w64-mingw32-gcc")


class Compiled(NamedTuple):
    good: bool
    text: str


def compiled(source: str) -> Compiled:
    assert COMPILER is not None
    found = subprocess.run(
        [COMPILER, "-fsyntax-only", "-x", "c", "-"], input=source, text=True, capture_output=True, check=False
    )
    return Compiled(found.returncode == 0, found.stderr)


@pytest.mark.skipif(COMPILER is None, reason="needs gcc-mingw-w64-x86-64")
def test_the_headers_of_windows_agree() -> None:
    source = windows_layout.source()
    assert compiled(source) == (True, "")
    wrong = source.replace("(JOB_OBJECT_LIMIT_JOB_TIME) == 0x4,", "(JOB_OBJECT_LIMIT_JOB_TIME) == 0x5,")
    assert "JOB_OBJECT_LIMIT_JOB_TIME" in compiled(wrong).text


def test_breaking_away_is_not_allowed() -> None:
    assert not sum(winstructs.LIMIT_FLAGS.values()) & (0x800 | 0x1000)


# -- what is tried ---------------------------------------------------------------------------------------


class WindowsPlayedError(OSError):
    def __init__(self, number: int, winerror: int) -> None:
        super().__init__(number, "")
        self.winerror = winerror


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, ""), True),
        (WindowsPlayedError(12, 1816), True),  # ENOMEM is how the C library calls a quota
        (WindowsPlayedError(22, 10013), True),
        (WindowsPlayedError(2, 2), False),
        (FileNotFoundError(2, ""), False),
        (None, False),
    ],
)
def test_what_counts_as_refused(error: OSError | None, expected: bool) -> None:
    def attempt() -> None:
        if error is not None:
            raise error

    assert denial_probes_windows.refused(attempt) is expected


def test_attempts_succeed_where_nothing_confines(tmp_path: Path) -> None:
    assert not denial_probes_windows.refused(denial_probes_windows.child)
    assert not denial_probes_windows.refused(lambda: denial_probes.create(str(tmp_path)))
    assert os.listdir(tmp_path) == []


# -- Windows itself --------------------------------------------------------------------------------------

PRELUDE = """\
import errno, msvcrt, os, socket, subprocess, sys, time
report = msvcrt.open_osfhandle(int(sys.argv[1]), os.O_WRONLY)
def tell(text):
    os.write(report, str(text).encode() + b"\\n")
def attempt(work):
    try:
        tell(work())
    except OSError as error:
        tell(errno.errorcode[error.errno])
"""


def confined(
    folder: Path, program: str, limits: Limits = SMALL, *, weak: bool = True, without: tuple[str, ...] = ()
) -> Outcome:
    return test_confinement.confined(folder, program, limits, weak=weak, without=without, prelude=PRELUDE)


@on_windows
def test_real_honest_work(tmp_path: Path) -> None:
    outcome = confined(
        tmp_path,
        """
        import concurrent.futures as futures, tempfile
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("x")
        with futures.ThreadPoolExecutor(4) as pool:
            tell(sum(pool.map(int, "1234")))
        tell(len(open(sys.executable, "rb").read()) > 0)
        tell(os.environ.get("SECRET", "nothing"))
        tell(os.getcwd() == os.path.realpath(os.environ["TEMP"]))
        print("printed")
        sys.exit(3)
        """,
    )
    assert outcome.report.split() == [b"10", b"True", b"nothing", b"True"]
    assert (outcome.status, outcome.limit, outcome.output.strip()) == (3, None, b"printed")
    assert "limits" in outcome.enforced
    assert {"files", "network"} <= set(outcome.open)


@on_windows
def test_real_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if WINE:  # which wants a privilege for a label, and then goes on without the token
        monkeypatch.setattr("mlmodel.runtime.confinement.winapi.give", lambda _: None)
    outcome = confined(tmp_path, "tell('ran'); open('written', 'w').close()")
    assert outcome.report.split() == [b"ran"]
    assert outcome.layers[-1] == "token"
    assert (tmp_path / "scratch" / "written").exists()


@on_windows
def test_real_nothing_is_loaded_unless_that_is_wished(tmp_path: Path) -> None:
    with pytest.raises(UnconfinedError, match="would stay open"):
        confined(tmp_path, "open('ran', 'w')", weak=False)
    assert os.listdir(tmp_path / "scratch") == []


REAL_LIMITS = {
    **{name: LIMITS[name] for name in ("sleep", "disk", "report")},
    "spin": ("while True: pass", Limits(1.0, 1 << 29, None, 1 << 24), "1 seconds"),
    "memory": (
        "held = [b'x' * (1 << 20) for _ in range(2000)]; time.sleep(9)",
        Limits(20.0, 1 << 28, 1 << 33, 1 << 24),
        "0.25 GiB of memory",
    ),
}


@on_windows
@pytest.mark.parametrize(("program", "limits", "limit"), REAL_LIMITS.values(), ids=REAL_LIMITS)
def test_real_limits(tmp_path: Path, program: str, limits: Limits, limit: str) -> None:
    outcome = confined(tmp_path, program, limits)
    assert (outcome.limit, outcome.status) == (limit, windows.KILLED)


@on_windows
def test_real_only_its_own_handles_are_inherited(tmp_path: Path) -> None:
    import msvcrt

    with open(tmp_path / "secret", "w+") as file:
        handle = msvcrt.get_osfhandle(file.fileno())  # type: ignore[attr-defined,unused-ignore]
        os.set_handle_inheritable(handle, True)  # type: ignore[attr-defined,unused-ignore]
        outcome = confined(tmp_path, f"attempt(lambda: os.fstat(msvcrt.open_osfhandle({handle}, 0)).st_ino)")
        inode = os.fstat(file.fileno()).st_ino
    assert outcome.report.split() != [str(inode).encode()]


@on_windows
def test_real_crash(tmp_path: Path) -> None:
    outcome = confined(tmp_path, "import faulthandler; faulthandler._read_null()")
    assert outcome.status == -signal.SIGSEGV


@genuine
def test_real_junctions_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "file").write_bytes(b"x" * (1 << 20))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "own").write_bytes(b"x" * 1000)
    import _winapi

    _winapi.CreateJunction(str(tmp_path / "large"), str(folder / "junction"))  # type: ignore[attr-defined,unused-ignore]
    assert disk.exceeded(str(folder), 1 << 16) is None


@on_windows
def test_real_a_job_ends_with_who_holds_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]\n"
        "from tests.runtime.test_windows import confined\n"
        'confined(Path(sys.argv[3]), \'while True: open("beat", "w").write(str(time.time())); time.sleep(0.05)\')\n'
    )
    root = Path(__file__).resolve().parents[2]
    beat = tmp_path / "scratch" / "beat"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(root), str(root / "validator"), str(tmp_path)]
    )
    try:
        for _ in range(400):
            if beat.exists():
                break
            time.sleep(0.05)
        assert beat.exists()
    finally:
        process.kill()
        process.wait()
    time.sleep(1)
    before = beat.stat().st_mtime_ns
    time.sleep(1)
    assert beat.stat().st_mtime_ns == before


@on_windows
def test_real_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model loads and predicts in an environment of its own, whose launcher is no more than a name."""
    environment = tmp_path / "env"
    (environment / "Lib" / "site-packages").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}\n")
    monkeypatch.setattr(tiny, "_base", lambda folder: folder)
    python = tiny.environment(environment)
    Path(python).parent.mkdir(exist_ok=True)
    shutil.copy(sys.executable, python)
    model = tiny.model(tmp_path)
    work = probe_job.job(Model(ModelDirectory(str(model))))
    found = probe_runner.run(work, str(model), 1000, python, None, LoadOptions(allow_weak_sandbox=True))
    assert found.run.done, found.output
    assert found.run.passed("load")
    assert found.run.passed("predict")
    assert found.run.python == ".".join(map(str, sys.version_info[:3]))
    hello = found.run.of("import", "mlflow.pyfunc")
    assert hello is not None
    assert str(hello.detail["file"]).startswith(str(environment))


@genuine
def test_real_windows_keeps_changes_and_processes_away(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    outcome = confined(
        tmp_path,
        f"""
        path = {str(secret)!r}
        attempt(lambda: open(path, "a"))
        attempt(lambda: os.unlink(path))
        attempt(lambda: os.rename(path, path + "2"))
        attempt(lambda: open(path + "2", "w"))
        attempt(lambda: os.mkdir(path + "2"))
        try:
            tell(subprocess.run([sys.executable, "-c", "print('child')"], stdout=subprocess.PIPE).stdout)
        except OSError as error:
            tell(error.winerror)
        """,
    )
    assert outcome.enforced == ("changes of files", "processes", "limits")
    assert outcome.open == ("files", "network")
    assert outcome.layers[-1] == "token"
    assert outcome.report.split()[:-1] == [b"EACCES"] * 5
    assert outcome.report.split()[-1] in (b"5", b"1816")
    assert secret.read_text() == "secret"


@genuine
def test_real_memory_of_the_job(tmp_path: Path) -> None:
    program = "try: bytearray(1 << 33)\nexcept MemoryError: tell('MemoryError')"
    assert confined(tmp_path, program).report.split() == [b"MemoryError"]


@genuine
def test_real_without_the_token_files_can_be_changed_and_that_is_said(tmp_path: Path) -> None:
    outcome = confined(tmp_path, "tell('ran')", without=("token",))
    assert outcome.report.split() == [b"ran"]
    assert "changes of files" not in outcome.enforced
    assert "token" not in outcome.layers


def test_sockets_are_not_refused_here() -> None:
    """So that the attempts of ``denial_probes_windows.py`` mean something."""
    assert not denial_probes_windows.refused(lambda: socket.socket().close())
