"""Run by an interpreter that has MLflow: saves models of many forms below the directory it is given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models.signature import ModelSignature, infer_signature
from mlflow.types.schema import ColSpec, Schema, TensorSpec
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RELEASE = tuple(int(part) for part in mlflow.__version__.split(".")[:2])


class Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 - MLflow's
        return model_input


def save_all(root: Path) -> None:
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
    target = np.array([0, 1, 0, 1])
    mixed = pd.DataFrame(
        {
            "flag": [True, False],
            "count": np.array([1, 2], dtype="int32"),
            "number": [3, 4],
            "text": ["x", "y: #"],
            "when": pd.to_datetime(["2020-01-01 00:00", "2021-06-01 12:30"]),
            "raw": [b"a", b"b"],
            "gap": [1.5, None],
        }
    )

    # MLflow infers requirements by loading the model in a process of its own, for seconds: twice is enough.
    given: dict[str, Any] = {"pip_requirements": ["mlflow", "scikit-learn"]}

    def save(name: str, model: Any, **options: Any) -> None:
        mlflow.sklearn.save_model(model, str(root / name), **{**given, **options})

    classifier = LogisticRegression().fit(frame, target)
    save("bare", classifier, pip_requirements=None)
    save("signature", classifier, signature=infer_signature(frame, classifier.predict(frame)))
    save("example", classifier, input_example=frame[:2], signature=infer_signature(frame))
    save("arrays", LinearRegression().fit(frame.to_numpy(), target), input_example=frame.to_numpy()[:2])
    save("pickle", RandomForestClassifier(3).fit(frame, target), serialization_format="pickle")
    save("pipeline", make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target))
    save("no-predict", StandardScaler().fit(frame))

    def save_pyfunc(name: str, **options: Any) -> None:
        mlflow.pyfunc.save_model(str(root / name), python_model=Echo(), **{**given, **options})

    save_pyfunc("echo", pip_requirements=None)
    save_pyfunc("mixed", signature=infer_signature(mixed, mixed))
    save_pyfunc(
        "mixed-example",
        signature=infer_signature(mixed[["text", "gap", "number"]]),
        input_example=mixed[["text", "gap", "number"]],
    )
    tensors = Schema(
        [TensorSpec(np.dtype("float32"), (-1, 2, 3), "x"), TensorSpec(np.dtype("int64"), (-1,), "y")]
    )
    save_pyfunc("tensors", signature=ModelSignature(inputs=tensors, outputs=tensors))
    unnamed = Schema([ColSpec("double"), ColSpec("string")])
    save_pyfunc("unnamed", signature=ModelSignature(inputs=unnamed, outputs=unnamed))
    note = root.parent / "note.txt"
    note.write_text("note")
    save_pyfunc("artifacts", artifacts={"note": str(note)})
    if RELEASE >= (2, 1):
        save_pyfunc("metadata", metadata={"owner": "yes", "version": "1e3", "nested": {"no": [1, None]}})
    if RELEASE >= (2, 8):
        params = {"temperature": 0.5, "names": ["x"], "count": 3, "flag": True}
        save_pyfunc("params", signature=infer_signature(["x"], ["y"], params))
        save_pyfunc(
            "params-example",
            input_example=(["x", "y"], params),
            signature=infer_signature(["x"], ["y"], params),
        )
    if RELEASE >= (2, 12):
        chat = [{"messages": [{"role": "user", "content": "hi"}], "options": {"k": 1.5, "tags": ["a"]}}]
        save_pyfunc("nested", signature=infer_signature(chat, ["x"]), input_example=chat[0])


if __name__ == "__main__":
    save_all(Path(sys.argv[1]))
