"""Indexes that name other files, in forms that a JSON Pointer does not reach: ONNX, Spark, SavedModel, spaCy, LlamaIndex, LangChain."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.model import paths
from mlmodel.model.protobuf import BrokenError, fields
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.standard.schemas import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from mmap import mmap

    from mlmodel.model.model import Model
    from mlmodel.sources.ranges import RangedBytes

    Index = Callable[[Model, str], Iterator["Reference"]]

MAX_INDEX = 16 << 20
"""Bytes of an index that is read."""
_MAX_LINE = 1 << 20
_MAX_TENSORS = 20_000
_MAX_STAGES = 1_000


class Reference(Record):
    """What an index names."""

    names: tuple[str, ...]
    kind: str = "file"
    formats: tuple[str, ...] = ()
    what: str = ""
    size: int = 0
    rule: str = "MLM007"
    otherwise: str = ""
    optional: bool = False
    """Whether the loader does without."""


def document(model: Model, path: str) -> object:
    """The content of a JSON or YAML file of the directory, None where it has none."""
    entry = model.directory.look(path)
    if entry.kind is not Kind.FILE or entry.size > MAX_INDEX:
        return None
    try:
        found = model.yaml(path) if path.endswith((".yaml", ".yml")) else model.json(path)
    except UnreadableError:
        return None
    return found.data if found is not None else None


# -- ONNX ------------------------------------------------------------------------------------------

# onnx.proto: ModelProto.graph, GraphProto.initializer/sparse_initializer/node, NodeProto.attribute,
# AttributeProto.t/g/tensors/graphs, SparseTensorProto.values/indices, TensorProto.external_data.
_GRAPH = 7
_IN_GRAPH = {5: "tensor", 15: "sparse", 1: "node"}
_IN_NODE = {5: "attribute"}
_IN_ATTRIBUTE = {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"}
_IN_SPARSE = {1: "tensor", 2: "tensor"}
_BELOW = {"graph": _IN_GRAPH, "node": _IN_NODE, "attribute": _IN_ATTRIBUTE, "sparse": _IN_SPARSE}
_EXTERNAL_DATA = 13


def onnx(model: Model, path: str) -> Iterator[Reference]:
    """The files with the tensors that an ONNX model keeps outside, and how far they have to reach."""
    sizes: dict[str, int] = {}
    with model.directory.open_mapped(path) as data:
        if data.find(b"location") < 0:
            return
        try:
            for location, end in _external(data):
                sizes[location] = max(sizes.get(location, 0), end)
        except BrokenError:
            return  # the format's own check says so
    folder = path.rsplit("/", 1)[0] + "/" if "/" in path else ""
    for location, end in sizes.items():
        if location and paths.fault(location) is None:  # else MLM615
            yield Reference((folder + paths.normal(location),), what="external tensors", size=end)


def _external(data: bytes | mmap | RangedBytes) -> Iterator[tuple[str, int]]:
    pending = [
        ("graph", field.start, field.end) for field in fields(data, 0, len(data)) if field.number == _GRAPH
    ]
    tensors = 0
    while pending:
        kind, start, end = pending.pop()
        if kind == "tensor":
            tensors += 1
            if tensors > _MAX_TENSORS:
                return
            entries = [
                _pair(data, field.start, field.end)
                for field in fields(data, start, end)
                if field.number == _EXTERNAL_DATA
            ]
            known = dict(entries)
            if "location" in known:
                yield known["location"], _number(known.get("offset")) + _number(known.get("length"))
        else:
            below = _BELOW[kind]
            pending.extend(
                (below[field.number], field.start, field.end)
                for field in fields(data, start, end)
                if field.wire == 2 and field.number in below
            )


def _pair(data: bytes | mmap | RangedBytes, start: int, end: int) -> tuple[str, str]:
    """A ``StringStringEntryProto``."""
    found = {
        field.number: data[field.start : min(field.end, field.start + 4096)]
        for field in fields(data, start, end)
    }
    key, value = (found.get(number, b"").decode("utf-8", "replace") for number in (1, 2))
    return key, value


def _number(text: str | None) -> int:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,15}", text) else 0


# -- Spark -----------------------------------------------------------------------------------------


def spark(model: Model, path: str) -> Iterator[Reference]:
    """What the metadata of a stage of a Spark pipeline asks for: the folders of its stages, or its data."""
    pending = [path]
    count = 0
    while pending and count < _MAX_STAGES:
        count += 1
        part = pending.pop()
        metadata = _first_line(model, part)
        root = part.rsplit("/", 2)[0]  # below .../metadata/part-...
        if metadata is None:
            continue
        for below in _stage_folders(root, metadata):
            yield Reference((f"{below}/metadata",), "directory", what="the metadata of a stage")
            yield Reference(
                (f"{below}/metadata/part-*",), formats=("spark-metadata",), what="the metadata of a stage"
            )
            pending.extend(_parts(model, f"{below}/metadata"))
        for name in _saved_parts(metadata):
            yield Reference((f"{root}/{name}",), "directory", what="what the stage has learned")
            if name == "data" or name.endswith("Factors") or name == "treesMetadata":
                yield Reference((f"{root}/{name}/*",), what="what the stage has learned")
        for name in ("data", "treesMetadata", "userFactors", "itemFactors"):
            for file in _parts(model, f"{root}/{name}"):
                if file.endswith(".parquet"):
                    yield Reference((file,), formats=("parquet",))


def spark_stages(model: Model, folder: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The metadata file of a saved Spark pipeline, and of each of its stages, with the object in it."""
    pending = _parts(model, f"{folder}/metadata".lstrip("/"))
    for _ in range(_MAX_STAGES):
        if not pending:
            return
        part = pending.pop()
        metadata = _first_line(model, part)
        if metadata is not None:
            yield part, metadata
            for below in _stage_folders(part.rsplit("/", 2)[0], metadata):
                pending.extend(_parts(model, f"{below}/metadata"))


