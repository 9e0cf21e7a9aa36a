# ruff: noqa: E402 - what is imported must stand after the paths
"""Writes Python models without MLflow, then loads them with the MLflow beside it; run with a release's interpreter.

Arguments: the folder of mlmodel, one with what that environment lacks, the folder to write to.
"""

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path[:0] = sys.argv[1:3]
warnings.simplefilter("ignore")

import numpy as np
import pandas as pd

from mlmodel import infer_signature, write_model
from mlmodel.writer import Table

ROWS = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
TABLE = Table(("a", "b"), ((1.0, 3.0), (2.0, 4.0)))
out = Path(sys.argv[3])
OLD = version("mlflow").startswith("1.")
out.mkdir()
note = out / "note.txt"
note.write_text("10")


class Sum:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def predict(self, rows: Any, power: int = 1) -> Any:
        return (rows.sum(axis=1) * self.factor) ** power


class Callable(Sum):
    predict = None  # type: ignore[assignment]

    def __call__(self, rows: Any) -> Any:
        return rows.sum(axis=1) * self.factor


class WithArtifact:
    def load_context(self, context: Any) -> None:
        self.offset = float(Path(context.artifacts["note"]).read_text())

    def predict(self, rows: Any) -> Any:
        return rows.sum(axis=1) + self.offset


def function(rows: Any) -> Any:
    return np.asarray(rows).sum(axis=1)


def with_context(context: Any, rows: Any) -> Any:
    return rows.sum(axis=1) + float(Path(context.artifacts["note"]).read_text())


MODELS: dict[str, tuple[Any, list[float]]] = {
    "object": (Sum(2), [8, 12]),
    "callable": (Callable(2), [8, 12]),
    "function": (function, [4, 6]),
    "lambda": (lambda rows: rows["a"] * 3, [3, 6]),
    "artifact": (WithArtifact(), [14, 16]),
    "context": (with_context, [14, 16]),
}
CODE = """
import mlflow
import numpy as np

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return np.asarray(model_input).sum(axis=1) + 1

mlflow.models.set_model(Model())
"""


def plain(answer: Any) -> list[float]:
    return [float(value) for value in np.asarray(answer)]


reports = {}
for name, (model, _) in MODELS.items():
    artifacts = {"note": note} if name in ("artifact", "context") else None
    report = write_model(
        model,
        out / name,
        artifacts=artifacts,
        input_example=TABLE,
        # MLflow 1.30 reads no columns that say whether they are required.
        signature=False if OLD else infer_signature(TABLE),
    )
    reports[name] = [
        f"{finding.rule} {finding.message}" for finding in report.findings if finding.severity.name != "INFO"
    ]
assert "mlflow" not in sys.modules
write_model(function, out / "again", model_uuid="0" * 32)
assert (out / "again" / "python_model.pkl").read_bytes() == (
    out / "function" / "python_model.pkl"
).read_bytes()
assert str(Path(sys.argv[1])).encode() not in (out / "object" / "python_model.pkl").read_bytes()

import mlflow

from mlmodel.flavors.python_function import FLAVOR

RELEASE = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
if RELEASE >= (2, 15):
    script = out / "own.py"
    script.write_text(CODE)
    report = write_model(str(script), out / "code")
    reports["code"] = [
        f"{finding.rule} {finding.message}" for finding in report.findings if finding.severity.name != "INFO"
    ]
    MODELS["code"] = (None, [5, 7])
    assert "numpy==" in (out / "code" / "requirements.txt").read_text()


class Mlflows(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: Any, model_input: Any) -> Any:  # noqa: ARG002
        return model_input.sum(axis=1) - 1


report = write_model(Mlflows(), out / "mlflows")
reports["mlflows"] = [
    f"{finding.rule} {finding.message}" for finding in report.findings if finding.severity.name != "INFO"
]
MODELS["mlflows"] = (None, [3, 5])

import yaml

for name, (_, expected) in MODELS.items():
    loaded = mlflow.pyfunc.load_model(str(out / name))
    assert plain(loaded.predict(ROWS)) == expected, name
    keys = yaml.safe_load((out / name / "MLmodel").read_text())["flavors"]["python_function"]
    ours = FLAVOR.predictor(FLAVOR.load(str(out / name), keys), keys)
    assert plain(ours(ROWS, {})) == expected, name

# The other way: what this MLflow saves.
mlflow.pyfunc.save_model(
    str(out / "theirs"), python_model=Mlflows(), artifacts={"note": str(note)}, pip_requirements=["mlflow"]
)
keys = yaml.safe_load((out / "theirs" / "MLmodel").read_text())["flavors"]["python_function"]
native = FLAVOR.load(str(out / "theirs"), keys)
assert Path(native.context.artifacts["note"]).read_text() == "10"
assert plain(FLAVOR.predictor(native, keys)(ROWS, {})) == [3, 5]
if RELEASE >= (2, 15):
    # Params of the signature arrive as keyword arguments.
    spec = json.dumps([{"name": "power", "type": "long", "default": 2, "shape": None}])
    stated = {**infer_signature(TABLE).as_mlmodel(), "params": spec}
    write_model(Sum(1), out / "params", signature=stated)
    loaded = mlflow.pyfunc.load_model(str(out / "params"))
    assert plain(loaded.predict(ROWS)) == [16, 36]
    assert plain(loaded.predict(ROWS, params={"power": 1})) == [4, 6]
print(json.dumps(reports))
