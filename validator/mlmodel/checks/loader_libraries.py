"""Chapter 5, the environment files: libraries that a loader imports because of what the model's files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.environment import distributions, recorded
from mlmodel.findings import Location
from mlmodel.model import paths
from mlmodel.sources.directory import Kind
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def by_keys(model: Model) -> Iterator[Finding]:
    """MLM404: a key of a flavor that has its loader import another library (``x-imports``)."""
    for flavor, conf in model.flavors.items():
        for key, about in (schemas.flavor_schema(flavor) or {}).get("x-imports", {}).items():
            if conf.get(key):
                for name in _lacking(model, about):
                    message = f"{key} has the loader import {name}, and nothing in the environment files installs it"
                    place = ("flavors", flavor, key)
                    yield model.finding("MLM404", message, model.mlmodel, place, hint=_hint(name))


def quantized(model: Model) -> Iterator[Finding]:
    """MLM404: weights whose ``quantization_config`` asks for a library."""
    for flavor, conf in model.flavors.items():
        about = (schemas.flavor_schema(flavor) or {}).get("x-quantizers")
        if about is None:
            continue
        from mlmodel.model import file_indexes  # few flavors have any

        folders = [conf.get(key) for key in about["in"]]
        for folder in folders:
            if not isinstance(folder, str) or paths.fault(folder) is not None:
                continue
            path = f"{paths.normal(folder)}/config.json".lstrip("/")
            config = file_indexes.document(model, path)
            wanted = config.get("quantization_config") if isinstance(config, dict) else None
            if not isinstance(wanted, dict):
                continue
            method = wanted.get("quant_method")
            if method is None and (wanted.get("load_in_8bit") or wanted.get("load_in_4bit")):
                method = "bitsandbytes"
            names = _lacking(model, about["methods"].get(str(method), ()))
            if names:
                message = f"quantization_config says {quoted(method)}: loading imports {' and '.join(names)}, and nothing in the environment files installs that"
                yield new_finding("MLM404", message, Location(path), _hint(" and ".join(names)))


def _lacking(model: Model, names: Sequence[str]) -> list[str]:
    """Those of some distributions that no environment file installs."""
    environment = recorded.of(model)
    if not environment.listings and environment.conda is None:
        return []  # MLM401
    missing = [name for name in names if name not in environment.names]
    if missing:
        installed = distributions.reach(environment)
        missing = [name for name in missing if name not in installed.names and not installed.open]
    return missing


def _hint(names: str) -> str:
    return f"add {names} to requirements.txt, with the version that saved the model"


def chat_template(model: Model) -> Iterator[Finding]:
    """MLM222: a model that answers chats has a template for them."""
    conf = model.flavors.get("transformers", {})
    if conf.get("inference_task") != "llm/v1/chat" or "tokenizer_type" not in conf:
        return
    folder = "components/tokenizer"
    look = model.directory.look
    if look(folder).kind is not Kind.DIRECTORY:
        return  # MLM007, or it is on the hub
    from mlmodel.model import file_indexes

    config = file_indexes.document(model, f"{folder}/tokenizer_config.json")
    if isinstance(config, dict) and config.get("chat_template"):
        return
    beside = (
        f"{folder}/{name}"
        for name in ("chat_template.jinja", "chat_template.json", "additional_chat_templates")
    )
    if all(look(name).kind is Kind.MISSING for name in beside):
        message = "the tokenizer has no chat template, so that no chat is answered"
        yield model.finding("MLM222", message, model.mlmodel, ("flavors", "transformers", "inference_task"))


def jars(model: Model) -> Iterator[Finding]:
    """MLM492: stages of a Spark pipeline whose class is in a JAR that is not Spark's."""
    if "spark" not in model.flavors:
        return
    from mlmodel.model import spark_stages

    found = [stage for stage in spark_stages.of(model) if stage.is_of_jvm]
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        message = f"a stage is of the class {quoted(found[0].name, 120)}{more}: Spark has none, and no file of the model says which JAR has"
        hint = "have the Spark session that loads the model bring the package (spark.jars.packages)"
        yield new_finding("MLM492", message, found[0].place, hint)


CHECKS = (by_keys, quantized, chat_template, jars)
