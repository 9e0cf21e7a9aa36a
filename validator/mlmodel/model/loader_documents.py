"""Names in the documents of a model that its loaders import, call or fetch, flavor by flavor.

What each loader does with them was read in the sources of MLflow 2.15 and 3.18, transformers 4.44 to 5.24,
sentence-transformers 3.1 to 6.2, llama-index-core 0.14, spaCy 3.8 and langchain 0.3.  Nothing here says what is allowed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.documents import location_of
from mlmodel.model import loader_settings
from mlmodel.model.loader_items import (
    MAX_CONFIG,
    Action,
    HubModule,
    ImportedName,
    OwnModule,
    is_file,
    json_of,
    mapping_of,
    text_of,
    walk,
)
from mlmodel.model.model import fact
from mlmodel.sources.directory import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Location
    from mlmodel.model.loader_items import Item, Pointer
    from mlmodel.model.model import Model


@fact
def of(model: Model) -> tuple[Item, ...]:
    """Everything that documents of the model have its loaders import, run or fetch."""
    found: list[Item] = []
    for flavor, conf in model.flavors.items():
        reader = _READERS.get(flavor)
        if reader is not None:
            found += reader(model, conf)
    return tuple(dict.fromkeys(found))


# -- transformers and sentence-transformers ------------------------------------------------------

_REFERENCE = r"(?:(?P<repository>[^\s]{1,200}?)--)?(?P<module>[\w.-]{1,200})\.(?P<name>\w{1,200})"
"""``file.Class``, or ``owner/repository--file.Class`` (``transformers.dynamic_module_utils``)."""
_COMPONENTS = {
    "tokenizer": ("tokenizer_config.json", "config.json"),
    "feature_extractor": ("preprocessor_config.json", "processor_config.json", "config.json"),
    "image_processor": ("preprocessor_config.json", "config.json"),
    "processor": (
        "processor_config.json",
        "preprocessor_config.json",
        "tokenizer_config.json",
        "config.json",
    ),
}
"""By the name of a component: the files in its folder whose ``auto_map`` counts."""


def _auto_map(document: Document) -> Iterator[tuple[str, str, Pointer]]:
    """Auto class, reference and pointer for each entry of ``auto_map``."""
    for key, value in mapping_of(mapping_of(document.data).get("auto_map")).items():
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, str):
                yield key, item, ("auto_map", key, *([index] if isinstance(value, list) else []))
    value = mapping_of(document.data).get("auto_map")
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):  # the form of tokenizers before 4.21
            yield "AutoTokenizer", item, ("auto_map", index)


def _reference(
    model: Model,
    folder: str,
    reference: str,
    place: Location,
    what: str,
    *,
    revision: str | None,
    asks: bool = False,
) -> Iterator[Item]:
    """What a reference to a class in a Python file leads to; the files that this one imports from beside it, too."""
    match = re.fullmatch(_REFERENCE, reference)
    if match is None:
        return
    if match["repository"]:
        yield HubModule(match["repository"], revision, place, what)
        return
    pending = [match["module"]]
    seen: set[str] = set()
    while pending and len(seen) < 50:
        name = pending.pop()
        file = f"{folder}/{name}.py" if folder else f"{name}.py"
        if name in seen:
            continue
        seen.add(name)
        is_there = is_file(model, file)
        yield OwnModule(file, place, what, is_there, asks)
        if is_there:
            pending += _beside(model, file)


def _beside(model: Model, file: str) -> list[str]:
    """The modules that a file imports from its own folder, ``from .name import ...``."""
    import ast

    from mlmodel.model import python_files

    tree = python_files.parsed(model, file).tree
    if tree is None:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found += (
                [node.module] if node.module else [alias.name for alias in node.names if alias.name != "*"]
            )
    return [name for name in found if name and "." not in name]


_KERNEL = r"(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:\s]+))?(?::[\w.-]+)?"
"""``owner/repository@revision:function`` (``transformers.integrations.hub_kernels``)."""


def _kernels(document: Document) -> Iterator[Item]:
    """Implementations of attention that are compiled code of a hub; what transformers saves names none."""
    for pointer, value in walk(document.data):
        match = re.fullmatch(_KERNEL, value) if isinstance(value, str) else None
        if match is not None and pointer and "attn_implementation" in pointer[0:1] + pointer[-2:]:
            place = location_of(document, pointer)
            yield HubModule(match["repository"], match["revision"], place, "the code of the attention")


def _of_transformers(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    version = text_of(conf.get("transformers_version"))
    kind = text_of(conf.get("pipeline_model_type"))
    folder = text_of(conf.get("model_binary"), "pipeline").strip("/")
    document = json_of(model, f"{folder}/config.json")
    if document is not None:
        yield from _kernels(document)
    if "source_model_revision" in conf and document is None:
        if kind and not _has(version, kind) and model.mlmodel is not None:
            repository, revision = (
                text_of(conf.get("source_model_name")),
                text_of(conf.get("source_model_revision")),
            )
            place = location_of(model.mlmodel, ("flavors", "transformers", "pipeline_model_type"))
            yield HubModule(repository, revision or None, place, f"the model class {kind}")
    elif document is not None and kind:
        yield from _of_auto_map(model, version, kind, folder, document)
    for name, files in _COMPONENTS.items():
        kind = text_of(conf.get(f"{name}_type"))
        if not kind or (_has(version, kind) and not kind.startswith("Auto")):
            continue
        for file in files:
            path = f"components/{name}/{file}"
            component = json_of(model, path)
            if component is None:
                continue
            for key, reference, pointer in _auto_map(component):
                place = location_of(component, pointer)
                what = f"{key} of the {name.replace('_', ' ')}"
                asks = kind.startswith("Auto")
                yield from _reference(
                    model, f"components/{name}", reference, place, what, revision=None, asks=asks
                )


def _of_auto_map(model: Model, version: str, kind: str, folder: str, document: Document) -> Iterator[Item]:
    """The entries of ``auto_map`` that ``mlflow.transformers`` follows: none for a class that transformers has; AutoConfig
    and the class itself for any other."""
    asks = kind.startswith("Auto")
    if _has(version, kind) and not asks:
        return
    architectures = mapping_of(document.data).get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else kind
    for key, reference, pointer in _auto_map(document):
        if key in ("AutoConfig", kind) or reference.rpartition(".")[2] in (first, kind):
            place = location_of(document, pointer)
            yield from _reference(
                model, folder, reference, place, f"{key} of the model", revision=None, asks=asks
            )


def _has(version: str, name: str) -> bool:
    """Whether a release of transformers has a class; the nearest known release at or before it decides."""
    from mlmodel.model import transformers_classes

    return transformers_classes.has(version, name)


_OF_SENTENCE_TRANSFORMERS = frozenset(
    {
        "AutoConfig",
        "AutoModel",
        "AutoTokenizer",
        "AutoProcessor",
        "AutoImageProcessor",
        "AutoFeatureExtractor",
        "AutoVideoProcessor",
    }
)
"""Auto classes that sentence-transformers may use; others in ``auto_map`` are for other readers."""
_CONFIGS = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")
_ARGUMENTS = (
    "config_args",
    "model_args",
    "tokenizer_args",
    "config_kwargs",
    "model_kwargs",
    "processor_kwargs",
)


def _of_sentence_transformers(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    del conf
    folder = text_of(
        model.flavors.get("python_function", {}).get("data"), "model.sentence_transformer"
    ).strip("/")
    document = json_of(model, f"{folder}/modules.json")
    entries = document.data if document is not None and isinstance(document.data, list) else []
    folders = {folder}
    for index, entry in enumerate(entries[:1000]):
        inner = text_of(mapping_of(entry).get("path")).strip("/")
        folders.add(f"{folder}/{inner}" if inner else folder)
        kind = mapping_of(entry).get("type")
        if isinstance(kind, str) and document is not None:
            place = location_of(document, (index, "type"))
            yield from _of_module_type(model, folder, kind, place)
    for inner in sorted(folders):
        yield from _of_module_folder(model, inner)


def _of_module_type(model: Model, folder: str, kind: str, place: Location) -> Iterator[Item]:
    """The type of a module: of the library, of a file beside ``modules.json`` (run whatever is trusted), or installed."""
    what = "a module of the sentence transformer"
    match = re.fullmatch(_REFERENCE, kind)
    is_beside = (
        match is not None and "." not in match["module"] and is_file(model, f"{folder}/{match['module']}.py")
    )
    of_library = kind.startswith("sentence_transformers.")
    if not of_library and match is not None and (match["repository"] or is_beside):
        yield from _reference(model, folder, kind, place, what, revision=None)
    else:
        yield ImportedName(kind, place, what, ("sentence_transformers.",))


def _of_module_folder(model: Model, folder: str) -> Iterator[Item]:
    revision = None
    for name in ("sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlnet_config.json"):
        arguments = json_of(model, f"{folder}/{name}")
        for key in _ARGUMENTS if arguments is not None else ():
            given = mapping_of(mapping_of(arguments.data if arguments is not None else None).get(key))
            revision = text_of(given.get("code_revision")) or revision
    for name in _CONFIGS:
        document = json_of(model, f"{folder}/{name}")
        if document is not None and name == "config.json":
            yield from _kernels(document)
        for key, reference, pointer in _auto_map(document) if document is not None else ():
            if key in _OF_SENTENCE_TRANSFORMERS and document is not None:
                place = location_of(document, pointer)
                yield from _reference(
                    model, folder, reference, place, f"{key} of the model", revision=revision
                )
    inside = f"{folder}/"
    for path, entry in model.directory.entries.items():
        if not path.startswith(inside) or "/" in path[len(inside) :] or not path.endswith("config.json"):
            continue
        if (
            entry.kind is Kind.FILE
            and entry.size <= MAX_CONFIG
            and path.rpartition("/")[2] != "tokenizer_config.json"
        ):
            document = json_of(model, path)
            if document is not None:
                yield from _of_module_config(document)


_CALLED_KEYS = {
    "activation_function": ("torch.nn.",),
    "activation_fn": ("torch.nn.",),
    "sbert_ce_default_activation_function": ("torch.nn.",),
    "tokenizer_class": ("sentence_transformers.",),
}
"""Keys of the configuration of a module whose value is imported and called, and what the library's own begin with."""


