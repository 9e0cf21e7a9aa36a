"""What MLflow wrote is loaded by us and answers as it does through MLflow, in the same environment."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests import environments
from tests.environments import NEWEST

ROOT = Path(__file__).parents[2]
CORPUS = os.environ.get("MLMODEL_CORPUS")
LIBRARIES = {"2.15.0": "scikit-learn==1.5.2", "2.22.5": "scikit-learn==1.9.0", NEWEST: "scikit-learn==1.9.1"}
"""Pickles of scikit-learn are for the version that wrote them."""


def compare(python: str, lacking: Path, models: list[Path]) -> dict[str, dict[str, Any]]:
    script = Path(__file__).with_name("predicting.py")
    arguments = [str(ROOT / "validator"), str(lacking), "--", *map(str, models)]
    told = environments.run(python, script, *arguments)
    found: dict[str, dict[str, Any]] = json.loads(told.splitlines()[-1])
    return found


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.15.0", NEWEST])
def test_fresh_models(release: str, tmp_path: Path, lacking: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    python = environments.interpreter(release)
    environments.run(python, ROOT / "tests" / "save_models.py", str(root))
    names = ("arrays", "bare", "example", "no-predict", "pickle", "pipeline", "signature")
    found = compare(python, lacking, [root / name for name in names])
    assert not {name: told for name, told in found.items() if not told["agree"]}
    assert not [name for name, told in found.items() if told["trusted"]]
    assert sum(told["how"] == "example" for told in found.values()) >= 2


@pytest.mark.mlflow
@pytest.mark.corpus
@pytest.mark.skipif(CORPUS is None, reason="MLMODEL_CORPUS names no corpus")
@pytest.mark.parametrize("release", LIBRARIES)
def test_corpus(release: str, lacking: Path) -> None:
    python = environments.release_with(f"loading-{release}", release, LIBRARIES[release])
    models = sorted(path.parent for path in Path(str(CORPUS), release).glob("sklearn*/MLmodel"))
    found = compare(python, lacking, models)
    assert not {name: told for name, told in found.items() if not told["agree"]}
