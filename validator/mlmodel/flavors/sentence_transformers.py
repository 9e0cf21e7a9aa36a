"""Sentence Transformers, as the folder that they save themselves.  MLflow reads it since 2.5.0."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, is_a, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FOLDER = "model.sentence_transformer"


class _SentenceTransformers:
    name = "sentence_transformers"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "sentence_transformers", "SentenceTransformer")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization is not None:
            raise UnsuitableError(
                f"serialization {request.serialization!r} is unknown to the flavor of Sentence Transformers"
            )
        library = needed("sentence_transformers")
        # The card names the model after the folder that it was loaded from, a path of this machine.
        model.save(os.path.join(folder, _FOLDER), create_model_card=False)
        flavor = {"sentence_transformers_version": library.__version__}
        function = {"data": _FOLDER, "loader_module": "mlflow.sentence_transformers"}
        return Saved(flavor, function, (), ("sentence-transformers", "torch", "transformers"))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        del keys
        library = needed("sentence_transformers")
        try:
            # Unlike MLflow, without the code that a model may carry along.
            return library.SentenceTransformer(os.path.join(folder, _FOLDER), local_files_only=True)
        except Exception as error:
            raise UnsuitableError(f"sentence-transformers cannot load {_FOLDER}: {error}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_SentenceTransformerModelWrapper.predict`` does without a task."""
        if (keys.get("config") or {}).get("task"):
            raise UnsuitableError(
                "the model answers in the form of llm/v1/embeddings, which only MLflow makes"
            )

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            if hasattr(data, "iloc"):
                texts = (data.iloc[:, 0] if hasattr(data, "columns") else data).tolist()
                data = texts[0] if texts and isinstance(texts[0], list) else texts
            return model.encode(data, **(params or {}))

        return answer


FLAVOR = _SentenceTransformers()


def from_folder(path: str) -> Any:
    """The model in a folder that Sentence Transformers saved; code that it carries along is not run.

    Raises:
        UnsuitableError: Sentence Transformers is missing, or does not read it.
    """
    library = needed("sentence_transformers")
    try:
        return library.SentenceTransformer(
            path, local_files_only=True, model_kwargs={"use_safetensors": True}
        )
    except Exception as error:
        raise UnsuitableError(f"sentence-transformers does not read it: {first_line(error)}") from error
