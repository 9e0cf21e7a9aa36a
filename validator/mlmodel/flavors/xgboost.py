"""XGBoost: a ``Booster``, or a model with the interface of scikit-learn, in XGBoost's own format.

``mlflow.xgboost`` makes an object of ``model_class`` and has it load the file, whatever its format; releases before 1.24 take
every file for that of a ``Booster``.
"""

from __future__ import annotations

import inspect
import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMATS = ("json", "ubj")
"""The first is read since XGBoost 1.0, the second since 1.6."""
_BOOSTER = "xgboost.core.Booster"
_ESTIMATORS = {"classifier": "XGBClassifier", "regressor": "XGBRegressor", "ranker": "XGBRanker"}


class _XGBoost:
    name = "xgboost"

    def knows(self, kind: type) -> bool:
        return kind.__module__.partition(".")[0] == "xgboost"

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        form = request.serialization or FORMATS[0]
        if form not in FORMATS:
            raise UnsuitableError(
                f"serialization {form!r} is unknown to XGBoost's flavor; use one of {', '.join(FORMATS)}"
            )
        kind = type(model)
        if not self.knows(kind):
            raise UnsuitableError(
                f"{kind.__qualname__} is a subclass, which XGBoost's format does not hold; pass its booster (get_booster())"
            )
        file = f"model.{form}"
        try:
            model.save_model(os.path.join(folder, file))
        except Exception as error:
            raise UnsuitableError(f"XGBoost cannot write the model: {error}") from error
        named = f"{kind.__module__}.{kind.__name__}"
        flavor = {
            "data": file,
            "model_class": named,
            "model_format": form,
            "xgb_version": needed("xgboost").__version__,
        }
        function = {"data": file, "loader_module": "mlflow.xgboost"}
        needs = ("xgboost",) if named == _BOOSTER else ("scikit-learn", "xgboost")
        return Saved(flavor, function, (file,), needs)

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        module, _, name = str(keys.get("model_class", _BOOSTER)).rpartition(".")
        if module.partition(".")[0] != "xgboost":
            raise UnsuitableError(f"{module}.{name} is no class of XGBoost")
        try:
            model = getattr(needed(module), name)()
            model.load_model(os.path.join(folder, keys["data"]))
        except UnsuitableError:
            raise
        except Exception as error:
            raise UnsuitableError(f"XGBoost cannot load {keys['data']}: {error}") from error
        return model

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_XGBModelWrapper.predict`` does; params that the model does not take are left out."""
        del keys
        core = needed("xgboost.core")
        known = inspect.signature(model.predict).parameters

        def predict(inputs: Any, params: Mapping[str, Any] | None) -> Any:
            accepted = {key: value for key, value in (params or {}).items() if key in known}
            data = core.DMatrix(inputs) if isinstance(model, core.Booster) else inputs
            return model.predict(data, **accepted)

        return predict


FLAVOR = _XGBoost()


def from_file(path: str) -> Any:
    """The model in a file of XGBoost: an estimator where one wrote it, as its attributes say, else a ``Booster``.

    Raises:
        UnsuitableError: XGBoost is missing, or does not read it.
    """
    core = needed("xgboost")
    try:
        # By the content, whatever its name: a buffer has none.
        with open(path, "rb") as stream:
            booster = core.Booster(model_file=bytearray(stream.read()))
        written = booster.attr("scikit_learn")
        kind = json.loads(written).get("_estimator_type") if written else None
        if kind not in _ESTIMATORS:
            return booster
        model = getattr(core, _ESTIMATORS[kind])()
        model.load_model(bytearray(booster.save_raw(FORMATS[1])))
    except Exception as error:
        raise UnsuitableError(f"XGBoost does not read it: {first_line(error)}") from error
    return model
