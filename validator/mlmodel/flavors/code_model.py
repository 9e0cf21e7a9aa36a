"""Models from code: a Python file that calls ``mlflow.models.set_model``, MLflow 2.13.2 and later."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import sys
from typing import Any

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
        text = stream.read()
    try:
        tree = ast.parse(text, name)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise UnsuitableError(f"{source} is no Python: {error}") from error
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = {getattr(function, "attr", getattr(function, "id", None)) for function in called}
    if "set_model" not in names:
        raise UnsuitableError(
            f"{source} does not call mlflow.models.set_model, so that loading it gives no model"
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
