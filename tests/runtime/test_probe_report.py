"""What is made of the lines that the probe writes, or that a model writes in its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmodel.findings import Frame, LoadEnvironment, LoadReport, Phase, Report, Verdict
from mlmodel.model.model import Model
from mlmodel.reporters import Style
from mlmodel.runtime import diagnosis, probe_report
from mlmodel.sources.directory import ModelDirectory
from tests.command import ROOT
from tests.rendering import rendered


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def start(phase: str, about: str | None = None) -> dict[str, object]:
    return {"event": "start", "phase": phase, "about": about}


def end(phase: str, about: str | None = None, **more: object) -> dict[str, object]:
    return {"event": "end", "phase": phase, "about": about, "outcome": "passed", "seconds": 0.5, **more}


def test_a_whole_run() -> None:
    run = probe_report.read(
        lines(
            {"event": "hello", "python": "3.11.7"},
            start("load", "sklearn"),
            end("load", "sklearn", peak_bytes=1000),
            {"event": "done", "files": ["/a.py", 3]},
        )
    )
    assert (run.python, run.done, run.files, run.last) == ("3.11.7", True, ("/a.py",), None)
    assert run.phases == (Phase("load", "sklearn", "passed", 0.5, 1000),)
    assert run.passed("load")
    assert not run.passed("predict")


def test_where_it_died() -> None:
    report = lines(
        {"event": "hello", "python": "3.11.7"}, start("read"), end("read"), start("load", "mlflow.pyfunc")
    )
    run = probe_report.read(report)
    assert not run.done
    assert run.last is not None
    assert (run.last.name, run.last.about, run.last.outcome) == ("load", "mlflow.pyfunc", "died")
    assert run.last.label == "loading with mlflow.pyfunc"


def test_a_line_that_is_cut_costs_only_itself() -> None:
    report = lines(start("read"), end("read"), start("load", "sklearn"))
    run = probe_report.read(report + b'{"event": "end", "phase": "lo')
    assert [(phase.name, phase.outcome) for phase in run.phases] == [("read", "passed"), ("load", "died")]


def test_an_exception() -> None:
    error = {
        "type": "ValueError",
        "message": "\nno such column\nmore",
        "frames": [{"file": "code/a.py", "line": 3, "function": "f", "source": "return x", "own": True}],
        "traceback": "Traceback",
        "causes": [{"type": "ModuleNotFoundError", "message": "No module", "name": "x"}],
    }
    (phase,) = probe_report.read(lines(end("predict", outcome="failed", error=error))).phases
    assert phase.failure is not None
    assert phase.failure.text == "ValueError: no such column"
    assert phase.failure.frames == (Frame("code/a.py", 3, "f", "return x", True),)
    assert phase.failure.causes == (("ModuleNotFoundError", "No module", "x"),)


def test_nothing_after_the_end_counts() -> None:
    run = probe_report.read(lines({"event": "done"}, end("predict")))
    assert run.phases == ()


def test_a_flood_of_phases_is_cut() -> None:
    run = probe_report.read(lines(*[end("load")] * 1000))
    assert len(run.phases) == probe_report.MAX_PHASES


texts = st.text(max_size=5) | st.sampled_from(
    [
        "\0",
        "\ud800",
        "ModuleNotFoundError",
        "No module named 'x'",
        "mlflow.pyfunc",
        "sklearn",
        "numpy",
        "1.2.3",
        "x" * 300,
    ]
)
fields = texts | st.sampled_from(
    [
        "form",
        "names",
        "dtypes",
        "shape",
        "dtype",
        "items",
        "type",
        "length",
        "module",
        "name",
        "error",
        "message",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=12,
)


def objects(*names: str) -> st.SearchStrategy[object]:
    """Objects with some of these members, or anything else."""
    return st.dictionaries(st.sampled_from(names), json_values, max_size=len(names)) | json_values


events = st.fixed_dictionaries(
    {"event": st.sampled_from(["hello", "start", "end", "done"])},
    optional={
        "phase": st.sampled_from(
            ["versions", "import", "resolve", "load", "example", "predict", "output", "again", "serve"]
        )
        | json_values,
        "about": texts | json_values,
        "outcome": st.sampled_from(["passed", "failed", "skipped"]) | json_values,
        "seconds": json_values,
        "peak_bytes": json_values,
        "error": objects("type", "message", "name", "errno", "frames", "traceback", "causes"),
        "warnings": st.lists(objects("category", "message"), max_size=2) | json_values,
        "detail": objects("output", "missing", "installed", "same", "json", "reason", "type", "version"),
        "files": json_values,
        "python": texts | json_values,
    },
)
EXAMPLE = Model(ModelDirectory(str(ROOT / "examples" / "sklearn-logistic-regression")))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(events, max_size=6),
    st.sampled_from(
        [diagnosis.ProcessExit(0), diagnosis.ProcessExit(-11), diagnosis.ProcessExit(-9, "120 seconds")]
    ),
    st.booleans(),
)
def test_whatever_a_model_reports_becomes_a_report(
    told: list[dict[str, object]], end: diagnosis.ProcessExit, recreated: bool
) -> None:
    """A model can write any line itself: findings, text and JSON (RFC 8259) come of all of them."""
    run = probe_report.read(lines(*told))
    case = diagnosis.ProbeCase(EXAMPLE, run, end, recreated=recreated, python=run.python)
    findings = tuple(diagnosis.diagnose(case))
    for phase in run.phases:
        assert phase.outcome in ("passed", "failed", "skipped", "died")
        assert phase.seconds is None or phase.seconds >= 0
    load = LoadReport("failed", "current", LoadEnvironment("python", run.python), ("limits",), (), run.phases)
    report = Report(".", Verdict.VALID, findings, load=load)
    for name in ("json", "text"):
        text = rendered(name, [report], Style(verbosity=1))
        assert text.encode("utf-8")
        if name == "json":
            json.loads(text, parse_constant=pytest.fail)
            assert "\\ud800" not in text


def test_what_is_nested_deeply_is_cut() -> None:
    deep = b'{"event":"end","phase":"load","detail":{"a":' + b"[" * 900 + b"]" * 900 + b"}}"
    (phase,) = probe_report.read(deep).phases
    assert json.dumps(phase.detail).count("[") < 30


@given(st.binary(max_size=200))
def test_any_bytes_are_read(report: bytes) -> None:
    probe_report.read(report)
