# ruff: noqa: S307, UP035 - the expressions are those of the tests; List is a hint, too
"""Infers signatures with the MLflow beside it and with ours; run with the interpreter of a release.

Arguments: the folder of mlmodel, and a file with ``{"schema": [...], "params": [...], "hints": [...]}``, lists of
expressions.  Prints what both say of each: a text, or the error.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import dataclasses
import datetime as dt
import logging
import math
import warnings
from typing import Any, Dict, List, Optional, Union

import mlflow
import numpy as np
import pandas as pd
import scipy.sparse as sp
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import convert_dataclass_to_schema
from mlflow.types.utils import _infer_param_schema, _infer_schema

from mlmodel.inference import infer_signature, signature_from_hints

logging.disable()
warnings.simplefilter("ignore")


@dataclasses.dataclass
class Inner:
    text: str
    maybe: Optional[float] = None  # noqa: UP045


@dataclasses.dataclass
class Outer:
    number: int
    half: Optional[float]  # noqa: UP045
    names: list[str]
    inner: Inner
    inners: list[Inner]


NAMES = {
    "np": np,
    "pd": pd,
    "sp": sp,
    "dt": dt,
    "math": math,
    "Any": Any,
    "Dict": Dict,  # noqa: UP006
    "List": List,  # noqa: UP006
    "Optional": Optional,
    "Union": Union,
    "Inner": Inner,
    "Outer": Outer,
}


def models() -> dict[str, Any]:
    """Classes of pydantic, which not every environment has."""
    import pydantic

    class Message(pydantic.BaseModel):  # type: ignore[misc]
        role: str
        content: Optional[str] = None  # noqa: UP045
        at: dt.datetime

    class Chat(pydantic.BaseModel):  # type: ignore[misc]
        messages: list[Message]
        options: dict[str, float] = {}
        extra: Any = None
        either: Union[int, str] = 1  # noqa: UP007
        perhaps: Union[int, str, None] = None  # noqa: UP007

    class NoDefault(pydantic.BaseModel):  # type: ignore[misc]
        content: Optional[str]  # noqa: UP045

    return {"Message": Message, "Chat": Chat, "NoDefault": NoDefault}


def of_mlflow(kind: str, value: Any) -> Any:
    if kind == "params":
        return ModelSignature(params=_infer_param_schema(value)).to_dict()["params"]
    if kind == "hints":
        from mlflow.models.signature import _infer_signature_from_type_hints, _TypeHints

        found = _infer_signature_from_type_hints(_predicting(value), None, _TypeHints(value, value))
        return [found.to_dict()["inputs"], found.to_dict()["outputs"]]
    schema = convert_dataclass_to_schema(value) if dataclasses.is_dataclass(value) else _infer_schema(value)
    return ModelSignature(schema).to_dict()["inputs"]


def of_ours(kind: str, value: Any) -> Any:
    if kind == "params":
        return infer_signature(params=value).params
    if kind == "hints":
        found = signature_from_hints(_predicting(value))
        assert infer_signature(value).inputs == found.inputs
        return [found.inputs, found.outputs]
    assert infer_signature(outputs=value).outputs == infer_signature(value).inputs
    return infer_signature(value).inputs


def _predicting(hint: Any) -> Any:
    def predict(model_input):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return model_input

    predict.__annotations__ = {"model_input": hint, "return": hint}
    return predict


def answer(ask: Any, kind: str, value: Any) -> dict[str, Any]:
    try:
        return {"text": ask(kind, value)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


answers = []
with open(sys.argv[2]) as stream:
    asked = json.load(stream)
if asked.get("hints"):
    NAMES.update(models())
for kind, expressions in asked.items():
    for expression in expressions:
        value = eval(expression, NAMES)
        answers.append(
            {
                "expression": expression,
                "mlflow": answer(of_mlflow, kind, value),
                "ours": answer(of_ours, kind, value),
            }
        )
print(mlflow.__version__)
print(json.dumps(answers))
