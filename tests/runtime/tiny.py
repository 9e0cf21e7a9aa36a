"""A model and an environment of a few lines: what the probe does, without MLflow and in a fraction of a second."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import types
from functools import cache
from pathlib import Path

MLMODEL = """\
flavors:
  python_function:
    code: code
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: {python}
  sklearn:
    code: code
    pickled_model: model.pkl
    serialization_format: pickle
    sklearn_version: 1.5.2
mlflow_version: 2.17.2
saved_input_example_info:
  artifact_path: input_example.json
  serving_input_path: serving_input_example.json
  type: ndarray
signature:
  inputs: '[{{"type": "tensor", "tensor-spec": {{"dtype": "float64", "shape": [-1, 2]}}}}]'
  outputs: '[{{"type": "tensor", "tensor-spec": {{"dtype": "float64", "shape": [-1]}}}}]'
utc_time_created: '2026-11-20 10:00:00.000000'
"""

CODE = """\
class Tiny:
    def predict(self, data):
        return {body}
"""

_PACKAGES = {
    "mlflow/__init__.py": "__version__ = '2.17.2'\n",
    "mlflow/models/__init__.py": """\
import json, os
class Model:
    @classmethod
    def load(cls, path):
        return cls()
    def load_input_example(self, path):
        with open(os.path.join(path, 'input_example.json')) as file:
            return json.load(file)
""",
    "mlflow/pyfunc/__init__.py": """\
import os, pickle, warnings
class PyFuncModel:
    class metadata:
        get_input_schema = staticmethod(lambda: None)
    def __init__(self, inner):
        self.inner = inner
    def predict(self, data, params=None):
        return self.inner.predict(data)
def load_model(path):
    with open(os.path.join(path, 'model.pkl'), 'rb') as file:
        return PyFuncModel(pickle.load(file))
""",
    "mlflow/pyfunc/scoring_server.py": """\
import json
def infer_and_parse_data(data, schema):
    return data['inputs']
def predictions_to_json(value, output):
    output.write(json.dumps(value))
""",
}


def model(
    folder: Path,
    body: str = "[sum(row) for row in data]",
    *,
    code: str | None = None,
    python: str | None = None,
) -> Path:
    """A model whose object is an instance of a class in its own code; ``body`` is what predict returns."""
    path = folder / "model"
    (path / "code").mkdir(parents=True)
    saved = python or ".".join(map(str, sys.version_info[:3]))
    (path / "MLmodel").write_text(MLMODEL.format(python=saved))
    (path / "code" / "tiny.py").write_text(code or CODE.format(body=body))
    (path / "model.pkl").write_bytes(pickled())
    (path / "requirements.txt").write_text("mlflow==2.17.2\n")
    (path / "python_env.yaml").write_text(f"python: {saved}\ndependencies:\n- -r requirements.txt\n")
    (path / "conda.yaml").write_text(
        f"channels:\n- conda-forge\ndependencies:\n- python={saved}\n- pip:\n  - mlflow==2.17.2\nname: mlflow-env\n"
    )
    (path / "input_example.json").write_text(json.dumps([[1.0, 2.0], [3.0, 4.0]]))
    (path / "serving_input_example.json").write_text(json.dumps({"inputs": [[1.0, 2.0]]}))
    return path


def pickled(name: str = "Tiny", module: str = "tiny") -> bytes:
    """An instance of a class of a module that is not here."""
    made = types.ModuleType(module)
    kind = type(name, (), {"__module__": module})
    setattr(made, name, kind)
    sys.modules[module] = made
    try:
        return pickle.dumps(kind(), protocol=4)
    finally:
        del sys.modules[module]


@cache
def _base(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


def environment(folder: Path, packages: dict[str, str] | None = None, **versions: str) -> str:
    """The interpreter of an environment with a make-believe MLflow, and with more packages and versions."""
    _base(folder)
    (site,) = [path for path in folder.rglob("site-packages") if path.is_dir()]
    for name, text in {**_PACKAGES, **(packages or {})}.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, version in {"mlflow": "2.17.2", **versions}.items():
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return interpreter(folder)


def interpreter(folder: Path) -> str:
    """That of an environment."""
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
