"""A stored example against its signature: what is found, and the near miss that is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlmodel import validate
from mlmodel.model.enforcement import misfits
from tests.examples.generated import Generator

BASE = Path(__file__).parents[1] / "base"
MESSAGE = {
    "type": "object",
    "properties": {"role": {"type": "string", "required": True}, "content": {"type": "string", "required": True}},
}


def column(type_: str, name: Any = "a", **more: Any) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"type": type_, **named, "required": True, **more}


def tensor(dtype: str, shape: list[int], name: str | None = None) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {**named, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}}


FRAME, JSON, ARRAY, ROWS = "dataframe", "json_object", "ndarray", "sparse_matrix_csr"
CHAT = [column("array", "messages", items=MESSAGE)]
MATRIX = {"data": [1.0, 2.0], "indices": [0, 1], "indptr": [0, 1, 2], "shape": [2, 2]}


def frame(*values: Any, name: Any = "a") -> dict[str, Any]:
    return {"columns": [name], "data": [[value] for value in values]}


# fmt: off
REFUSED: list[tuple[list[dict[str, Any]], str, Any, str, str]] = [
    # signature, type of the example, example, rule, where
    (CHAT, JSON, {"messages": [{"role": "user"}]}, "MLM508", "/messages/0"),
    (CHAT, JSON, {"messages": [{"role": "user", "content": "a", "x": 1}]}, "MLM508", "/messages/0/x"),
    (CHAT, JSON, {"messages": [{"role": "user", "content": None}]}, "MLM508", "/messages/0/content"),
    (CHAT, JSON, {"messages": "hello"}, "MLM508", "/messages"),
    (CHAT, JSON, {"message": []}, "MLM506", ""),
    (CHAT, FRAME, {"columns": ["messages"], "data": [[[{"role": "user"}]]]}, "MLM508", "/data/0/0/0"),
    ([column("array", items={"type": "double"})], FRAME, frame([1, 2]), "MLM508", "/data/0/0/0"),
    ([column("array", items={"type": "double"})], FRAME, frame(None), "MLM508", "/data/0/0"),
    ([column("map", values={"type": "long"})], FRAME, frame({"k": 1, "l": "a"}), "MLM508", "/data/0/0/l"),
    ([column("object", properties={"x": {"type": "long", "required": True}})], FRAME, frame({}), "MLM508", "/data/0/0"),
    ([column("double")], JSON, {"a": 3}, "MLM508", "/a"),
    ([column("double")], JSON, {"a": "long"}, "MLM508", "/a"),
    ([column("double")], JSON, {"b": 1.0}, "MLM506", ""),
    ([column("long")], JSON, {"a": True}, "MLM508", "/a"),
    ([column("integer")], JSON, {"a": 3}, "MLM508", "/a"),
    ([column("string", None)], JSON, None, "MLM505", ""),
    ([column("string"), column("long", "b")], JSON, {"a": ["x"], "b": [1, 2]}, "MLM505", ""),
    ([column("long"), column("long", "b")], JSON, [{"a": 1, "b": 2}, 5], "MLM505", "/1"),
    ([column("binary")], FRAME, frame("AAE"), "MLM508", "/data/0/0"),
    ([column("binary")], FRAME, frame("AAE=", None), "MLM508", "/data/1/0"),
    ([column("datetime")], FRAME, frame("2020-01-01T00:00:00Z"), "MLM508", "/data/0/0"),
    ([column("datetime")], FRAME, frame("2020-02-30"), "MLM508", "/data/0/0"),
    ([column("datetime")], FRAME, frame("yesterday"), "MLM508", "/data/0/0"),
    ([column("datetime")], FRAME, frame("2020-01-01", "2020-01-01T10:00:00"), "MLM508", "/data/1/0"),
    ([column("double")], FRAME, {"columns": ["a", "a"], "data": [[1.0, 2.0]]}, "MLM505", "/columns"),
    ([column("double", 0)], FRAME, frame(1.5, name="0"), "MLM506", "/columns"),
    ([column("double", "0")], FRAME, frame(1.5, name=0), "MLM506", "/columns"),
    ([column("double")], FRAME, {"columns": [["a", "x"], ["b", "y"], ["c", "z"]], "data": [[1, 2, 3]]}, "MLM505", "/data"),
    ([tensor("float64", [-1, 2])], ARRAY, [[1.5, 2], [1.0]], "MLM509", ""),
    ([tensor("float64", [-1])], ARRAY, 1.5, "MLM509", ""),
    ([tensor("float32", [-1, 2])], ARRAY, [["a", 2.0]], "MLM508", "/0/0"),
    ([tensor("float64", [-1])], ARRAY, {"x": [1.0]}, "MLM505", ""),
    ([tensor("uint8", [-1])], ARRAY, [0, 300], "MLM508", "/1"),
    ([tensor("int64", [-1])], ARRAY, [0, None], "MLM508", "/1"),
    ([tensor("float64", [-1], "x"), tensor("float64", [-1], "y")], ARRAY, {"x": [1.0]}, "MLM506", ""),
    ([tensor("float64", [-1, 2])], ARRAY, {"inputs": [[1.0, 2.0]]}, "MLM505", ""),
    ([tensor("float64", [-1, 2])], JSON, [[1.0, 2.0]], "MLM508", ""),
    ([column("double"), column("double", "b")], ARRAY, [[1.0, 2.0]], "MLM506", ""),
    ([tensor("float64", [-1, 2])], ROWS, {**MATRIX, "data": ["a", "b"]}, "MLM508", "/data/0"),
    ([tensor("float64", [-1, 2])], ROWS, {**MATRIX, "indptr": [0, 2]}, "MLM505", "/indptr"),
    ([tensor("float64", [-1, 2])], ROWS, {**MATRIX, "indptr": [0, 2, 1]}, "MLM505", "/indptr/2"),
    ([tensor("float64", [-1, 2])], ROWS, {**MATRIX, "indices": [0, 2]}, "MLM505", "/indices/1"),
    ([tensor("float64", [-1, 3])], ROWS, MATRIX, "MLM509", "/shape"),
    ([tensor("float32", [-1, 2])], ROWS, MATRIX, "MLM516", "/data"),
    ([column("datetime")], JSON, {"a": "2020-01-01"}, "MLM517", "/a"),
]
ACCEPTED: list[tuple[list[dict[str, Any]], str, Any]] = [
    (CHAT, JSON, {"messages": [{"role": "user", "content": "a"}]}),
    (CHAT, JSON, {"messages": []}),
    ([column("array", items={"type": "double"})], FRAME, frame([1.5, 2], [0, 1], [])),
    ([column("array", items={"type": "any"})], FRAME, frame(None, [])),
    ([{**column("array", items={"type": "long"}), "required": False}], FRAME, frame(None, [1])),
    ([column("object", properties={"x": {"type": "long", "required": False}})], FRAME, frame({"x": None}, {})),
    ([column("double")], JSON, {"a": 1}),
    ([column("double")], JSON, [{"a": 1.5}, {"a": None}]),
    ([column("string"), column("long", "b")], JSON, {"a": ["x", "y"], "b": [1, 2]}),
    ([column("binary")], FRAME, frame("AAE=\n", "")),
    ([column("datetime")], FRAME, frame("2020-01-01", None, "1999-12-31")),
    ([column("datetime")], FRAME, frame("Jan 5 2020")),
    ([column("double")], FRAME, {"columns": ["a", "z", "z"], "data": [[1.0, 2.0, 3.0]]}),
    ([column("double", 0)], FRAME, frame(1.5, name=0)),
    ([column("double", None)], FRAME, {"data": [1.5, 2]}),
    ([tensor("float32", [-1, 2])], ARRAY, [[None, 2.0]]),
    ([tensor("object", [-1])], ARRAY, [["a"], ["b", "c"]]),
    ([tensor("float64", [-1, 2])], ROWS, MATRIX),
    ([tensor("float64", [-1, 2])], FRAME, {"columns": ["p", "q"], "data": [[1, 2.5]]}),
]
# fmt: on


@pytest.fixture
def model(tmp_path: Path) -> Path:
    shutil.copytree(BASE, tmp_path / "model")
    return tmp_path / "model"


def write(model: Path, specs: list[dict[str, Any]], type_: str, example: Any, **more: Any) -> None:
    """A model of the newest release with this signature and example."""
    path = model / "MLmodel"
    data = yaml.safe_load(path.read_text())
    signature = {"inputs": json.dumps(specs), "outputs": None, "params": None}
    info = {"artifact_path": "input_example.json", "type": type_}
    data.update({"mlflow_version": "3.18.0", "signature": signature, "saved_input_example_info": info, **more})
    path.write_text(yaml.safe_dump(data))
    (model / "input_example.json").write_text(json.dumps(example))


def found(model: Path) -> list[tuple[str, str | None]]:
    rules = {f"MLM5{number:02}" for number in (5, 6, 8, 9, 16, 17, 18)} | {"MLM901"}
    return [(f.rule, f.location.pointer) for f in validate(model).findings if f.rule in rules]


@pytest.mark.parametrize(("specs", "type_", "example", "rule", "place"), REFUSED)
def test_refused(
    model: Path, specs: list[dict[str, Any]], type_: str, example: Any, rule: str, place: str
) -> None:
    write(model, specs, type_, example)
    assert found(model)[:1] == [(rule, place)]


@pytest.mark.parametrize(("specs", "type_", "example"), ACCEPTED)
def test_accepted(model: Path, specs: list[dict[str, Any]], type_: str, example: Any) -> None:
    write(model, specs, type_, example)
    assert found(model) == []


def test_several_column_levels(model: Path) -> None:
    """Without a signature, which cannot name them."""
    write(model, [], FRAME, {"columns": [["a", "x"], ["b", "y"]], "data": [[1.0, 2.0]]}, signature=None)
    assert found(model) == []


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (["hey"], []),
        ("hey", [("MLM508", "")]),
        ([5], [("MLM508", "/0")]),
    ],
)
def test_type_hints(model: Path, example: Any, expected: list[tuple[str, str]]) -> None:
    specs = [column("string", None)]
    write(model, specs, JSON, example, is_signature_from_type_hint=True)
    assert found(model) == expected


def test_releases_differ() -> None:
    """An array of dates is read as numbers up to 3.17, which the model then refuses."""
    specs = [column("array", items={"type": "datetime"})]
    example = {"columns": ["a"], "data": [[["2020-01-01"]]]}
    assert misfits(example, FRAME, specs, (2, 22, 5))
    assert not [each for each in misfits(example, FRAME, specs, (3, 18, 0)) if each.kind != "depends"]
    assert not misfits(example, FRAME, specs, None)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"dataframe_records": [{"a": 1}]}, []),
        ({"dataframe_split": {"columns": ["b"], "data": [[1]]}}, [("MLM518", "/dataframe_split/columns")]),
        ({"inputs": {"a": ["x"]}}, [("MLM518", "/inputs/a/0")]),
        ({"inputs": {"a": [1, 2]}}, []),
        ({"messages": []}, []),
    ],
)
def test_request(model: Path, request_: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    info = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_payload.json",
        "type": FRAME,
    }
    write(model, [column("double")], FRAME, frame(1.5), saved_input_example_info=info)
    (model / "serving_input_payload.json").write_text(json.dumps(request_))
    assert found(model) == expected


def test_any_example_is_judged() -> None:
    """Nothing that JSON can say is too odd, for any release."""
    generator = Generator(7)
    for _ in range(1500):
        case = generator.case()
        for release in (None, (1, 30, 1), (2, 15, 0), (2, 18, 0), (3, 17, 2), (3, 18, 0)):
            for misfit in misfits(case["payload"], case["form"], case["specs"], release):
                assert misfit.message
                value = case["payload"]
                for step in misfit.pointer:
                    value = value[step]
