"""The bundles say of every case what the schemas say that they are made of; the lenient one refuses errors only."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml

from mlmodel import Severity
from mlmodel.standard import rules, schemas
from tests.command import ROOT
from tests.overlay import BASE
from tests.schemas import engines, test_core_forms, test_flavor_forms

FOLDER = ROOT / "schemas" / "bundles"
NAMES = sorted(path.name for path in FOLDER.iterdir())
PLACES = {
    "conda.schema.json": ("conda.bundle.schema.json", ""),
    "python-env.schema.json": ("python-env.bundle.schema.json", ""),
    "signature-columns.schema.json": ("signature.bundle.schema.json", "columns"),
    "signature-params.schema.json": ("signature.bundle.schema.json", "params"),
    "mlmodel.schema.json": ("mlmodel.bundle.schema.json", ""),
}
MLMODEL: Any = yaml.safe_load((BASE / "MLmodel").read_text(encoding="utf-8"))


@cache
def document(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@cache
def validator(name: str, definition: str = "") -> jsonschema_rs.Draft7Validator:
    whole = document(name)
    if definition:
        whole = {"definitions": whole["definitions"], "$ref": f"#/definitions/{definition}"}
    return jsonschema_rs.Draft7Validator(whole)


def cases() -> list[tuple[str, str, str, Any]]:
    """Bundle, definition, schema and value of every case of a document that has a bundle."""
    found = [
        (*PLACES[case.schema], case.schema, case.instance)
        for case in test_core_forms.CASES
        if case.schema in PLACES
    ]
    for flavor, value, _ in test_flavor_forms.CASES:
        name = flavor.removeprefix("flavors/").partition(".")[0]
        found.append(("mlmodel.bundle.schema.json", name, flavor, value))
    return found


CASES = cases()


def test_bundles_are_what_the_schemas_generate() -> None:
    command = [sys.executable, str(ROOT / "tools" / "bundles.py"), "--check"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("bundle", sorted({case[0] for case in CASES}))
def test_a_bundle_says_what_its_schemas_say(bundle: str) -> None:
    wrong = [
        (definition, value)
        for name, definition, schema, value in CASES
        if name == bundle
        and validator(name, definition).is_valid(value)
        is not set(engines.verdicts(schema, value).values()).pop()
        and not _is_other_text(value)
    ]
    assert wrong == []
    assert sum(case[0] == bundle for case in CASES) > 10


def _is_other_text(value: Any) -> bool:
    """Whether a signature in it has a text in which the bundle sees more than the schema, which sees a string."""
    signature = value.get("signature") if isinstance(value, dict) else None
    return isinstance(signature, dict) and not all(
        text is None or not isinstance(text, str) or text[:1] in ("", "[") for text in signature.values()
    )


def _errors(schema: str, value: Any) -> bool:
    """Whether the schema, and those of the flavors, find an error in a value."""
    found = [*schemas.violations(schema, value)]
    if schema == "mlmodel.schema.json" and isinstance(value, dict) and isinstance(value.get("flavors"), dict):
        for flavor, keys in value["flavors"].items():
            if flavor in schemas.flavor_names():
                found += schemas.violations(f"flavors/{flavor}.schema.json", keys)
    return any(rules.catalogue()[one.rule].severity is Severity.ERROR for one in found)


def test_the_lenient_bundle_refuses_errors_only() -> None:
    lenient = "mlmodel.lenient.bundle.schema.json"
    tried = [case for case in CASES if case[0] == "mlmodel.bundle.schema.json"]
    wrong = [
        (definition, value)
        for _, definition, schema, value in tried
        if validator(lenient, definition).is_valid(value) is _errors(schema, value)
        and not _is_other_text(value)
    ]
    assert wrong == []
    strict = sum(validator(*case[:2]).is_valid(case[3]) for case in tried)
    assert sum(validator(lenient, case[1]).is_valid(case[3]) for case in tried) > strict + 20


@pytest.mark.parametrize(
    "change",
    [
        {"utc_time_created": None},
        {"utc_time_created": "2024-05-31T13:45:00Z"},
        {"mlflow_version": 2.15},
        {"mlflow_version": "two"},
    ],
    ids=str,
)
def test_a_warning_is_no_error_to_plain_users(change: dict[str, Any]) -> None:
    value = {**MLMODEL, **change}
    assert validator("mlmodel.lenient.bundle.schema.json").is_valid(value)
    assert not validator("mlmodel.bundle.schema.json").is_valid(value)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('[{"type": "long", "name": "a", "required": true}]', True),
        (' [ { "name": "\\"type\\": \\"int\\"", "type": "long" } ] ', True),
        ('[{"type": "object", "properties": {"type": {"type": "string"}}, "name": "x"}]', True),
        ('[{"type": "int", "name": "a"}]', False),
        ("[{'type': 'long', 'name': 'a'}]", False),
        ('{"type": "long"}', False),
        ("[ColSpec(long)]", False),
        ("[]", True),  # as MLflow up to 2.6 wrote it
    ],
)
def test_editors_see_into_the_texts_of_a_signature(text: str, valid: bool) -> None:
    value = {**MLMODEL, "signature": {"inputs": text, "outputs": None, "params": None}}
    assert validator("mlmodel.bundle.schema.json").is_valid(value) is valid


def _nodes(node: Any, *, condition: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """All subschemas, each with whether it is compared only."""
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one, condition=condition)
    elif isinstance(node, dict):
        yield node, condition
        for key, value in node.items():
            if key in ("properties", "patternProperties", "definitions"):
                for below in value.values():
                    yield from _nodes(below, condition=condition)
            elif key not in ("enum", "const", "default", "required", "examples"):
                yield from _nodes(value, condition=condition or key in ("if", "not", "contains"))


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_stands_alone(name: str) -> None:
    whole = document(name)
    jsonschema.Draft7Validator.check_schema(whole)
    assert whole["$id"] == f"{rules.REPOSITORY}/raw/main/schemas/bundles/{name}"
    definitions = {f"#/definitions/{one}" for one in whole.get("definitions", {})}
    used = {node["$ref"] for node, _ in _nodes(whole) if "$ref" in node}
    assert used <= definitions
    assert [key for node, _ in _nodes(whole) for key in node if key.startswith("x-")] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_condition_of_a_bundle_shows_values(name: str) -> None:
    """An editor would offer them as those of the key."""
    shown = [
        node
        for node, condition in _nodes(document(name))
        if condition and any(isinstance(value, str) for value in (*node.get("enum", ()), node.get("const")))
    ]
    assert shown == []


def test_retired_flavors_are_marked() -> None:
    for flavor in schemas.flavor_names():
        about = schemas.schema(f"flavors/{flavor}.schema.json")["x-flavor"]
        retired = about["removed-in"] is not None
        strict, lenient = (
            document(name)["definitions"][flavor]
            for name in ("mlmodel.bundle.schema.json", "mlmodel.lenient.bundle.schema.json")
        )
        assert ("deprecationMessage" in strict) is retired
        assert strict.get("deprecated", False) is retired
        assert "deprecationMessage" not in lenient  # which editors show as a fault
        assert lenient.get("deprecated", False) is lenient.get("doNotSuggest", False) is retired
        assert not retired or f"since {about['removed-in']}" in strict["deprecationMessage"]


def test_descriptions_lead_to_the_pages_of_the_rules() -> None:
    found = document("mlmodel.bundle.schema.json")["properties"]["mlflow_version"]["markdownDescription"]
    assert f"[MLM119]({rules.catalogue()['MLM119'].url})" in found
    assert "Since MLflow 1.26.1." in found


def test_schemas_say_where_they_stand() -> None:
    """By their paths, and bundles by their address; what only refers to others does not, so that these are looked for beside."""
    top = {"mlmodel", "description", "serving-input", "signature-params"}
    for path in (ROOT / "schemas").rglob("*.schema.json"):
        where = path.relative_to(ROOT / "schemas").as_posix()
        text = path.read_text(encoding="utf-8")
        expected: str | None = where
        if where.startswith("bundles/"):
            expected = f"{rules.REPOSITORY}/raw/main/schemas/{where}"
        elif where.removesuffix(".schema.json") in top:
            expected = None
        assert json.loads(text).get("$id") == expected, path
