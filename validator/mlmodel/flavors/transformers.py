"""Pipelines of Transformers, model and components from local files.  MLflow has read this layout since 2.5.0."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError
from mlmodel.flavors.importing import first_line, is_a, needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MODEL, _COMPONENTS = "model", "components"
_PARTS = ("feature_extractor", "tokenizer", "image_processor")
_TASKS = {
    "ForSequenceClassification": "text-classification",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForMaskedLM": "fill-mask",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForImageClassification": "image-classification",
    "ForAudioClassification": "audio-classification",
    "ForCTC": "automatic-speech-recognition",
    "Model": "feature-extraction",
}
"""Tasks by how the name of a class ends."""
# Pipelines whose mlflow.pyfunc form we write: those whose inputs are texts and whose answers are plain.
_TEXTS = (
    "FeatureExtractionPipeline",
    "FillMaskPipeline",
    "TextClassificationPipeline",
    "TextGenerationPipeline",
)


class _Transformers:
    name = "transformers"

    def knows(self, kind: type) -> bool:
        return is_a(kind, "transformers.pipelines.base", "Pipeline")

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        if request.serialization is not None:
            raise UnsuitableError(
                f"serialization {request.serialization!r} is unknown to the flavor of Transformers"
            )
        library = needed("transformers")
        network = model.model
        if hasattr(network, "peft_config"):
            raise UnsuitableError("a model with adapters (peft) is not written; merge them first")
        network.save_pretrained(os.path.join(folder, _MODEL))
        held = ((name, getattr(model, name, None)) for name in _PARTS)
        parts: dict[str, Any] = {name: part for name, part in held if part is not None}
        for name, part in parts.items():
            part.save_pretrained(os.path.join(folder, _COMPONENTS, name))
        flavor: dict[str, Any] = {
            "components": list(parts),
            "instance_type": type(model).__name__,
            "model_binary": _MODEL,
            "pipeline_model_type": type(network).__name__,
            "task": model.task,
            "transformers_version": library.__version__,
            **{f"{name}_type": type(part).__name__ for name, part in parts.items()},
        }
        # Transformers 5 has no other framework than torch, and no name for it.
        framework = getattr(model, "framework", None)
        if framework:
            flavor["framework"] = framework
        dtype = getattr(network, "dtype", None)
        if dtype is not None:
            flavor["torch_dtype"] = str(dtype)
        function = {"loader_module": "mlflow.transformers"} if type(model).__name__ in _TEXTS else None
        return Saved(flavor, function, (), ("torch", "transformers"))

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        if "source_model_revision" in keys or "local_base_model_path" in keys or "peft_adaptor" in keys:
            raise UnsuitableError("the weights of the model are not in its directory; only MLflow loads it")
        library = needed("transformers")
        kinds = {"": keys["pipeline_model_type"]}
        kinds.update({name: keys[f"{name}_type"] for name in keys.get("components") or ()})
        unknown = [kind for kind in kinds.values() if not hasattr(library, kind)]
        if unknown:
            raise UnsuitableError(f"{', '.join(unknown)} is not a class of the installed Transformers")
        more: dict[str, Any] = {}
        if keys.get("torch_dtype"):
            more["torch_dtype"] = getattr(needed("torch"), keys["torch_dtype"].removeprefix("torch."))
        try:
            # No trust_remote_code: code that a model carries along is not run.
            path = os.path.join(folder, keys.get("model_binary") or "pipeline")
            model = getattr(library, kinds.pop("")).from_pretrained(path, local_files_only=True, **more)
            parts = {
                name: getattr(library, kind).from_pretrained(
                    os.path.join(folder, _COMPONENTS, name), local_files_only=True
                )
                for name, kind in kinds.items()
            }
            return library.pipeline(task=keys["task"], model=model, **parts)
        except Exception as error:
            said = str(error).strip().partition("\n")[0]
            raise UnsuitableError(f"Transformers cannot load the pipeline: {said}") from error

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_TransformersWrapper.predict`` does for pipelines of texts, without prompt templates and tasks of LLMs."""
        kind = type(model).__name__
        if kind not in _TEXTS:
            raise UnsuitableError(f"how MLflow asks a {kind} is not known here; use .native")
        config = dict(keys.get("config") or {})

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            raw = model(_inputs(data, kind), **{**config, **(params or {})})
            if kind == "TextClassificationPipeline":
                return needed("pandas").DataFrame(raw)
            if kind == "FeatureExtractionPipeline":
                return needed("numpy").array(raw[0][0])
            return _generated(raw) if kind == "TextGenerationPipeline" else _filled(raw)

        return answer


FLAVOR = _Transformers()


def from_folder(path: str, task: str | None) -> Any:
    """The pipeline of a folder that ``save_pretrained`` wrote: its weights are read from safetensors, its code is not run.

    Args:
        path: the folder.
        task: of the pipeline; by the class that the folder names, where not given.

    Raises:
        UnsuitableError: the task is not known, Transformers is missing, or does not read it.
    """
    library = needed("transformers")
    try:
        with open(os.path.join(path, "config.json"), encoding="utf-8") as stream:
            stated = json.load(stream)
        names = stated.get("architectures") or [""]
    except (OSError, ValueError, AttributeError) as error:
        raise UnsuitableError(f"config.json cannot be read: {first_line(error)}") from error
    if task is None:
        found = (task for suffix, task in _TASKS.items() if str(names[0]).endswith(suffix))
        task = next(found, None)
    if task is None:
        raise UnsuitableError(f"config.json names {names[0] or 'no class'}, which tells no task; pass --task")
    try:
        return library.pipeline(task=task, model=path, model_kwargs={"use_safetensors": True})
    except Exception as error:
        raise UnsuitableError(f"Transformers does not read it: {first_line(error)}") from error


def _inputs(data: Any, kind: str) -> Any:
    if not hasattr(data, "columns"):
        return data
    rows = data.to_dict(orient="records")
    # Columns with names are the arguments text and text_pair; other pipelines take the first column.
    if kind == "TextClassificationPipeline" and 0 not in data.columns:
        return rows
    return [next(iter(row.values())) for row in rows]


def _generated(raw: Any) -> list[str]:
    """All sequences for each of several texts; of one text, the first."""
    sequences = [entry for text in raw for entry in text] if isinstance(raw[0], list) else raw[:1]
    return [entry["generated_text"].strip() for entry in sequences]


def _filled(raw: Any) -> list[Any]:
    """The likeliest word for each mask."""
    if not isinstance(raw[0], list):
        return [raw[0]["token_str"].strip()]
    return [
        text[0]["token_str"].strip()
        if isinstance(text[0], dict)
        else [mask[0]["token_str"].strip() for mask in text]
        for text in raw
    ]
