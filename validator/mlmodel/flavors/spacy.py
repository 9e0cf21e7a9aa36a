"""spaCy, as its own folder.  Pipelines with a text categorizer also get a ``python_function``, as in MLflow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import is_a, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FOLDER = "model.spacy"


class _Spacy:
    name = "spacy"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "spacy.language", "Language")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization is not None:
            raise UnsuitableError(f"serialization {request.serialization!r} is unknown to spaCy's flavor")
        spacy = needed("spacy")
        model.to_disk(os.path.join(folder, _FOLDER))
        categorizer = needed("spacy.pipeline").TextCategorizer
        function = None
        if any(isinstance(part, categorizer) for _, part in model.pipeline):
            function = {"data": _FOLDER, "loader_module": "mlflow.spacy"}
        return Saved({"data": _FOLDER, "spacy_version": spacy.__version__}, function, (), ("spacy",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        spacy = needed("spacy")
        data = keys.get("data") or _FOLDER
        try:
            return spacy.load(os.path.join(folder, data))
        except Exception as error:
            raise UnsuitableError(f"spaCy cannot load {data}: {error}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_SpacyModelWrapper.predict`` does: the categories of each text in a frame of one column."""
        del keys

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            del params
            if len(getattr(data, "columns", ())) != 1:
                raise UnsuitableError("a spaCy model takes a data frame of one column, the texts")
            categories = data.iloc[:, 0].apply(lambda text: model(text).cats)
            return needed("pandas").DataFrame({"predictions": categories})

        return answer


FLAVOR = _Spacy()
