"""The schemas as independent implementations read them: jsonschema (two drafts) and jsonschema_rs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
from referencing import Registry
from referencing.jsonschema import DRAFT7, DRAFT202012

if TYPE_CHECKING:
    from referencing.jsonschema import Schema

SCHEMAS = Path(__file__).parents[2] / "schemas"


@cache
def documents() -> dict[str, Any]:
    """Every schema of the repository by its path below ``schemas/``."""
    return {
        path.relative_to(SCHEMAS).as_posix(): _named_by_path(json.loads(path.read_text(encoding="utf-8")))
        for path in SCHEMAS.rglob("*.schema.json")
        if path.parent.name != "bundles"
    }


def _named_by_path(document: dict[str, Any]) -> dict[str, Any]:
    """A schema without its address: references go by the paths."""
    return {key: value for key, value in document.items() if key != "$id"}


def without_dialect(document: dict[str, Any]) -> dict[str, Any]:
    """The same schema, open to be read as another draft."""
    return {key: value for key, value in document.items() if key != "$schema"}


def verdicts(schema: str, instance: object) -> dict[str, bool]:
    """What each implementation says.  ``schema`` may end in a fragment: ``x.schema.json#/definitions/y``."""
    draft_7, draft_2020, rust = _validators(schema)
    return {
        "jsonschema, draft-07": draft_7.is_valid(instance),
        "jsonschema, 2020-12": draft_2020.is_valid(instance),
        "jsonschema_rs, draft-07": rust.is_valid(instance),
    }


@cache
def _validators(
    schema: str,
) -> tuple[jsonschema.Draft7Validator, jsonschema.Draft202012Validator, jsonschema_rs.Draft7Validator]:
    reference = {"$ref": schema}
    return (
        jsonschema.Draft7Validator(reference, registry=_registry(7)),
        jsonschema.Draft202012Validator(reference, registry=_registry(2020)),
        jsonschema_rs.Draft7Validator(reference, retriever=_retrieve),
    )


@cache
def _registry(draft: int) -> Registry[Schema]:
    dialect = DRAFT7 if draft == 7 else DRAFT202012
    empty: Registry[Schema] = Registry()
    return empty.with_resources(
        (name, dialect.create_resource(without_dialect(document))) for name, document in documents().items()
    )


def _retrieve(uri: str) -> Any:
    return documents()[uri.removeprefix("json-schema:///")]
