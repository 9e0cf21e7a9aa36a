"""pmdarima, pickled.  ``mlflow.pmdarima`` has read it since 1.24."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError, pickling
from mlmodel.flavors.importing import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FILE = "model.pmd"


class _Pmdarima:
    name = "pmdarima"

    def knows(self, kind: type) -> bool:
        # Also its pipelines, which are no estimators of scikit-learn's.
        return kind.__module__.partition(".")[0] == "pmdarima" and hasattr(kind, "predict")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization not in (None, "pickle"):
            raise UnsuitableError(
                f"serialization {request.serialization!r} is unknown to pmdarima's flavor, which has pickle only"
            )
        try:
            data = pickle.dumps(model, protocol=5)
        except Exception as error:
            raise UnsuitableError(f"pickle cannot write the model: {error}") from error
        with open(os.path.join(folder, _FILE), "wb") as stream:
            stream.write(data)
        flavor = {
            "data": _FILE,
            "model_type": type(model).__name__,
            "pmdarima_version": needed("pmdarima").__version__,
        }
        function = {"data": _FILE, "loader_module": "mlflow.pmdarima"}
        return Saved(flavor, function, (_FILE,), ("pmdarima",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        return pickling.load(folder, keys.get("data", _FILE), {})

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_PmdarimaModelWrapper.predict`` does: one row says how many periods, and with which regressors."""
        del keys

        def predict(inputs: Any, _: Mapping[str, Any]) -> Any:
            row = inputs.to_dict(orient="records")
            if len(row) != 1 or not isinstance(row[0].get("n_periods"), int):
                raise ValueError("pmdarima is asked by one row with the column n_periods, an integer")
            interval = row[0].get("return_conf_int", False)
            given = model.predict(
                n_periods=row[0]["n_periods"],
                X=row[0].get("X"),
                return_conf_int=interval,
                alpha=row[0].get("alpha", 0.05),
            )
            frame = needed("pandas").DataFrame
            if not interval:
                return frame.from_dict({"yhat": given})
            low, high = zip(*given[1], strict=True)
            return frame.from_dict({"yhat": given[0], "yhat_lower": low, "yhat_upper": high})

        return predict


FLAVOR = _Pmdarima()