def _of_module_config(document: Document) -> Iterator[Item]:
    for pointer, value in walk(document.data):
        key = pointer[-1] if pointer else None
        if isinstance(value, str) and key in _CALLED_KEYS and "." in value:
            yield ImportedName(value, location_of(document, pointer), f"{key!r}", _CALLED_KEYS[str(key)])
        elif key == "types" and isinstance(value, dict):
            for name, kind in value.items():
                if isinstance(kind, str) and "." in kind:
                    place = location_of(document, (*pointer, name))
                    yield ImportedName(kind, place, "a module of the router", ("sentence_transformers.",))


# -- llama_index, langchain ----------------------------------------------------------------------


def _of_llama_index(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    del conf
    document = json_of(model, "settings.json")
    if document is None:
        return
    for pointer, value in walk(document.data):
        if pointer and pointer[-1] == "object_constructor" and isinstance(value, str):
            yield ImportedName(
                value, location_of(document, pointer), "'object_constructor'", ("llama_index.",)
            )


_CHAINS = {
    "llm_bash_chain": "runs what the language model answers as shell commands",
    "pal_chain": "runs what the language model answers as Python",
    "sql_database_chain": "runs what the language model answers as SQL",
    "llm_symbolic_math_chain": "evaluates what the language model answers",
    "cpal_chain": "runs what the language model answers as Python",
}
"""Types of chains and tools that run what a model writes (langchain, langchain_experimental)."""
_LANGCHAIN = ("langchain", "langchain_core", "langchain_community", "langgraph")


def _of_langchain(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    for path in _langchain_documents(model, conf):
        document = model.json(path) if path.endswith(".json") else model.yaml(path)
        for pointer, value in walk(document.data) if document is not None else ():
            if isinstance(value, dict) and document is not None:
                yield from _of_langchain_object(document, pointer, value)


def _langchain_documents(model: Model, conf: dict[str, Any]) -> Iterator[str]:
    named = {text_of(conf.get(key)).strip("/") for key in ("model_data", "agent_primitive_data")} - {""}
    named = named or {"model.yaml"}
    for path, entry in model.directory.entries.items():
        is_document = entry.kind is Kind.FILE and path.endswith((".json", ".yaml", ".yml"))
        is_named = any(path == name or path.startswith(f"{name}/") for name in named)
        if is_document and is_named and entry.size <= MAX_CONFIG:
            yield path


def _of_langchain_object(document: Document, pointer: Pointer, value: dict[str, Any]) -> Iterator[Item]:
    kind, identity = value.get("_type"), value.get("id")
    if isinstance(kind, str) and kind in _CHAINS:
        yield Action(
            f"a chain of type {kind!r} {_CHAINS[kind]}", location_of(document, (*pointer, "_type")), True
        )
    for key, item in value.items():
        if key.startswith("allow_dangerous_") and item is True:
            place = location_of(document, (*pointer, key))
            yield Action(
                f"{key!r} switches a check of LangChain off", place, key != "allow_dangerous_requests"
            )
    if value.get("template_format") == "jinja2":
        place = location_of(document, (*pointer, "template_format"))
        yield Action(
            "the template of a prompt is in Jinja's language, whose expressions call methods", place, False
        )
    for key, item in value.items():
        if (
            key.endswith("_path")
            and isinstance(item, str)
            and re.match(r"lc://|https?://|/|[A-Za-z]:|\.\.", item)
        ):
            yield Action(
                f"{key!r} has the loader read {item[:200]!r}, outside of the model",
                location_of(document, (*pointer, key)),
                True,
            )
    if isinstance(identity, list) and value.get("lc") is not None and identity:
        place = location_of(document, (*pointer, "id"))
        name = ".".join(str(part) for part in identity)
        if value.get("type") == "secret":
            yield Action(f"the environment variable {identity[0]!r} is read into the model", place, False)
        elif str(identity[0]) == "langchain_experimental":
            yield Action(f"{name!r} runs what a language model answers", place, True)
        elif str(identity[0]).replace("-", "_").split("_")[0] not in ("langchain", "langgraph"):
            yield ImportedName(name, place, "'id'", tuple(f"{top}." for top in _LANGCHAIN))


_READERS = {
    "transformers": _of_transformers,
    "sentence_transformers": _of_sentence_transformers,
    "llama_index": _of_llama_index,
    "langchain": _of_langchain,
    "tensorflow": loader_settings.of_keras,
    "keras": loader_settings.of_keras,
    "h2o": loader_settings.of_h2o,
    "spacy": loader_settings.of_spacy,
}
"""By flavor."""
