"""scikit-learn, and estimators of other libraries that inherit from its ``BaseEstimator``.

``mlflow.sklearn`` has read ``pickle`` and ``cloudpickle`` since 1.0 and ``skops`` since 3.9.0.
"""

from __future__ import annotations

import os
import pickle
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMATS = ("pickle", "cloudpickle", "skops")


class _Sklearn:
    name = "sklearn"

    def knows(self, kind: type) -> bool:
        return kind.__module__ == "sklearn.base" and kind.__name__ == "BaseEstimator"

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        serialization = request.serialization
        if serialization not in (None, *FORMATS):
            raise UnsuitableError(
                f"serialization {serialization!r} is unknown to scikit-learn's flavor; use one of {', '.join(FORMATS)}"
            )
        used, data = _dump(model, serialization)
        file = "model.skops" if used == "skops" else "model.pkl"
        with open(os.path.join(folder, file), "wb") as stream:
            stream.write(data)
        flavor: dict[str, Any] = {
            "code": None,
            "pickled_model": file,
            "serialization_format": used,
            "sklearn_version": version("scikit-learn"),
        }
        if used == "skops":
            flavor["skops_trusted_types"] = _untrusted(data)
        function = None
        if hasattr(model, "predict"):
            function = {"loader_module": "mlflow.sklearn", "model_path": file, "predict_fn": "predict"}
        needs = ("scikit-learn",) if used == "pickle" else ("scikit-learn", used)
        return Saved(flavor, function, (file,), needs)

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        path = os.path.join(folder, keys["pickled_model"])
        try:
            if keys.get("serialization_format") == "skops":
                import skops.io

                return skops.io.load(path, trusted=keys.get("skops_trusted_types") or [])
            # pickle's loader reads cloudpickle's files, too, as long as cloudpickle is installed.
            with open(path, "rb") as stream:
                return pickle.load(stream)  # noqa: S301 - judged by the caller
        except Exception as error:
            raise UnsuitableError(f"{keys['pickled_model']} cannot be loaded: {error}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Any]], Any]:
        predict = getattr(model, keys.get("predict_fn") or "predict")
        return lambda inputs, params: predict(inputs, **params)


FLAVOR = _Sklearn()


def _dump(model: object, wanted: str | None) -> tuple[str, bytes]:
    """The format that was used, and the bytes.

    Without a wish it is ``pickle``, which every release reads and which needs nothing to be read; what pickle
    cannot name, because it is defined in ``__main__`` or in a function, takes ``cloudpickle``.
    """
    try:
        if wanted in (None, "pickle"):
            data = pickle.dumps(model, protocol=5)
            if wanted or b"__main__" not in data:
                return "pickle", data
    except Exception as error:
        if wanted:
            raise UnsuitableError(f"pickle cannot write the model: {error}") from error
    if wanted == "skops":
        try:
            import skops.io
        except ImportError:
            raise UnsuitableError("the form skops needs the distribution skops") from None
        try:
            return "skops", skops.io.dumps(model)
        except Exception as error:
            raise UnsuitableError(f"skops cannot write the model: {error}") from error
    try:
        import cloudpickle
    except ImportError:
        raise UnsuitableError(
            "the model holds what pickle cannot name; install cloudpickle (the extra mlmodel[write])"
        ) from None
    try:
        return "cloudpickle", cloudpickle.dumps(model, protocol=5)
    except Exception as error:
        raise UnsuitableError(f"cloudpickle cannot write the model: {error}") from error


def _untrusted(data: bytes) -> list[str]:
    """The types that skops asks the reader to trust, in a fixed order."""
    import skops.io

    return sorted(skops.io.get_untrusted_types(data=data))
