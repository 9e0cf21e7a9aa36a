"""Run by an interpreter that has MLflow: has MLflow and us enforce the same signatures on the same inputs.

Each line of standard input is ``[kind, items, data]``: ``inputs`` with the items of the signature, or ``params``, and
the data as an expression of Python.  Each line of standard output is what came of it.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging
import math
import sys
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import mlflow.models.utils as theirs
import numpy as np
import pandas as pd
import scipy.sparse as sp
from mlflow.types.schema import ParamSchema, Schema

sys.path[:0] = sys.argv[1:]

from mlmodel import description  # noqa: E402
from mlmodel.loading import inputs, params  # noqa: E402

warnings.simplefilter("ignore")

logging.disable(logging.WARNING)

NAMES = {"np": np, "pd": pd, "sp": sp, "dt": dt, "Decimal": Decimal, "nan": math.nan}


def outcome(work: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"accepted": True, "value": work()}
    except Exception as error:
        return {"accepted": False, "error": f"{type(error).__name__}: {error}"}


def asked(kind: str, items: list[dict[str, Any]], expression: str) -> dict[str, Any]:
    try:
        data = eval(expression, dict(NAMES))  # noqa: S307 - ours
        text = json.dumps(items)
        schema = Schema.from_json(text) if kind == "inputs" else ParamSchema.from_json(text)
    except Exception as error:
        return {"agree": None, "why": f"{type(error).__name__}: {error}"}
    before = copy.deepcopy(data)
    if kind == "inputs":
        specs = [description._spec(item) for item in items]
        ours = outcome(lambda: inputs.enforce(data, specs, []))
        unchanged = same(before, data)
        other = outcome(lambda: theirs._enforce_schema(copy.deepcopy(data), schema))
    else:
        specs = [{**description._param(item), "default": item["default"]} for item in items]
        ours = outcome(lambda: params.enforce(data, specs, []))
        unchanged = same(before, data)
        other = outcome(lambda: theirs._enforce_params_schema(copy.deepcopy(data), schema))
    agree = ours["accepted"] == other["accepted"] and (
        not ours["accepted"] or same(ours["value"], other["value"])
    )
    return {
        "agree": agree and unchanged,
        "unchanged": unchanged,
        "ours": told(ours),
        "theirs": told(other),
    }


def told(found: dict[str, Any]) -> str:
    if not found["accepted"]:
        return f"refused: {found['error']}"
    value = found["value"]
    types = f" {dict(value.dtypes)}" if isinstance(value, pd.DataFrame) else ""
    return f"accepted: {value!r}{types}"[:1000]


def same(one: Any, two: Any) -> bool:
    """The same values, of the same types, all the way down."""
    if type(one) is not type(two):
        return False
    if isinstance(one, pd.DataFrame):
        return (
            list(one.columns) == list(two.columns)
            and one.index.equals(two.index)
            and all(same(one.iloc[:, place], two.iloc[:, place]) for place in range(one.shape[1]))
        )
    if isinstance(one, pd.Series):
        return bool(one.dtype == two.dtype) and same(list(one), list(two))
    if isinstance(one, pd.api.extensions.ExtensionArray):
        return bool(one.dtype == two.dtype) and same(list(one), list(two))
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and one.shape == two.shape and same(one.tolist(), two.tolist())
    if sp.issparse(one):
        return bool(one.dtype == two.dtype) and one.shape == two.shape and (one != two).nnz == 0
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    if one is two:
        return True
    if isinstance(one, (float, np.floating)) and np.isnan(one):
        return bool(np.isnan(two))
    if isinstance(one, np.datetime64) and np.isnat(one):
        return bool(np.isnat(two))
    return bool(one == two)


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            answer = asked(*json.loads(line))
        except Exception as error:
            why = f"the comparison failed: {type(error).__name__}: {error}"
            answer = {"agree": False, "unchanged": False, "ours": why, "theirs": why}
        print(json.dumps(answer), flush=True)
