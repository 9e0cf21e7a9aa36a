"""input_example.json and serving_input_example.json in MLflow's forms, without pandas
(MLflow 3.17.2, ``models.utils._Example``)."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import numbers
from collections.abc import Mapping
from typing import Any

from mlmodel.common.records import Record
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import (
    is_array,
    is_arrow,
    is_frame,
    is_from,
    is_missing,
    is_polars,
    is_pydantic,
    is_sparse,
    is_tensor,
    is_torch,
)
from mlmodel.inference.tables import Table

__all__ = ["Table", "UnusableExampleError", "files", "split"]

# A dictionary with one of these is a request to a language model, and served as it is.
_UNIFIED = ("messages", "prompt", "input")


class UnusableExampleError(ValueError):
    """The example has no form that MLflow reads."""


class _Form(Record):
    """What is written, what a server is sent, and what the MLmodel file says of it."""

    body: Any
    served: dict[str, Any]
    info: dict[str, str]


def files(example: object) -> tuple[dict[str, bytes], dict[str, str]]:
    """The two files, and what the MLmodel file says of them (``saved_input_example_info``), as MLflow writes them
    since 2.16.

    Other than there, values that are missing or infinite are null everywhere: JSON has no NaN, ``NaT`` or infinity.

    Takes what :func:`mlmodel.infer_signature` takes, hints aside, and a pair of that and a dictionary of params.

    Raises:
        UnusableExampleError: it is something else, or JSON cannot hold it.
    """
    data, params = split(example)
    try:
        form = _formed(data)
        body, served = _plain(form.body), _plain(form.served)
        if params:
            given = _plain(params)
            body = {"inputs": body, "params": given}
            # A request to a language model has its params beside the messages.
            served.update(
                given if "inputs" not in served and "dataframe_split" not in served else {"params": given}
            )
        written = {
            "input_example.json": json.dumps(body, allow_nan=False).encode(),
            "serving_input_example.json": json.dumps(served, allow_nan=False, indent=2).encode(),
        }
    except UnusableExampleError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise UnusableExampleError(f"JSON cannot hold the input example: {error}") from error
    info = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
        **form.info,
        **({"params": "true"} if params else {}),
    }
    return written, dict(sorted(info.items()))


def split(example: object) -> tuple[Any, Mapping[str, Any] | None]:
    """The data of an example, and its params if it is a pair of both.

    Raises:
        UnusableExampleError: the params have no types.
    """
    if not (isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], Mapping)):
        return example, None
    from mlmodel.inference.params import specs_of_params

    data, params = example
    try:
        specs_of_params(params)
    except UntypedError as error:
        raise UnusableExampleError(str(error)) from error
    return data, params


def _formed(data: Any) -> _Form:
    if is_pydantic(type(data)):
        data = data.model_dump()
    if isinstance(data, Table) or is_frame(data) or is_polars(data) or is_arrow(data):
        columns, rows = _rows(data)
        if columns == list(range(len(columns))):
            body, orient = {"data": rows}, "values"
        else:
            body, orient = {"columns": columns, "data": rows}, "split"
        return _Form(body, {"dataframe_split": body}, {"type": "dataframe", "pandas_orient": orient})
    if isinstance(data, dict) and any(map(is_tensor, data.values())):
        if not all(map(is_tensor, data.values())):
            raise UnusableExampleError(
                "a dictionary holds arrays or other values, and not both; call tolist()"
            )
        return _inputs({name: _listed(value) for name, value in data.items()}, "ndarray")
    if is_tensor(data):
        return _inputs(_listed(data), "ndarray")
    if is_sparse(data):
        kind = "csc" if is_from(data, "scipy", "csc_matrix") else "csr"
        body = {
            "data": data.data.tolist(),
            "indices": data.indices.tolist(),
            "indptr": data.indptr.tolist(),
            "shape": list(data.shape),
        }
        return _Form(body, {"inputs": data.toarray().tolist()}, {"type": f"sparse_matrix_{kind}"})
    if isinstance(data, dict) and any(name in data for name in _UNIFIED):
        return _Form(data, dict(data), {"type": "json_object"})
    if isinstance(data, list) and _holds_arrays(data):
        raise UnusableExampleError("MLflow reads no list of arrays; give one array, or call tolist()")
    if isinstance(data, (list, dict, str, bytes, numbers.Number, dt.date)) or is_from(
        data, "numpy", "generic"
    ):
        return _inputs(data, "json_object")
    raise UnusableExampleError(
        "an input example is a table, a data frame, an array, a tensor, a sparse matrix, a list, a dictionary or a"
        f" scalar, and not {type(data).__module__}.{type(data).__qualname__}"
    )


def _inputs(body: Any, type_: str) -> _Form:
    return _Form(body, {"inputs": body}, {"type": type_})


def _rows(data: Any) -> tuple[list[Any], list[list[Any]]]:
    if isinstance(data, Table):
        return list(data.columns), [list(row) for row in data.rows]
    if hasattr(data, "to_frame"):  # a series of pandas or polars; a data frame has no such method
        data = data.to_frame()
    if is_frame(data):
        values = [data.iloc[:, index].tolist() for index in range(data.shape[1])]
        return data.columns.tolist(), [list(row) for row in zip(*values, strict=True)]
    if is_polars(data):
        return list(data.columns), [list(row) for row in data.rows()]
    if hasattr(data, "column_names"):
        values = [column.to_pylist() for column in data.columns]
        return list(data.column_names), [list(row) for row in zip(*values, strict=True)]
    return [0], [[value] for value in data.to_pylist()]


def _listed(tensor: Any) -> Any:
    return (tensor.detach().cpu() if is_torch(tensor) else tensor).tolist()


def _holds_arrays(data: Any) -> bool:
    if isinstance(data, (list, dict)):
        return any(map(_holds_arrays, data.values() if isinstance(data, dict) else data))
    return is_tensor(data)


def _plain(value: Any) -> Any:
    """A value as JSON holds it (``utils.proto_json_utils.NumpyEncoder``)."""
    if is_missing(value):
        return None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (bytes, bytearray)):
        return base64.encodebytes(value).decode("ascii")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if is_array(value):
        return _plain(value.tolist())
    if is_from(value, "numpy", "generic"):
        return _plain(value.item())
    if is_pydantic(type(value)):
        return _plain(value.model_dump())
    return value
