"""Thousands of models that real MLflow releases saved: what the release can load again has no error.

``MLMODEL_CORPUS`` names a directory with an ``index.jsonl`` that describes them; it is no part of the
repository, and without it these tests are skipped.  ``test_fresh_models.py`` makes its own.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mlmodel import Severity, Verdict, validate

CORPUS = Path(os.environ.get("MLMODEL_CORPUS", "no-corpus"))
INDEX = CORPUS / "index.jsonl"

pytestmark = pytest.mark.skipif(not INDEX.is_file(), reason="MLMODEL_CORPUS names no corpus")

# Models that their own release saves and cannot load, for reasons that show in no document of the directory.
UNDECIDABLE = {
    "langchain-prompt": "tags in a prompt file of langchain's own",
    "paddle-training": "the loader wants an inference model, this is a training one",
    "pytorch-custom-pickle-module": "the module that the author named has no Unpickler",
    "shap-tree-explainer": "the shap release cannot read its own file",
    "sklearn-no-predict": "the estimator has no predict method",
}


def models(loads: bool) -> list[dict[str, Any]]:
    lines = INDEX.read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if (entry["loads"] is not False) is loads]


def test_what_loads_has_no_error() -> None:
    entries = models(loads=True)
    assert len(entries) > 2000
    wrong = {}
    for entry in entries:
        report = validate(CORPUS / entry["path"])
        errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
        if errors or report.verdict is not Verdict.VALID:
            wrong[entry["path"]] = errors
    assert not wrong


def test_what_does_not_load_is_rejected_where_it_shows() -> None:
    accepted = {
        Path(entry["path"]).name
        for entry in models(loads=False)
        if validate(CORPUS / entry["path"]).verdict is Verdict.VALID
    }
    assert accepted <= UNDECIDABLE.keys()


MOST_WARNED = 0.1
"""The part of what MLflow itself writes that one warning rule may meet."""


def test_no_warning_meets_more_than_a_tenth() -> None:
    entries = models(loads=True)
    counts: Counter[str] = Counter()
    for entry in entries:
        found = validate(CORPUS / entry["path"]).findings
        counts.update({finding.rule for finding in found if finding.severity is Severity.WARNING})
    often = {rule: count for rule, count in counts.items() if count > MOST_WARNED * len(entries)}
    assert not often
