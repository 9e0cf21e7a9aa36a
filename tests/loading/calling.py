"""Run by an interpreter that has MLflow: has ``mlflow.pyfunc`` and ``mlmodel.load`` answer the same calls.

Arguments: the folder of mlmodel, one with what that environment lacks, one for models.  Standard input is a list of
``[items, [data, ...]]``: the inputs of a signature, and what is asked, as expressions of Python.  Each line of standard output
is what came of one call: ``[data, params, agree, ours, theirs]``; where ours changed what it was given, they do not agree.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from typing import Any

sys.path[:0] = [*sys.argv[1:3], os.path.dirname(os.path.abspath(__file__))]
warnings.simplefilter("ignore")

import mlflow.pyfunc  # noqa: E402
import yaml  # noqa: E402
from enforcing import NAMES, same, told  # type: ignore[import-not-found]  # noqa: E402

import mlmodel  # noqa: E402

logging.disable(logging.CRITICAL)

PARAMS = [
    {"name": "p", "type": "double", "default": 0.5, "shape": None},
    {"name": "n", "type": "long", "default": 3, "shape": None},
    {"name": "s", "type": "string", "default": ["x"], "shape": [-1]},
]
GIVEN: tuple[Any, ...] = (None, {"s": ["y"], "unknown": 1, "p": 2.0}, {"n": "three"})
"""Params of calls; the last are refused, and asked for once a signature."""


class Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Answers with what it is given, and the order of its params."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG002
        return {"data": model_input, "params": params if params is None else list(params.items())}


def outcome(work: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"accepted": True, "value": work()}
    except Exception as error:
        return {"accepted": False, "error": f"{type(error).__name__}: {error}"}


def main() -> None:
    base, model = os.path.join(sys.argv[3], "base"), os.path.join(sys.argv[3], "model")
    mlflow.pyfunc.save_model(base, python_model=Echo(), pip_requirements=["mlflow", "cloudpickle"])
    for items, asked in json.load(sys.stdin):
        shutil.rmtree(model, ignore_errors=True)
        shutil.copytree(base, model)
        with open(os.path.join(model, "MLmodel"), encoding="utf-8") as stream:
            stated = yaml.safe_load(stream)
        texts = {"inputs": json.dumps(items), "outputs": None, "params": json.dumps(PARAMS)}
        stated["signature"] = texts
        with open(os.path.join(model, "MLmodel"), "w", encoding="utf-8") as stream:
            yaml.safe_dump(stated, stream)
        theirs, ours = mlflow.pyfunc.load_model(model), mlmodel.load(model, trust=True)
        for number, expression in enumerate(asked):
            for given in GIVEN if number == 0 else GIVEN[:2]:
                data = eval(expression, dict(NAMES))  # noqa: S307 - ours
                one = outcome(lambda: ours.predict(data, given))  # noqa: B023
                unchanged = same(eval(expression, dict(NAMES)), data)  # noqa: S307 - ours
                two = outcome(lambda: theirs.predict(copy.deepcopy(data), given))  # noqa: B023
                fits = one["accepted"] == two["accepted"] and (
                    not one["accepted"] or same(one["value"], two["value"])
                )
                print(json.dumps([expression, given, fits and unchanged, told(one), told(two)]), flush=True)


if __name__ == "__main__":
    main()
