"""Every rule page: its bad example fires the rule, its good one is a near miss that stays silent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mlmodel import Options, Severity, validate
from mlmodel.standard import rules
from tests.locations import forms, misplaced
from tests.overlay import Fence, fences, make_model

ALL = Options(select=rules.matching("ALL"))

PAGES = sorted((Path(__file__).parent.parent / "spec" / "rules").glob("MLM*.md"))
HEADINGS = ["What it checks", "Why it matters", "Bad", "Good", "How to fix"]


def section(text: str, heading: str) -> str:
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def front_matter(page: Path) -> dict[str, object]:
    front = yaml.safe_load(page.read_text(encoding="utf-8").split("---\n")[1])
    assert isinstance(front, dict)
    return front


def examples(page: Path, heading: str) -> list[Fence]:
    return [fence for fence in fences(section(page.read_text(encoding="utf-8"), heading)) if fence.executable]


def options(front: dict[str, object]) -> Options:
    """What the page's examples are judged with: all rules, and the targets that the page names."""
    targets = front.get("targets", [])
    assert isinstance(targets, list)
    return ALL._replace(targets=tuple(map(str, targets)))


def test_every_rule_has_a_page() -> None:
    assert [page.stem for page in PAGES] == [f"{rule.id}-{rule.name}" for rule in rules.catalogue().values()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_form(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in found if heading in HEADINGS] == HEADINGS
    assert len(text.splitlines()) < 100
    front = front_matter(page)
    if "example" not in front:
        assert examples(page, "Bad")
        assert examples(page, "Good")


def test_every_page_says_where_its_findings_stand() -> None:
    assert all(forms(rule) for rule in rules.catalogue())
    words = {
        word for rule in rules.catalogue() for form in forms(rule) for word in re.findall(r"\b[A-Z]+\b", form)
    }
    chapter = (Path(__file__).parent.parent / "spec" / "90-conformance.md").read_text(encoding="utf-8")
    assert {word for word in words if f"`{word}`" not in chapter} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_bad_fires(page: Path, tmp_path: Path) -> None:
    front = front_matter(page)
    if "example" in front:
        assert isinstance(front["example"], str)
        return
    report = validate(make_model(tmp_path / "model", examples(page, "Bad")), options(front))
    assert front["id"] in {finding.rule for finding in report.findings}, report.findings
    assert misplaced(report.findings) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_good_stays_silent(page: Path, tmp_path: Path) -> None:
    front = front_matter(page)
    if "example" in front:
        assert isinstance(front["example"], str)
        return
    report = validate(make_model(tmp_path / "model", examples(page, "Good")), options(front))
    assert front["id"] not in {finding.rule for finding in report.findings}
    assert not [finding for finding in report.findings if finding.severity is Severity.ERROR]
