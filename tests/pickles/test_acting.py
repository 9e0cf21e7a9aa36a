"""The hostile objects are real ones: loaded, used and dropped in a confined process that has their libraries, they act."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests import environments
from tests.pickles.attacks import behavior, every, predicting, sources

ACTING = Path(__file__).with_name("acting.py")
LIBRARIES = (
    "numpy==2.4.6", "pandas==3.1.1", "scipy==1.17.1", "scikit-learn==1.9.1", "statsmodels==0.15.0", "lightgbm==4.7.0", "imbalanced-learn==0.14.2",
    "category-encoders==2.11.2", "pmdarima==2.1.1", "patsy==1.0.3", "skops==0.16.0", "fsspec==2026.9.0", "jinja2==3.1.6", "sympy==1.14.0", "joblib==1.6.0",
    "torch==2.13.0", "xgboost==3.2.0", "cloudpickle==3.1.2", "dill==0.4.1", "tblib==3.2.2", "optuna==5.0.0", "polars==2.1.0", "gensim==4.4.0",
    "formulaic==1.2.2", "skorch==1.4.0", "sklearn-crfsuite==0.5.0", "networkx==3.6.1", "pytz==2026.6", "pydantic==2.14.4", "numba==0.68.1",
    "mlflow-skinny==3.17.2", "scikit-multilearn==0.2.0", "imodels==3.0.4",
)  # fmt: skip
PROVEN = Path(__file__).with_name("attacks").joinpath("proven.txt")
"""The members that act with these libraries; the others need libraries, files or a reader that this environment has not."""
FORMULAS = (*behavior.FORMULAS, *sources.FORMULAS, *predicting.LONG.values())


@pytest.mark.libraries
def test_hostile_objects_act(tmp_path: Path) -> None:
    """Each is an error by ``test_attacks.py``, and there is none among them that would do nothing."""
    wanted = PROVEN.read_text(encoding="utf-8").split()
    attacks = {attack.id: attack for attack in every()}
    names = {}
    for number, identifier in enumerate(wanted):
        attack = attacks[identifier]
        file = tmp_path / f"{number:04}{attack.suffix}"
        file.write_bytes(attack.content)
        names[file.name] = identifier
    for number, formula in enumerate(FORMULAS):
        file = tmp_path / f"{number:04}.formula"
        file.write_text(formula, encoding="utf-8")
        names[file.name] = f"formula {number}"
    python = environments.environment("attacked", LIBRARIES)
    done = subprocess.run([python, str(ACTING), str(tmp_path)], check=True, capture_output=True, text=True)
    said: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    silent = [names[file] for file, what in said.items() if what is None]
    assert [name for name in silent if not name.startswith("formula")] == []
    assert len(FORMULAS) - len(silent) >= 20, silent
    kinds = Counter(identifier.partition("-")[0] for identifier in wanted)
    assert all(kinds[kind] >= 10 for kind in ("03", "30", "31", "33", "48")), kinds
