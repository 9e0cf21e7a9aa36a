"""What a long run, and one that goes on, shows."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlmodel.cli import watching
from mlmodel.cli.progress import Progress
from mlmodel.findings import Report, Verdict
from tests.cli.in_process import here
from tests.command import environment
from tests.overlay import apply, make_model

__all__ = ["here"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal()
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((40, 20)))
    return made


def clock(*moments: float) -> Callable[[], float]:
    left = iter(moments)
    return lambda: next(left)


def test_a_long_run_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    shown = Progress(wanted=True, clock=clock(0.0, 0.5, 2.0))
    shown.add(Report("models/a", Verdict.VALID))
    assert terminal.getvalue() == ""
    shown.add(Report("models/b\x1b[2J" + "x" * 100, Verdict.VALID))
    line = terminal.getvalue().removeprefix("\r\x1b[K")
    assert line.startswith("2 models, 0 errors, 1 a second: models/")
    assert len(line) == 39
    assert "\x1b" not in line
    shown.clear()
    shown.clear()
    assert terminal.getvalue().count("\r\x1b[K") == 2


@pytest.mark.parametrize("why", ["not wanted", "CI", "no terminal"])
def test_nothing_is_shown(monkeypatch: pytest.MonkeyPatch, terminal: Terminal, why: str) -> None:
    monkeypatch.setattr(sys, "stderr", terminal)
    if why == "CI":
        monkeypatch.setenv("CI", "true")
    if why == "no terminal":
        monkeypatch.setattr(Terminal, "isatty", lambda _: False)
    shown = Progress(wanted=why != "not wanted", clock=clock(0, 5, 10))
    shown.add(Report("m", Verdict.VALID))
    shown.add(Report("m", Verdict.VALID))
    assert terminal.getvalue() == ""


def test_a_change_is_seen_whatever_it_is(here: Path) -> None:
    model = make_model(here / "one")

    def state() -> watching.State:
        return watching._state(lambda: ["one"])

    states = [state()]
    (model / "model.pkl").write_bytes(b"other")
    states.append(state())
    (model / "new.txt").write_bytes(b"")
    states.append(state())
    (model / "new.txt").unlink()
    states.append(state())
    assert states[0] != states[1] != states[2] != states[3] == states[1]


@pytest.mark.skipif(os.name == "nt", reason="sends the signal of Ctrl-C")
def test_it_validates_again_after_a_change(here: Path) -> None:
    model = make_model(here / "one")
    # The child of a job in the background would ignore the signal.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mlmodel.cli.validate import command; command(prog_name='mlmodel-validate')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "--watch", "-r", "."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=here,
        env=environment(),
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "1 model, valid\n"
        assert child.stdout.readline().startswith("-- watching")
        time.sleep(0.1)
        apply(model, "rm model.pkl")
        lines = iter(child.stdout.readline, "")
        assert "MLM007" in next(lines)
        assert any(line.startswith("-- watching") for line in lines)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
        assert "Traceback" not in child.stderr.read()
