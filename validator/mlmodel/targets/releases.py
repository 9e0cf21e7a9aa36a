"""What the releases of MLflow make of a directory, by the annotations of the schemas.

``x-unread`` says what a reader does with a key or value that it does not know: the releases up to ``x-not-in``, and those
from ``x-gone-in`` on.  Between ``x-not-in`` and ``x-since``, and between ``x-read-until`` and ``x-gone-in``, no release was
looked at, and none is judged.  The annotation stands

- on a key, for whatever value but null it has;
- in ``x-values``, for one value of an enumerated key;
- in ``x-cases``, for the values of ``enum``, for those that match ``pattern``, or for the mappings that have the values
  of ``if``;
- in ``x-absent``, for a key that is missing or null;
- in ``x-newer-keys``, for any key that has ``x-since`` itself;
- in ``x-module-unread``, for the modules of ``x-loader-modules``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import describe, quoted
from mlmodel.findings import Severity
from mlmodel.model import signatures
from mlmodel.model.model import fact
from mlmodel.model.signatures import is_tensor
from mlmodel.standard import releases, schemas
from mlmodel.standard.targets import MLFLOW, padded, profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.documents import Document
    from mlmodel.model.model import Model
    from mlmodel.model.signatures import Section

    Json = dict[str, Any]
    Pointer = tuple[str | int, ...]

READ, LOAD = "MLM801", "MLM802"
_COLUMNS = "signature-columns.schema.json"
_PARAMS = "signature-params.schema.json"


_PLAIN_DTYPES = frozenset(signatures.NUMPY.values())
"""Element types of tensors that every release reads."""


class Unread(Record):
    """Something in a directory that some releases do not read, or read otherwise."""

    rule: str
    severity: Severity
    what: str
    """What it is, for a message."""
    effect: str
    remedy: str
    document: Document
    pointer: Pointer
    key: bool
    """Whether the finding is about the key, not its value."""
    group: str
    """Of several in one group only the first is told: the reader comes no further."""
    not_in: str | None = None
    gone_in: str | None = None
    since: str | None = None
    """The first release that reads it."""
    read_until: str | None = None
    """The last release that reads it."""
    counts_from: str | None = None
    """The release from which on it is looked at: earlier ones ignore what it stands in."""

    def applies(self, release: tuple[int, ...]) -> bool:
        """Whether this release does not read it, or reads it otherwise."""
        release = padded(release)
        if self.counts_from is not None and release < _release(self.counts_from):
            return False
        return (self.not_in is not None and release <= _release(self.not_in)) or (
            self.gone_in is not None and release >= _release(self.gone_in)
        )

    @property
    def bounds(self) -> str:
        """Which releases read it, for a message."""
        if self.since and self.read_until and _release(self.since) <= _release(self.read_until):
            return f"MLflow {self.since} to {self.read_until} only"
        if self.not_in:
            return f"MLflow {self.since} and later"
        return f"MLflow {self.read_until} and earlier" if self.read_until else "no release of MLflow"


@cache
def _release(version: str) -> tuple[int, ...]:
    """A release that the schemas or the user name."""
    found = releases.parse(version)
    assert found is not None, version
    return padded(found)


def applying(found: Iterable[Unread], version: str) -> list[Unread]:
    """What a release does not read, or reads otherwise; what only loading meets is left out where reading fails."""
    release = _release(version)
    groups: set[str] = set()
    kept = []
    for unread in found:
        if unread.group not in groups and unread.applies(release):
            groups.add(unread.group)
            kept.append(unread)
    if any(unread.rule == READ for unread in kept):
        return [unread for unread in kept if unread.rule == READ]
    return kept


@fact
def unread(model: Model) -> tuple[Unread, ...]:
    """Everything in a directory that some release does not read, or reads otherwise."""
    if model.mlmodel is None or not model.config:
        return ()
    return (*_top_level(model, model.mlmodel), *_signature(model), *_flavors(model, model.mlmodel))


# -- the MLmodel file --------------------------------------------------------------------------------


def _top_level(model: Model, document: Document) -> Iterator[Unread]:
    schema = schemas.schema("mlmodel.schema.json")
    newer = schema["x-newer-keys"]
    for key in model.config:
        about = schema["properties"].get(key, {"x-since": newer["x-since"]})
        if about.get("x-since"):
            what = f"the key {quoted(key)}"
            yield _made(newer, what, document, (key,), key=True, group="top level")
            break
    for key, about in schema["properties"].items():
        yield from _of_key(about, model.config, key, document, (key,))
    info = model.config.get("saved_input_example_info")
    if isinstance(info, dict):
        place = ("saved_input_example_info",)
        for case in _cases(schemas.schema("input-example-info.schema.json"), info):
            yield _made(case, "the input example", document, place)


def _of_key(
    about: Json, mapping: Json, key: str, document: Document, place: Pointer, name: str = ""
) -> Iterator[Unread]:
    """What the annotations on one key say of its value."""
    value = mapping.get(key)
    what = name or f"the key {key!r}"
    if "x-unread" in about and value is not None and value != "":
        yield _made(about, what, document, place, key=True)
    if "x-absent" in about and value is None:
        yield _made(about["x-absent"], f"no {key!r}", document, place[:-1])
    for case in _cases(about, value) if key in mapping or "x-cases" not in about else ():
        yield _made(case, f"{what} with {describe(value)}", document, place)
    if isinstance(value, str) and value in about.get("x-values", {}):
        found = about["x-values"][value]
        if "x-unread" in found:
            yield _made(found, f"{value!r} as {key!r}", document, place)


def _cases(about: Json, value: Any) -> Iterator[Json]:
    for case in about.get("x-cases", ()):
        if "enum" in case:
            if any(value == each and type(value) is type(each) for each in case["enum"]):
                yield case
        elif "pattern" in case:
            if isinstance(value, str) and re.search(case["pattern"], value):
                yield case
        elif isinstance(value, dict) and all(value.get(key) == each for key, each in case["if"].items()):
            yield case


# -- the signature -----------------------------------------------------------------------------------


def _signature(model: Model) -> Iterator[Unread]:
    document = model.mlmodel
    signature = model.config.get("signature")
    if document is None or not isinstance(signature, dict):
        return
    about = schemas.schema("mlmodel.schema.json")["properties"]["signature"]["properties"]
    for name in signatures.SECTIONS:
        place: Pointer = ("signature", name) if name in signature else ("signature",)
        given = {name: signature.get(name)}
        if name == "inputs" or name in signature:
            found = _of_key(about[name], given, name, document, place, f"signature.{name}")
            yield from (each._replace(key=False) for each in found)
    for section in signatures.of(model).values():
        if section.name == "params":
            yield from _params(section, about["params"]["x-since"])
        else:
            yield from _columns(section)


def _columns(section: Section) -> Iterator[Unread]:
    """Columns, at any depth: the first that a release stumbles over is told."""
    document = section.document
    schema = schemas.schema(_COLUMNS)
    if not isinstance(document.data, list):
        return
    group = f"signature.{section.name}"
    for case in _cases(schema, document.data):
        yield _made(case, f"{group}, which is an empty array", document, (), group=group)
    item = schema["definitions"]["item"]
    scalar = item["allOf"][0]["then"]["properties"]
    tensor = item["allOf"][1]["then"]["properties"]["tensor-spec"]["properties"]
    types = item["properties"]["type"]["x-values"]
    for index, column in section.numbered():
        spec = column.get("tensor-spec")
        if is_tensor(column) and isinstance(spec, dict):
            dtype = spec.get("dtype")
            for case in _cases(tensor["dtype"], dtype) if dtype not in _PLAIN_DTYPES else ():
                place = (index, "tensor-spec", "dtype")
                yield _made(case, f"the dtype {quoted(dtype)}", document, place, group=group)
        elif not is_tensor(column):
            is_scalar = column.get("type") in signatures.SCALARS
            for key in column:
                about = item["properties"].get(key, {})
                if is_scalar and "x-unread" not in about:
                    about = scalar.get(key) or {}
                if isinstance(about, dict) and "x-unread" in about:
                    yield _made(about, f"{key!r} in a column", document, (index, key), key=True, group=group)
        for pointer, type_ in _types(column, (index,)):
            if "x-unread" in types.get(type_, {}):
                yield _made(types[type_], f"the type {type_!r}", document, (*pointer, "type"), group=group)


def _types(item: Json, place: Pointer) -> Iterator[tuple[Pointer, str]]:
    """The types of a column and of everything in it, with the places of the mappings that have them."""
    pending: list[tuple[Pointer, Json]] = [(place, item)]
    while pending:
        pointer, value = pending.pop()
        type_ = value.get("type")
        if isinstance(type_, str):
            yield pointer, type_
        for key in ("items", "values"):
            below = value.get(key)
            if isinstance(below, dict):
                pending.append(((*pointer, key), below))
        properties = value.get("properties")
        if isinstance(properties, dict):
            pending += [
                ((*pointer, "properties", name), each)
                for name, each in properties.items()
                if isinstance(each, dict)
            ]


def _params(section: Section, since: str) -> Iterator[Unread]:
    document = section.document
    about = schemas.schema(_PARAMS)["items"]
    for index, param in section.numbered():
        for case in _cases(about, param):
            yield _made(case, f"the default null of a param of type {param['type']!r}", document, (index,))
        type_ = param.get("type")
        key = about["properties"]["type"]
        if "type" in param and "dtype" not in param:
            yield _made(
                key, "a param with 'type'", document, (index, "type"), key=True, group="params", counts=since
            )
        if isinstance(type_, str) and "x-unread" in key["x-values"].get(type_, {}):
            found = key["x-values"][type_]
            yield _made(
                found, f"a param of type {type_!r}", document, (index, "type"), group="params", counts=since
            )


# -- flavors -----------------------------------------------------------------------------------------


def _flavors(model: Model, document: Document) -> Iterator[Unread]:
    for flavor, conf in model.flavors.items():
        schema = schemas.flavor_schema(flavor)
        if schema is None:
            continue
        group = "load" if "python_function" in model.flavors else f"load {flavor}"
        for key in conf:
            about = schema["properties"].get(key)
            if isinstance(about, dict):
                place = ("flavors", flavor, key)
                found = _of_key(about, conf, key, document, place, f"{flavor}.{key}")
                yield from (each._replace(group=group) for each in found)
    schema = schemas.schema("flavors/python_function.schema.json")
    loader = model.flavors.get("python_function", {}).get("loader_module")
    entry = next((each for each in schema["x-loader-modules"] if each["module"] == loader), None)
    if entry is not None:
        place = ("flavors", "python_function", "loader_module")
        yield from _module(schema["x-module-unread"], entry, str(loader), document, place)
    elif "python_function" not in model.flavors:
        for flavor in model.flavors:
            about = (schemas.flavor_schema(flavor) or {}).get("x-flavor", {})
            if about.get("since") and about["loader-modules"]:
                module = about["loader-modules"][0]
                yield from _module(schema["x-module-unread"], about, module, document, ("flavors", flavor))


def _module(about: Json, entry: Json, module: str, document: Document, place: Pointer) -> Iterator[Unread]:
    """A module of MLflow, which the releases from ``since`` to ``until`` have."""
    until = entry.get("until")
    before, after = _neighbours(entry["since"], until)
    if before or after:
        yield Unread(
            about["rule"],
            Severity.ERROR,
            f"the module {module}",
            about["effect"].replace("{value}", module),
            about["remedy"],
            document,
            place,
            key=False,
            group="load",
            not_in=before,
            gone_in=after,
            since=entry["since"],
            read_until=until,
        )


def _neighbours(since: str, until: str | None) -> tuple[str | None, str | None]:
    """The last release before ``since``, and the first after ``until``, of those that were read."""
    versions = profile(MLFLOW).versions
    before = after = None
    first = _release(since)
    for version in versions:
        if _release(version) >= first:
            break
        before = version
    if until is not None:
        last = _release(until)
        after = next((version for version in versions if _release(version) > last), None)
    return before, after


def _made(
    about: Json,
    what: str,
    document: Document,
    pointer: Pointer,
    *,
    key: bool = False,
    group: str = "",
    counts: str | None = None,
) -> Unread:
    unread = about["x-unread"]
    rule = unread["rule"]
    return Unread(
        rule,
        Severity[unread.get("severity", "error").upper()],
        what,
        unread["effect"],
        unread["remedy"],
        document,
        pointer,
        key,
        group or f"{rule} {what}",
        about.get("x-not-in") if "x-since" in about and not _only_gone(about) else None,
        about.get("x-gone-in"),
        about.get("x-since"),
        about.get("x-read-until"),
        counts,
    )


def _only_gone(about: Json) -> bool:
    """Whether only the later releases stumble over it: it is read, or ignored, by those before ``x-since``."""
    return "x-gone-in" in about and about.get("x-since") == about["x-gone-in"]
