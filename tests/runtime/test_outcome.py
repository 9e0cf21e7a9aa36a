"""What is made of the lines that the probe writes, or that a model writes in its place."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mlmodel.runtime import outcome


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def start(phase: str, about: str | None = None) -> dict[str, object]:
    return {"event": "start", "phase": phase, "about": about}


def end(phase: str, about: str | None = None, **more: object) -> dict[str, object]:
    return {"event": "end", "phase": phase, "about": about, "outcome": "passed", "seconds": 0.5, **more}


def test_a_whole_run() -> None:
    run = outcome.read(
        lines(
            {"event": "hello", "python": "3.11.7"},
            start("load", "sklearn"),
            end("load", "sklearn", peak_bytes=1000),
            {"event": "done", "files": ["/a.py", 3]},
        )
    )
    assert (run.python, run.done, run.files, run.last) == ("3.11.7", True, ("/a.py",), None)
    assert run.phases == (outcome.Phase("load", "sklearn", "passed", 0.5, 1000),)
    assert run.passed("load")
    assert not run.passed("predict")


def test_where_it_died() -> None:
    report = lines(
        {"event": "hello", "python": "3.11.7"}, start("read"), end("read"), start("load", "mlflow.pyfunc")
    )
    run = outcome.read(report)
    assert not run.done
    assert run.last is not None
    assert (run.last.name, run.last.about, run.last.outcome) == ("load", "mlflow.pyfunc", "died")
    assert run.last.label == "loading with mlflow.pyfunc"


def test_a_line_that_is_cut_costs_only_itself() -> None:
    report = lines(start("read"), end("read"), start("load", "sklearn"))
    run = outcome.read(report + b'{"event": "end", "phase": "lo')
    assert [(phase.name, phase.outcome) for phase in run.phases] == [("read", "passed"), ("load", "died")]


def test_an_exception() -> None:
    error = {
        "type": "ValueError",
        "message": "\nno such column\nmore",
        "frames": [{"file": "code/a.py", "line": 3, "function": "f", "source": "return x", "own": True}],
        "traceback": "Traceback",
        "causes": [{"type": "ModuleNotFoundError", "message": "No module", "name": "x"}],
    }
    (phase,) = outcome.read(lines(end("predict", outcome="failed", error=error))).phases
    assert phase.failure is not None
    assert phase.failure.text == "ValueError: no such column"
    assert phase.failure.frames == (outcome.Frame("code/a.py", 3, "f", "return x", True),)
    assert phase.failure.causes == (("ModuleNotFoundError", "No module", "x"),)


def test_nothing_after_the_end_counts() -> None:
    run = outcome.read(lines({"event": "done"}, end("predict")))
    assert run.phases == ()


def test_a_flood_of_phases_is_cut() -> None:
    run = outcome.read(lines(*[end("load")] * 1000))
    assert len(run.phases) == outcome.MAX_PHASES


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "event",
        "phase",
        "about",
        "outcome",
        "seconds",
        "peak_bytes",
        "error",
        "warnings",
        "detail",
        "files",
        "python",
    ]
)
kinds = st.sampled_from(["hello", "start", "end", "done"])


@given(st.lists(st.tuples(kinds, st.dictionaries(keys, json_values, max_size=6)), max_size=6))
def test_events_of_any_form_are_read(events: list[tuple[str, dict[str, object]]]) -> None:
    run = outcome.read(lines(*({**event, "event": kind} for kind, event in events)))
    for phase in run.phases:
        assert phase.outcome in ("passed", "failed", "skipped", "died")
        assert phase.seconds is None or phase.seconds >= 0


@given(st.binary(max_size=200))
def test_any_bytes_are_read(report: bytes) -> None:
    outcome.read(report)
