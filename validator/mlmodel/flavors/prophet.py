"""Prophet, as the JSON that it serializes itself to, in a string of JSON.  ``mlflow.prophet`` has read it since 1.21."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import is_a, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FILE = "model.pr"


class _Prophet:
    name = "prophet"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "prophet", "Prophet")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization not in (None, "json"):
            raise UnsuitableError(
                f"serialization {request.serialization!r} is unknown to Prophet's flavor, which has json only"
            )
        try:
            text = needed("prophet.serialize").model_to_json(model)
        except ValueError as error:
            raise UnsuitableError(f"Prophet cannot write the model: {error}") from error
        with open(os.path.join(folder, _FILE), "w", encoding="utf-8") as stream:
            json.dump(text, stream)
        flavor = {"data": _FILE, "model_type": "Prophet", "prophet_version": needed("prophet").__version__}
        return Saved(flavor, {"data": _FILE, "loader_module": "mlflow.prophet"}, (_FILE,), ("prophet",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        file = keys.get("data", _FILE)
        try:
            with open(os.path.join(folder, file), encoding="utf-8") as stream:
                return needed("prophet.serialize").model_from_json(json.load(stream))
        except UnsuitableError:
            raise
        except Exception as error:
            raise UnsuitableError(f"Prophet cannot load {file}: {error}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_ProphetModelWrapper.predict`` does, which takes no params."""
        del keys
        return lambda inputs, _: model.predict(inputs)


FLAVOR = _Prophet()
