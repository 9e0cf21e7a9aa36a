"""Names in the settings of Keras, H2O and spaCy that their loaders import, call or start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.documents import location_of
from mlmodel.findings import Location
from mlmodel.model.loader_items import (
    MAX_CONFIG,
    MAX_TEXT,
    Action,
    ImportedName,
    is_file,
    mapping_of,
    text_of,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.loader_items import Item
    from mlmodel.model.model import Model

_KERAS = tuple(
    f"{name}."
    for name in """keras keras.api keras.api._v1.keras keras.api._v2.keras keras.src keras._tf_keras.keras tf_keras tf_keras.api
    tf_keras.api._v1.keras tf_keras.api._v2.keras tf_keras.src tensorflow.keras tensorflow.python.keras tensorflow.contrib.keras
    tensorflow.contrib.keras.python.keras tensorflow.compat.v1.keras tensorflow.compat.v2.keras tensorflow._api.v1.keras
    tensorflow._api.v2.keras tensorflow.python.keras.api tensorflow.python.keras.api._v1.keras
    tensorflow.python.keras.api._v2.keras keras_core""".split()
)
"""What releases of Keras and TensorFlow have as a module with ``models`` in it, which the loader imports."""


def of_keras(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    """The module that reads a model of Keras (``keras_module.txt``, ``keras_module``)."""
    folder = text_of(conf.get("data")).strip("/")
    folders = {folder, text_of(model.flavors.get("python_function", {}).get("data")).strip("/")} - {""}
    for place in sorted(folders):
        path = f"{place}/keras_module.txt"
        if is_file(model, path):
            name = model.directory.head(path, MAX_TEXT).decode("utf-8", "replace").strip()
            if name:
                yield ImportedName(name[:1000], Location(path), "the module that reads the model", _KERAS)
    name = text_of(conf.get("keras_module")).strip()
    if name and model.mlmodel is not None:
        flavor = "keras" if model.flavors.get("keras") is conf else "tensorflow"
        location = location_of(model.mlmodel, ("flavors", flavor, "keras_module"))
        yield ImportedName(name, location, "the module that reads the model", _KERAS)


_OF_MEMORY = r"-Xm[sxn]\w+|-Xss\w+|-XX:[+-]Use\w+GC|-XX:(?:Max|Min|Initial|Parallel|Conc|New|Survivor)\w+=[\w.]+|-ea|-D(?:sys\.ai\.h2o|ai\.h2o)\.[\w.]+=[\w.]*"
"""Arguments that change how much memory a JVM takes, or switches of H2O's own: all others may have it run, open or write something."""
_FOREIGN_H2O = (
    "url",
    "ip",
    "proxy",
    "https",
    "jvm_custom_args",
    "extra_classpath",
    "ice_root",
    "log_dir",
    "bind_to_localhost",
    "username",
    "password",
    "cacert",
)
"""Arguments of ``h2o.init`` that lead elsewhere, or to a JVM with other code."""


