"""Signatures of data and hints, without any library but numpy."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any, Optional

import numpy as np
import pytest

from mlmodel import Signature, SignatureWarning, infer_signature, signature_from_hints
from mlmodel.inference import UntypedError
from mlmodel.writer import Table
from tests.command import environment


def inferred(data: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SignatureWarning)
        return json.loads(infer_signature(data).inputs or "null")


def test_texts_of_mlflow() -> None:
    found = infer_signature([{"a": 1.5, "b": ["x"]}], np.array([[1, 2]]), {"p": 1})
    assert found == Signature(
        '[{"type": "double", "name": "a", "required": true}, {"type": "array", "items": {"type": "string"}, "name": "b", "required": true}]',
        '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 2]}}]',
        '[{"name": "p", "default": 1, "shape": null, "type": "long"}]',
    )
    assert found.as_mlmodel() == {"inputs": found.inputs, "outputs": found.outputs, "params": found.params}
    assert hash(found)


@pytest.mark.parametrize(
    ("data", "types"),
    [
        (Table(("a", "b"), ((1, "x"), (2, None))), [("long", True), ("string", False)]),
        (Table(("a", "b"), ((1, 1), (2.5, None))), [("double", True), ("double", False)]),
        (Table(("a",), ((None,),)), [("any", False)]),
        (Table(("a",), ()), [("string", True)]),
        (Table(("a",), ((math.nan,),)), [("double", False)]),
        ([np.int8(1), np.int8(2)], [("integer", True)]),
        ([np.uint32(1)], [("long", True)]),
        ([np.float16(1)], [("float", True)]),
        ([{"a": 1}, {"a": None}], [("long", False)]),
        (dt.date(2020, 1, 1), [("datetime", True)]),
        (str, [("string", True)]),
    ],
)
def test_types(data: Any, types: list[tuple[str, bool]]) -> None:
    assert [(column["type"], column["required"]) for column in inferred(data)] == types


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"i": 1, "f": "x"}, ["Input 'i' is a column of integers: as soon as"]),
        ([{"i": 1}, {"i": None}], ["Input 'i' is a column of integers with missing values"]),
        ({"f": np.float32(1)}, ["Input 'f' is a column of 32 bits"]),
        (
            [{"a": np.int32(1), "b": np.int32(1)}],
            ["Input 'a', 'b' are columns of integers", "are columns of 32 bits"],
        ),
        ([1, 2], ["The input is a column of integers"]),
        (Table(tuple("abcdefg"), ((1,) * 7,)), ["'e' and 2 more are columns"]),
        ([{0: "x", 1: "y"}], ["Input 0, 1 are columns named by a number"]),
        (np.array([1], dtype="int32"), []),
        ({"a": [1]}, []),
        (1.5, []),
    ],
)
def test_warnings(data: Any, said: list[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        infer_signature(data, data)
    assert len(caught) == len(said)
    for each, text in zip(caught, said, strict=True):
        assert each.category is SignatureWarning
        assert text in str(each.message)
        assert each.filename == __file__


class _Own:
    """An array of another library."""

    dtype = "whatever"

    def __init__(self, value: object) -> None:
        self.value = value

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        return np.asarray(self.value)


def test_arrays_of_other_libraries() -> None:
    assert inferred(_Own([[1.5, 2]])) == inferred(np.array([[1.5, 2]]))
    with pytest.raises(UntypedError, match="is not a form of data that is known"):
        infer_signature(_Own([None]))


def _deep() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((1, 2), "inputs: a value of builtins.tuple has no type in a signature; give a list"),
        (
            [1, 1.5],
            "inputs: values of the types long and double stand where one type is expected; make all of them floats",
        ),
        (
            {"a": {"b": {1, 2}}},
            "inputs: a: b: a value of builtins.set has no type in a signature; give a list",
        ),
        ([{}], "inputs: there are no columns"),
        (Table(("a", "a"), ((1, 2),)), "inputs: two columns have the same name"),
        (
            Table(("a",), ((1 + 2j,),)),
            "inputs: column 'a': a value of builtins.complex has no type in a signature; give its parts as floats",
        ),
        (
            np.array(1),
            "inputs: a tensor of no dimensions has no rows; give an array with a first dimension for them",
        ),
        (
            [np.uint64(1)],
            "inputs: values of the dtype uint64 have no type in a signature; convert them to int64, or to float64",
        ),
        (_deep(), "inputs: the data are nested too deeply, or hold themselves"),
        (None, "a signature has inputs, outputs or params"),
    ],
)
def test_errors(data: Any, said: str) -> None:
    with pytest.raises(UntypedError) as caught:
        inferred(data)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ([1], "params are a dictionary"),
        ({"a": None}, "param 'a': a default of builtins.NoneType"),
        ({"a": [1, "x"]}, "of one type, and not of long, string"),
        ({"a": [[1]]}, "has one dimension"),
        ({"a": 2**63}, "more than 64 bits"),
        ({"a": {"b": [1, None]}}, "MLflow would not take"),
        ({"a": {"b": dt.date(2020, 1, 1)}}, "JSON cannot hold"),
        ({"a": np.datetime64("2020-01-01T00:00:00.000000000")}, "finer than microseconds"),
        ({1: 1, "1": 1}, "two params are called '1'"),
    ],
)
def test_params_without_types(params: Any, said: str) -> None:
    with pytest.raises(UntypedError, match=said):
        infer_signature(params=params)


@dataclasses.dataclass
class Part:
    text: str
    number: Optional[float] = None  # noqa: UP045


@dataclasses.dataclass
class Whole:
    parts: list[Part]
    when: dt.datetime
    perhaps: int | None


@dataclasses.dataclass
class Endless:
    more: list[Endless]


def test_dataclass() -> None:
    assert [(item["name"], item["type"], item["required"]) for item in inferred(Whole)] == [
        ("parts", "array", True),
        ("when", "datetime", True),
        ("perhaps", "long", False),
    ]
    assert inferred(Part("a")) == inferred(Part)
    with pytest.raises(UntypedError, match=r"Endless.more: Endless holds itself"):
        infer_signature(Endless)
    with pytest.raises(UntypedError, match=r"Endless.more: Endless holds itself"):
        infer_signature(list[Endless])


class Model:
    def predict(self, context: Any, model_input: list[dict[str, int]], params: Any = None) -> list[str]:
        raise NotImplementedError


def answering(rows: list[Part]) -> complex:
    raise NotImplementedError


def unhinted(rows, extra=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    raise NotImplementedError


def of_rows(row: str) -> str:
    raise NotImplementedError


def unknown(rows: list[Nowhere]) -> str:  # type: ignore[name-defined]  # noqa: F821
    raise NotImplementedError


@pytest.mark.parametrize("predict", [Model, Model(), Model.predict, Model().predict])
def test_hints(predict: Any) -> None:
    assert signature_from_hints(predict, {"p": "x"}) == Signature(
        '[{"type": "map", "values": {"type": "long"}, "required": true}]',
        '[{"type": "string", "required": true}]',
        '[{"name": "p", "default": "x", "shape": null, "type": "string"}]',
    )


def test_params_that_the_signature_lacks() -> None:
    with pytest.warns(SignatureWarning, match=r"Model.predict takes params, and the signature has none"):
        signature_from_hints(Model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        signature_from_hints(Model, {"p": 1})
        signature_from_hints(answering)


def test_hints_of_the_output() -> None:
    found = signature_from_hints(answering)
    assert found.outputs == '[{"type": "any", "required": true}]'
    assert found.inputs == infer_signature(list[Part]).inputs


@pytest.mark.parametrize(
    ("predict", "said"),
    [
        (unhinted, "the input of unhinted has no hint"),
        (of_rows, r"the input has the hint str; .* list\[...\]"),
        (unknown, "the hints of unknown cannot be read"),
        (print, "has no hint|cannot be read"),
    ],
)
def test_hints_that_state_no_input(predict: Callable[..., Any], said: str) -> None:
    with pytest.raises(UntypedError, match=said):
        signature_from_hints(predict)


def test_nothing_is_imported() -> None:
    program = (
        "import sys; from mlmodel import infer_signature; infer_signature([{'a': 1.5}], {'b': 'x'}, {'p': 1});"
        "print(*sorted(sys.modules.keys() & {'numpy', 'pandas', 'polars', 'pyarrow', 'scipy', 'torch', 'pydantic'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment()
    )
    assert done.stdout.strip() == ""
