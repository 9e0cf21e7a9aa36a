"""LightGBM: a ``Booster`` in LightGBM's own text format, or a model with the interface of scikit-learn, pickled.

``mlflow.lightgbm`` takes a file for that of a ``Booster`` unless ``model_class`` (since 1.24) says otherwise; the format of
others it reads from ``serialization_format`` since 3.9, and takes them for cloudpickle's before.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError, pickling
from mlmodel.flavors.importing import first_line, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BOOSTER = "lightgbm.basic.Booster"
_FILE = "model.lgb"


class _LightGBM:
    name = "lightgbm"

    def knows(self, kind: type) -> bool:
        return kind.__module__.partition(".")[0] == "lightgbm"

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        needs: tuple[str, ...] = ()
        kind = f"{type(model).__module__}.{type(model).__name__}"
        if kind == _BOOSTER:
            if request.serialization is not None:
                raise UnsuitableError("a Booster has a format of its own; serialization is for other models")
            model.save_model(os.path.join(folder, _FILE))
            file, keys = _FILE, {}
        else:
            dumped = pickling.dump(model, folder, request.serialization)
            file, keys = dumped.file, dumped.keys
            needs = ("scikit-learn", *dumped.needs)
        flavor = {"data": file, "lgb_version": needed("lightgbm").__version__, "model_class": kind, **keys}
        function = {"data": file, "loader_module": "mlflow.lightgbm"}
        return Saved(flavor, function, (file,), ("lightgbm", *needs))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        if keys.get("model_class", _BOOSTER) != _BOOSTER:
            return pickling.load(folder, keys["data"], keys)
        try:
            return needed("lightgbm").Booster(model_file=os.path.join(folder, keys["data"]))
        except UnsuitableError:
            raise
        except Exception as error:
            raise UnsuitableError(f"LightGBM cannot load {keys['data']}: {error}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_LGBModelWrapper.predict`` does, which takes no params."""
        del keys
        return lambda inputs, _: model.predict(inputs)


FLAVOR = _LightGBM()


def from_file(path: str) -> Any:
    """The ``Booster`` in a file of LightGBM's text format.

    Raises:
        UnsuitableError: LightGBM is missing, or does not read it.
    """
    try:
        return needed("lightgbm").Booster(model_file=path)
    except UnsuitableError:
        raise
    except Exception as error:
        raise UnsuitableError(f"LightGBM does not read it: {first_line(error)}") from error
