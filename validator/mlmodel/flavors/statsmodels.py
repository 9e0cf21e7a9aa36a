"""statsmodels: the results of a fit, pickled by statsmodels.  ``mlflow.statsmodels`` has read them since 1.14."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError, pickling
from mlmodel.flavors.importing import is_a, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FILE = "model.statsmodels"


class _Statsmodels:
    name = "statsmodels"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "statsmodels", "ResultsWrapper") or is_a(kind, "statsmodels", "Results")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization not in (None, "pickle"):
            raise UnsuitableError(
                f"serialization {request.serialization!r} is unknown to statsmodels' flavor, which has pickle only"
            )
        try:
            model.save(os.path.join(folder, _FILE))
        except Exception as error:
            raise UnsuitableError(f"statsmodels cannot write the model: {error}") from error
        flavor = {"data": _FILE, "statsmodels_version": needed("statsmodels").__version__}
        function = {"data": _FILE, "loader_module": "mlflow.statsmodels"}
        return Saved(flavor, function, (_FILE,), ("statsmodels",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        needed("statsmodels.iolib.api")  # what MLflow loads it with, which unpickles
        return pickling.load(folder, keys.get("data", _FILE), {})

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_StatsmodelsModelWrapper.predict`` does: time series are asked by a start and an end."""
        del keys
        series = needed("statsmodels.tsa.base.tsa_model").TimeSeriesModel

        def predict(inputs: Any, _: Mapping[str, Any]) -> Any:
            if not isinstance(model.model, series):
                return model.predict(inputs)
            if len(inputs) != 1 or not {"start", "end"} <= set(inputs.columns):
                raise ValueError("a time series is asked by one row with the columns start and end")
            return model.predict(start=inputs["start"].iloc[0], end=inputs["end"].iloc[0])

        return predict


FLAVOR = _Statsmodels()
