"""The form of an answer against the outputs of a signature."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlmodel.documents import parse_json
from mlmodel.model.signatures import Section
from mlmodel.runtime.prediction_checks import disagreements


def columns(*pairs: tuple[str | None, str]) -> list[dict[str, Any]]:
    return [{"type": type_, **({"name": name} if name else {})} for name, type_ in pairs]


def tensor(dtype: str, *shape: int, name: str | None = None) -> dict[str, Any]:
    spec = {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [*shape]}}
    return {**spec, "name": name} if name else spec


def table(**dtypes: str) -> dict[str, Any]:
    return {"form": "table", "names": [*dtypes], "dtypes": [*dtypes.values()], "shape": [2, len(dtypes)]}


def array(dtype: str, *shape: int) -> dict[str, Any]:
    return {"form": "array", "dtype": dtype, "shape": [*shape]}


def found(outputs: list[dict[str, Any]], answer: dict[str, Any]) -> list[str]:
    return disagreements(Section("outputs", parse_json(json.dumps(outputs), "MLmodel")), answer)


@pytest.mark.parametrize(
    ("outputs", "answer"),
    [
        (columns(("a", "double"), ("b", "string")), table(a="float64", b="object")),
        (columns(("a", "double")), table(a="float32")),
        (columns(("a", "long")), table(a="int64")),
        (columns(("a", "string")), table(a="str")),
        (columns(("a", "datetime")), table(a="datetime64[ns]")),
        (columns((None, "long")), array("int64", 2)),
        (columns((None, "string")), array("<U5", 2)),
        (columns(("a", "array")), table(a="object")),
        ([tensor("int64", -1)], array("int64", 2)),
        ([tensor("float32", -1, 3)], array("float32", 2, 3)),
        ([tensor("str", -1)], array("<U7", 2)),
        ([tensor("float64", -1)], {"form": "list", "length": 2, "items": ["builtins.float"]}),
        ([tensor("float32", -1)], {"form": "other"}),
        (columns(("a", "double")), {"form": "mapping", "items": {"a": {}}}),
        ([{"type": "string", "name": "a", "required": False}], table()),
        ([tensor("float32", -1, name="x")], {"form": "mapping", "items": {"x": array("float32", 4)}}),
    ],
)
def test_what_agrees(outputs: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    assert found(outputs, answer) == []


@pytest.mark.parametrize(
    ("outputs", "answer", "what"),
    [
        (columns(("a", "double")), table(b="float64"), ["no column 'a'", "a column 'b' more"]),
        (columns(("a", "long")), table(a="float64"), ["column 'a' is float64, not long"]),
        (columns(("a", "string")), table(a="int64"), ["column 'a' is int64, not string"]),
        (columns((None, "long")), array("float64", 2), ["it is float64, not long"]),
        (columns((None, "long"), (None, "long")), table(a="int64"), ["1 column, not 2"]),
        ([tensor("int64", -1)], array("float64", 2), ["it is float64, not int64"]),
        ([tensor("int64", -1)], array("int64", 2, 1), ["it has the shape (2, 1), not (-1,)"]),
        ([tensor("int64", -1, 3)], array("int64", 2, 4), ["it has the shape (2, 4), not (-1, 3)"]),
        ([tensor("float32", -1, name="x")], {"form": "mapping", "items": {}}, ["no tensor 'x'"]),
        (columns(("a", "double")), {"form": "mapping", "items": {"b": {}}}, ["no 'a'"]),
    ],
)
def test_what_disagrees(outputs: list[dict[str, Any]], answer: dict[str, Any], what: list[str]) -> None:
    assert found(outputs, answer) == what


@pytest.mark.parametrize(
    "answer", [{}, {"form": "table"}, {"form": "array", "shape": 3}, {"form": "mapping", "items": 3}]
)
def test_answers_without_form(answer: dict[str, Any]) -> None:
    for outputs in (columns(("a", "double")), [tensor("int64", -1)]):
        assert found(outputs, answer) == []
