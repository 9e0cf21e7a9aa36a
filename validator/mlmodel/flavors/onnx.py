"""ONNX: a ``ModelProto``, asked through onnxruntime."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, is_a, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "model.onnx"
# What MLflow writes and assumes where nothing is stated (ONNX_EXECUTION_PROVIDERS).
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


class Loaded(Record):
    """What is loaded."""

    session: Any
    """An ``onnxruntime.InferenceSession``; the model itself stays in its file."""
    path: str
    """The file."""


class _Onnx:
    name = "onnx"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "onnx", "ModelProto")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization not in (None, "onnx"):
            raise UnsuitableError(f"serialization {request.serialization!r} is unknown to ONNX's flavor")
        onnx = needed("onnx")
        path = os.path.join(folder, FILE)
        try:
            onnx.save_model(model, path)
        except ValueError as error:
            raise UnsuitableError(f"the model is larger than 2 GB, or cannot be written: {error}") from error
        try:
            onnx.checker.check_model(path)
        except Exception as error:
            # MLflow's loader asks the same.
            said = str(error).partition("\n")[0]
            raise UnsuitableError(f"the model is not valid ONNX: {said}") from error
        flavor = {
            "data": FILE,
            "onnx_session_options": None,
            "onnx_version": onnx.__version__,
            "providers": list(_PROVIDERS),
        }
        function = {"data": FILE, "loader_module": "mlflow.onnx"}
        return Saved(flavor, function, (FILE,), ("onnx", _runtime()))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Loaded:
        runtime = needed("onnxruntime")
        path = os.path.join(folder, keys["data"])
        stated = keys.get("providers") or _PROVIDERS
        stated = [stated] if isinstance(stated, str) else stated
        known = set(runtime.get_available_providers())
        usable = [
            tuple(entry) if isinstance(entry, list) else entry
            for entry in stated
            if (entry[0] if isinstance(entry, list) else entry) in known
        ]
        options = _options(runtime, keys.get("onnx_session_options") or {})
        try:
            session = runtime.InferenceSession(
                path, providers=usable or ["CPUExecutionProvider"], sess_options=options
            )
        except Exception as error:
            raise UnsuitableError(f"onnxruntime cannot load {keys['data']}: {error}") from error
        return Loaded(session, path)

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_OnnxModelWrapper.predict`` does, params left out as there."""
        del keys
        numpy = needed("numpy")
        inputs = {item.name: item.type for item in model.session.get_inputs()}
        outputs = [item.name for item in model.session.get_outputs()]

        def feed(data: Any) -> dict[str, Any]:
            if isinstance(data, dict):
                return data
            is_frame = hasattr(data, "columns")
            if not is_frame and not isinstance(data, numpy.ndarray):
                raise UnsuitableError(
                    f"an ONNX model takes a data frame, an array or a dict of arrays, not {type(data)}"
                )
            if len(inputs) == 1:
                return {next(iter(inputs)): data.to_numpy() if is_frame else data}
            if not is_frame:
                raise UnsuitableError(
                    f"the model takes {', '.join(inputs)}: pass a dict of arrays or a data frame"
                )
            return {name: data[name].to_numpy() for name in inputs}

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            del params
            given = {
                # JSON knows no float32, so that a server gets float64.
                name: value.astype(numpy.float32)
                if inputs.get(name) == "tensor(float)" and value.dtype == numpy.float64
                else value
                for name, value in feed(data).items()
            }
            answers = dict(zip(outputs, model.session.run(outputs, given), strict=True))
            if not hasattr(data, "columns"):
                return answers
            columns = {name: numpy.asarray(value).reshape(-1) for name, value in answers.items()}
            return needed("pandas").DataFrame(columns)

        return answer


FLAVOR = _Onnx()


def from_file(path: str) -> Any:
    """The ``ModelProto`` in a file, with the tensors that it has in files beside it.

    Raises:
        UnsuitableError: onnx is missing, or does not read it.
    """
    onnx = needed("onnx")
    try:
        return onnx.load_model(path)
    except Exception as error:
        raise UnsuitableError(f"onnx does not read it: {first_line(error)}") from error


def _runtime() -> str:
    """The distribution that brings onnxruntime; the one without a GPU where none is installed."""
    from importlib.metadata import PackageNotFoundError

    for name in ("onnxruntime-gpu", "onnxruntime"):
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    raise UnsuitableError("the model needs onnxruntime to predict, which is not installed")


def _options(runtime: Any, stated: Mapping[str, Any]) -> Any:
    options = runtime.SessionOptions()
    for key in ("inter_op_num_threads", "intra_op_num_threads"):
        if stated.get(key):
            setattr(options, key, stated[key])
    if stated.get("execution_mode"):
        mode = f"ORT_{stated['execution_mode'].upper()}"
        options.execution_mode = getattr(runtime.ExecutionMode, mode)
    if stated.get("graph_optimization_level"):
        level = runtime.GraphOptimizationLevel(stated["graph_optimization_level"])
        options.graph_optimization_level = level
    for key, value in (stated.get("extra_session_config") or {}).items():
        options.add_session_config_entry(key, value)
    return options
