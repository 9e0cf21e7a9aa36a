"""One pass of a JSON Schema over a document -> findings.

The schemas say which rule each of their keywords enforces (``x-rules``), so no message is parsed.
An engine (:mod:`mlmodel.standard.engines`) answers yes or no; reasons are looked for only where it is no.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import describe, pointer_steps, quoted
from mlmodel.standard import data, engines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.standard.engines import Engine, Failure

    Json = dict[str, Any]


class Violation(Record):
    """One assertion of a schema that a value does not meet."""

    rule: str
    message: str
    pointer: tuple[str | int, ...]
    """From the root of the value that was checked."""
    keyword: str
    missing: str | None = None
    """The property that ``required`` found missing."""
    hint: str | None = None
    """What to do, where the schema says it (``x-hint``)."""


@cache
def schema(name: str) -> Json:
    """The schema document ``name`` (``flavors/sklearn.schema.json``), read once.

    Without its ``$id``: references are looked up beside it, and never fetched.
    """
    document: Json = json.loads(data.read("schemas", name))
    document.pop("$id", None)
    return document


@cache
def flavor_names() -> frozenset[str]:
    """The flavors that have a schema."""
    properties: Json = schema("mlmodel.schema.json")["properties"]["flavors"]["properties"]
    return frozenset(properties)


@cache
def third_party_flavors() -> dict[str, str]:
    """Flavors of other products by name: ``third-party-flavors.json``, which is read for an unknown flavor only."""
    flavors: dict[str, str] = data.annex("third-party-flavors.json")["flavors"]
    return flavors


def flavor_schema(flavor: str) -> Json | None:
    """The schema of a flavor, None for one that this standard does not know."""
    return schema(f"flavors/{flavor}.schema.json") if flavor in flavor_names() else None


@cache
def _engine(name: str, definition: str) -> Engine:
    document = schema(name)
    if definition:
        document = {"definitions": document["definitions"], "$ref": f"#/definitions/{definition}"}
    return engines.make(document, _retrieve)


def _retrieve(name: str) -> Any:
    """The document that a ``$ref`` names.  A flavor's own schema is left to a pass of its own, and so is
    loaded only for a model that has the flavor."""
    return True if name.startswith("flavors/") else schema(name)


class Annotated(Record):
    """A value whose subschema carries an annotation."""

    pointer: tuple[str | int, ...]
    value: Any
    subschema: Json


_ANY = object()
"""Stands for every key, or every index, in the place of an annotation."""


@cache
def _annotation_places(name: str, keyword: str) -> tuple[tuple[tuple[Any, ...], Json], ...]:
    """Where in a document of this schema annotated values can stand."""
    found: list[tuple[tuple[Any, ...], Json]] = []

    def walk(root: Json, node: Any, steps: tuple[Any, ...], depth: int) -> None:
        if not isinstance(node, dict) or depth > 12:
            return
        reference = node.get("$ref", "")
        if reference and not reference.startswith("flavors/"):
            walk(*_resolve(root, reference), steps, depth + 1)
        if keyword in node:
            found.append((steps, node))
        for key, below in node.get("properties", {}).items():
            walk(root, below, (*steps, key), depth + 1)
        for group in ("additionalProperties", "items"):
            walk(root, node.get(group), (*steps, _ANY), depth + 1)
        for group in ("then", "else"):
            walk(root, node.get(group), steps, depth + 1)
        for group in ("allOf", "anyOf", "oneOf"):
            for below in node.get(group, ()):
                walk(root, below, steps, depth + 1)

    walk(schema(name), schema(name), (), 0)
    return tuple(found)


@cache
def newer_keys(name: str) -> tuple[tuple[str, str, str], ...]:
    """The keys that not every release wrote: each with its ``x-not-in`` and ``x-since``."""
    return tuple(
        (key, subschema["x-not-in"], subschema["x-since"])
        for key, subschema in schema(name).get("properties", {}).items()
        if subschema.get("x-not-in")
    )


@cache
def value_eras(name: str, key: str) -> Json:
    """For the values of an enumerated key that not every release knows: their ``x-since`` and ``x-not-in``."""
    for steps, subschema in _annotation_places(name, "x-values"):
        if steps[-1:] == (key,):
            return dict(subschema["x-values"])
    raise LookupError(f"{name} has no x-values for {key!r}")


def annotated(name: str, keyword: str, value: Any) -> Iterator[Annotated]:
    """The values in ``value`` that the schema ``name`` annotates with ``keyword``.

    A key that is absent counts with its ``default``, where the schema has one; its pointer is that of
    the mapping it is absent from.
    """
    for steps, subschema in _annotation_places(name, keyword):
        yield from _values_at(value, steps, (), subschema)


def _values_at(
    value: Any, steps: tuple[Any, ...], pointer: tuple[str | int, ...], subschema: Json
) -> Iterator[Annotated]:
    if not steps:
        yield Annotated(pointer, value, subschema)
        return
    step, rest = steps[0], steps[1:]
    if step is not _ANY:
        if isinstance(value, dict):
            if step in value:
                yield from _values_at(value[step], rest, (*pointer, step), subschema)
            elif not rest and "default" in subschema:
                yield Annotated(pointer, subschema["default"], subschema)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _values_at(below, rest, (*pointer, key), subschema)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _values_at(below, rest, (*pointer, index), subschema)


def conforms(name: str, value: Any, definition: str = "") -> bool:
    """Whether ``value`` meets the schema ``name``, or one of its definitions."""
    return _engine(name, definition).is_valid(value)


def violations(name: str, value: Any, definition: str = "") -> Iterator[Violation]:
    """Every assertion of the schema ``name`` (or of one of its definitions) that ``value`` fails."""
    engine = _engine(name, definition)
    if engine.is_valid(value):
        return
    root = schema(name)
    if not _is_large(value):
        for failure in engine.failures(value):
            yield _violation(root, definition, failure)
        return
    first = engine.first(value)
    if first is not None:
        yield _violation(root, definition, first)
    yield Violation("MLM903", "too large to name more than the first violation of the schema", (), "type")


_LARGE = 16_000_000


def _is_large(value: Any) -> bool:
    """Whether naming all violations may cost too much: each holds a copy of its value, and they are made at once."""
    left = _LARGE
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str):
            left -= depth * len(item)
        elif isinstance(item, (list, dict)):
            left -= depth * 64 * (len(item) + 1)
            if left < 0:
                return True
            if isinstance(item, dict):
                left -= depth * sum(map(len, item))
                item = item.values()
            pending += [(below, depth + 1) for below in item]
    return left < 0


def _violation(root: Json, definition: str, failure: Failure) -> Violation:
    path = list(failure.keywords)
    if definition:
        path = ["definitions", definition, *path[1:]]
    keyword = str(path[-1])
    trail = _trail(root, path[:-1])
    subschema = trail[-1]
    value: Any = failure.instance
    missing = failure.missing
    if keyword == "required" and missing is None:
        missing = next((key for key in subschema["required"] if key not in value), None)
    rule = _rule(trail, keyword, subschema, value, missing)
    message = _message(keyword, subschema, value, missing, list(failure.path))
    return Violation(rule, message, failure.path, keyword, missing, subschema.get("x-hint"))


def _trail(root: Json, path: list[str | int]) -> list[Json]:
    """The subschemas along an evaluation path, ``$ref`` followed, outermost first."""
    current: Any = root
    trail = [current]
    for step in path:
        if step == "$ref":
            root, current = _resolve(root, current["$ref"])
        else:
            current = current[step]
        if isinstance(current, dict):
            trail.append(current)
    return trail


def _resolve(root: Json, reference: str) -> tuple[Json, Any]:
    file, _, pointer = reference.partition("#")
    target: Any = schema(file) if file else root
    root = target
    for step in pointer_steps(pointer):
        target = target[step]
    return root, target


def _rule(trail: list[Json], keyword: str, subschema: Json, value: Any, missing: str | None) -> str:
    """The rule of a failed keyword: the innermost ``x-rules`` that has it, the special cases first."""
    keys = [keyword]
    if keyword == "required" and missing is not None:
        keys.insert(0, f"required:{missing}")
    if keyword == "type":
        if value is None:
            keys.insert(0, "type:null")
        elif isinstance(value, (bool, int, float)) and "string" in _types(subschema):
            keys.insert(0, "type:scalar")
    for outer in reversed(trail):
        rules = outer.get("x-rules")
        if isinstance(rules, dict):
            for key in keys:
                if key in rules:
                    return str(rules[key])
    raise LookupError(f"no x-rules for keyword {keyword!r} under {subschema.get('title')!r}")


def _types(subschema: Json) -> list[str]:
    types = subschema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


_TYPE_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


def _message(keyword: str, subschema: Json, value: Any, missing: str | None, path: list[str | int]) -> str:
    subject = quoted(path[-1]) if path and isinstance(path[-1], str) else "this item"
    if not path:
        subject = "the value"
    if keyword == "required":
        return f"key {missing!r} is missing"
    if keyword == "type":
        wanted = " or ".join(_TYPE_NAMES[name] for name in _types(subschema))
        return f"{subject} must be {wanted}, not {describe(value)}"
    if keyword in ("enum", "const"):
        allowed = subschema["enum"] if keyword == "enum" else [subschema["const"]]
        words = ", ".join(json.dumps(item) for item in allowed)
        return f"{subject} is {describe(value)}; readers know {words}"
    if keyword == "pattern":
        return f"{subject} is {describe(value)}; {_expected(subschema)}"
    if keyword in ("minItems", "minProperties", "minLength"):
        return f"{subject} must not be empty"
    if keyword in ("additionalProperties", "propertyNames"):
        known = set(subschema.get("properties", {}))
        extra = [key for key in value if key not in known] if isinstance(value, dict) else []
        names = ", ".join(map(quoted, extra[:5]))
        return f"unknown {'keys' if len(extra) > 1 else 'key'} {names} in {subject}"
    if keyword == "minimum":
        return f"{subject} must be at least {subschema['minimum']}, not {value}"
    if keyword == "uniqueItems":
        return f"{subject} holds the same value twice"
    return f"{subject} is {describe(value)}; {_expected(subschema)}"


def _expected(subschema: Json) -> str:
    """What a subschema wants, in its own words (``x-expected``), or by its title."""
    words = subschema.get("x-expected") or subschema.get("title") or "another form"
    return f"expected {words[:1].lower()}{words[1:]}"
