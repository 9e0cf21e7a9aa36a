"""scikit-learn, and estimators of other libraries that inherit from its ``BaseEstimator``.

``mlflow.sklearn`` has read ``pickle`` and ``cloudpickle`` since 1.0 and ``skops`` since 3.9.0.
"""

from __future__ import annotations

import os
import pickle
from importlib.metadata import version
from typing import Any

from mlmodel.writer.flavors import Saved, UnsuitableError

FORMATS = ("pickle", "cloudpickle", "skops")


class _Sklearn:
    name = "sklearn"

    def accepts(self, model: object) -> bool:
        return any(
            kind.__module__ == "sklearn.base" and kind.__name__ == "BaseEstimator"
            for kind in type(model).__mro__
        )

    def save(self, model: object, folder: str, serialization: str | None) -> Saved:
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
