"""PyTorch: a ``torch.nn.Module``, pickled, scripted, or exported as a graph.

``mlflow.pytorch`` reads ``data/model.pth`` in every release, and ``data/model.pt2`` since 3.9.0.
"""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, is_a, needed
from mlmodel.flavors.pickling import names_main

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMATS = ("pickle", "cloudpickle", "pt2")
_DATA, _PICKLED, _EXPORTED = "data", "model.pth", "model.pt2"
# The loader unpickles with the module that is named here.  Cloudpickle's files are pickle's, too.
_INFO = "pickle_module_info.txt"
_PROGRAM = ("torch.export.exported_program", "ExportedProgram")


class _PyTorch:
    name = "pytorch"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "torch.nn.modules.module", "Module") or is_a(kind, *_PROGRAM)

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        wanted = request.serialization
        if wanted not in (None, *FORMATS):
            raise UnsuitableError(
                f"serialization {wanted!r} is unknown to PyTorch's flavor; use one of {', '.join(FORMATS)}"
            )
        torch = needed("torch")
        data = os.path.join(folder, _DATA)
        os.mkdir(data)
        is_script = isinstance(model, torch.jit.ScriptModule)
        if is_script and wanted:
            raise UnsuitableError(f"a scripted module has a form of its own; it is not written as {wanted}")
        is_program = is_a(type(model), *_PROGRAM)
        if is_program and wanted not in (None, "pt2"):
            raise UnsuitableError(f"an exported program is written as pt2, and not as {wanted}")
        if is_program:
            file = _EXPORTED
            torch.export.save(model, os.path.join(data, file))
        elif wanted == "pt2":
            file = _EXPORTED
            _export(model, os.path.join(data, file), request.example)
        else:
            file = _PICKLED
            if is_script:
                torch.jit.save(model, os.path.join(data, file))
            else:
                _pickle(model, os.path.join(data, file), wanted)
            with open(os.path.join(data, _INFO), "w", encoding="ascii") as stream:
                stream.write("pickle")
        flavor = {"model_data": _DATA, "pytorch_version": str(torch.__version__)}
        function = {
            "config": {"device": None},
            "data": _DATA,
            "loader_module": "mlflow.pytorch",
            "pickle_module_name": "pickle",
        }
        # A scripted module holds its own code, and imports nothing.
        files = () if is_script else (f"{_DATA}/{file}",)
        return Saved(flavor, function, files, ("torch",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        torch = needed("torch")
        data = os.path.join(folder, keys["model_data"])
        path = os.path.join(data, _PICKLED)
        try:
            if not os.path.exists(path):
                return torch.export.load(os.path.join(data, _EXPORTED)).module()
            # As the caller has judged it; MLflow passes the same.
            model = torch.load(path, map_location="cpu", weights_only=False)
        except Exception as error:
            raise UnsuitableError(f"torch cannot load {keys['model_data']}: {error}") from error
        return model.eval()

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_PyTorchWrapper.predict`` does, on the device that it chooses."""
        torch, numpy = needed("torch"), needed("numpy")
        device = (
            (keys.get("config") or {}).get("device")
            or os.environ.get("MLFLOW_DEFAULT_PREDICTION_DEVICE")
            or ("cuda:0" if torch.cuda.is_available() else "cpu")
        )
        if device != "cpu":
            model.to(device=device)

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            is_frame = hasattr(data, "columns")
            if not is_frame and not isinstance(data, numpy.ndarray):
                raise UnsuitableError(f"a PyTorch model takes a data frame or an array, not {type(data)}")
            given = data.to_numpy(dtype=numpy.float32) if is_frame else data
            with torch.no_grad():
                answered = model(torch.from_numpy(given).to(device), **(params or {}))
            if not isinstance(answered, torch.Tensor):
                raise UnsuitableError(f"the model answers {type(answered)}, and not one tensor")
            plain = answered.cpu().numpy()
            return needed("pandas").DataFrame(plain, index=data.index) if is_frame else plain

        return answer


FLAVOR = _PyTorch()


def from_file(path: str) -> Any:
    """The ``ExportedProgram`` in a ``.pt2`` archive.

    Raises:
        UnsuitableError: torch is missing, or does not read it.
    """
    torch = needed("torch")
    try:
        with open(path, "rb") as stream:
            return torch.export.load(stream)
    except Exception as error:
        raise UnsuitableError(f"torch does not read it: {first_line(error)}") from error


def _pickle(model: Any, path: str, wanted: str | None) -> None:
    """Pickled, where nothing is said with cloudpickle if a class is defined in a script or a function."""
    torch = needed("torch")
    try:
        if wanted in (None, "pickle"):
            torch.save(model, path)
            if wanted or not names_main(path):
                return
    except Exception as error:
        if wanted:
            raise UnsuitableError(f"pickle cannot write the model: {error}") from error
    cloudpickle = needed("cloudpickle")
    try:
        torch.save(model, path, pickle_module=cloudpickle)
    except Exception as error:
        raise UnsuitableError(f"cloudpickle cannot write the model: {error}") from error


def _export(model: Any, path: str, example: Any) -> None:
    """The graph that the example runs through, for any number of rows.

    Raises:
        UnsuitableError: there is no example, or torch cannot trace the model.
    """
    torch, numpy = needed("torch"), needed("numpy")
    if example is None:
        raise UnsuitableError("the form pt2 is made by running the model on its input_example; pass one")
    # A table's rows, a data frame or an array, as the loader hands them to the model.
    is_array = isinstance(example, numpy.ndarray)
    given = example if is_array else numpy.asarray(getattr(example, "rows", example), dtype=numpy.float32)
    try:
        exported = torch.export.export(
            # Dropout and the like off, as after loading a pickled one.
            copy.deepcopy(model).eval(),
            (torch.from_numpy(given),),
            dynamic_shapes=[{0: torch.export.Dim.AUTO}],
        )
        torch.export.save(exported, path)
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        raise UnsuitableError(f"torch cannot export the model: {said}") from error
