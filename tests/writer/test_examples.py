"""Input examples: what is written of them, and what files they come from."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlmodel import infer_signature
from mlmodel.writer import Table
from mlmodel.writer.example import UnusableExampleError, files
from mlmodel.writer.example_files import read_csv, read_example
from tests.environments import NEWEST, interpreter, run
from tests.inference import generated
from tests.inference.cases import EXAMPLES, NO_EXAMPLES
from tests.inference.generated import drawn

ROOT = Path(__file__).parents[2]


def written(example: object) -> tuple[Any, Any, Mapping[str, str]]:
    content, info = files(example)
    return (
        *(json.loads(content[name]) for name in ("input_example.json", "serving_input_example.json")),
        info,
    )


@pytest.mark.parametrize(
    ("example", "body", "served", "type_"),
    [
        (
            Table(("a", "b"), ((1, math.nan), (2, "x"))),
            {"columns": ["a", "b"], "data": [[1, None], [2, "x"]]},
            {"dataframe_split": {"columns": ["a", "b"], "data": [[1, None], [2, "x"]]}},
            "dataframe",
        ),
        (np.array([[1.0, math.nan]]), [[1.0, None]], {"inputs": [[1.0, None]]}, "ndarray"),
        ({"a": np.array([1])}, {"a": [1]}, {"inputs": {"a": [1]}}, "ndarray"),
        ([1, b"\x00"], [1, "AA==\n"], {"inputs": [1, "AA==\n"]}, "json_object"),
        ("text", "text", {"inputs": "text"}, "json_object"),
        (
            dt.datetime.fromisoformat("2020-01-02"),
            "2020-01-02T00:00:00",
            {"inputs": "2020-01-02T00:00:00"},
            "json_object",
        ),
        ({"messages": []}, {"messages": []}, {"messages": []}, "json_object"),
        (
            ([1], {"p": np.float32(0.5)}),
            {"inputs": [1], "params": {"p": 0.5}},
            {"inputs": [1], "params": {"p": 0.5}},
            "json_object",
        ),
        (
            ({"messages": []}, {"p": 1}),
            {"inputs": {"messages": []}, "params": {"p": 1}},
            {"messages": [], "p": 1},
            "json_object",
        ),
    ],
)
def test_forms(example: object, body: Any, served: Any, type_: str) -> None:
    found = written(example)
    assert found[:2] == (body, served)
    assert found[2]["type"] == type_
    assert ("params" in found[2]) == (type(example) is tuple)


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (object(), "an input example is a table"),
        ([object()], "JSON cannot hold"),
        ({"a": np.ones(1), "b": 1}, "arrays or other values"),
        ([np.ones(1)], "no list of arrays"),
        (([1], {"p": None}), "param 'p'"),
        (np.array([1j]), "JSON cannot hold"),
    ],
)
def test_no_form(example: object, said: str) -> None:
    with pytest.raises(UnusableExampleError, match=said):
        files(example)


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "i,f,b,s,m,big,u\n1,1.5,true,x,1,99999999999999999999,1_0\n2,-2e3,false,,,1,2\n", encoding="utf-8"
    )
    table = read_csv(str(path))
    assert table.rows[0] == (1, 1.5, True, "x", 1.0, "99999999999999999999", "1_0")
    with pytest.warns(UserWarning, match="'i' is a column of integers"):
        inputs = json.loads(infer_signature(table).inputs or "")
    assert [(column["type"], column["required"]) for column in inputs] == [
        ("long", True),
        ("double", True),
        ("boolean", True),
        ("string", True),
        ("double", False),
        ("string", True),
        ("string", True),
    ]
    assert written(table)[0]["data"][1][:5] == [2, -2000.0, False, "", None]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b""),
        ("rows.csv", b"a,b\n"),
        ("rows.csv", b"a,b\n1\n"),
        ("rows.csv", b"\xff\xfe\n"),
        ("rows.json", b"["),
        ("rows.json", b"[" * 100_000),
        ("rows.json", b'{"columns": ["a"], "data": [[1, 2]]}'),
        ("rows.json", b'{"columns": 3, "data": 4}'),
        ("rows.npy", b"no array"),
        ("rows.npz", b"no archive"),
        ("rows.txt", b"1"),
    ],
)
def test_file_that_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnusableExampleError, match=name) as caught:
        read_example(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.eye(2))
    np.savez(tmp_path / "rows.npz", a=np.eye(2), b=np.ones(1))
    assert read_example(str(tmp_path / "rows.npy")).tolist() == [[1, 0], [0, 1]]
    assert sorted(read_example(str(tmp_path / "rows.npz"))) == ["a", "b"]


def test_parquet_without_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr("mlmodel.writer.example_files.find_spec", lambda _: None)
    with pytest.raises(UnusableExampleError, match="pyarrow, polars or pandas"):
        read_example(str(tmp_path / "rows.parquet"))


def beside_mlflow(folder: Path, lacking: Path, expressions: list[str]) -> list[dict[str, Any]]:
    """What MLflow writes of each expression, and what we do."""
    (folder / "asked.json").write_text(json.dumps(expressions))
    script = Path(__file__).with_name("exemplifying.py")
    told = run(interpreter(NEWEST), script, str(ROOT / "validator"), str(lacking), str(folder))
    answers: list[dict[str, Any]] = json.loads(told.splitlines()[-1])
    assert [answer for answer in answers if answer.get("ours fails")] == []
    return answers


@pytest.mark.mlflow
def test_same_as_mlflow(tmp_path: Path, lacking: Path) -> None:
    answers = beside_mlflow(tmp_path, lacking, EXAMPLES)
    assert [answer for answer in answers if answer["mlflow"] != answer["ours"]] == []


@pytest.mark.mlflow
def test_what_mlflow_does_not_write(tmp_path: Path, lacking: Path) -> None:
    answers = beside_mlflow(tmp_path, lacking, NO_EXAMPLES)
    assert all("error" in answer["mlflow"] and "error" in answer["ours"] for answer in answers), answers


@pytest.mark.mlflow
def test_random(tmp_path: Path, lacking: Path) -> None:
    # NaN and infinities are the difference that is meant: JSON has neither.
    expressions = [each for each in drawn(generated.schemas(missing=False)) if "math." not in each]
    answers = beside_mlflow(tmp_path, lacking, expressions)
    written = [answer for answer in answers if "error" not in answer["mlflow"]]
    assert len(written) > len(answers) / 2
    assert [answer for answer in written if answer["mlflow"] != answer["ours"]] == []
