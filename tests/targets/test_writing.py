"""``write_model(target=...)``: a form that all targets read, or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlmodel import Options, Verdict, validate
from mlmodel.standard.target_errors import TargetError
from mlmodel.writer import WriteError, write_model

COLUMN = {"type": "double", "name": "a", "required": True}
OPTIONAL = {"type": "double", "name": "b", "required": False}
NESTED = {"type": "array", "items": {"type": "double"}, "name": "c", "required": True}


def predictor() -> Any:
    """A function of no module, so that it is pickled by value."""

    def predict(rows: Any) -> Any:
        return rows

    return predict


def write(path: Path, target: Any, *columns: dict[str, Any], outputs: bool = True) -> dict[str, Any]:
    text = json.dumps(columns)
    signature = {"inputs": text, "outputs": text if outputs else None, "params": None}
    write_model(predictor(), path, signature=signature, pip_requirements=["mlflow"], target=target)
    written = yaml.safe_load((path / "MLmodel").read_text(encoding="utf-8"))
    assert isinstance(written, dict)
    return written


def test_what_only_newer_releases_read_is_left_out(tmp_path: Path) -> None:
    written = write(tmp_path / "old", "mlflow==2.9.2", COLUMN)
    assert json.loads(written["signature"]["inputs"]) == [{"type": "double", "name": "a"}]
    report = validate(tmp_path / "old", Options(targets=("mlflow==1.30.1", "mlflow==2.9.2", "mlflow")))
    assert report.verdict is Verdict.VALID
    written = write(tmp_path / "new", ["mlflow==2.10.2", "mlserver"], COLUMN)
    assert json.loads(written["signature"]["inputs"]) == [COLUMN]


@pytest.mark.parametrize(
    ("target", "columns", "outputs", "rule"),
    [
        ("mlflow==2.9.2", (COLUMN, OPTIONAL), True, "MLM801"),
        ("mlflow==2.9.2", (NESTED,), True, "MLM801"),
        (["bentoml", "mlserver"], (COLUMN,), False, "MLM805"),
        ("seldon-v1", (COLUMN,), True, "MLM809"),
        ("mlflow-java", (COLUMN,), True, "MLM804"),
    ],
)
def test_what_a_target_refuses_is_not_written(
    target: Any, columns: tuple[dict[str, Any], ...], outputs: bool, rule: str, tmp_path: Path
) -> None:
    with pytest.raises(WriteError, match=rule):
        write(tmp_path / "model", target, *columns, outputs=outputs)
    assert list(tmp_path.iterdir()) == []


def test_unknown_targets(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="did you mean 'mlserver'"):
        write(tmp_path / "model", "mlsever", COLUMN)
    assert list(tmp_path.iterdir()) == []
