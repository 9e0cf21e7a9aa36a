"""What an answer says about the outputs of a signature."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlmodel import validation
from mlmodel.findings import Finding, LoadReport, Location, Phase, Report, Severity, Verdict
from mlmodel.runtime.load_options import LoadOptions
from mlmodel.writer import observed_outputs


def observe(monkeypatch: pytest.MonkeyPatch, output: dict[str, Any] | None, *found: Finding) -> Any:
    phases = (Phase("predict", None, "passed", detail={"output": output}),) if output else ()
    report = Report(
        path="m",
        verdict=Verdict.VALID,
        findings=found,
        mlflow_version=None,
        flavors=(),
        truncated=0,
        load=LoadReport("predicted", "current", phases=phases),
    )
    monkeypatch.setattr(validation, "validate", lambda *_: report)
    return json.loads(observed_outputs.outputs("m", LoadOptions()))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            {"form": "array", "dtype": "float64", "shape": [7, 3]},
            [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}],
        ),
        (
            {"form": "array", "dtype": "<U5", "shape": [7]},
            [{"type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}],
        ),
        (
            {"form": "table", "names": ["a", "b"], "dtypes": ["int64", "datetime64[ns]"]},
            [
                {"type": "long", "name": "a", "required": True},
                {"type": "datetime", "name": "b", "required": True},
            ],
        ),
        ({"form": "series", "dtype": "object", "shape": [2]}, [{"type": "string", "required": True}]),
        (
            {"form": "mapping", "items": {"y": {"dtype": "int32", "shape": [2]}}},
            [{"type": "tensor", "tensor-spec": {"dtype": "int32", "shape": [-1]}, "name": "y"}],
        ),
    ],
)
def test_outputs(monkeypatch: pytest.MonkeyPatch, output: dict[str, Any], expected: object) -> None:
    assert observe(monkeypatch, output) == expected


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"form": "other", "type": "builtins.str"}, "answers with builtins.str"),
        ({"form": "series", "dtype": "complex128", "shape": [2]}, "complex128"),
        ({"form": "mapping", "type": "dict", "items": {"y": {"type": "int"}}}, "answers with dict"),
        (None, "not confined"),
    ],
)
def test_no_outputs(monkeypatch: pytest.MonkeyPatch, output: dict[str, Any] | None, said: str) -> None:
    finding = Finding("MLM905", "not-proven", Severity.WARNING, "not confined", Location(), None)
    with pytest.raises(observed_outputs.PredictionFailedError, match=said):
        observe(monkeypatch, output, finding)


@pytest.mark.parametrize(
    ("outcome", "rule", "severity", "refused"),
    [
        ("loaded", "MLM730", Severity.ERROR, True),
        ("failed", "MLM722", Severity.ERROR, True),
        ("predicted", "MLM733", Severity.WARNING, False),
        ("loaded", "MLM742", Severity.WARNING, False),
        ("unproven", "MLM905", Severity.WARNING, False),
    ],
)
def test_an_example_that_the_model_refuses(
    monkeypatch: pytest.MonkeyPatch, outcome: str, rule: str, severity: Severity, refused: bool
) -> None:
    finding = Finding(rule, "name", severity, "ValueError:\n  never", Location(), None)
    report = Report(
        path="m",
        verdict=Verdict.VALID,
        findings=(finding,),
        mlflow_version=None,
        flavors=(),
        truncated=0,
        load=LoadReport(outcome, "current", phases=()),
    )
    monkeypatch.setattr(validation, "validate", lambda *_: report)
    if not refused:
        observed_outputs.check("m", LoadOptions())
        return
    with pytest.raises(observed_outputs.PredictionFailedError, match="did not predict: ValueError: never"):
        observed_outputs.check("m", LoadOptions())
