"""scikit-learn, and estimators of other libraries that inherit from its ``BaseEstimator``.

``mlflow.sklearn`` has read ``pickle`` and ``cloudpickle`` since 1.0 and ``skops`` since 3.9.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError, pickling
from mlmodel.flavors.importing import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Sklearn:
    name = "sklearn"

    def knows(self, kind: type) -> bool:
        return kind.__module__ == "sklearn.base" and kind.__name__ == "BaseEstimator"

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        dumped = pickling.dump(model, folder, request.serialization)
        flavor = {
            **dumped.keys,
            "pickled_model": dumped.file,
            "sklearn_version": needed("sklearn").__version__,
        }
        function, method = None, request.predict_fn or "predict"
        if hasattr(model, method):
            function = {"loader_module": "mlflow.sklearn", "model_path": dumped.file, "predict_fn": method}
        elif request.predict_fn is not None:
            raise UnsuitableError(f"pyfunc_predict_fn: {type(model).__name__} has no method {method}")
        return Saved(flavor, function, (dumped.file,), ("scikit-learn", *dumped.needs))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        return pickling.load(folder, keys["pickled_model"], keys)

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_SklearnModelWrapper.predict`` does, which takes no params."""
        predict = getattr(model, keys.get("predict_fn") or "predict")
        return lambda inputs, _: predict(inputs)


FLAVOR = _Sklearn()
