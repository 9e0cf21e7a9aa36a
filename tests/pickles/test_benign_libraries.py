"""Objects that real libraries pickle: no error, and nearly nothing that nobody can explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmodel import Finding, Severity, validate
from tests import environments
from tests.overlay import make_model

SCRIPT = Path(__file__).with_name("benign_libraries.py")

LIBRARIES = (
    "numpy==2.4.6", "pandas==3.1.1", "scipy==1.17.1", "scikit-learn==1.9.1", "xgboost==3.2.0", "lightgbm==4.7.0", "catboost==1.2.10",
    "statsmodels==0.15.0", "cloudpickle==3.1.2", "joblib==1.6.0", "torch==2.13.0",
    "prophet==1.5.0", "pmdarima==2.1.1", "spacy==3.8.18",
)  # fmt: skip
HELD_OUT = (
    "numpy==2.2.6", "pandas==2.2.3", "scipy==1.14.1", "scikit-learn==1.6.1", "lightgbm==4.5.0", "statsmodels==0.14.4", "cloudpickle==3.1.1", "joblib==1.4.2", "xgboost==2.1.4", "catboost==1.2.8",
)  # fmt: skip
"""Releases whose classes the catalogue was not made from."""


def judged(name: str, requirements: tuple[str, ...], tmp_path: Path) -> tuple[int, list[Finding]]:
    """How many objects there are, and what is said of them, code by value aside."""
    model = make_model(tmp_path / "model")
    folder = model / "artifacts"
    folder.mkdir()
    environments.run(environments.environment(name, requirements), SCRIPT, str(folder))
    found = [finding for finding in validate(model).findings if finding.rule.startswith("MLM6")]
    return len(list(folder.iterdir())), [
        finding for finding in found if finding.severity is not Severity.INFO
    ]


@pytest.mark.libraries
def test_objects_of_reviewed_releases(tmp_path: Path) -> None:
    count, found = judged("libraries", LIBRARIES, tmp_path)
    assert count > 400
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []
    assert len({finding.location.file for finding in found}) <= 0.02 * count, found


@pytest.mark.libraries
def test_objects_of_other_releases(tmp_path: Path) -> None:
    count, found = judged("libraries-held-out", HELD_OUT, tmp_path)
    assert count > 400
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []
    assert len({finding.location.file for finding in found}) <= 0.05 * count, found
