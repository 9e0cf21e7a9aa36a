"""Signals: the exit code that shells have for them, no process and no folder left, no traceback."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlmodel.common import scratch
from tests.command import environment
from tests.overlay import make_model
from tests.runtime import tiny
from tests.runtime.test_confinement import SLOW

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def start(folder: Path, *arguments: object, **variables: str) -> subprocess.Popen[str]:
    """Start ``mlmodel-validate`` in a session of its own, with a folder of its own for what is temporary."""
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", "from mlmodel.cli.entry import validate; validate()", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(TMPDIR=str(folder / "tmp"), **variables),
        start_new_session=True,
    )


def of_session(session: int) -> list[int]:
    """The processes of a session that are there, those that have ended and wait to be asked for aside."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            state, *rest = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z" and int(rest[2]) == session:
            found.append(int(name))
    return found


def wait_until(what: object, seconds: float = 60.0) -> None:
    assert callable(what)
    deadline = time.monotonic() + seconds * SLOW
    while not what():
        if time.monotonic() > deadline:
            pytest.fail("it does not come to that")
        time.sleep(0.02)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_workers_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    model = make_model(tmp_path / "model")
    process = start(tmp_path, "--jobs", "2", "-")
    assert process.stdin is not None
    process.stdin.write(f"{model}\n" * 3000)
    process.stdin.close()
    process.stdin = None
    wait_until(lambda: len(of_session(process.pid)) >= 3)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60 * SLOW)  # nobody holds the pipes any more
    wait_until(lambda: of_session(process.pid) == [])
    assert process.returncode == CODES.get(number, -number)
    assert "Traceback" not in errors


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_model_that_is_loaded_ends_too(tmp_path: Path, number: signal.Signals) -> None:
    model = tiny.model(tmp_path, "__import__('time').sleep(600)")
    python = tiny.environment(tmp_path / "environment")
    process = start(tmp_path, model, "--load=current", "--python", python)
    wait_until(lambda: any("probe" in command for command in commands_below(process.pid)))
    process.send_signal(number)
    _, errors = process.communicate(timeout=60 * SLOW)
    assert (process.returncode, os.listdir(tmp_path / "tmp")) == (CODES[number], [])
    assert errors.endswith(f"mlmodel-validate: ended by {number.name}\n")
    assert "Traceback" not in errors


def commands_below(parent: int) -> list[str]:
    """The command lines of the children of a process."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            rest = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            if int(rest[1]) == parent:
                found.append(Path(f"/proc/{name}/cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_a_signal_during_the_imports(tmp_path: Path) -> None:
    """The command is not there yet, and there is no traceback."""
    program = (
        "import os, signal, sys\nfrom mlmodel.cli import entry\n"
        "class Finder:\n    def find_spec(self, name, *_):\n"
        "        if name == 'mlmodel.cli.validate': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\nentry.validate()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, env=environment()
    )
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr == "mlmodel-validate: ended by SIGINT\n"


@pytest.mark.parametrize(
    ("module", "work"),
    [
        (
            "mlmodel.cli.validate",
            "try: kill()\n        except BaseException: raise RuntimeError('panic') from None",
        ),
        ("jsonschema_rs", "kill(); print('done')"),
    ],
    ids=["what it breaks off raises something else", "it waits for Rust"],
)
def test_a_signal_in_code_that_is_not_pythons(tmp_path: Path, module: str, work: str) -> None:
    program = (
        "import os, signal, sys\nfrom mlmodel.cli import entry\n"
        "def kill(): os.kill(os.getpid(), signal.SIGTERM)\n"
        "class Finder:\n    def find_spec(self, name, *_):\n"
        f"        if name != {module!r}: return\n"
        f"        {work}\n"
        f"sys.meta_path.insert(0, Finder())\nsys.argv = ['mlmodel', {str(make_model(tmp_path / 'model'))!r}]\n"
        "entry.validate()\n"
    )
    variables = environment(MLMODEL_SCHEMA_ENGINE="rust")
    result = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, env=variables
    )
    assert (result.returncode, result.stderr) == (143, "mlmodel-validate: ended by SIGTERM\n")
    assert set(result.stdout.split()) == ({"done"} if module == "jsonschema_rs" else set())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_after_the_work_changes_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """While Python ends, it has given the signals back to the system."""
    program = (
        "import os, sys\nfrom mlmodel.cli import entry\n"
        "class Late:\n    def __del__(self, kill=os.kill, pid=os.getpid()):\n"
        f"        kill(pid, {int(number)})\n"
        "late = sys.modules['late'] = type(sys)('late')\nlate.it = Late()\ndel late\n"
        f"sys.argv = ['mlmodel', {str(make_model(tmp_path / 'model'))!r}]\nentry.validate()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, env=environment()
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "1 model, valid" in result.stdout


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    program = (
        "import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from mlmodel.common import interruption\ninterruption.install()\nos.kill(os.getpid(), signal.SIGHUP)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, env=environment()).returncode == 0


@linux
def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom mlmodel.common import scratch\n"
        "with scratch.folder(sys.argv[1]) as folder:\n    print(folder, flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    mine = tmp_path / "mlmodel-mine"
    mine.mkdir()
    scratch.sweep(str(tmp_path), young=-1)
    assert folder.is_dir()  # in use
    process.kill()
    process.communicate()
    scratch.sweep(str(tmp_path), young=60)
    assert folder.is_dir()  # perhaps not locked yet
    scratch.sweep(str(tmp_path), young=-1)
    assert os.listdir(tmp_path) == ["mlmodel-mine"]


PROGRAM = "from mlmodel.cli.entry import validate; validate()"


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX closes the outputs")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_outputs(closed: str, tmp_path: Path) -> None:
    """What is told goes nowhere; the exit status says how it ended."""
    valid, invalid = make_model(tmp_path / "valid"), make_model(tmp_path / "invalid")
    (invalid / "MLmodel").unlink()
    for model, status in ((valid, 0), (invalid, 1)):
        command = f"exec {shlex.join(str(part) for part in [sys.executable, '-c', PROGRAM, '--no-config', model])} {closed}"
        done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, env=environment())
        assert done.returncode == status, done.stderr
        assert b"Traceback" not in done.stderr
