"""Where keys may stand in an MLmodel file: what the schemas say of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from mlmodel.common.caching import bounded_cache
from mlmodel.common.records import Record
from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    Path = tuple[str, ...]

FLAVORS = ("flavors",)
PYFUNC = ("flavors", "python_function")


class Place(Record):
    """A mapping in which a key may stand, and the types that its value may have there."""

    path: Path
    types: frozenset[str]
    values: tuple[Any, ...] = ()
    """The only values that it may have, where the schema lists them."""


@cache
def top_level() -> frozenset[str]:
    """The known top-level keys."""
    return frozenset(schemas.schema("mlmodel.schema.json")["properties"])


@cache
def homes() -> Mapping[str, tuple[Place, ...]]:
    """For each key that a schema describes below the top level, the mappings where it may stand."""
    found: dict[str, list[Place]] = {}
    root = schemas.schema("mlmodel.schema.json")
    for name in ("signature", "saved_input_example_info"):
        _collect(found, (name,), *_resolved(root, root["properties"][name]))
    # python_function first: a key that many flavors have is explained by the one nearly every model has.
    for flavor in sorted(schemas.flavor_names(), key=lambda name: (name != PYFUNC[1], name)):
        found.setdefault(flavor, []).append(Place(FLAVORS, frozenset({"object"})))
        schema = schemas.schema(f"flavors/{flavor}.schema.json")
        _collect(found, (*FLAVORS, flavor), schema, schema)
    return {key: tuple(places) for key, places in found.items()}


def _collect(found: dict[str, list[Place]], path: Path, root: schemas.Json, node: schemas.Json) -> None:
    for key, below in node.get("properties", {}).items():
        inner_root, inner = _resolved(root, below)
        types = inner.get("type", ())
        types = frozenset([types] if isinstance(types, str) else types)
        found.setdefault(key, []).append(Place(path, types, tuple(inner.get("enum", ()))))
        _collect(found, (*path, key), inner_root, inner)


def _resolved(root: schemas.Json, node: schemas.Json) -> tuple[schemas.Json, schemas.Json]:
    """A subschema behind at most one reference, and the document it stands in."""
    reference = node.get("$ref", "")
    if reference.startswith("#"):
        return root, root["definitions"][reference.rsplit("/", 1)[-1]]
    if reference:
        document = schemas.schema(reference)
        return document, document
    return root, node


@bounded_cache(1000)  # a path is of the author's making
def keys_at(path: Path) -> frozenset[str] | None:
    """The keys that a schema describes for the mapping at ``path``; None where any key may stand."""
    if not path:
        return top_level()
    if path == FLAVORS:
        return schemas.flavor_names()
    if path[0] == FLAVORS[0]:
        root = schemas.flavor_schema(path[1]) or {}
        steps = path[2:]
    elif path[0] in ("signature", "saved_input_example_info"):
        root = schemas.schema("mlmodel.schema.json")
        steps = path
    else:
        return None
    node = root
    for step in steps:
        root, node = _resolved(root, node.get("properties", {}).get(step, {}))
    return frozenset(node["properties"]) if "properties" in node else None


def required_at(path: Path) -> frozenset[str]:
    """The keys that a mapping must have: the file, or the entry of a flavor."""
    if not path:
        return frozenset(schemas.schema("mlmodel.schema.json")["required"])
    schema = schemas.flavor_schema(path[1]) if path[:1] == FLAVORS and len(path) == 2 else None
    return frozenset((schema or {}).get("required", ()))
