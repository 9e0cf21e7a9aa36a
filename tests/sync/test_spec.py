"""The standard: each normative sentence has its id, each rule its sentence, each example is true."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from mlmodel import Options, Severity, Verdict, validate
from mlmodel.standard import rules
from tests.command import ROOT
from tests.locations import misplaced
from tests.overlay import Fence, fences, make_model

CHAPTERS = sorted((ROOT / "spec").glob("*.md"))
STRENGTHS = {"MUST": Severity.ERROR, "SHOULD": Severity.WARNING, "MAY": Severity.INFO}

_WORD = re.compile(r"\b(MUST|REQUIRED|SHALL|SHOULD|RECOMMENDED|MAY|OPTIONAL)\b")
_SAME = {"REQUIRED": "MUST", "SHALL": "MUST", "RECOMMENDED": "SHOULD", "OPTIONAL": "MAY"}
_END = re.compile(r"(?: ?\[(?:MLM\d{3}|[WRV]-\d+)\])+$")
_CITED = re.compile(r"\[(MLM\d{3}|[WRV]-\d+)\](?!\()")  # a link is a mention
_QUOTED = re.compile(r'"[^"]*"|`[^`]*`')


class Sentence(NamedTuple):
    """One line of prose that obliges somebody, or cites an id."""

    chapter: str
    line: int
    text: str

    @property
    def words(self) -> set[str]:
        """The words of BCP 14 in it; mentions in quotes do not count."""
        return {_SAME.get(word, word) for word in _WORD.findall(_QUOTED.sub("", self.text))}

    @property
    def cited(self) -> list[str]:
        """The ids that it ends with."""
        end = _END.search(self.text)
        return _CITED.findall(end[0]) if end else []


def sentences() -> list[Sentence]:
    found = []
    for chapter in CHAPTERS:
        fenced = False
        for number, line in enumerate(chapter.read_text(encoding="utf-8").splitlines(), 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif not fenced and not line.startswith("|"):  # a table explains the words
                found.append(Sentence(chapter.name, number, line.strip()))
    return found


SENTENCES = sentences()
NORMATIVE = [sentence for sentence in SENTENCES if sentence.words]


def test_normative_sentences_end_with_ids() -> None:
    assert [sentence for sentence in NORMATIVE if not sentence.cited] == []


def test_ids_stand_at_the_end_of_normative_sentences_only() -> None:
    assert [
        s for s in SENTENCES if _CITED.search(_QUOTED.sub("", s.text)) and not (s.words and s.cited)
    ] == []


def test_cited_rules_exist() -> None:
    cited = {id_ for sentence in NORMATIVE for id_ in sentence.cited if id_.startswith("MLM")}
    assert cited - set(rules.catalogue()) == set()


def test_every_rule_is_cited() -> None:
    cited = {id_ for sentence in NORMATIVE for id_ in sentence.cited}
    assert set(rules.catalogue()) - cited == set()


def test_strength_is_severity() -> None:
    """Where a sentence stands for one rule alone, its strongest word has the rule's severity."""
    wrong = []
    for sentence in NORMATIVE:
        if len(sentence.cited) == 1 and sentence.cited[0] in rules.catalogue():
            strength = max(STRENGTHS[word] for word in sentence.words)
            if strength is not rules.catalogue()[sentence.cited[0]].severity:
                wrong.append(sentence)
    assert wrong == []


def test_requirements_that_no_rule_checks_are_numbered_once() -> None:
    numbers = Counter(id_ for sentence in NORMATIVE for id_ in sentence.cited if not id_.startswith("MLM"))
    assert {id_ for id_, count in numbers.items() if count > 1} == set()


def test_one_sentence_a_line() -> None:
    several = [s for s in NORMATIVE if re.search(r"[.] [A-Z]", _QUOTED.sub("", _END.sub("", s.text)))]
    assert several == []


def examples() -> list[tuple[str, Fence]]:
    return [
        (chapter.stem, fence)
        for chapter in CHAPTERS
        for fence in fences(chapter.read_text(encoding="utf-8"))
        if fence.executable
    ]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_every_fence_is_run_or_says_why_not(chapter: Path) -> None:
    for fence in fences(chapter.read_text(encoding="utf-8")):
        assert ("expect" in fence.words and fence.executable) or "illustrative" in fence.flags, fence


@pytest.mark.parametrize(
    ("chapter", "fence"),
    examples(),
    ids=[f"{chapter}-{fence.words.get('expect')}" for chapter, fence in examples()],
)
def test_examples(chapter: str, fence: Fence, tmp_path: Path) -> None:
    targets = tuple(filter(None, fence.words.get("targets", "").split(",")))
    report = validate(make_model(tmp_path / "model", [fence]), Options(targets=targets))
    expected = fence.words["expect"]
    if expected == "valid":
        assert [finding for finding in report.findings if finding.severity is Severity.ERROR] == [], chapter
    else:
        assert expected in {finding.rule for finding in report.findings}, chapter
        assert misplaced(report.findings) == []
        assert report.verdict is not Verdict.UNJUDGED or expected.startswith("MLM9"), report.findings
