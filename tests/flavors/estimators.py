# ruff: noqa: E402 - what is imported must stand after the paths
"""Writes every estimator of scikit-learn that can be fitted to a small table, and loads it again.

Arguments: the folder of mlmodel, one with what that environment lacks, the folder of the tests, the folder to write to.
Prints, as JSON, how many were written and what was wrong.
"""

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

sys.path[:0] = sys.argv[1:4]
warnings.simplefilter("ignore")

import numpy as np
import yaml

from mlmodel import write_model
from mlmodel.findings import Severity
from mlmodel.flavors import flavor_named

# Only its first part is used, and the libraries of the others are not here.
made = import_module("tests.pickles.benign_libraries")
X = made.X
flavor = flavor_named("sklearn")
assert flavor is not None
count = 0
wrong = []
for name, fitted in made.of_sklearn():
    path = Path(sys.argv[4], name)
    try:
        report = write_model(fitted, path, input_example=X, check_example=False)
    except Exception as error:
        wrong.append(f"{name}: {type(error).__name__}: {error}")
        continue
    count += 1
    wrong += [
        f"{name}: {each.rule} {each.message}" for each in report.findings if each.severity > Severity.INFO
    ]
    if hasattr(fitted, "predict"):
        keys = yaml.safe_load(path.joinpath("MLmodel").read_text(encoding="utf-8"))["flavors"]
        predict = flavor.predictor(flavor.load(str(path), keys["sklearn"]), keys["python_function"])
        try:
            expected = fitted.predict(X)
        except Exception:
            continue
        found = predict(X, {})
        # The last digit depends on where an array lies in memory.
        if not (np.array_equal(found, expected) or np.allclose(found, expected)):
            wrong.append(f"{name}: predicts otherwise")
print(json.dumps([count, wrong]))
