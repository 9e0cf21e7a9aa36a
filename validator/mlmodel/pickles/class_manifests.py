"""What a JSON document inside an archive has its reader import, call and restore: skops and Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 26
"""Bytes of a document that are read."""
MAX_NAMES = 50_000
"""Different uses of names that are kept."""

DOCUMENTS = {"schema.json": "skops", "config.json": "keras"}
"""By the member's name: the format whose reader reads it."""


class Use(Record):
    """What a reader does with one name of the document."""

    role: str
    """``class``: an object of it is made and given its state; ``call``: it is called with what the document holds;
    ``function`` and ``type``: it is put where the object will call it; ``method``: likewise, a method of an object of the
    class, named by :attr:`detail`; ``code``: the document itself carries code; ``file``: :attr:`detail` is a file that is read;
    ``program``: likewise, and run; ``unpickled``: it holds a pickle; ``operator`` and ``foreign operator``: compiled code is called;
    ``native``: the archive brings it along."""
    module: str
    name: str
    detail: str = ""


class Document(Record):
    """What a document says."""

    uses: tuple[Use, ...]
    states: tuple[tuple[str, str, Any], ...] = ()
    """Objects that are restored, with the state that they are given: module, class, and the JSON value of the state."""

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Module and class of everything that is imported, each once."""
        return tuple(dict.fromkeys((use.module, use.name) for use in self.uses if use.module and use.name))


def read(raw: bytes, form: str) -> Document | str:
    """What the document has its reader do, each use once; or why it cannot be read."""
    if len(raw) > MAX_BYTES:
        return f"{len(raw):,} bytes, more than {MAX_BYTES:,} can be read"
    import json

    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return f"it is no JSON that can be read ({error})"
    return of_value(data, form)


def of_value(data: object, form: str) -> Document | str:
    """As :func:`read`, of the parsed document."""
    of_mapping = _of_skops if form == "skops" else _of_keras
    found: dict[Use, None] = {}
    states: list[tuple[str, str, Any]] = []
    pending = [data]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            for use in of_mapping(item):
                found[use] = None
            if form == "skops" and item.get("__loader__") == "ObjectNode":
                states.append((str(item.get("__module__")), str(item.get("__class__")), item.get("content")))
            if len(found) > MAX_NAMES:
                return f"it has more than {MAX_NAMES:,} names"
            pending += item.values()
        elif isinstance(item, list):
            pending += item
    return Document(tuple(found), tuple(states))


# -- skops ---------------------------------------------------------------------------------------

_ROLES = {
    "ObjectNode": "class",
    "TreeNode": "class",
    "QuantileForestNode": "class",
    "FunctionNode": "function",
    "TypeNode": "type",
    "MethodNode": "class",
    "PartialNode": "class",
    "JsonNode": "class",
    "SliceNode": "class",
    "BytesNode": "class",
    "BytearrayNode": "class",
    "SparseMatrixNode": "class",
    "CachedNode": "class",
}
"""What the nodes of ``skops.io`` do with the name that they give; every other one calls it."""
_CALLED_BY_SKOPS = frozenset({"attrgetter", "itemgetter", "methodcaller"})


def _of_skops(node: dict[str, Any]) -> Iterator[Use]:
    module, name, loader = node.get("__module__"), node.get("__class__"), node.get("__loader__")
    content = node.get("content")
    if isinstance(module, str) and isinstance(name, str):
        role = _ROLES.get(loader, "call") if isinstance(loader, str) else "class"
        if loader == "OperatorFuncNode" and name in _CALLED_BY_SKOPS:
            yield from _of_operator(name, node.get("attrs"))
        elif loader == "DTypeNode" and module.partition(".")[0] == "numpy":
            yield Use("class", module, name)
        else:
            yield Use(role, module, name)
        if loader == "MethodNode" and isinstance(content, dict) and isinstance(content.get("func"), str):
            yield Use("method", module, name, content["func"])
    if isinstance(content, dict):  # the form before protocol 1
        path, function = content.get("module_path"), content.get("function")
        if isinstance(path, str) and isinstance(function, str):
            yield Use("function", path, function)


def _of_operator(name: str, attributes: object) -> Iterator[Use]:
    """``operator.methodcaller`` and its like: the names that they look up, or call."""
    texts = list(_texts(attributes)) if name != "itemgetter" else []
    for text in texts if name == "attrgetter" else texts[:1]:
        yield Use("method", "operator", name, text)
    if not texts:
        yield Use("class", "operator", name)


def _texts(node: object) -> Iterator[str]:
    """The strings in a tree of skops, in order: JSON texts inside JSON."""
    import json

    pending = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending += reversed(item)
        elif isinstance(item, dict):
            content = item.get("content")
            if item.get("__loader__") == "JsonNode" and isinstance(content, str):
                try:
                    value = json.loads(content)
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, str):
                    yield value
            else:
                pending.append(content)


# -- Keras ---------------------------------------------------------------------------------------

_FILE_KEYS = frozenset({"vocabulary", "idf_weights", "vocabulary_file"})
"""Arguments of preprocessing layers that are a list, or the name of a file that is read."""


def _of_keras(config: dict[str, Any]) -> Iterator[Use]:
    module, name, inner = config.get("module"), config.get("class_name"), config.get("config")
    if not isinstance(name, str):
        return
    module = module if isinstance(module, str) else ""
    if name in ("Lambda", "__lambda__"):
        yield Use("code", "keras.layers", "Lambda")
    elif name == "function" and isinstance(inner, str):
        yield Use("function", module or "builtins", inner)
    elif name in ("TFOpLambda", "SlicingOpLambda"):
        function = inner.get("function") if isinstance(inner, dict) else None
        yield Use("function", "tensorflow", function if isinstance(function, str) else name)
    elif name == "TorchModuleWrapper":
        yield Use("unpickled", module, name)
    elif name == "TFSMLayer":
        path = inner.get("filepath") if isinstance(inner, dict) else None
        yield Use("program", module, name, path if isinstance(path, str) else "")
    elif module:
        yield Use("class", module, name)
    if isinstance(inner, dict):
        for key in _FILE_KEYS:
            if isinstance(inner.get(key), str):
                yield Use("file", module, name, inner[key])
