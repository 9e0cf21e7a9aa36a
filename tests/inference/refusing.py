"""Shows that MLflow refuses what a SignatureWarning says it will; run with the interpreter of a release.

Argument: the folder of mlmodel.
"""

import sys

sys.path.insert(0, sys.argv[1])

import warnings
from typing import Any

import pandas as pd
from mlflow.models.utils import _enforce_schema
from mlflow.types.schema import Schema

from mlmodel.inference import infer_signature


def refused(first: Any, later: Any) -> tuple[list[str], str]:
    """What we warn of when the signature is inferred, and what MLflow says of later data."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        signature = infer_signature(first)
    try:
        _enforce_schema(later, Schema.from_json(signature.inputs or ""))
    except Exception as error:
        return [str(each.message) for each in caught], str(error)
    return [str(each.message) for each in caught], "taken"


whole = pd.DataFrame({"a": [1, 2]})
said, did = refused(whole, pd.DataFrame({"a": [1, None]}))
assert "as soon as a value is missing" in said[0]
assert "Can not safely convert float64 to int64" in did, did

nullable = pd.DataFrame({"a": pd.Series([1, None], dtype="Int64")})
said, did = refused(nullable, pd.DataFrame({"a": [1, None]}))
assert "with missing values" in said[0]
assert "Can not safely convert float64 to int64" in did, did

narrow = pd.DataFrame({"a": pd.Series([1.5], dtype="float32")})
said, did = refused(narrow, pd.DataFrame({"a": [1.5]}))
assert "of 32 bits" in said[0]
assert "Can not safely convert float64 to float32" in did, did

numbered = pd.DataFrame([["x", "y"]])
said, did = refused(numbered, pd.DataFrame({"0": ["x"], "1": ["y"]}))
assert "named by a number" in said[0]
assert did != "taken"

said, did = refused(pd.DataFrame({"a": [1.5]}), pd.DataFrame({"a": [1.5, None]}))
assert (said, did) == ([], "taken")
print("done")
