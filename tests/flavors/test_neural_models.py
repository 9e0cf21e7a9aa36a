"""Neural networks that we write, loaded by real releases of MLflow; what those write, loaded by us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.environments import run
from tests.flavors.neural_environments import neural
from tests.flavors.test_python_models import ROOT, lacking


@pytest.mark.mlflow
@pytest.mark.libraries
@pytest.mark.parametrize("release", ["2.15.0", "2.22.5", "3.17.2"])
def test_round_trip(release: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("neural_models.py")
    more = lacking(tmp_path / "lacking")
    told = run(neural(release), script, str(ROOT / "validator"), str(more), str(tmp_path / "out"))
    reports = json.loads(told.splitlines()[-1])
    assert {"onnx", "torch-own", "keras", "spacy", "sentences", "writing"} <= set(reports)
    assert not any(reports.values()), reports
