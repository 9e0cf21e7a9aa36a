"""SARIF and JUnit: what the programs that read them rely on.  The goldens hold whole outputs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from mlmodel import Report, validate
from mlmodel.findings import Finding, Location, Severity, Suppressed, Verdict
from mlmodel.reporters import Style
from mlmodel.standard.rules import new_finding
from tests.overlay import apply, make_model
from tests.rendering import rendered


def render(format_: str, *reports: Report, verbosity: int = 0) -> str:
    return rendered(format_, reports, Style(verbosity=verbosity))


def sarif(*reports: Report) -> dict[str, Any]:
    (run,) = json.loads(render("sarif", *reports))["runs"]
    assert isinstance(run, dict)
    return run


def suites(*reports: Report, verbosity: int = 0) -> list[ET.Element]:
    return list(ET.fromstring(render("junit", *reports, verbosity=verbosity)))  # noqa: S314 - our own output


def broken(folder: Path) -> Path:
    model = make_model(folder / "model")
    apply(model, "set MLmodel /flavors/python_function/model_path ../model.pkl")
    return model


def test_sarif_places_a_result(tmp_path: Path, monkeypatch: Any) -> None:
    broken(tmp_path / "a b#c")
    monkeypatch.chdir(tmp_path)
    report = validate("a b#c/model")
    run = sarif(report)
    (result,) = [result for result in run["results"] if result["ruleId"] == "MLM004"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b%23c/model/MLmodel"
    assert place["region"]["startLine"] > 1
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_sarif_knows_a_finding_again_when_lines_move(tmp_path: Path) -> None:
    model = broken(tmp_path)
    before = sarif(validate(model))["results"]
    text = (model / "MLmodel").read_text(encoding="utf-8")
    (model / "MLmodel").write_text("# a comment\n" + text, encoding="utf-8")
    after = sarif(validate(model))["results"]
    assert [result["partialFingerprints"] for result in before] == [
        result["partialFingerprints"] for result in after
    ]
    assert before != after


def test_what_could_not_be_judged_is_said() -> None:
    finding = Finding("MLM902", "not-readable", Severity.ERROR, "no permission", Location("MLmodel"))
    report = Report("m", Verdict.UNJUDGED, (finding,), None, (), 0)
    assert sarif(report)["invocations"] == [{"executionSuccessful": False}]
    (suite,) = suites(report)
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    assert "MLM902" in str(suite.findtext("testcase/error"))


def test_junit_fails_a_case_for_each_error(tmp_path: Path) -> None:
    bad, good = suites(validate(broken(tmp_path)), validate(make_model(tmp_path / "good")))
    failed = [case.get("name", "") for case in bad if case.find("failure") is not None]
    assert str(len(failed)) == bad.get("failures") != "0"
    assert "MLM004 path-escapes MLmodel /flavors/python_function/model_path" in failed
    assert (good.get("tests"), good.get("failures"), good.get("errors")) == ("1", "0", "0")


def test_junit_keeps_warnings_as_output() -> None:
    findings = tuple(
        Finding("MLM111", "unknown-type", severity, f"about {severity.label}", Location("MLmodel", 1, 1))
        for severity in (Severity.WARNING, Severity.INFO)
    )
    report = Report("m", Verdict.VALID, findings, None, (), 0)
    quiet, verbose = (
        suites(report, verbosity=verbosity)[0].findtext("testcase/system-out") for verbosity in (0, 1)
    )
    assert "about warning" in str(quiet)
    assert "about info" not in str(quiet)
    assert "about info" in str(verbose)


def test_any_name_and_message_can_be_written() -> None:
    path = os.fsdecode(b"mod\xffel <&\"'\x1b")
    finding = Finding(
        "MLM101", "mlmodel-not-yaml", Severity.ERROR, "]]>\x00\ud800", Location("MLmodel", 1, 1)
    )
    report = Report(path, Verdict.INVALID, (finding,), None, (), 0)
    uri = sarif(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("mod%FFel%20%3C")
    (suite,) = suites(report)
    assert "\\x1b" in str(suite.get("name"))


@pytest.mark.parametrize("format_", ["text", "junit", "github"])
@pytest.mark.parametrize(
    "order",
    ["::error file=a::forged", "  ::stop-commands::x", "##vso[task.complete]", "##[error]x", "\x1b[31m"],
)
def test_no_message_gives_an_order(format_: str, order: str) -> None:
    """Neither at its beginning nor on a line of its own, nor in the name of the directory."""
    finding = new_finding("MLM722", f"it fails:\n{order}\r{order}", Location(order), f"{order}\n{order}")
    unjudged = new_finding("MLM901", order, Location())
    for report in (
        Report(order, Verdict.INVALID, (finding,)),
        Report(order, Verdict.UNJUDGED, (finding, unjudged)),
    ):
        ours = render(format_, report, verbosity=1)
        for line in ours.splitlines():
            stripped = line.lstrip()
            ours_begin = ("::error file=", "::error title=") if format_ == "github" else ()
            assert not stripped.removeprefix(next(filter(stripped.startswith, ours_begin), "")).startswith(
                "::"
            ), line
            assert format_ == "github" or not stripped.startswith("::"), line
            assert not re.search(r"##\w*\[", line), line
            assert "\x1b" not in line


def test_sarif_says_what_a_rule_is_and_where_a_byte_is(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    apply(model, "write model.pkl base64:gASMAm9zjAZzeXN0ZW2TjAR0cnVlhVIu")
    run = sarif(validate(model))
    (result,) = [result for result in run["results"] if result["ruleId"] == "MLM601"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 1, "byteOffset": 22, "byteLength": 1}
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["name"] == "PickleExecutes"
    assert rule["fullDescription"]["text"].startswith("Every file of the directory that holds a pickle")
    assert "Location" not in rule["fullDescription"]["text"]
    assert rule["helpUri"].endswith("/spec/rules/MLM601-pickle-executes.md")
    assert float(rule["properties"]["security-severity"]) >= 9.0
    assert "security" in rule["properties"]["tags"]
    assert "base64:" not in json.dumps(rule)
    assert run["tool"]["driver"]["informationUri"].startswith("https://")


def test_what_is_known_is_suppressed_in_sarif() -> None:
    finding = Finding("MLM007", "referenced-file-missing", Severity.ERROR, "x", Location("MLmodel", 1, 1))
    known = (Suppressed(finding, "accepted", "fetched later"), Suppressed(finding, "baseline"))
    results = sarif(Report("m", Verdict.VALID, (), suppressed=known))["results"]
    assert [result["suppressions"][0]["justification"] for result in results] == [
        "fetched later",
        "known: baseline",
    ]
    assert len({result["partialFingerprints"]["about/v2"] for result in results}) == 2


def test_the_page_needs_nothing_else_and_runs_nothing(tmp_path: Path) -> None:
    model = broken(tmp_path)
    nasty = "<script>alert(1)</script>\u202e" + "x" * 5_000
    (model / "requirements.txt").write_text(f"{nasty}\nmlflow==2.15.0\n", encoding="utf-8")
    page = render("html", validate(model), verbosity=1)
    assert page.isascii()
    assert "<script" not in page
    assert not re.search(r"""(src|@import|url\()\s*=?\s*["']?https?:""", page)
    for words in ("MLM004", "How to fix", "python_function", "Requirements", "<svg", "caret", 'lang="en"'):
        assert words in page, words


def test_the_page_of_a_model_that_is_gone() -> None:
    page = render("html", Report("no/such/model", Verdict.UNJUDGED))
    assert "no/such/model" in page
    assert "could not be judged" in page
