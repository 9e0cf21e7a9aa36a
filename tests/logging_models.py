# ruff: noqa: E402 - what is imported must stand after the paths
"""Logs models to a real tracking server with the validation of ``mlmodel.mlflow``; run with the interpreter of a release.

Arguments: the folder of mlmodel, one with what that environment lacks, the address of the server.  Prints, as JSON, what was
logged.
"""

import json
import logging
import os
import sys
import warnings
from typing import Any

sys.path[:0] = sys.argv[1:3]
warnings.simplefilter("ignore")
os.environ["MLFLOW_TRACKING_URI"] = sys.argv[3]

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

import mlmodel
from mlmodel.mlflow import InvalidModelError, log_model

logging.disable()
ROWS = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 3.0, 4.0, 5.0]})
MODEL = LogisticRegression().fit(ROWS, [0, 0, 1, 1])
PINNED = [
    f"mlflow=={mlflow.__version__}",
    f"scikit-learn=={__import__('sklearn').__version__}",
    "cloudpickle",
]
CLIENT = mlflow.MlflowClient()
IS_NEW = int(mlflow.__version__.partition(".")[0]) >= 3
GIVEN: dict[str, Any] = {"pip_requirements": PINNED}
if IS_NEW:
    GIVEN["serialization_format"] = "pickle"


class Doubling(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002
        return model_input * 2


def logged() -> list[int]:
    """How many runs and models the server has."""
    runs = len(CLIENT.search_runs(["0"]))
    return [runs, len(CLIENT.search_logged_models(["0"])) if IS_NEW else 0]


def tags(info: Any) -> dict[str, str]:
    """Those of ours."""
    if IS_NEW:
        found = CLIENT.get_logged_model(info.model_id).tags
        return {key: value for key, value in found.items() if key.startswith("mlmodel.")}
    behind = f".{info.artifact_path}"
    found = CLIENT.get_run(info.run_id).data.tags
    return {key.removesuffix(behind): value for key, value in found.items() if key.endswith(behind)}


told: dict[str, Any] = {"before": logged()}
misfit = {"input_example": ROWS[["a"]], "signature": infer_signature(ROWS)}
try:
    log_model(mlflow.sklearn, MODEL, "refused", **misfit, **GIVEN)
except InvalidModelError as error:
    told["refused"] = [
        str(error),
        sorted({each.rule for each in error.report.findings if each.severity.name == "ERROR"}),
    ]
told["after the refusal"] = logged()
info = log_model(mlflow.sklearn, MODEL, "tagged", on_invalid="tag", **misfit, **GIVEN)
told["tagged"] = tags(info)
info = log_model(
    mlflow.sklearn,
    MODEL,
    "valid",
    on_invalid="tag",
    input_example=ROWS,
    registered_model_name="ours",
    metadata={"of": "ours"},
    **GIVEN,
)
told["valid"] = tags(info)
told["identity"] = [
    info.metadata,
    mlflow.pyfunc.load_model(info.model_uri).metadata.model_uuid == info.model_uuid,
]
told["answers"] = [
    mlflow.pyfunc.load_model(uri).predict(ROWS).tolist() for uri in (info.model_uri, "models:/ours/1")
]
told["expected"] = MODEL.predict(ROWS).tolist()
folder = mlflow.artifacts.download_artifacts(info.model_uri)
told["verdict"] = mlmodel.validate(folder).verdict.name
if IS_NEW:
    told["model"] = [CLIENT.get_logged_model(info.model_id).status.name, info.model_id == info.model_uuid]
mlflow.end_run()  # before MLflow 3, logging leaves a run open
with mlflow.start_run() as run:
    info = log_model(mlflow.pyfunc, Doubling(), "doubling", input_example=ROWS, pip_requirements=PINNED)
    told["in a run"] = info.run_id == run.info.run_id
told["doubled"] = mlflow.pyfunc.load_model(info.model_uri).predict(ROWS)["a"].tolist()
try:
    log_model(mlflow.sklearn, MODEL, "x", on_invalid="ignore")
except ValueError as error:
    told["wrong"] = str(error)
print(json.dumps(told))
