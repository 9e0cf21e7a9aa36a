"""The documents of the tool itself: its report, its configuration, the catalogue of rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.schemas import engines

REPORT = "report.schema.json"
CONFIG = "config.schema.json"
RULES = "rules.schema.json"

FINDING: dict[str, Any] = {
    "rule": "MLM202",
    "name": "loader-module-missing",
    "severity": "error",
    "message": "key 'loader_module' is missing",
    "file": "MLmodel",
    "line": 2,
    "column": 3,
    "pointer": "/flavors/python_function",
    "hint": None,
    "help": "spec/rules/MLM202-loader-module-missing.md",
}
NOWHERE = {**FINDING, "file": None, "line": None, "column": None, "pointer": None}
MODEL: dict[str, Any] = {
    "path": "models/fraud",
    "verdict": "invalid",
    "mlflow_version": "2.15.0",
    "flavors": ["python_function", "sklearn"],
    "findings": [FINDING, NOWHERE],
    "truncated": False,
}
SUMMARY = dict.fromkeys(("models", "valid", "invalid", "unjudged", "errors", "warnings", "infos"), 1)
EMPTY: dict[str, Any] = {
    "report_version": 1,
    "tool": {"name": "mlmodel", "version": "0.1.0"},
    "spec_version": "0.1",
    "summary": SUMMARY,
    "models": [],
}
RULE: dict[str, Any] = {
    "id": "MLM202",
    "name": "loader-module-missing",
    "severity": "error",
    "chapter": "flavors",
    "since": "0.1",
    "fixable": False,
    "summary": "A python_function flavor must name its loader_module.",
}


def report(**keys: Any) -> dict[str, Any]:
    """A report on one model, with other keys in the model."""
    return {**EMPTY, "models": [{**MODEL, **keys}]}


def finding(**keys: Any) -> dict[str, Any]:
    """A report with one finding, with other keys in it."""
    return report(findings=[{**FINDING, **keys}])


def catalogue(**keys: Any) -> dict[str, Any]:
    """A catalogue of one rule, with other keys in it."""
    return {"catalogue_version": 1, "rules": [{**RULE, **keys}]}


ACCEPTED: list[tuple[str, Any]] = [
    (REPORT, EMPTY),
    (REPORT, report()),
    (REPORT, report(verdict="valid", findings=[], mlflow_version=None, flavors=[])),
    (REPORT, report(verdict="unjudged", truncated=True)),
    (REPORT, finding(pointer="", severity="info", hint="quote it")),
    (REPORT, finding(pointer="/a\nb/~1~0")),
    (CONFIG, {}),
    (
        CONFIG,
        {
            "select": ["ALL"],
            "ignore": ["MLM3", "signature-absent"],
            "severity": {"MLM305": "warning", "MLM512": "off"},
            "fail-on": "never",
            "per-path-ignores": {"legacy/**": ["MLM210"]},
            "max-findings": 50,
            "jobs": 0,
            "exclude": ["/archive"],
            "baseline": "known.json",
            "per-finding-ignores": [
                {"rules": ["MLM430"], "reason": "pinned elsewhere"},
                {"rules": ["ALL"], "reason": "x", "path": "a/*", "message": "*", "expires": "2027-06-30"},
            ],
        },
    ),
    (REPORT, finding(offset=0)),
    (REPORT, report(suppressed=[{"kind": "accepted", "reason": "known", "finding": FINDING}])),
    (RULES, catalogue()),
    (RULES, catalogue(severity="info", page="spec/rules/MLM202-loader-module-missing.md")),
]
REJECTED: list[tuple[str, Any]] = [
    (REPORT, None),
    (REPORT, {}),
    *((REPORT, {key: value for key, value in EMPTY.items() if key != left_out}) for left_out in EMPTY),
    *(
        (REPORT, report(findings=[{k: v for k, v in FINDING.items() if k != left_out}]))
        for left_out in FINDING
    ),
    (REPORT, {**EMPTY, "report_version": 2}),
    (REPORT, {**EMPTY, "spec_version": "draft"}),
    (REPORT, {**EMPTY, "summary": {**SUMMARY, "valid": -1}}),
    (REPORT, report(verdict="ok")),
    (REPORT, report(truncated=3)),
    (REPORT, report(flavors=["sklearn", "sklearn"])),
    (REPORT, finding(rule="E202")),
    (REPORT, finding(severity="off")),
    (REPORT, finding(message="")),
    (REPORT, finding(line=0)),
    (REPORT, finding(column=1.5)),
    (REPORT, finding(pointer="flavors")),
    (REPORT, finding(help="https://example.org")),
    (CONFIG, []),
    (CONFIG, {"selcet": ["MLM3"]}),
    (CONFIG, {"select": "MLM3"}),
    (CONFIG, {"ignore": [""]}),
    (CONFIG, {"severity": {"MLM305": "fatal"}}),
    (CONFIG, {"fail-on": "off"}),
    (CONFIG, {"per-path-ignores": {"legacy/**": "MLM210"}}),
    (CONFIG, {"max-findings": -1}),
    (CONFIG, {"exclude": "archive"}),
    (CONFIG, {"baseline": ""}),
    (CONFIG, {"per-finding-ignores": {"MLM430": "pinned elsewhere"}}),
    (CONFIG, {"per-finding-ignores": [{"rules": ["MLM430"]}]}),
    (CONFIG, {"per-finding-ignores": [{"rules": ["MLM430"], "reason": "x", "until": "2027-06-30"}]}),
    (REPORT, finding(offset=-1)),
    (REPORT, report(suppressed=[{"kind": "old", "reason": None, "finding": FINDING}])),
    (CONFIG, {"jobs": "4"}),
    (RULES, {"rules": [RULE]}),
    (RULES, {"catalogue_version": 1, "rules": []}),
    (RULES, {"catalogue_version": 1, "rules": [RULE, RULE]}),
    (RULES, catalogue(id="MLM2")),
    (RULES, catalogue(name="Loader module missing")),
    (RULES, catalogue(severity="off")),
    (RULES, catalogue(fixable="no")),
    (RULES, catalogue(executes="yes")),
    *(
        (RULES, {"catalogue_version": 1, "rules": [{k: v for k, v in RULE.items() if k != left_out}]})
        for left_out in RULE
    ),
]
CASES: list[tuple[str, Any, bool, str | None]] = [
    *((schema, instance, True, None) for schema, instance in ACCEPTED),
    *((schema, instance, False, None) for schema, instance in REJECTED),
]


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: tuple[str, Any, bool, str | None]) -> None:
    schema, instance, valid, _ = case
    answers = engines.verdicts(schema, instance)
    assert set(answers.values()) == {valid}, answers


def test_the_catalogue_conforms() -> None:
    document = json.loads((engines.SCHEMAS / "rules.json").read_text(encoding="utf-8"))
    assert all(engines.verdicts(RULES, document).values())