def of_h2o(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    """How ``h2o.yaml`` has the JVM started."""
    path = f"{text_of(conf.get('data'), 'model.h2o').strip('/')}/h2o.yaml"
    document = model.yaml(path) if is_file(model, path) else None
    settings = mapping_of(mapping_of(document.data).get("init")) if document is not None else {}
    for key, value in settings.items():
        if key not in _FOREIGN_H2O or value in (None, False, "", []) or document is None:
            continue
        place = location_of(document, ("init", key))
        texts = [str(item) for item in (value if isinstance(value, list) else [value])]
        if key == "extra_classpath" or (
            key == "jvm_custom_args"
            and not all(re.fullmatch(_OF_MEMORY, part) for text in texts for part in text.split())
        ):
            yield Action(
                f"{key!r} has H2O start a JVM that runs code of the model: {', '.join(texts)[:200]}",
                place,
                True,
            )
        elif key == "jvm_custom_args":
            yield Action(f"{key!r} changes the JVM that H2O starts: {', '.join(texts)[:200]}", place, False)
        else:
            yield Action(
                f"{key!r} of h2o.init is of the author's machine: {', '.join(texts)[:200]}", place, False
            )


_FACTORIES = frozenset(
    (
        "attribute_ruler lemmatizer trainable_lemmatizer merge_entities merge_noun_chunks merge_subtokens morphologizer ner parser "
        "beam_parser beam_ner entity_ruler future_entity_ruler span_ruler entity_linker senter sentencizer sentence_segmenter spancat "
        "spancat_singlelabel span_finder span_cleaner tagger textcat textcat_multilabel tok2vec token_splitter doc_cleaner nn_labeller "
        "transformer curated_transformer coref span_resolver experimental_edit_tree_lemmatizer llm llm_ner llm_spancat llm_textcat "
        "llm_rel llm_lemma llm_sentiment llm_summarization llm_translation llm_raw llm_entitylinker"
    ).split()
)
"""Components that spaCy and the packages of its makers register."""
_LOADED = r"nlp|nlp\.(?!.*batcher).*|components|components\..*"
"""Sections of ``config.cfg`` that ``spacy.load`` resolves; those of training it does not."""
_SPACY_NAME = r"spacy[\w-]*\..*|(?:[A-Z]\w*|[a-z_]+)\.v\d+"
"""Names that spaCy and its makers' packages register (``spacy.Tok2Vec.v2``), and those of thinc (``Softmax.v1``)."""
_MISUSED = {
    "spacy.copy_from_base_model.v1": "loads another pipeline",
    "spacy.load_vocab_data.v1": "loads other data",
    "srsly.read_json.v1": "reads a file",
    "srsly.read_jsonl.v1": "reads a file",
    "srsly.read_yaml.v1": "reads a file",
    "srsly.read_msgpack.v1": "reads a file",
    "spacy.read_labels.v1": "reads a file",
    "spacy.WandbLogger.v1": "connects",
}


def of_spacy(model: Model, conf: dict[str, Any]) -> Iterator[Item]:
    """What ``config.cfg`` has spaCy look up and call."""
    path = f"{text_of(conf.get('data'), 'model.spacy').strip('/')}/config.cfg"
    if not is_file(model, path):
        return
    text = model.directory.head(path, MAX_CONFIG).decode("utf-8", "replace")
    lines = text.splitlines()
    for section, key, value in _settings(text):
        if not re.fullmatch(_LOADED, section):
            continue
        number = next((at for at, line in enumerate(lines) if key in line and value[:40] in line), 0)
        line = lines[number] if lines else ""
        place = Location(path, number + 1, max(0, line.find(key)) + 1, None, line)
        for inner, name in _registered(key, value):
            yield from _of_spacy_value(section, inner, name, place)


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of a configuration as ``confection`` reads it: with Python's ``configparser``."""
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except Error:
        return  # spaCy does not read it either
    for section in parser.sections():
        for key, value in parser.items(section):
            yield section, key, value


def _registered(key: str, value: str) -> Iterator[tuple[str, str]]:
    """A key and its value; of a value in JSON, what stands in it."""
    import json

    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = value
    if isinstance(found, str):
        yield key.strip("\"'"), found
    elif isinstance(found, (dict, list)):
        for pointer, item in walk(found):
            if isinstance(item, str) and pointer and isinstance(pointer[-1], str):
                yield pointer[-1], item


def _of_spacy_value(section: str, key: str, name: str, place: Location) -> Iterator[Item]:
    if not name or name == "null":
        return
    if key == "source" and section.startswith("components."):
        yield Action(f"the component is loaded from another pipeline, {name[:200]!r}", place, False)
    elif key == "factory" and section.startswith("components.") and name not in _FACTORIES:
        yield Action(
            f"the factory {name[:200]!r} is none of spaCy's: code that is installed elsewhere makes the component",
            place,
            False,
        )
    elif key.startswith("@") and name in _MISUSED:
        yield Action(f"{key} = {name!r} {_MISUSED[name]} when the pipeline is loaded", place, False)
    elif key.startswith("@") and not re.fullmatch(_SPACY_NAME, name):
        yield Action(
            f"{key} = {name[:200]!r} is nothing that spaCy registers: code that is installed elsewhere runs",
            place,
            False,
        )
