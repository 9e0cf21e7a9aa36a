# ruff: noqa: E402, ARG002 - what is imported must stand after the paths; what a model is given it need not use
"""Writes models with ours and with the MLflow beside it, by the same arguments; run with the interpreter of a release.

Arguments: the folder of mlmodel, one with what that environment lacks, the folder to write to.  Prints what the two say
differently in the MLmodel file, and what loading and predicting answered.
"""

import importlib
import json
import logging
import os
import sys
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

sys.path[:0] = sys.argv[1:3]
out = Path(sys.argv[3])
os.chdir(out)
sys.path.insert(0, str(out))
warnings.simplefilter("ignore")

import mlflow
import numpy as np
import yaml
from mlflow.models.auth_policy import AuthPolicy, SystemAuthPolicy, UserAuthPolicy
from mlflow.models.resources import DatabricksServingEndpoint, DatabricksVectorSearchIndex
from sklearn.linear_model import LogisticRegression

import mlmodel
from mlmodel.writer import write_model

logging.disable()

ROWS = np.array([[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7.0]])
LABELS = [0, 0, 0, 1, 1, 1]
IS_NEW = int(mlflow.__version__.partition(".")[0]) >= 3
MODEL = LogisticRegression().fit(ROWS, LABELS)
PINNED = [f"{name}=={metadata.version(name)}" for name in ("mlflow", "scikit-learn", "numpy", "cloudpickle")]
VARYING = {"model_uuid", "utc_time_created", "model_size_bytes", "uri", "mlflow_version"}

for name, text in {
    "lot.py": "from parts.scale import scale\nimport helper_of_lot\n\ndef predict(rows):\n    return scale(rows)\n",
    "helper_of_lot.py": "import json\n",
    "parts/__init__.py": "",
    "parts/scale.py": "from . import factor\n\ndef scale(rows):\n    return [row * factor.FACTOR for row in rows]\n",
    "parts/factor.py": "FACTOR = 3\n",
    "parts/unused.py": "import nowhere_at_all\n",
    "lines_loader.py": (
        "class Lines:\n    def __init__(self, lines):\n        self.lines = lines\n"
        "    def predict(self, data):\n        return [self.lines[int(i)] for i in data]\n"
        "def _load_pyfunc(path):\n    with open(path) as stream:\n        return Lines(stream.read().split())\n"
    ),
    "lines.txt": "zero\none\ntwo\n",
    "a/notes.txt": "of a",
    "b/notes.txt": "of b",
    "B2/NOTES.txt": "of b2",
    "0": "a file called 0",
    "config.yaml": "factor: 2\nnames: [x, y]\n",
    "resources.yaml": "api_version: '1'\ndatabricks:\n  serving_endpoint:\n  - name: chat\n",
    "conda.yaml": yaml.safe_dump(
        {"name": "mine", "channels": ["defaults"], "dependencies": ["python=3.11", "pip", {"pip": PINNED}]}
    ),
    "more.txt": "# ours\nnumpy\n-c limits.txt\n",
    "limits.txt": "scipy<9\n",
}.items():
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)

lot = importlib.import_module("lot")


