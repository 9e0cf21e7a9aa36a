"""Commands that are ended at random moments: nothing is left running or lying about, and no verdict is wrong.

``MLMODEL_TEST_FAULTS`` is how many moments each command and signal is tried at.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from mlmodel import validate
from tests.command import environment
from tests.overlay import make_model
from tests.runtime.test_confinement import SLOW
from tests.test_signals import CODES, of_session, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
]
MOMENTS = int(os.environ.get("MLMODEL_TEST_FAULTS", "50"))
BEGIN = (
    "import sys; from mlmodel.common import interruption; interruption.install(); from mlmodel.cli import entry; "
    "sys.stderr.write('begun\\n'); sys.stderr.flush(); entry.main()"
)
"""Before that, it is Python that starts."""
REQUIREMENTS = "cloudpickle==3.1.2\nscikit-learn==1.9.1\npandas==2.3.3\n"


UV_CACHE = os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv")


class Command(NamedTuple):
    """A command, and what it must have made or left as it was."""

    arguments: tuple[str, ...]
    prepare: Callable[[], None]
    check: Callable[[], None]
    input: str = ""


def small(folder: Path) -> Path:
    """The base model in an environment without MLflow."""
    model = make_model(folder)
    (model / "requirements.txt").write_text(REQUIREMENTS)
    listed = "".join(f"  - {line}\n" for line in REQUIREMENTS.splitlines())
    (model / "conda.yaml").write_text(f"dependencies:\n- python=3.11.7\n- pip\n- pip:\n{listed}")
    (model / "python_env.yaml").write_text("python: 3.11.7\ndependencies:\n- -r requirements.txt\n")
    return model


class Place:
    """A folder with everything that a command may leave something in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("tmp", "home", "work"):
            (folder / name).mkdir()

    def start(self, command: Command) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, *command.arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            cwd=self.folder / "work",
            env=environment(
                TMPDIR=str(self.folder / "tmp"), HOME=str(self.folder / "home"),
                MLMODEL_CACHE=str(self.folder / "cache"), UV_CACHE_DIR=UV_CACHE,
                UV_PYTHON_INSTALL_DIR=os.path.expanduser("~/.local/share/uv/python"),
                PYENV_ROOT=os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"),
            ),
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stderr is not None
        feeding = threading.Thread(target=self._feed, args=(process, command.input), daemon=True)
        feeding.start()
        assert process.stderr.readline() == "begun\n"
        return process

    @staticmethod
    def _feed(process: subprocess.Popen[str], text: str) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(text)
            process.stdin.close()
        except (BrokenPipeError, ValueError):
            pass

    def left(self) -> list[str]:
        """What is temporary and still there."""
        found = [str(path) for path in (self.folder / "tmp").iterdir()]
        for name in ("runs", "environments"):
            base = self.folder / "cache" / name
            found += [str(path) for path in base.glob("*") if name == "runs" or "." in path.name]
        return found + [str(path) for path in (self.folder / "work").glob("**/*mlmodel-*")]

    def running(self) -> list[str]:
        """Processes that were given something in this folder, the confined ones among them."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                command = Path(f"/proc/{name}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if os.fsencode(self.folder) in command:
                found.append(command.replace(b"\0", b" ").decode("utf-8", "replace"))
        return found

    def grow_old(self) -> None:
        for path in self.left():
            os.utime(path, (0, 0))


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.stdin = None
    return process.communicate(timeout=300 * SLOW)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def commands(place: Place) -> dict[str, Command]:
    work = place.folder / "work"
    model = small(place.folder / "model")
    (place.folder / "object.pkl").write_bytes(pickle.dumps(np.mean))

    def fixable() -> None:
        shutil.rmtree(work / "fixed", ignore_errors=True)
        make_model(work / "fixed")
        text = (work / "fixed" / "MLmodel").read_text()
        (work / "fixed" / "MLmodel").write_text(
            text.replace("conda.yaml", "conda\\yaml").replace("3.11.7", "3.11")
        )

    def written() -> None:
        if (work / "written").exists():
            assert validate(work / "written").verdict.label == "valid"

    def nothing() -> None:
        pass

    return {
        "recreate": Command(
            ("validate", "--load", "--format", "json", str(model)),
            lambda: shutil.rmtree(place.folder / "cache", ignore_errors=True),
            nothing,
        ),
        "write": Command(
            ("write", str(place.folder / "object.pkl"), "--out", str(work / "written"), "--no-predict"),
            lambda: shutil.rmtree(work / "written", ignore_errors=True),
            written,
        ),
        "fix": Command(("fix", "--write", str(work / "fixed")), fixable, nothing),
        "bulk": Command(
            ("validate", "--jobs", "2", "--format", "json", "-"), nothing, nothing, f"{model}\n" * 300
        ),
    }


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("name", ["recreate", "write", "fix", "bulk"])
def test_ended_at_any_moment(place: Place, name: str, number: signal.Signals) -> None:
    command = commands(place)[name]
    command.prepare()
    begin = time.monotonic()
    whole = place.start(command)
    output, errors = finish(whole)
    took = time.monotonic() - begin
    assert (whole.returncode, "Traceback" in errors) == (0, False), errors
    right = _verdicts(output)
    chance = random.Random(f"{name} {number}")
    for _ in range(MOMENTS):
        command.prepare()
        process = place.start(command)
        time.sleep(chance.uniform(0, took))
        process.send_signal(number)
        output, errors = finish(process)
        assert "Traceback" not in errors, errors
        wait_until(lambda process=process: of_session(process.pid) == [] == place.running())
        if process.returncode == whole.returncode:
            assert _verdicts(output) == right
        else:
            assert process.returncode == CODES.get(number, -number), errors
        if number != signal.SIGKILL:
            assert place.left() == []
        command.check()
    place.grow_old()
    command.prepare()
    last = place.start(command)
    output, errors = finish(last)
    assert (last.returncode, _verdicts(output)) == (whole.returncode, right), errors
    assert place.left() == []


def _verdicts(output: str) -> list[tuple[str, str]]:
    try:
        report = json.loads(output)
    except ValueError:
        return []
    return [
        (model["verdict"], model["load"]["outcome"] if "load" in model else "") for model in report["models"]
    ]


@pytest.mark.parametrize("count", [2, 4])
def test_several_make_one_environment(place: Place, count: int) -> None:
    command = commands(place)["recreate"]
    processes = [place.start(command) for _ in range(count)]
    for process in processes:
        output, errors = finish(process)
        assert (process.returncode, _verdicts(output)) == (0, [("valid", "predicted")]), errors
    assert len(list((place.folder / "cache" / "environments").iterdir())) == 1
    assert place.left() == []
