"""Examples from files: CSV, JSON, parquet, and the arrays of numpy and scipy."""

from __future__ import annotations

import csv
import json
import math
import os
from importlib.util import find_spec
from typing import Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.inference.tables import Table
from mlmodel.writer.example import UnusableExampleError

_INTEGER = lazy_pattern(r"[+-]?[0-9]+")
_FLOAT = lazy_pattern(r"(?i)[+-]?([0-9.]+(e[+-]?[0-9]+)?|inf|nan)")


def read_example(path: str) -> Any:
    """The rows in a file, as :func:`mlmodel.write_model` and :func:`mlmodel.infer_signature` take them.

    Raises:
        UnusableExampleError: the file is of another kind, or not what its name says; or no library is installed that
            reads it.
        OSError: it cannot be read.
    """
    readers = {".csv": read_csv, ".json": _json, ".npy": _npy, ".npz": _npz, ".parquet": _parquet}
    reader = readers.get(os.path.splitext(path)[1].lower())
    if reader is None:
        raise UnusableExampleError(
            f"{path}: an example is a {', '.join(list(readers)[:-1])} or .parquet file"
        )
    try:
        return reader(path)
    except ImportError as error:
        raise UnusableExampleError(f"{path} cannot be read here: {error}") from error
    except OSError:
        raise
    except Exception as error:  # each library has its own
        line = next(iter(str(error).splitlines()), type(error).__name__)
        raise UnusableExampleError(f"{path}: {line}") from error


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


def _typed(cells: list[str]) -> list[Any]:
    if all(cell in ("true", "false", "True", "False") for cell in cells):
        return [cell.lower() == "true" for cell in cells]
    given = [cell for cell in cells if cell]
    try:
        if all(map(_INTEGER.fullmatch, given)):
            integers = list(map(int, given))
            if not all(-(2**63) <= value < 2**63 for value in integers):
                return list(cells)  # more digits than a number of the format has: a name
            if len(given) == len(cells):
                return list(integers)
        if all(map(_FLOAT.fullmatch, given)):
            # A column of integers with a missing value is one of doubles, for pandas and for MLflow.
            return [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        pass
    return list(cells)


def _json(path: str) -> Any:
    """``{"columns": ..., "data": ...}`` as a table, everything else as it is."""
    with open(path, encoding="utf-8") as stream:
        data = json.load(stream)
    if isinstance(data, dict) and data.keys() == {"columns", "data"}:
        rows = tuple(map(tuple, data["data"]))
        if any(len(row) != len(data["columns"]) for row in rows):
            raise UnusableExampleError("rows as long as the columns are expected")
        return Table(tuple(data["columns"]), rows)
    return data


def _npy(path: str) -> Any:
    import numpy

    return numpy.load(path, allow_pickle=False)


def _npz(path: str) -> Any:
    """A sparse matrix of scipy, or the arrays under their names."""
    import numpy

    with numpy.load(path, allow_pickle=False) as archive:
        arrays = dict(archive)
    if "format" not in arrays:
        return arrays
    import scipy.sparse

    return scipy.sparse.load_npz(path)


def _parquet(path: str) -> Any:
    if find_spec("pyarrow") is not None:
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path)
    for name in ("polars", "pandas"):
        if find_spec(name) is not None:
            return __import__(name).read_parquet(path)
    raise ImportError("parquet is read by pyarrow, polars or pandas, and none is installed")