class Configured(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def load_context(self, context: Any) -> None:
        self.factor = context.model_config["factor"]

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return [row * self.factor for row in model_input]


class Reading(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return {name: open(path).read() for name, path in context.artifacts.items()}


class Lot(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return lot.predict(model_input)


RESOURCES = [
    DatabricksServingEndpoint(endpoint_name="chat"),
    DatabricksServingEndpoint(endpoint_name="more"),
    DatabricksVectorSearchIndex(index_name="a.b.c"),
]
POLICY = AuthPolicy(
    user_auth_policy=UserAuthPolicy(api_scopes=["x"]),
    system_auth_policy=SystemAuthPolicy(resources=RESOURCES),
)
SAME_NAMES = {"x": "a/notes.txt", "y": "b/notes.txt", "again": "a/notes.txt", "z": "B2/NOTES.txt", "w": "0"}

# name: the object, the arguments, what is predicted on.
CASES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "conda_env": (MODEL, {"conda_env": yaml.safe_load(Path("conda.yaml").read_text())}, ROWS),
    "conda_file": (MODEL, {"conda_env": "conda.yaml"}, ROWS),
    "requirements_file": (MODEL, {"extra_pip_requirements": "more.txt"}, ROWS),
    "predict_fn": (MODEL, {"pyfunc_predict_fn": "predict_proba", "pip_requirements": PINNED}, ROWS),
    "config": (Configured(), {"model_config": {"factor": 2}, "pip_requirements": PINNED}, [1, 2]),
    "config_file": (Configured(), {"model_config": "config.yaml", "pip_requirements": PINNED}, [1, 2]),
    "streamable": (
        Configured(),
        {"streamable": True, "model_config": {"factor": 1}, "pip_requirements": PINNED},
        [1],
    ),
    "resources": (
        Lot(),
        {
            "resources": RESOURCES,
            "pip_requirements": PINNED,
            "code_paths": ["lot.py", "helper_of_lot.py", "parts"],
        },
        [1],
    ),
    "resources_file": (
        Configured(),
        {"resources": "resources.yaml", "model_config": {"factor": 1}, "pip_requirements": PINNED},
        [1],
    ),
    "infer_code_paths": (Lot(), {"infer_code_paths": True, "pip_requirements": PINNED}, [1, 2]),
    "artifacts": (Reading(), {"artifacts": SAME_NAMES, "pip_requirements": PINNED}, [1]),
    "loader": (
        None,
        {
            "loader_module": "lines_loader",
            "data_path": "lines.txt",
            "code_paths": ["lines_loader.py"],
            "pip_requirements": PINNED,
        },
        [2, 0],
    ),
}
if IS_NEW:
    CASES["extra_files"] = (
        MODEL,
        {"extra_files": ["a/notes.txt", "lines.txt"], "pip_requirements": PINNED},
        ROWS,
    )
    CASES["auth_policy"] = (
        Configured(),
        {"auth_policy": POLICY, "model_config": {"factor": 1}, "pip_requirements": PINNED},
        [1],
    )


def stated(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = plain(yaml.safe_load((folder / "MLmodel").read_text()))
    return found


def plain(value: Any) -> Any:
    """Without what differs from one writing to the next, and without null."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if key not in VARYING and each is not None}
    return [plain(each) for each in value] if isinstance(value, list) else value


def different(one: Any, other: Any, where: str = "") -> dict[str, Any]:
    if isinstance(one, dict) and isinstance(other, dict):
        found: dict[str, Any] = {}
        for key in one.keys() | other.keys():
            found |= different(one.get(key), other.get(key), f"{where}/{key}")
        return found
    return {} if one == other else {where: [one, other]}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def listed(value: Any) -> Any:
    return np.asarray(value).tolist() if not isinstance(value, dict) else value


answers = {}
for name, (model, given, asked) in CASES.items():
    ours, theirs = out / f"ours-{name}", out / f"theirs-{name}"
    report = write_model(model, ours, **given)
    to_mlflow = given
    if "extra_pip_requirements" in given:
        # MLflow finds the others by loading the model in another process: the longest part of all.
        to_mlflow = {"pip_requirements": [*PINNED, "-c limits.txt"]}
    kind = mlflow.sklearn if model is MODEL else mlflow.pyfunc
    if model is MODEL:
        kind.save_model(model, theirs, serialization_format="pickle", **to_mlflow)
    else:
        kind.save_model(str(theirs), python_model=model, **to_mlflow)
    answer = {
        "warned": [str(each) for each in report.findings if each.severity.name != "INFO"],
        "differs": different(stated(ours), stated(theirs)),
        "files": [sorted(set(files(ours)) ^ set(files(theirs))), files(ours)],
        "requirements": [(folder / "requirements.txt").read_text().split("\n") for folder in (ours, theirs)],
        "conda": different(
            *(yaml.safe_load((folder / "conda.yaml").read_text()) for folder in (ours, theirs))
        ),
        "pyfunc": listed(mlflow.pyfunc.load_model(str(ours)).predict(asked)),
        "expected": listed(mlflow.pyfunc.load_model(str(theirs)).predict(asked)),
        "loaded": listed(mlmodel.load(ours, trust=True).predict(asked)),
    }
    answers[name] = answer
print(json.dumps(answers))
