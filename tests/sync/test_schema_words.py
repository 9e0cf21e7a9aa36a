"""The chapter on the words of the schemas: each word with the schemas that have it, and the measure of similarity."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodel.common.spelling import nearest
from tests.command import ROOT

CHAPTER = (ROOT / "spec" / "82-schema-words.md").read_text(encoding="utf-8")
WORDS = {
    match[1]: set(re.findall(r"`([^`]+)`", match[2]))
    for match in re.finditer(r"^\| `(x-[a-z-]+)` \|[^|]+\|[^|]+\|([^|]+)\|$", CHAPTER, re.MULTILINE)
}
SIMILAR = re.findall(r"^\| `(\w+)` \| `([\w-]+)` \| ([\d.]+) \|$", CHAPTER, re.MULTILINE)


def _words(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_words, node))
    if isinstance(node, dict):
        return {key for key in node if key.startswith("x-")}.union(*map(_words, node.values()))
    return set()


def _group(path: Path) -> str:
    return "flavors" if path.parent.name == "flavors" else path.name.partition(".")[0]


def test_the_table_has_every_word_and_where_it_stands() -> None:
    found: dict[str, set[str]] = {}
    for path in (ROOT / "schemas").rglob("*.schema.json"):
        if path.parent.name not in ("bundles", "annex"):
            for word in _words(json.loads(path.read_text(encoding="utf-8"))):
                found.setdefault(word, set()).add(_group(path))
    assert found == WORDS


def similarity(known: str, unknown: str) -> float:
    """As the chapter says it."""

    def shared(one: str, other: str) -> int:
        best = (0, 0, 0)
        for start in range(len(one)):
            for place in range(len(other)):
                length = 0
                while (
                    one[start + length : start + length + 1]
                    == other[place + length : place + length + 1]
                    != ""
                ):
                    length += 1
                if length > best[0]:
                    best = (length, start, place)
        length, start, place = best
        if not length:
            return 0
        return (
            length
            + shared(one[:start], other[:place])
            + shared(one[start + length :], other[place + length :])
        )

    return 2 * shared(known, unknown) / (len(known) + len(unknown)) if known or unknown else 1.0


@pytest.mark.parametrize(("known", "unknown", "value"), SIMILAR)
def test_the_examples_of_similarity(known: str, unknown: str, value: str) -> None:
    assert f"{similarity(known, unknown):.2f}" == value
    limit = float(value)
    assert nearest(unknown, [known], limit - 0.01) == known
    assert nearest(unknown, [known], min(limit + 0.01, 1.0)) is None


def test_there_are_examples() -> None:
    assert len(SIMILAR) > 5


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text("abc_", max_size=12), st.text("abc_", min_size=1, max_size=12))
def test_the_validator_measures_as_the_chapter_says(known: str, unknown: str) -> None:
    assert (nearest(unknown, [known], 0.8) == known) is (similarity(known, unknown) >= 0.8)
