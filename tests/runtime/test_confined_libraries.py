"""Model libraries work under the confinement, also those that like threads and processes (onnxruntime is not among them)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlmodel.runtime.confinement import parent, policy
from tests import environments
from tests.pickles.test_benign_libraries import LIBRARIES

PRELUDE = "import os, sys\nimport numpy as np\nX = np.random.default_rng(0).normal(size=(60, 4)); y = (X[:, 0] > 0).astype(int)\n"
WORK = {
    "forest": "from sklearn.ensemble import RandomForestClassifier as M\nM(20, n_jobs=-1).fit(X, y).predict(X)",
    "joblib": "from joblib import Parallel, delayed\nassert Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(4)) == [0, 1, 2, 3]",
    "xgboost": "from xgboost import XGBClassifier as M\nM(n_estimators=5).fit(X, y).predict(X)",
    "lightgbm": "from lightgbm import LGBMClassifier as M\nM(n_estimators=5, verbose=-1).fit(X, y).predict(X)",
    "catboost": "from catboost import CatBoostClassifier as M\nM(iterations=5, verbose=0, allow_writing_files=False).fit(X, y).predict(X)",
    "statsmodels": "import statsmodels.api as sm\nsm.OLS(y, X).fit().predict(X)",
    "torch": "import torch\nassert torch.nn.Linear(4, 2)(torch.zeros(3, 4)).shape == (3, 2)",
}


@pytest.mark.libraries
@pytest.mark.parametrize("name", WORK)
def test_works_confined(tmp_path: Path, name: str) -> None:
    python = environments.environment("libraries", LIBRARIES)
    script, scratch = tmp_path / "work.py", tmp_path / "scratch"
    script.write_text(f"{PRELUDE}{WORK[name]}\nos.write(int(sys.argv[1]), b'done')\n")
    scratch.mkdir()
    outcome = parent.run(
        lambda report, _: [python, "-I", "-B", str(script), str(report)],
        python=python,
        read=[str(script)],
        forbidden=os.path.dirname(os.path.dirname(python)),
        scratch=str(scratch),
        limits=policy.limits(120.0, None, 0),
    )
    assert outcome.report == b"done", outcome.output.decode("utf-8", "replace")
    assert outcome.status == 0
