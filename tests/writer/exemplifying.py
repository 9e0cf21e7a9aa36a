# ruff: noqa: E402, S307 - what is imported must stand after the paths; the expressions are those of the tests
"""Writes input examples with the MLflow beside it and with ours; run with the interpreter of a release.

Arguments: the folder of mlmodel, one with what that environment lacks, and one with ``asked.json``, a list of
expressions.  Prints what both write, and what keeps MLflow from reading it.
"""

import json
import logging
import os
import sys

sys.path[:0] = sys.argv[1:3]

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from mlflow.models import Model
from mlflow.models.utils import _read_example, _save_example

from mlmodel.writer import example as ours

logging.disable()
NAMES = {"np": np, "pd": pd, "sp": sp, "dt": dt, "math": math}
FILES = ("input_example.json", "serving_input_example.json")


def by_mlflow(value: Any, folder: str) -> dict[str, Any]:
    model = Model()
    _save_example(model, value, folder)
    return {"info": model.saved_input_example_info, **{name: read(folder, name) for name in FILES}}


def by_ours(value: Any, folder: str) -> dict[str, Any]:
    written, info = ours.files(value)
    for name, content in written.items():
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(content)
    return {"info": info, **{name: read(folder, name) for name in FILES}}


def read(folder: str, name: str) -> str:
    with open(os.path.join(folder, name)) as stream:
        # JSON has no NaN; pandas 3 lets MLflow write it.
        return stream.read().replace("NaN", "null")


def fails(folder: str, info: dict[str, str]) -> str | None:
    """What keeps MLflow from reading an example."""
    try:
        _read_example(Model(saved_input_example_info=info), folder)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


answers = []
with open(os.path.join(sys.argv[3], "asked.json")) as stream:
    asked = json.load(stream)
for number, expression in enumerate(asked):
    answer: dict[str, Any] = {"expression": expression}
    for name, write in (("mlflow", by_mlflow), ("ours", by_ours)):
        folder = os.path.join(sys.argv[3], f"{number}-{name}")
        os.mkdir(folder)
        try:
            answer[name] = write(eval(expression, NAMES), folder)
            answer[f"{name} fails"] = fails(folder, answer[name]["info"])
        except Exception as error:
            answer[name] = {"error": f"{type(error).__name__}: {error}"}
    answers.append(answer)
print(json.dumps(answers))
