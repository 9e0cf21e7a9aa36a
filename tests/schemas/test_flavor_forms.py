"""Every flavor's schema against the forms that writers gave it, and against forms that loaders cannot use.

The forms are in ``flavor_forms.yaml``.
Two validators must agree on each: jsonschema, and jsonschema_rs, which the package uses to find the rule.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
import pytest
import yaml

from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
FLAVORS = sorted(path.name.split(".")[0] for path in (HERE.parents[1] / "schemas" / "flavors").iterdir())
FORMS: dict[str, Any] = yaml.safe_load((HERE / "flavor_forms.yaml").read_text(encoding="utf-8"))
ACCEPTED = [
    pytest.param(flavor, form, id=f"{flavor}-{era}")
    for flavor, table in FORMS.items()
    for era, form in table["accepted"].items()
]


def rejected_form(table: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    form = {**table["accepted"][case["like"]], **case.get("set", {})}
    form.pop(case.get("unset", ""), None)
    return form


def case_id(flavor: str, case: dict[str, Any]) -> str:
    change = [f"{key}={value}" for key, value in case.get("set", {}).items()] or [f"without {case['unset']}"]
    return f"{flavor}-{case['like']}-{change[0]}"


REJECTED = [
    pytest.param(flavor, rejected_form(table, case), case["fails"], id=case_id(flavor, case))
    for flavor, table in FORMS.items()
    for case in table["rejected"]
]

CASES: list[tuple[str, Any, bool]] = [
    (f"flavors/{flavor}.schema.json", form, table_name == "accepted")
    for flavor, table in FORMS.items()
    for table_name, forms in (
        ("accepted", table["accepted"].values()),
        ("rejected", [rejected_form(table, case) for case in table["rejected"]]),
    )
    for form in forms
]

Failures = Counter[tuple[str, str]]
"""How often each keyword fails at each JSON Pointer."""


def pointer(path: Iterable[object]) -> str:
    return "".join(f"/{step}" for step in path)


@cache
def python_validator(flavor: str) -> jsonschema.Draft7Validator:
    schema = schemas.schema(f"flavors/{flavor}.schema.json")
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@cache
def rust_validator(flavor: str) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(schemas.schema(f"flavors/{flavor}.schema.json"))


def failures(flavor: str, form: object) -> Failures:
    """Find what fails in a form; both validators must agree."""
    rust = Counter(
        (str(error.evaluation_path[-1]), pointer(error.instance_path))
        for error in rust_validator(flavor).iter_errors(form)
    )
    python = Counter(
        (str(error.validator), pointer(error.absolute_path))
        for error in python_validator(flavor).iter_errors(form)
    )
    assert rust == python
    return rust


def expected(fails: str | list[str]) -> tuple[Failures, set[tuple[str, str]]]:
    """Read ``keyword rule [at pointer]``: failures, and rules with where they are broken."""
    found: Failures = Counter()
    broken = set()
    for text in [fails] if isinstance(fails, str) else fails:
        what, _, where = text.partition(" at ")
        keyword, rule = what.split()
        found[keyword, where] += 1
        broken.add((rule, where))
    return found, broken


def test_every_flavor_has_forms() -> None:
    assert sorted(FORMS) == FLAVORS
    assert all(table["accepted"] and table["rejected"] for table in FORMS.values())


@pytest.mark.parametrize("flavor", FLAVORS)
def test_every_key_is_in_an_accepted_form(flavor: str) -> None:
    known = schemas.schema(f"flavors/{flavor}.schema.json")["properties"].keys()
    written = {key for form in FORMS[flavor]["accepted"].values() for key in form}
    assert known <= written


@pytest.mark.parametrize(("flavor", "form"), ACCEPTED)
def test_accepted(flavor: str, form: dict[str, Any]) -> None:
    assert not failures(flavor, form)


@pytest.mark.parametrize(("flavor", "form"), ACCEPTED)
def test_accepted_with_keys_of_others(flavor: str, form: dict[str, Any]) -> None:
    assert not failures(flavor, {**form, "acme_registry_id": 7, "acme": {"tags": [None]}})


@pytest.mark.parametrize(("flavor", "form", "fails"), REJECTED)
def test_rejected(flavor: str, form: dict[str, Any], fails: str | list[str]) -> None:
    found, broken = expected(fails)
    assert failures(flavor, form) == found
    violations = schemas.violations(f"flavors/{flavor}.schema.json", form)
    assert {(violation.rule, pointer(violation.pointer)) for violation in violations} == broken


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("value", [None, "model.pkl", ["model.pkl"], 1, True], ids=repr)
def test_not_a_mapping(flavor: str, value: object) -> None:
    assert failures(flavor, value) == Counter({("type", ""): 1})
    violations = schemas.violations(f"flavors/{flavor}.schema.json", value)
    assert [violation.rule for violation in violations] == ["MLM201"]
