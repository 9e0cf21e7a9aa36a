"""Run by an interpreter that has MLflow: has ``mlflow.pyfunc`` and ``mlmodel.load`` answer with the same models.

Arguments: what to put on the import path, up to ``--``; then model directories.  The last line of standard output is
an object with what came of each.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

cut = sys.argv.index("--")
sys.path[:0] = [*sys.argv[1:cut], os.path.dirname(os.path.abspath(__file__))]
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///:memory:"
warnings.simplefilter("ignore")

import mlflow.pyfunc  # noqa: E402
import numpy as np  # noqa: E402
from enforcing import same  # type: ignore[import-not-found]  # noqa: E402

import mlmodel  # noqa: E402
from mlmodel.loading import LoadError  # noqa: E402

logging.disable(logging.WARNING)


def example(theirs: Any, folder: str, native: Any) -> tuple[str, Any]:
    """What to ask: the stored example, else rows of the width that the model was fitted with."""
    if theirs is not None:
        stored = theirs.metadata.load_input_example(folder)
        if stored is not None:
            return "example", stored
    width = getattr(native, "n_features_in_", 2)
    rows = np.linspace(0.0, 1.0, 4 * width).reshape(4, width)
    names = getattr(native, "feature_names_in_", None)
    if names is None:
        return "rows", rows
    import pandas as pd

    return "rows", pd.DataFrame(rows, columns=names)


def attempt(work: Callable[[], Any]) -> tuple[Any, str | None]:
    try:
        return work(), None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:300]


def compared(folder: str) -> dict[str, Any]:
    path, modules = list(sys.path), set(sys.modules)
    theirs, their_error = attempt(lambda: mlflow.pyfunc.load_model(folder))
    sys.path[:] = path
    for name in set(sys.modules) - modules:  # the model's own modules are to be imported anew
        if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
            del sys.modules[name]
    ours, refusal = attempt(lambda: mlmodel.load(folder))
    found: dict[str, Any] = {"refused": refusal, "trusted": ours is None}
    if ours is None:
        ours, our_error = attempt(lambda: mlmodel.load(folder, trust=True))
    else:
        our_error = None
    if ours is None or theirs is None:
        # Without python_function MLflow has nothing to load; we give the object.
        native_only = ours is not None and "python_function" not in ours.flavors
        agree = (ours is None) == (theirs is None) or native_only
        return {**found, "agree": agree, "ours": our_error, "theirs": their_error, "how": "load"}
    how, data = example(theirs, folder, ours.native)
    their_answer, their_error = attempt(lambda: theirs.predict(data))
    our_answer, our_error = attempt(lambda: ours.predict(data))
    ours.close()
    agree = (our_error is None) == (their_error is None) and (
        our_error is not None or same(our_answer, their_answer)
    )
    told = None if our_error else repr(our_answer)[:200]
    return {**found, "agree": agree, "ours": our_error or told, "theirs": their_error or told, "how": how}


if __name__ == "__main__":
    assert issubclass(LoadError, ValueError)
    print(json.dumps({Path(folder).name: compared(folder) for folder in sys.argv[cut + 1 :]}))
