"""Run by an interpreter that has MLflow: saves models of many inputs, objects and forms, and asks each through MLflow.

Arguments: the folder to save to, and a file with a list of expressions of Python, which are examples.  The last line of
standard output is an object with what keeps MLflow from loading a model, or from answering its example; null where nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import scipy.sparse as sp
from mlflow.models import infer_signature
from sklearn import (
    cluster,
    ensemble,
    linear_model,
    naive_bayes,
    neighbors,
    pipeline,
    preprocessing,
    svm,
    tree,
)

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

NAMES = {"np": np, "pd": pd, "sp": sp, "dt": dt, "math": math}
FRAME = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
TARGET = np.array([0, 1, 0, 1])
GIVEN = {"pip_requirements": ["mlflow", "scikit-learn", "cloudpickle"]}
OBJECTS: list[Any] = [
    linear_model.LogisticRegression(),
    linear_model.Ridge(),
    ensemble.RandomForestClassifier(2),
    ensemble.GradientBoostingRegressor(n_estimators=2),
    naive_bayes.GaussianNB(),
    neighbors.KNeighborsClassifier(2),
    svm.SVC(),
    tree.DecisionTreeRegressor(),
    cluster.KMeans(2, n_init=1),
    pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Lasso()),
]


class Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG002
        return model_input


def asked(path: Path) -> str | None:
    try:
        model = mlflow.pyfunc.load_model(str(path))
        data = model.input_example
        if data is not None:
            model.predict(data)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None


def main(root: Path, expressions: list[str]) -> None:
    told: dict[str, str | None] = {}

    def keep(name: str, save: Callable[[str], None]) -> None:
        path = root / name
        try:
            save(str(path))
        except Exception:
            return  # MLflow does not save it
        if (path / "MLmodel").exists():
            told[name] = asked(path)

    for number, expression in enumerate(expressions):
        data = eval(expression, dict(NAMES))  # noqa: S307 - ours

        def save(path: str, data: Any = data, **more: Any) -> None:
            mlflow.pyfunc.save_model(path, python_model=Echo(), input_example=data, **GIVEN, **more)

        keep(f"value-{number}", save)
        if number % 2:
            keep(f"stated-{number}", lambda path: save(path, signature=infer_signature(data, data)))  # noqa: B023
        else:
            keep(f"params-{number}", lambda path: save(path, data=(data, {"p": 1.5, "q": ["x"]})))  # noqa: B023
    for model in OBJECTS:
        for form in ("pickle", "cloudpickle", "skops"):
            for rows, name in ((FRAME, "frame"), (FRAME.to_numpy(), "array")):

                def saved(path: str, model: Any = model, form: str = form, rows: Any = rows) -> None:
                    fitted = model.fit(rows, TARGET)
                    options: dict[str, Any] = {"skops_trusted_types": []} if form == "skops" else {}
                    mlflow.sklearn.save_model(
                        fitted, path, serialization_format=form, input_example=rows[:2], **GIVEN, **options
                    )

                keep(f"{type(model).__name__}-{form}-{name}", saved)
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
