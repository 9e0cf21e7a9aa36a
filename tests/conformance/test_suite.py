"""The cases: each of its form, every rule covered twice, and the reference right about all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from mlmodel.conformance import suite
from mlmodel.conformance.results import Level, Outcome
from mlmodel.conformance.running import CANARY, Options, applicable, run
from mlmodel.findings import Severity
from mlmodel.standard import rules
from tests import locations
from tests.command import ROOT
from tests.command import run as command

CASES = suite.cases()
SCHEMAS = ROOT / "schemas"


def schema(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(
        json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    )


def test_there_are_several_hundred() -> None:
    assert len(CASES) > 600
    assert len({case.id for case in CASES}) == len(CASES)


def test_cases_follow_their_schema() -> None:
    validator = schema("case")
    for case in CASES:
        raw = json.loads(Path(case.folder, "case.json").read_text(encoding="utf-8"))
        validator.validate(raw)
        assert Path(case.folder).as_posix().endswith(f"/cases/{case.id}")


def test_twins_are_each_others() -> None:
    ids = {case.id: case for case in CASES}
    for case in CASES:
        if case.twin is not None:
            assert ids[case.twin].twin == case.id
        expected = case.expect.get("validate", {"verdict": "valid"})
        alone = expected["verdict"] == "valid" or case.id.startswith("chapters/")  # an example of one fault
        assert case.twin is not None or alone, case.id


def test_every_error_rule_has_its_fault_in_several_forms() -> None:
    """What knows one form of a fault only is told from what knows the fault."""
    looked = [case for case in CASES if "validate" in case.expect and not case.features]
    for rule in rules.catalogue().values():
        page = (ROOT / rule.page).read_text(encoding="utf-8")
        if rule.severity is not Severity.ERROR or rule.chapter in ("load", "targets", "tool"):
            continue
        if "\nexample: " in page.split("---\n")[1]:
            continue  # about an archive or an index of packages
        about = [case for case in looked if rule.id in case.rules]
        verdicts = [case.expect["validate"]["verdict"] for case in about]
        assert verdicts.count("invalid") >= 4, rule.id
        assert verdicts.count("valid") >= 4, rule.id


def test_an_invalid_case_has_one_fault() -> None:
    for case in CASES:
        expected = case.expect.get("validate")
        if expected is None:
            continue
        assert {item["rule"] for item in expected["findings"]} <= set(case.rules), case.id
        errors = [rule for rule in case.rules if rules.catalogue()[rule].severity is Severity.ERROR]
        # How bad it is that a target is not served, its profile says, and not the catalogue.
        assert expected["verdict"] != "invalid" or errors or case.id.startswith("targets/"), case.id


def test_findings_are_expected_where_the_pages_of_their_rules_say() -> None:
    """A validator that goes by the line **Location** of a page is right about every case."""
    expected = [
        (case.id, item["rule"], item.get("file"), item.get("pointer"))
        for case in CASES
        for item in case.expect.get("validate", {}).get("findings", ())
    ]
    assert len(expected) > 1000
    assert [one for one in expected if not locations.stands(*one[1:])] == []


def test_titles_and_reasons_say_something() -> None:
    for case in CASES:
        assert case.why, case.id
        assert not case.title.startswith("A near miss of"), case.id


def test_a_case_is_made_of_another(tmp_path: Path) -> None:
    """Its directory first, then the steps; each kind of step is used."""
    (case,) = [case for case in CASES if case.id == "forms/MLM202-loader-module-missing-moved-bad"]
    model = Path(suite.materialise(case, str(tmp_path / "model")))
    assert not (model / "model.pkl").exists()
    assert (model / "parts" / "of-it" / "model.pkl").is_file()
    assert not Path(case.model).exists()
    steps = {step["do"] for case in CASES for step in case.setup}
    assert steps == {"symlink", "mkdir", "fifo", "write", "chmod", "remove"}


def test_a_reader_is_asked_about_broken_directories() -> None:
    described = [case.expect["describe"] for case in CASES if case.id.startswith("describe/")]
    assert {item["outcome"] for item in described} == {"ok", "reject"}
    assert sum(bool(item["value"]["unread"]) for item in described if "value" in item) > 5


def test_every_rule_has_a_case_and_a_near_miss() -> None:
    judged = [case.expect["validate"] for case in CASES if "validate" in case.expect]
    fired = {item["rule"] for expected in judged for item in expected["findings"]}
    silent = {rule for expected in judged for rule in expected.get("forbidden", ())}
    for rule in rules.catalogue().values():
        page = (ROOT / rule.page).read_text(encoding="utf-8")
        other = "\nexample: " in page.split("---\n")[1] and rule.chapter != "load"
        if rule.chapter == "tool" or other or rule.id in ("MLM743", "MLM744", "MLM745"):
            continue  # about the tool, an index of packages, the machine or the day: no directory shows it
        assert rule.id in fired
        assert rule.id in silent


def test_who_is_asked_for_more_than_a_look_says_so() -> None:
    """Nothing that only looks is kept from a case by a feature that it has not."""
    for case in CASES:
        asked = case.expect.get("validate", {})
        runs = "predict" in case.expect or "write" in case.expect or "load" in asked
        assert bool(case.features) == (runs or "targets" in asked), case.id
        assert ("targets" in case.features) == ("targets" in asked), case.id
        assert not ("describe" in case.expect and runs), case.id


def test_sections_exist() -> None:
    assert {case.section for case in CASES} <= {path.name for path in (ROOT / "spec").glob("*.md")}


@pytest.mark.parametrize(
    "tool", ["cases.py", pytest.param("forms.py", marks=pytest.mark.slow)]
)  # the forms are 750 pairs, each judged
def test_the_cases_of_rule_pages_are_what_the_pages_say(tool: str) -> None:
    script = ROOT / "tools" / tool
    result = subprocess.run(
        [sys.executable, str(script), "--check"], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("forms", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_reference_is_right_about_all(forms: bool) -> None:
    from mlmodel.conformance.adapters import Adapter

    wanted = [case for case in applicable(CASES, "validator") if case.id.startswith("forms/") is forms]

    def make(variables: dict[str, str]) -> Adapter:
        return Adapter([sys.executable, "-m", "mlmodel.conformance.adapter"], 60, variables)

    options = Options("validator", Level.POINTERS, jobs=2)
    results = list(run(wanted, make, options, frozenset({"rules", "pointers", "targets"})))
    looked = [result for result in results if not result.lacks]
    assert [result for result in looked if result.outcome is not Outcome.PASS] == []
    assert len(looked) > 600
    assert {result.case.split("/")[0] for result in results if result.lacks} <= {"load"}


def test_the_reference_reader_is_right_about_all() -> None:
    from mlmodel.conformance.adapters import Adapter

    def make(variables: dict[str, str]) -> Adapter:
        return Adapter([sys.executable, "-m", "mlmodel.conformance.adapter"], 60, variables)

    wanted = applicable(CASES, "reader")
    results = list(run(wanted, make, Options("reader"), frozenset()))
    described = [result for result in results if not result.lacks]
    assert [result for result in described if result.outcome is not Outcome.PASS] == []
    assert len(described) > 200


@pytest.mark.mlflow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is confined elsewhere")
def test_the_reference_is_right_about_loading() -> None:
    """Loads with a real MLflow, and in environments made anew."""
    from mlmodel.conformance.adapters import Adapter
    from tests import environments

    python = environments.interpreter(environments.NEWEST)
    module = "mlmodel.conformance.adapter"

    def make(variables: dict[str, str]) -> Adapter:
        return Adapter([sys.executable, "-m", module, "--load", python, "--recreate"], 300, variables)

    loading = [case for case in CASES if case.id.startswith("load/")]
    features = frozenset({"rules", "pointers", "load", "recreate"})
    results = list(run(loading, make, Options("validator", Level.POINTERS, jobs=2), features))
    assert [result for result in results if result.outcome is not Outcome.PASS] == []
    assert len(results) > 40


def test_hostile_cases_would_be_noticed(tmp_path: Path) -> None:
    """What would run in them writes to the canary."""
    hostile = [case for case in CASES if case.id.startswith("hostile/canary") and "near-miss" not in case.id]
    for case in hostile:
        content = b"".join(path.read_bytes() for path in Path(case.model).rglob("*") if path.is_file())
        assert CANARY.encode() in content or case.id.endswith("gzip")


def test_export(tmp_path: Path) -> None:
    target = tmp_path / "out"
    result = command("mlmodel", "conformance", "export", target, "--run", "rules/MLM00*")
    assert result.returncode == 0, result.stderr
    for case in suite.matching(CASES, ["rules/MLM00*"]):
        assert (target / case.id / "model").is_dir()
        assert (target / case.id / "case.json").is_file()
    assert command("mlmodel", "conformance", "export", target).returncode == 2
    requests = tmp_path / "requests"
    assert command("mlmodel", "conformance", "export", requests, "--run", "write/code-bare").returncode == 0
    assert (requests / "write" / "code-bare" / "given" / "model.py").is_file()


def test_names_work_everywhere() -> None:
    """No name that Windows refuses, and none that differs from another in its case only."""
    for case in CASES:
        names = [path.relative_to(case.folder).as_posix() for path in Path(case.folder).rglob("*")]
        assert len({name.lower() for name in names}) == len(names), case.id
        for name in names:
            assert not set(name) & set('<>:"|?*\\'), (case.id, name)
            assert not any(part.endswith((".", " ")) for part in name.split("/")), (case.id, name)


@pytest.mark.parametrize("page", ["README.md"])
def test_the_guide_shows_a_real_case(page: str) -> None:
    text = (ROOT / "conformance" / page).read_text(encoding="utf-8")
    shown = json.loads(text.split("```json\n")[1].split("```")[0])
    schema("case").validate(shown)
    (case,) = [case for case in CASES if case.id == shown["id"]]
    assert shown == json.loads(Path(case.folder, "case.json").read_text(encoding="utf-8"))
