"""Keras 3, as its own ``.keras`` archive, which any of its backends loads.  ``mlflow.keras`` reads it since 2.11.0."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATA, _FILE = "data", "model.keras"
_BACKENDS = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}


class _Keras:
    name = "keras"

    def knows(self, kind: type) -> bool:
        return kind.__name__ == "Model" and kind.__module__ == "keras.src.models.model"

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization not in (None, "keras"):
            raise UnsuitableError(f"serialization {request.serialization!r} is unknown to Keras's flavor")
        keras = needed("keras")
        data = os.path.join(folder, _DATA)
        os.mkdir(data)
        try:
            model.save(os.path.join(data, _FILE))
        except Exception as error:
            raise UnsuitableError(f"keras cannot write the model: {error}") from error
        with open(os.path.join(data, "keras_module.txt"), "w", encoding="ascii") as stream:
            stream.write("keras")
        backend = keras.backend.backend()
        flavor = {
            "data": _DATA,
            "keras_backend": backend,
            "keras_version": keras.__version__,
            "save_exported_model": False,
        }
        # No data: its loader starts from the root of the model.
        function = {"loader_module": "mlflow.keras"}
        needs = ("keras", _BACKENDS[backend]) if backend in _BACKENDS else ("keras",)
        return Saved(flavor, function, (f"{_DATA}/{_FILE}",), needs)

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        if keys.get("save_exported_model"):
            raise UnsuitableError("the model is an exported graph of TensorFlow, which only MLflow loads")
        keras = needed("keras")
        path = os.path.join(folder, keys.get("data") or _DATA, _FILE)
        try:
            return keras.saving.load_model(path)
        except Exception as error:
            raise UnsuitableError(f"keras cannot load {os.path.relpath(path, folder)}: {error}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``KerasModelWrapper.predict`` does."""
        del keys
        keras = needed("keras")

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            del params
            if hasattr(data, "columns"):
                answers = model.predict(data.to_numpy(), verbose=0)
                return needed("pandas").DataFrame(answers, index=data.index)
            return keras.ops.convert_to_numpy(model.predict(data, verbose=0))

        return answer


FLAVOR = _Keras()


def from_file(path: str) -> Any:
    """The model in a ``.keras`` archive; nothing that it carries as code is restored.

    Raises:
        UnsuitableError: Keras is missing, or does not read it.
    """
    keras = needed("keras")
    try:
        if path.endswith(".keras"):
            return keras.saving.load_model(path, safe_mode=True)
        with tempfile.TemporaryDirectory() as folder:
            # Keras goes by the suffix.
            link = os.path.join(folder, _FILE)
            os.symlink(os.path.abspath(path), link)
            return keras.saving.load_model(link, safe_mode=True)
    except Exception as error:
        raise UnsuitableError(f"keras does not read it: {first_line(error)}") from error
