"""Infers signatures of what libraries make; run with the interpreter of an environment that has them.

Arguments: the folder of mlmodel, and the libraries.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import datetime as dt
import warnings
from typing import Any

from mlmodel.inference import UntypedError, infer_signature

warnings.simplefilter("ignore")


def inferred(data: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(infer_signature(data).inputs or "")
    return found


def short(data: Any) -> Any:
    return [(item["type"], item["required"]) for item in inferred(data)]


def refused(data: Any) -> str:
    try:
        infer_signature(data)
    except UntypedError as error:
        return str(error)
    raise AssertionError(data)


DATA: dict[str, list[Any]] = {
    "b": [True, False],
    "i": [1, 2],
    "f": [1.5, None],
    "n": [1.5, float("nan")],
    "s": ["x", None],
    "y": [b"x", b"y"],
    "d": [dt.datetime(2020, 1, 1), None],  # noqa: DTZ001
    "l": [[1, 2], []],
    "o": [{"k": 1, "m": "x"}, {"k": None, "m": "y"}],
    "lo": [[{"k": 1}], [{"k": 2}, {"k": None}]],
}
EXPECTED = [
    ("boolean", True),
    ("long", True),
    ("double", False),
    ("double", False),
    ("string", False),
    ("binary", True),
    ("datetime", False),
    ("array", True),
    ("object", True),
    ("array", True),
]


def of_polars() -> None:
    import polars as pl

    frame = pl.DataFrame(DATA, strict=False)
    assert "pyarrow" not in sys.modules
    assert short(frame) == EXPECTED, short(frame)
    assert "pyarrow" not in sys.modules
    assert "pandas" not in sys.modules
    found = {item["name"]: item for item in inferred(frame)}
    assert found["o"]["properties"] == {
        "k": {"type": "long", "required": False},
        "m": {"type": "string", "required": True},
    }
    assert found["lo"]["items"]["properties"]["k"]["required"] is False
    # As of the data frame of pandas, which users have in the end.
    plain = frame.drop("o", "lo", "l", "d")
    assert inferred(plain) == inferred(plain.to_pandas()), (inferred(plain), inferred(plain.to_pandas()))
    kinds = {
        pl.Int8: "integer",
        pl.UInt16: "integer",
        pl.UInt32: "long",
        pl.Float32: "float",
        pl.Int64: "long",
    }
    for kind, type_ in kinds.items():
        assert short(pl.Series("a", [1], dtype=kind)) == [(type_, True)]
        assert short(pl.Series("a", [1, None], dtype=kind)) == [(type_, False)]
    assert short(pl.Series(["x"], dtype=pl.Categorical)) == [("string", True)]
    assert "name" not in inferred(pl.Series(["x"]))[0]
    assert short(pl.DataFrame({"a": [None]})) == [("any", False)]
    assert inferred(pl.Series("a", [[1, 2]], dtype=pl.Array(pl.Int32, 2)))[0]["items"] == {"type": "integer"}
    assert "column 'a': values of the type UInt64" in refused(pl.Series("a", [1], dtype=pl.UInt64))
    assert "collect()" in refused(frame.lazy())
    assert "missing in a column that has no name" in refused(pl.Series([1, None]))
    assert "there are no columns" in refused(pl.DataFrame())


def of_pyarrow() -> None:
    import pyarrow as pa

    table = pa.table(DATA)
    assert short(table) == EXPECTED, short(table)
    assert short(table.to_batches()[0]) == EXPECTED
    plain = table.drop_columns(["o", "lo", "l", "d"])
    assert inferred(plain) == inferred(plain.to_pandas())
    kinds = {"int8": "integer", "uint16": "integer", "uint32": "long", "float": "float", "halffloat": "float"}
    for kind, type_ in kinds.items():
        assert short(pa.array([1], kind)) == [(type_, True)]
    more = pa.table(
        {
            "a": pa.array([1, None], "int64"),
            "b": pa.array(["x"] * 2).dictionary_encode(),
            "c": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
            "d": pa.array([dt.date(2020, 1, 1)] * 2),
            "e": pa.array(["x"] * 2, "large_string"),
            "f": pa.array([None] * 2),
            "g": pa.array([b"ab"] * 2, pa.binary(2)),
            "h": pa.array([[1]] * 2, pa.list_(pa.int32(), 1)),
            "i": pa.array([None, float("nan")], "halffloat"),
        }
    )
    assert short(more) == [
        ("long", False),
        ("string", True),
        ("map", True),
        ("datetime", True),
        ("string", True),
        ("any", False),
        ("binary", True),
        ("array", True),
        ("float", False),
    ], short(more)
    assert short(more["b"]) == [("string", True)]
    assert "convert them to float64 or text" in refused(pa.table({"a": pa.array([1], pa.decimal128(3))}))
    assert "convert them to int64" in refused(pa.array([1], "uint64"))
    assert "same name" in refused(pa.table([[1], [2]], names=["a", "a"]))


def of_examples() -> None:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from mlmodel.writer.example import files
    from mlmodel.writer.example_files import read_example

    data = {name: DATA[name] for name in ("b", "i", "f", "s", "y", "l", "o", "d")}
    forms = [
        pd.DataFrame(data),
        pl.DataFrame(data, strict=False),
        pa.table(data),
        pa.table(data).to_batches()[0],
    ]
    written = [files(form) for form in forms]
    assert all(each == written[0] for each in written), written
    names = [pd.Series([1.5], name="a"), pl.Series("a", [1.5]), pa.table({"a": [1.5]})]
    assert all(files(each) == files(names[0]) for each in names)
    assert files(pa.array([1.5])) == files(pd.Series([1.5]))
    pd.DataFrame({"a": [1.5, 2], "b": ["x", "y"]}).to_parquet("rows.parquet")
    found = read_example("rows.parquet")
    assert type(found).__module__.startswith("pyarrow")
    assert short(found) == [("double", True), ("string", True)]


def of_torch() -> None:
    import numpy as np
    import torch

    for dtype in ("float32", "float64", "int64", "uint8", "bool", "float16", "complex64"):
        tensor = torch.zeros((2, 3), dtype=getattr(torch, dtype))
        assert inferred(tensor) == inferred(tensor.numpy())
    assert inferred(torch.nn.Parameter(torch.zeros(2, 3))) == inferred(np.zeros((2, 3), dtype="float32"))
    assert [item["name"] for item in inferred({"a": torch.zeros(1), "b": np.zeros(1)})] == ["a", "b"]
    assert "convert the tensor to float32" in refused(torch.zeros(1, dtype=torch.bfloat16))
    assert "no dimensions" in refused(torch.tensor(1))


def of_pydantic() -> None:
    import pydantic

    class Message(pydantic.BaseModel):  # type: ignore[misc]
        role: str
        content: str | None = None

    message = Message(role="user")
    assert inferred(Message) == inferred(list[Message]) == inferred(message) == inferred([message, message])
    assert inferred(Message)[0]["properties"]["content"] == {"type": "string", "required": False}


WORK = {
    "polars": of_polars,
    "pyarrow": of_pyarrow,
    "examples": of_examples,
    "torch": of_torch,
    "pydantic": of_pydantic,
}
for name in sys.argv[2:]:
    WORK[name]()
print("done")
