"""Any Python object with ``predict``, any function, and models from code: what has no library of its own.

MLflow's loader (``mlflow.pyfunc.model``, 1.30.1 to 3.17.2) unpickles an object and calls its ``load_context(context)``
and ``predict(context, model_input[, params])``; it never asks for its class.  An object that is not MLflow's is therefore
wrapped into a namespace of such functions, which cloudpickle takes along by value: neither MLflow at writing time nor this
distribution at loading time is needed.
"""

from __future__ import annotations

import importlib
import inspect
import os
import typing
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.flavors import Request, Saved, UnsuitableError, artifacts, chat_types, code_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "python_model.pkl"
_LOADER = "mlflow.pyfunc.model"


class LoaderModule(Record):
    """A model that a module loads: ``loader_module`` and ``data_path`` of MLflow's writer."""

    name: str
    """The module, dotted, whose ``_load_pyfunc`` takes the path of the data."""
    data: str | None
    """A file or folder; None where the loader takes the model directory."""


class PythonModel(Record):
    """What is loaded: an object, and what MLflow hands it with every call."""

    python_model: Any
    """The object that was unpickled, or that the model's code has set."""
    context: Any
    """``artifacts``, paths by name, and ``model_config``."""


class _PythonFunction:
    name = "python_function"

    def knows(self, kind: type) -> bool:
        # The last class of every object: any other flavor has been asked before.
        return kind is object

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization not in (None, "cloudpickle"):
            raise UnsuitableError(
                f"serialization {request.serialization!r} is unknown to Python models; they are written with cloudpickle"
            )
        if isinstance(model, LoaderModule):
            return _loaded(model, folder, request)
        if isinstance(model, (str, os.PathLike)):
            function = code_model.save(model, folder)
            file, needs = function["model_code_path"], []
        else:
            function = _pickled(model, folder, request)
            file, needs = FILE, ["cloudpickle"]
        if request.artifacts:
            function["artifacts"] = artifacts.copy(request.artifacts, folder)
        return Saved(None, function, (file,), tuple(needs))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        loader = keys["loader_module"]
        if not loader.startswith("mlflow.pyfunc."):
            # A loader module of the author's own, from code/, or another of MLflow, which must be installed then.
            data = os.path.join(folder, keys["data"]) if "data" in keys else folder
            return PythonModel(_imported(loader)._load_pyfunc(data), None)  # noqa: SLF001 - MLflow's convention
        if keys.get("model_code_path"):
            model = code_model.load(os.path.join(folder, os.path.basename(keys["model_code_path"])))
        else:
            model = _unpickled(folder, keys)
        context = SimpleNamespace(
            artifacts=artifacts.paths(folder, keys.get("artifacts") or {}), model_config=keys.get("config")
        )
        if hasattr(model, "load_context"):
            model.load_context(context)
        return PythonModel(model, context)

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_PythonModelPyfuncWrapper`` does, for models whose inputs no type hint converts."""
        del keys
        chat = chat_types.of(model.python_model)
        if chat is not None:
            return chat_types.predictor(chat, model.python_model, model.context)
        predict = model.python_model.predict if hasattr(model.python_model, "predict") else model.python_model
        names = inspect.signature(predict).parameters
        takes_params = "params" in names
        takes_context = model.context is not None and (
            # Before 2.20 the context always came first, whatever its name.
            "context" in names or len([name for name in names if name not in ("self", "params")]) == 2
        )
        first = (model.context,) if takes_context else ()

        hints = getattr(model.python_model, "predict_type_hints", None)
        takes_texts = getattr(hints, "input", None) in (list[str], typing.List[str])  # noqa: UP006 - older models

        def answer(inputs: Any, params: Mapping[str, Any] | None) -> Any:
            more = {"params": params if params is None else dict(params)} if takes_params else {}
            return predict(*first, _texts(inputs) if takes_texts else inputs, **more)

        return answer


FLAVOR = _PythonFunction()


def _loaded(model: LoaderModule, folder: str, request: Request) -> Saved:
    if request.artifacts:
        raise UnsuitableError("artifacts are for an object; a loader_module takes data_path")
    if not isinstance(model.name, str) or not all(part.isidentifier() for part in model.name.split(".")):
        raise UnsuitableError(f"loader_module is {model.name!r}, and must be the name of a module")
    function: dict[str, Any] = {"loader_module": model.name, "streamable": False}
    files: tuple[str, ...] = ()
    if model.data is not None:
        if not os.path.exists(model.data):
            raise UnsuitableError(f"data_path: {model.data} does not exist")
        name = os.path.basename(os.path.abspath(model.data))
        artifacts.copy_one(model.data, os.path.join(folder, "data", name))
        function["data"] = f"data/{name}"
        # Serialized objects among them say what is required.
        below = os.path.join(folder, "data")
        files = tuple(
            os.path.relpath(os.path.join(parent, file), folder).replace(os.sep, "/")
            for parent, _, found in os.walk(below)
            for file in found
            if not file.endswith(".py")
        )
    return Saved(None, function, files, ())


def _texts(inputs: Any) -> Any:
    """The first column of texts of a data frame, as a list (``_PythonModelPyfuncWrapper._convert_input``).

    Raises:
        ValueError: there is none.
    """
    kind = type(inputs)
    if kind.__name__ != "DataFrame" or not kind.__module__.startswith("pandas."):
        return inputs
    name = next((name for name, value in inputs.iloc[0].items() if isinstance(value, str)), None)
    if name is None:
        raise ValueError("predict takes list[str], and no column of the data frame holds text")
    return inputs[name].tolist()


def _pickled(model: Any, folder: str, request: Request) -> dict[str, Any]:
    kinds = type(model).__mro__
    base = next((kind for kind in kinds if _is_mlflows(kind, "PythonModel")), None)
    streamable = False
    if base is not None:
        streamable = getattr(type(model), "predict_stream", None) is not getattr(base, "predict_stream", None)
    else:
        model = adapted(model, artifacts=bool(request.artifacts))
    try:
        import cloudpickle
    except ImportError:
        raise UnsuitableError("a Python model needs cloudpickle (the extra mlmodel[write])") from None
    try:
        with open(os.path.join(folder, FILE), "wb") as stream:
            cloudpickle.dump(model, stream, protocol=4)
    except Exception as error:
        raise UnsuitableError(f"cloudpickle cannot write the model: {error}") from error
    return {
        "cloudpickle_version": cloudpickle.__version__,
        "loader_module": chat_types.LOADERS.get(chat_types.of(model) or "", _LOADER),
        "python_model": FILE,
        "streamable": streamable,
    }


def _is_mlflows(kind: type, name: str) -> bool:
    return kind.__module__ == "mlflow.pyfunc.model" and kind.__name__ == name


def adapted(model: Any, *, artifacts: bool) -> SimpleNamespace:
    """An object as MLflow's loader wants it, whose ``model`` is the object itself.

    ``params`` become keyword arguments.  A first parameter called ``context``, and a method ``load_context``, get
    MLflow's context, with the paths of the artifacts.

    Raises:
        UnsuitableError: it neither predicts nor can be called, or cannot get at its artifacts.
    """
    method = "predict" if callable(getattr(model, "predict", None)) else "__call__"
    if not callable(getattr(model, method, None)):
        kind = type(model)
        raise UnsuitableError(
            f"no flavor writes {kind.__module__}.{kind.__qualname__}: it has no predict, and cannot be called"
        )
    takes_context = _first_parameter(model.predict if method == "predict" else model) == "context"
    takes_artifacts = takes_context or hasattr(model, "load_context")
    if artifacts and not takes_artifacts:
        raise UnsuitableError(
            "artifacts reach a model through its load_context(context), or a first parameter called context; it has neither"
        )

    def load_context(context: Any) -> None:
        if hasattr(model, "load_context"):
            model.load_context(context)

    def predict(context: Any, model_input: Any, params: Any = None) -> Any:
        given = (context, model_input) if takes_context else (model_input,)
        return getattr(model, method)(*given, **(params or {}))

    # MLflow 2.15 calls _get_type_hints, later releases read predict_type_hints.
    hints = SimpleNamespace(input=None, output=None)

    def get_type_hints() -> Any:
        return hints

    return SimpleNamespace(
        _get_type_hints=_detached(get_type_hints),
        load_context=_detached(load_context),
        model=model,
        predict=_detached(predict),
        predict_type_hints=hints,
    )


def _detached(function: Any) -> Any:
    """A function as if a script had defined it: cloudpickle takes it by value, and no path of this machine with it."""
    code = function.__code__.replace(co_filename="<mlmodel>")
    scope = {"__name__": "__main__"}
    return FunctionType(code, scope, function.__name__, function.__defaults__, function.__closure__)


def _first_parameter(function: Any) -> str | None:
    try:
        return next(iter(inspect.signature(function).parameters), None)
    except (TypeError, ValueError):  # some functions in C tell nothing
        return None


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnsuitableError(f"the loader module {module} cannot be imported: {error}") from error


def _unpickled(folder: str, keys: Mapping[str, Any]) -> Any:
    import bz2
    import gzip
    import lzma
    import pickle

    # MLFLOW_LOG_MODEL_COMPRESSION, MLflow 3.0.1 and later.
    openers = {None: open, "lzma": lzma.open, "bzip2": bz2.open, "gzip": gzip.open}
    file, opener = keys["python_model"], openers.get(keys.get("python_model_compression"))
    if opener is None:
        raise UnsuitableError(f"the compression {keys['python_model_compression']} of {file} is unknown")
    try:
        with opener(os.path.join(folder, file), "rb") as stream:  # type: ignore[operator]
            return pickle.load(stream)  # noqa: S301 - judged by the caller
    except Exception as error:
        raise UnsuitableError(f"{file} cannot be loaded: {error}") from error
