"""CatBoost, in its own binary format.  ``mlflow.catboost`` has read it since 1.18 by ``model_type``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TYPES = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")
FORMATS = ("cbm", "json")
_FILE = "model.cb"
_LOSSES = {
    "CatBoostClassifier": ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll", "Focal"),
    "CatBoostRegressor": (
        *("RMSE", "MAE", "MAPE", "Poisson", "Quantile", "LogLinQuantile", "Lq", "Huber", "Expectile"),
        *("Tweedie", "LogCosh", "RMSEWithUncertainty", "SurvivalAft", "Cox"),
    ),
    "CatBoostRanker": (
        "YetiRank",
        "YetiRankPairwise",
        "StochasticRank",
        "PairLogit",
        "PairLogitPairwise",
        "QueryRMSE",
    ),
}
"""What each kind is trained for (``catboost.core``, ``is_classification_objective`` and the like)."""


class _CatBoost:
    name = "catboost"

    def knows(self, kind: type) -> bool:
        return kind.__module__.partition(".")[0] == "catboost" and kind.__name__ in TYPES

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        form = request.serialization or FORMATS[0]
        if form not in FORMATS:
            raise UnsuitableError(
                f"serialization {form!r} is unknown to CatBoost's flavor; use one of {', '.join(FORMATS)}"
            )
        kind = next(kind.__name__ for kind in type(model).__mro__ if self.knows(kind))
        try:
            model.save_model(os.path.join(folder, _FILE), format=form)
        except Exception as error:
            raise UnsuitableError(f"CatBoost cannot write the model: {error}") from error
        flavor = {
            "catboost_version": needed("catboost").__version__,
            "data": _FILE,
            "model_type": kind,
            "save_format": form,
        }
        return Saved(flavor, {"data": _FILE, "loader_module": "mlflow.catboost"}, (_FILE,), ("catboost",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        kind = keys.get("model_type")
        if kind not in TYPES:
            raise UnsuitableError(f"model_type {kind!r} is none of {', '.join(TYPES)}")
        model = getattr(needed("catboost"), kind)()
        file = keys.get("data", _FILE)
        try:
            model.load_model(os.path.join(folder, file), keys.get("save_format", FORMATS[0]))
        except Exception as error:
            raise UnsuitableError(f"CatBoost cannot load {file}: {error}") from error
        return model

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_CatboostModelWrapper.predict`` does, which takes no params."""
        del keys
        return lambda inputs, _: model.predict(inputs)


FLAVOR = _CatBoost()


def from_file(path: str) -> Any:
    """The model in a file of CatBoost: a classifier, regressor or ranker, by the loss that it was made with.

    Raises:
        UnsuitableError: CatBoost is missing, or does not read it.
    """
    library = needed("catboost")
    with open(path, "rb") as stream:
        form = FORMATS[0] if stream.read(4) == b"CBM1" else "json"
    try:
        model = library.CatBoost().load_model(path, form)
        loss = str(model.get_all_params().get("loss_function") or "").partition(":")[0]
        kind = next((kind for kind, losses in _LOSSES.items() if loss in losses), None)
        return getattr(library, kind)().load_model(path, form) if kind else model
    except Exception as error:
        raise UnsuitableError(f"CatBoost does not read it: {first_line(error)}") from error
