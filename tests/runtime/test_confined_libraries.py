"""Model libraries work under the confinement, also those that like threads and processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlmodel.runtime.confinement import policy, supervisor
from tests import environments
from tests.pickles.test_benign_libraries import LIBRARIES

PRELUDE = (
    "import numpy as np\nX = np.random.default_rng(0).normal(size=(60, 4)); y = (X[:, 0] > 0).astype(int)\n"
)
WORK = {
    "forest": "from sklearn.ensemble import RandomForestClassifier as M\nM(20, n_jobs=-1).fit(X, y).predict(X)",
    "joblib": "from joblib import Parallel, delayed\nassert Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(4)) == [0, 1, 2, 3]",
    "xgboost": "from xgboost import XGBClassifier as M\nM(n_estimators=5).fit(X, y).predict(X)",
    "lightgbm": "from lightgbm import LGBMClassifier as M\nM(n_estimators=5, verbose=-1).fit(X, y).predict(X)",
    "catboost": "from catboost import CatBoostClassifier as M\nM(iterations=5, verbose=0, allow_writing_files=False).fit(X, y).predict(X)",
    "statsmodels": "import statsmodels.api as sm\nsm.OLS(y, X).fit().predict(X)",
    "torch": "import torch\nassert torch.nn.Linear(4, 2)(torch.zeros(3, 4)).shape == (3, 2)",
}
ONNX = """\
import numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper
tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", tensors[:1], tensors[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
assert session.run(None, {"x": np.array([[-1, 2]], np.float32)})[0].tolist() == [[0, 2]]
"""


@pytest.mark.libraries
@pytest.mark.parametrize("name", WORK)
def test_works_confined(tmp_path: Path, name: str) -> None:
    works_confined(environments.environment("libraries", LIBRARIES), PRELUDE + WORK[name], tmp_path)


@pytest.mark.libraries
def test_onnxruntime_works_confined(tmp_path: Path) -> None:
    python = environments.environment("onnx", ("numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.32.0"))
    works_confined(python, ONNX, tmp_path)


def works_confined(python: str, work: str, tmp_path: Path) -> None:
    script, scratch = tmp_path / "work.py", tmp_path / "scratch"
    script.write_text(f"import os, sys\n{work}\nos.write(int(sys.argv[1]), b'done')\n")
    scratch.mkdir()
    outcome = supervisor.run(
        lambda report, _: [python, "-I", "-B", str(script), str(report)],
        python=python,
        read=[str(script)],
        forbidden=os.path.dirname(os.path.dirname(python)),
        scratch=str(scratch),
        limits=policy.limits(120.0, None, 0),
    )
    assert outcome.report == b"done", outcome.output.decode("utf-8", "replace")
    assert outcome.status == 0