def _parts(model: Model, folder: str) -> list[str]:
    inside = f"{folder}/part-"
    return [
        path
        for path, entry in model.directory.entries.items()
        if path.startswith(inside) and entry.kind is Kind.FILE
    ]


def _first_line(model: Model, path: str) -> dict[str, object] | None:
    """The JSON object that the first line of a metadata file is; None where it is none."""
    try:
        head = model.directory.head(path, _MAX_LINE)
        found = json.loads(head.partition(b"\n")[0])
    except (UnreadableError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _stage_folders(root: str, metadata: dict[str, object]) -> Iterator[str]:
    """``stages/<index>_<uid>`` for the stages of a pipeline (Pipeline.scala, ``getStagePath``)."""
    params = metadata.get("paramMap")
    uids = params.get("stageUids") if isinstance(params, dict) else None
    if not isinstance(uids, list):
        uids = metadata.get("stageUids")
    if isinstance(uids, list):
        width = len(str(len(uids)))
        for index, uid in enumerate(uids[:_MAX_STAGES]):
            if isinstance(uid, str) and paths.fault(uid) is None:
                yield f"{root}/stages/{index:0{width}}_{uid}"


def _saved_parts(metadata: dict[str, object]) -> list[str]:
    """The folders beside ``metadata`` that the class of a stage reads."""
    name = metadata.get("class")
    if not isinstance(name, str):
        return []
    table = schema("flavors/spark.schema.json")["x-stage-folders"]
    found = table["classes"].get(name)
    if found is None and name.startswith(table["package"]) and name.endswith("Model"):
        return ["data"]
    return list(found or ())


# -- SavedModel ------------------------------------------------------------------------------------

_SHARD = lazy_pattern(r"variables\.data-(\d{5})-of-(\d{5})")


def checkpoint(model: Model, path: str) -> Iterator[Reference]:
    """All shards of a checkpoint of which one is there, and how far they have to reach."""
    from mlmodel.model import tensor_bundle

    folder = path.rsplit("/", 1)[0]
    try:
        with model.directory.open_mapped(path) as data:
            ends = tensor_bundle.ends(data)
    except BrokenError:
        ends = {}  # the format's own check says so
    for name in model.directory.entries:
        match = _SHARD.fullmatch(name[len(folder) + 1 :]) if name.startswith(f"{folder}/") else None
        if match is not None and int(match[2]) <= _MAX_STAGES:
            for shard in range(int(match[2])):
                shown = f"{folder}/variables.data-{shard:05d}-of-{match[2]}"
                yield Reference((shown,), what="the variables", size=ends.get(shard, 0))
            return


# saved_model.proto and meta_graph.proto: SavedModel.meta_graphs, MetaGraphDef.saver_def/object_graph_def/asset_file_def.
_META_GRAPHS, _OBJECT_GRAPH, _ASSETS = 2, 7, 6
# saved_object_graph.proto: SavedObjectGraph.nodes, SavedObject.variable.
_NODES, _VARIABLE = 1, 7


def saved_model(model: Model, path: str) -> Iterator[Reference]:
    """The variables of a SavedModel whose objects have some, and the assets of its graphs."""
    folder = path.rsplit("/", 1)[0] + "/" if "/" in path else ""
    has_variables, assets = False, []
    with model.directory.open_mapped(path) as data:
        try:
            for graph in fields(data, 0, len(data)):
                if graph.number != _META_GRAPHS or graph.wire != 2:
                    continue
                for field in fields(data, graph.start, graph.end):
                    if field.number == _OBJECT_GRAPH and field.wire == 2:
                        has_variables = has_variables or _objects_have_variables(data, field.start, field.end)
                    elif field.number == _ASSETS and field.wire == 2:
                        assets += [
                            data[one.start : one.end]
                            for one in fields(data, field.start, field.end)
                            if one.number == 2
                        ]
        except BrokenError:
            return  # the format's own check says so
    if has_variables:  # where one of the two is there, the layout asks for the other
        names = (f"{folder}variables/variables.index", f"{folder}variables/variables.data-*")
        yield Reference(names, what="the variables of the graph")
    for asset in assets[:_MAX_STAGES]:
        name = asset[:4096].decode("utf-8", "replace")
        if name and paths.fault(name) is None:
            yield Reference((f"{folder}assets/{paths.normal(name)}",), what="an asset of the graph")


def _objects_have_variables(data: bytes | mmap | RangedBytes, start: int, end: int) -> bool:
    return any(
        one.number == _VARIABLE and one.wire == 2
        for node in fields(data, start, end)
        if node.number == _NODES and node.wire == 2
        for one in fields(data, node.start, node.end)
    )


# -- spaCy -----------------------------------------------------------------------------------------

_COMPONENT = lazy_pattern(r"\[components\.([^\].]+)\]")
_TOKENIZER = "spacy.Tokenizer.v1"
"""The tokenizer of which the form of its file is known; others write folders of their own."""


def spacy(model: Model, path: str) -> Iterator[Reference]:
    """The files of the tokenizer and of the pipes that config.cfg lists, of those whose class saves some."""
    folder = path.rsplit("/", 1)[0] + "/" if "/" in path else ""
    try:
        config = _spacy_config(model.directory.head(path, _MAX_LINE).decode("utf-8", "replace"))
    except UnreadableError:
        return
    if config.tokenizer == _TOKENIZER:
        yield Reference((f"{folder}tokenizer",), formats=("msgpack",))
    saved = schema("flavors/spacy.schema.json")["x-pipe-files"]
    for name in config.pipes:
        for entry in saved.get(config.factories.get(name, ""), ()):
            wanted = entry["path"].replace("{name}", name)
            instead = entry.get("unless", "").replace("{name}", name)
            if paths.fault(wanted) is not None or (
                instead and model.directory.look(folder + instead).kind is Kind.FILE
            ):
                continue
            yield Reference(
                (folder + wanted,),
                entry.get("kind", "file"),
                (entry["format"],) if "format" in entry else (),
                what=f"what the pipe {name!r} has learned",
                optional=entry.get("optional", False),
            )


class _SpacyConfig(Record):
    """What a config.cfg says of the files beside it."""

    pipes: list[str]
    factories: dict[str, str]
    """By the name of the component."""
    tokenizer: str


def _spacy_config(text: str) -> _SpacyConfig:
    section, tokenizer = "", ""
    names: list[str] = []
    factories = {}
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip()
            continue
        key, _, value = line.partition("=")
        if section == "[nlp]" and key.strip() == "pipeline":
            try:
                found = json.loads(value)
            except ValueError:
                found = []
            names = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
        if section == "[nlp.tokenizer]" and key.strip() == "@tokenizers":
            tokenizer = value.strip().strip('"')
        match = _COMPONENT.fullmatch(section)
        if match is not None and key.strip() == "factory":
            factories[match[1]] = value.strip().strip('"')
    return _SpacyConfig(names, factories, tokenizer)


# -- LlamaIndex ------------------------------------------------------------------------------------


def llama_index(model: Model, path: str) -> Iterator[Reference]:
    """The stores that an index needs, by its type."""
    folder = path.rsplit("/", 1)[0] + "/" if "/" in path else ""
    data = document(model, path)
    indexes = data.get("index_store/data") if isinstance(data, dict) else None
    kinds = (
        {one.get("__type__") for one in indexes.values() if isinstance(one, dict)}
        if isinstance(indexes, dict)
        else set()
    )
    if "vector_store" in kinds:
        names = (f"{folder}default__vector_store.json", f"{folder}vector_store.json")
        yield Reference(names, formats=("json-object",), what="the vectors of the index")
    if "kg" in kinds:
        yield Reference((f"{folder}graph_store.json",), formats=("json-object",))
    if "property_graph" in kinds or "simple_lpg" in kinds:
        yield Reference((f"{folder}property_graph_store.json",), formats=("json-object",))


# -- LangChain -------------------------------------------------------------------------------------

_STEPS, _BRANCHES, _BINDING = "steps.yaml", "branches.yaml", "binding_conf.yaml"
_OF_TYPES = {
    "RunnableSequence": _STEPS,
    "RunnableParallel": _STEPS,
    "RunnableBranch": _BRANCHES,
    "RunnableAssign": f"mapper/{_STEPS}",
    "RunnableBinding": _BINDING,
}
"""By the type of a runnable that is saved as a folder: its document (``mlflow/langchain/runnables.py``, 2.9.2 to 3.17.2)."""
_DEEPEST = 20


def langchain(model: Model, path: str) -> Iterator[Reference]:
    """The files of the runnables that one is made of, all the way down."""
    pending = [path]
    for _ in range(_MAX_STAGES):
        if not pending:
            return
        index = pending.pop()
        data = document(model, index)
        folder, _, name = index.rpartition("/")
        if not isinstance(data, dict) or folder.count("/") > _DEEPEST * 2:
            continue
        for key, conf in list(data.items())[:_MAX_STAGES]:
            place = f"{folder}/{_place_of_runnable(name, str(key))}".rstrip("/")
            if not isinstance(conf, dict) or paths.fault(place) is not None:
                continue
            if (
                model.directory.look(place).kind is not Kind.DIRECTORY
            ):  # the loader lists those that are there
                left = "the chain goes on without this step"
                yield Reference((place,), "directory", what="a step", rule="MLM020", otherwise=left)
                continue
            saved, further = _saved_runnable(place, conf)
            if saved is not None:
                yield saved
            if further is not None:
                pending.append(further)


def _place_of_runnable(index: str, key: str) -> str:
    """The folder, below that of an index, in which a runnable that it names is saved."""
    if index == _BINDING:
        return ""
    if index == _BRANCHES:
        return f"branches/{key.replace('-', '/', 1)}"
    return f"steps/{key}"


def _saved_runnable(folder: str, conf: dict[str, object]) -> tuple[Reference | None, str | None]:
    """The file that one runnable is read from, and the index of those that it is made of."""
    data = conf.get("model_data", "model.yaml")
    if "model_load" not in conf or not isinstance(data, str) or paths.fault(data) is not None:
        return None, None
    target = f"{folder}/{data}"
    index = _OF_TYPES.get(str(conf.get("model_type"))) if conf.get("model_load") == "runnable_load" else None
    if index is not None:
        found = f"{target}/{index}"
        return Reference((found,), formats=("yaml",), what="the parts of a runnable"), found
    form = {"pkl": "pickle", "yaml": "yaml", "json": "json-object"}.get(data.rpartition(".")[2])
    return Reference((target,), formats=(form,) if form else (), what="a step"), None


READERS: Mapping[str, Index] = {
    "onnx": onnx,
    "spark": spark,
    "checkpoint": checkpoint,
    "saved-model": saved_model,
    "spacy": spacy,
    "llama-index": llama_index,
    "langchain": langchain,
}
"""By the name that ``names.reader`` in the schemas has."""
