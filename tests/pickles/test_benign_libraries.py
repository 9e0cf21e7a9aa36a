"""Objects that real libraries pickle: no error, and nearly nothing that nobody can explain."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import mlmodel
from mlmodel import Finding, Severity, validate
from tests import environments
from tests.overlay import make_model

SCRIPT = Path(__file__).with_name("benign_libraries.py")
MANY = Path(__file__).with_name("honest_objects.py")
ORACLE = Path(__file__).with_name("behavior_oracle.py")
PACKAGE = Path(mlmodel.__file__).parent.parent

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


OTHERS = (
    "numpy==2.3.5", "pandas==2.3.3", "scipy==1.15.3", "scikit-learn==1.9.1", "cloudpickle==3.1.3", "joblib==1.6.0", "gensim==4.4.0", "lifelines==0.30.3",
    "river==0.26.1", "pgmpy==1.1.2", "networkx==3.6.1", "scikit-surprise==1.1.5", "implicit==0.7.3", "statsforecast==2.1.1", "shap==0.51.0", "umap-learn==0.5.12",
    "hdbscan==0.8.44", "pyod==3.6.7", "tslearn==0.10.0", "category-encoders==2.11.2", "feature-engine==1.9.4", "imbalanced-learn==0.14.2", "mapie==1.6.0",
    "interpret==0.7.8", "pygam==0.12.0", "hmmlearn==0.3.3", "kmodes==0.12.2", "metric-learn==0.7.0", "sklearn-crfsuite==0.5.0",
    "scikit-multilearn==0.2.0", "gplearn==0.4.3", "glum==3.4.1", "imodels==3.0.4", "merf==1.0", "linearmodels==7.1", "arch==8.0.0",
    "optuna==5.0.0", "polars==2.1.0", "scikit-optimize==0.10.2", "ruptures==1.1.10", "econml==0.17.0", "sktime==1.2.0",
)  # fmt: skip
TOPS = (
    "gensim lifelines river pgmpy networkx surprise implicit statsforecast shap umap hdbscan pyod tslearn category_encoders feature_engine imblearn mapie"
    " interpret pygam hmmlearn kmodes metric_learn sklearn_crfsuite skmultilearn gplearn glum imodels merf linearmodels arch optuna polars"
    " skopt ruptures econml sktime sklearn"
).split()


@pytest.mark.nightly
def test_objects_of_many_libraries(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    folder = model / "artifacts"
    folder.mkdir()
    environments.run(environments.environment("many-libraries", OTHERS), MANY, str(folder), *TOPS)
    found = [
        f for f in validate(model).findings if f.rule.startswith("MLM6") and f.severity is not Severity.INFO
    ]
    count = len(list(folder.iterdir()))
    assert count >= 300
    assert [finding for finding in found if finding.severity is Severity.ERROR] == []
    assert len({finding.location.file for finding in found}) <= 0.05 * count, found


ASKED = (
    "numpy==2.4.6", "pandas==3.1.1", "scipy==1.17.1", "scikit-learn==1.9.1", "statsmodels==0.15.0", "lightgbm==4.7.0", "imbalanced-learn==0.14.2",
    "category-encoders==2.11.2", "pmdarima==2.1.1", "patsy==1.0.3", "skops==0.16.0", "fsspec==2026.9.0", "jinja2==3.1.6", "sympy==1.14.0", "joblib==1.6.0",
)  # fmt: skip


@pytest.mark.libraries
def test_what_is_called_clean_does_nothing_in_a_sample() -> None:
    """As the next one, of the libraries that are installed anyway, one object of each class."""
    python = environments.environment("libraries", LIBRARIES)
    result = subprocess.run(
        [python, str(ORACLE), str(PACKAGE), "1000", "1"], check=True, capture_output=True, text=True
    )
    total = json.loads(result.stdout)
    assert total["objects"] > 3_000
    assert total["clean"] > 1_000
    assert total["events"] == []


@pytest.mark.nightly
def test_what_is_called_clean_does_nothing_when_it_is_restored() -> None:
    python = environments.environment("behavior-oracle", ASKED)
    result = subprocess.run(
        [python, str(ORACLE), str(PACKAGE), "200000", "1"], check=True, capture_output=True, text=True
    )
    total = json.loads(result.stdout)
    assert total["objects"] > 190_000
    assert total["clean"] > 50_000
    assert total["events"] == []
