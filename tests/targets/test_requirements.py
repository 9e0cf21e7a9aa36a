"""Each requirement of each target: an example that it refuses, and a near miss that it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mlmodel import Options, Severity, validate
from mlmodel.standard import targets
from mlmodel.standard.rules import catalogue, matching
from tests.command import ROOT
from tests.overlay import Fence, make_model

EXAMPLES: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "examples.yaml").read_text(encoding="utf-8")
)
ALL = matching("ALL")
REQUIREMENTS = [(name, requirement) for name in targets.names() for requirement in targets.profile(name).own]
IDS = [f"{name}-{requirement.id}" for name, requirement in REQUIREMENTS]


def model(folder: Path, name: str, id_: str, which: str) -> Path:
    lines = "\n".join(EXAMPLES[name][id_][which])
    return make_model(folder / "model", [Fence("setup", body=lines)])


def options(name: str, id_: str) -> Options:
    version = EXAMPLES[name][id_].get("version")
    return Options(select=ALL, targets=(f"{name}=={version}" if version else name,))


def test_every_requirement_has_an_example() -> None:
    assert {(name, id_) for name, each in EXAMPLES.items() for id_ in each} == {
        (name, requirement.id) for name, requirement in REQUIREMENTS
    }


@pytest.mark.parametrize(("name", "requirement"), REQUIREMENTS, ids=IDS)
def test_what_is_not_met_is_told(name: str, requirement: targets.Requirement, tmp_path: Path) -> None:
    report = validate(model(tmp_path, name, requirement.id, "bad"), options(name, requirement.id))
    found = [finding for finding in report.findings if finding.rule == requirement.rule]
    mine = [finding for finding in found if str(requirement.source) in (finding.hint or "")]
    assert mine, report.findings
    assert mine[0].message.startswith(name)
    assert requirement.need == "mlflow" or any(requirement.effect in finding.message for finding in mine)
    assert requirement.severity in {finding.severity for finding in mine}


@pytest.mark.parametrize(("name", "requirement"), REQUIREMENTS, ids=IDS)
def test_a_near_miss_is_not(name: str, requirement: targets.Requirement, tmp_path: Path) -> None:
    report = validate(model(tmp_path, name, requirement.id, "good"), options(name, requirement.id))
    assert requirement.rule not in {finding.rule for finding in report.findings}, report.findings
    assert not [finding for finding in report.findings if finding.rule.startswith("MLM9")]


@pytest.mark.parametrize("name", targets.names())
def test_profiles_follow_their_schema(name: str) -> None:
    schema = json.loads((ROOT / "schemas" / "target.schema.json").read_text(encoding="utf-8"))
    profile = json.loads((ROOT / "spec" / "targets" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(profile)
    assert profile["name"] == name


@pytest.mark.parametrize(("name", "requirement"), REQUIREMENTS, ids=IDS)
def test_kinds_have_rules_of_their_own(name: str, requirement: targets.Requirement) -> None:
    """What a profile asks for decides the rule, for all targets alike."""
    same = {other.rule for _, other in REQUIREMENTS if other.need == requirement.need}
    assert same == {requirement.rule}, name
    assert catalogue()[requirement.rule].chapter == "targets"


def test_severity_is_a_promise() -> None:
    """Only an error makes a directory invalid for its target."""
    assert {requirement.severity for _, requirement in REQUIREMENTS} == set(Severity)
