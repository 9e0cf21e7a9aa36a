"""The worked description of the standard is what the reference reader says."""

from __future__ import annotations

import json
from pathlib import Path

from mlmodel.description import describe
from mlmodel.standard import schemas
from tests.command import ROOT
from tests.overlay import fences, make_model


def test_the_worked_description_is_that_of_its_model(tmp_path: Path) -> None:
    chapter = (ROOT / "spec" / "90-conformance.md").read_text(encoding="utf-8")
    changes, answer = fences(chapter.partition("### A worked description")[2])
    assert "describes" in answer.flags
    written = json.loads(answer.body)
    assert describe(make_model(tmp_path / "model", [changes])) == written
    assert schemas.conforms("description.schema.json", written)


def test_the_worked_description_shows_what_the_rules_say(tmp_path: Path) -> None:
    """Included lines are among the list, the names of the files are not; channels and builds are no part of a package."""
    chapter = (ROOT / "spec" / "90-conformance.md").read_text(encoding="utf-8")
    environment = json.loads(fences(chapter.partition("### A worked description")[2])[1].body)["environment"]
    text = json.dumps(environment)
    assert "cloudpickle" in text
    assert "requirements.txt" not in text
    assert "more.txt" not in text
    assert "constraints" not in text
    assert "::" not in text
    assert "py311_0" not in text
