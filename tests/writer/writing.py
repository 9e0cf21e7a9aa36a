# ruff: noqa: E402 - what is imported must stand after the paths
"""Writes models, then loads them with the MLflow beside it; run with the interpreter of a release.

Arguments: the folder of mlmodel, one with what that environment lacks, the folder to write to.
"""

import json
import sys
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path[:0] = sys.argv[1:3]
warnings.simplefilter("ignore")

import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from mlmodel import infer_signature
from mlmodel.standard.releases import covered
from mlmodel.writer import Table, WriteError, write_model

ROWS = np.array([[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7.0]])
LABELS = [0, 0, 0, 1, 1, 1]
TABLE = Table(("a", "b"), tuple(map(tuple, ROWS.tolist())))

models: dict[str, tuple[Any, str | None]] = {
    "pickle": (LogisticRegression(), None),
    "cloudpickle": (make_pipeline(FunctionTransformer(lambda rows: rows * 2), LogisticRegression()), None),
    "asked": (make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0)), "cloudpickle"),
}
try:
    import skops  # noqa: F401
except ImportError:
    pass
else:
    models["skops"] = (make_pipeline(StandardScaler(), LogisticRegression()), "skops")

# What has parts that no index has cannot be locked.
LOCKS = metadata.version("mlflow") not in covered().wheels

reports = {}
for name, (model, form) in models.items():
    model.fit(ROWS, LABELS)
    path = f"{sys.argv[3]}/{name}"
    given = (
        {"input_example": TABLE, "signature": infer_signature(TABLE)}
        if name != "asked"
        else {"input_example": ROWS}
    )
    more = name == "pickle"
    report = write_model(model, path, serialization=form, lock=more and LOCKS, predict=more, **given)
    reports[name] = [finding.rule for finding in report.findings if finding.severity.name != "INFO"]


def failing(rows: Any) -> Any:
    raise ValueError(f"never answers {rows}")


refused = Path(sys.argv[3], "refused")
said = "nothing"
try:
    write_model(failing, refused, input_example=TABLE)  # MLflow 2.15 reads no array that we write
except WriteError as error:
    said = str(error)
assert said.startswith("the model did not predict: "), said
assert "never answers" in said, said
assert not refused.exists()
write_model(failing, refused, input_example=TABLE, check_example=False)
assert "mlflow" not in sys.modules

import mlflow
import pandas as pd

for name, (model, _) in models.items():
    path = f"{sys.argv[3]}/{name}"
    loaded = mlflow.pyfunc.load_model(path)
    if name == "pickle":
        answered = mlflow.models.infer_signature(model_output=model.predict(ROWS)).outputs
        assert loaded.metadata.signature.outputs == answered, loaded.metadata.signature
        if LOCKS:
            locked = Path(path, "requirements.lock").read_text()
            assert f"scikit-learn=={sklearn.__version__} " in locked
            assert "--hash=sha256:" in locked
    rows = ROWS if name == "asked" else pd.DataFrame(ROWS, columns=["a", "b"])
    assert loaded.predict(rows).tolist() == model.predict(ROWS).tolist(), name
    if name != "asked" or not mlflow.__version__.startswith("2.15."):
        example = loaded.metadata.load_input_example(path)
        assert np.asarray(example).tolist() == ROWS.tolist(), name
print(
    json.dumps({"reports": reports, "requirements": Path(path, "requirements.txt").read_text().splitlines()})
)
