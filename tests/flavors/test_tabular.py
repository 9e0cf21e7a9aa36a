"""Libraries for tables: written by us and loaded by real releases of MLflow, and the other way round."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.environments import NEWEST, PINS, environment, interpreter, run

ROOT = Path(__file__).parents[2]
_NEW = ("scipy<1.15", "pandas<2.3", "xgboost==2.1.4", "lightgbm==4.5.0", "catboost==1.2.8", "statsmodels==0.14.4", "prophet==1.1.6", "cmdstanpy==1.2.5", "pmdarima==2.0.4")  # fmt: skip
_OLD = ("xgboost==1.7.6", "lightgbm==3.3.5", "catboost==1.2.3", "statsmodels==0.14.1", "prophet==1.1.5", "cmdstanpy==1.2.5", "pmdarima==2.0.4", "scipy<1.12")  # fmt: skip
RELEASES = {
    "1.30.1": (*PINS["1.30.1"], *_OLD),
    "2.15.0": ("setuptools<70", "numpy<2", "scikit-learn<1.6", *_NEW),
    "2.22.5": ("setuptools<80", "numpy<2", "scikit-learn<1.6", *_NEW),
    "3.17.2": ("setuptools<80", "numpy<2", "scikit-learn<1.6", *_NEW),
}


@pytest.mark.mlflow
@pytest.mark.libraries
@pytest.mark.parametrize("release", RELEASES)
def test_round_trips(release: str, tmp_path: Path, lacking: Path) -> None:
    python = environment(f"tabular-{release}", (f"mlflow=={release}", *RELEASES[release]))
    script = Path(__file__).with_name("tabular.py")
    told = run(python, script, str(ROOT / "validator"), str(lacking), str(tmp_path / "out"))
    reports = json.loads(told.splitlines()[-1])
    assert len(reports) == 10
    assert not any(reports.values()), reports


@pytest.mark.mlflow
@pytest.mark.libraries
def test_every_estimator_of_scikit_learn(tmp_path: Path, lacking: Path) -> None:
    script = Path(__file__).with_name("estimators.py")
    told = run(interpreter(NEWEST), script, str(ROOT / "validator"), str(lacking), str(ROOT), str(tmp_path))
    count, wrong = json.loads(told.splitlines()[-1])
    assert count > 150
    assert wrong == []
