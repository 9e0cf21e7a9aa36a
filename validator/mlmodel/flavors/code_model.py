"""Models from code: a Python file that calls ``mlflow.models.set_model``, MLflow 2.13.2 and later."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from typing import Any

from mlmodel.documents import model_source, python_source
from mlmodel.flavors import UnsuitableError


def save(path: str | os.PathLike[str], folder: str) -> dict[str, Any]:
    """What ``python_function`` says of a file that was copied into the folder.

    MLflow records the path on its author's machine; its loader uses the last part of it, all that is recorded here.

    Raises:
        UnsuitableError: there is no such file, it is not Python, or nothing in it sets a model.
    """
    source, name = os.fspath(path), os.path.basename(path)
    if not os.path.isfile(source) or not name.endswith(".py"):
        raise UnsuitableError(
            f"{source} is no Python file; a model is an object, or a file that calls set_model"
        )
    with open(source, "rb") as stream:
        parsed = python_source.parse(stream.read())
    if parsed.fault is not None or parsed.tree is None:
        why = (
            f"line {parsed.fault.line}: {parsed.fault.message}"
            if parsed.fault is not None
            else "it is nested too deep"
        )
        raise UnsuitableError(f"{source} is no Python: {why}")
    # The configuration is recorded by MLflow's own writer only: a ModelConfig is left to whoever loads the model.
    fault = next(model_source.faults(parsed.tree, has_config=True), None)
    if fault is not None:
        subject = "it " if fault.kind == model_source.NOT_SET else ""
        raise UnsuitableError(
            f"{source} gives no model that predicts; line {fault.line}: {subject}{fault.message}"
        )
    shutil.copyfile(source, os.path.join(folder, name))
    return {
        "loader_module": "mlflow.pyfunc.loaders.code_model",
        "model_code_path": name,
        "streamable": False,
    }


def load(path: str) -> Any:
    """The model that a file sets; runs it.

    Raises:
        UnsuitableError: MLflow, which the file takes ``set_model`` from, is missing, or the file sets no model.
    """
    try:
        from mlflow.models import model as state
    except ImportError:
        raise UnsuitableError("a model from code needs MLflow, which is not installed") from None
    state.__mlflow_model__ = None
    name = f"code_model_{abs(hash(path)):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    if state.__mlflow_model__ is None:
        raise UnsuitableError(f"{os.path.basename(path)} sets no model")
    return state.__mlflow_model__
