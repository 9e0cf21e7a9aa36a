"""input_example.json and serving_input_example.json in MLflow's forms, without pandas."""

from __future__ import annotations

import csv
import json
import math
from typing import Any, NamedTuple


class Table(NamedTuple):
    """Rows under named columns, as a data frame of MLflow's examples."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class UnusableExampleError(ValueError):
    """The example has no form that MLflow reads."""


def files(example: object) -> tuple[dict[str, bytes], dict[str, str]]:
    """The two files, and what the MLmodel file says of them (``saved_input_example_info``), as MLflow writes them
    since 2.16.

    Takes a :class:`Table`, a pandas data frame, a numpy array, or what JSON can hold.

    Raises:
        UnusableExampleError: it is something else.
    """
    info = {"artifact_path": "input_example.json", "serving_input_path": "serving_input_example.json"}
    body: Any
    serving: Any
    if isinstance(example, Table) or (hasattr(example, "columns") and hasattr(example, "to_numpy")):
        columns, rows = _split(example)
        body = {"columns": columns, "data": rows}
        serving = {"dataframe_split": body}
        info.update(type="dataframe", pandas_orient="split")
    elif hasattr(example, "tolist") and hasattr(example, "dtype"):
        body = example.tolist()
        serving = {"inputs": body}
        info.update(type="ndarray")
    elif isinstance(example, (list, dict)):
        body = example
        serving = {"inputs": body}
        info.update(type="json_object")
    else:
        raise UnusableExampleError(
            f"an input example is a table, a data frame, a numpy array, a list or a dictionary, and not {type(example).__name__}"
        )
    return {"input_example.json": _json(body), "serving_input_example.json": _json(serving)}, info


def read_csv(path: str) -> Table:
    """A CSV file with a line of column names; a column is of numbers, or of booleans, if all of its cells are.

    Raises:
        UnusableExampleError: the file has no rows, or rows of different lengths.
    """
    with open(path, encoding="utf-8-sig", newline="") as stream:
        header, *lines = csv.reader(stream) or [[]]
    lines = [line for line in lines if line]
    if not lines or any(len(line) != len(header) for line in lines):
        raise UnusableExampleError("a line of column names and rows of the same length are expected")
    typed = [_typed([line[index] for line in lines]) for index in range(len(header))]
    return Table(tuple(header), tuple(zip(*typed, strict=True)))


def signature_of(table: Table) -> dict[str, str | None]:
    """The columns of a table as the inputs of a signature."""
    types = {bool: "boolean", int: "long", float: "double"}
    columns = [
        {"type": types.get(type(table.rows[0][index]), "string"), "name": name, "required": True}
        for index, name in enumerate(table.columns)
    ]
    return {"inputs": json.dumps(columns), "outputs": None, "params": None}


def _typed(cells: list[str]) -> list[Any]:
    if all(cell in ("true", "false", "True", "False") for cell in cells):
        return [cell.lower() == "true" for cell in cells]
    for kind in (int, float):
        try:
            values: list[Any] = [kind(cell) if cell else math.nan for cell in cells]
        except ValueError:
            continue
        # A column of integers with a missing value is one of doubles, for pandas and for MLflow.
        return [float(value) for value in values] if "" in cells else values
    return list(cells)


def _split(table: Any) -> tuple[list[Any], list[list[Any]]]:
    if isinstance(table, Table):
        return list(table.columns), [list(row) for row in table.rows]
    rows = zip(*(table[column].tolist() for column in table.columns), strict=True)
    return [str(column) for column in table.columns], [list(row) for row in rows]


def _json(value: Any) -> bytes:
    def missing(item: Any) -> Any:
        if isinstance(item, float) and not math.isfinite(item):
            return None  # JSON has no NaN
        if isinstance(item, (list, tuple)):
            return [missing(one) for one in item]
        if isinstance(item, dict):
            return {key: missing(one) for key, one in item.items()}
        return item

    try:
        return json.dumps(missing(value), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise UnusableExampleError(f"JSON cannot hold the input example: {error}") from error
