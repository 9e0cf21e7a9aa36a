"""Data to signatures."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from mlmodel.inference import column_warnings, types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import (
    is_array,
    is_arrow,
    is_frame,
    is_from,
    is_missing,
    is_polars,
    is_sparse,
    is_tensor,
)
from mlmodel.inference.signature import Signature
from mlmodel.inference.tables import Table
from mlmodel.inference.values import common, known

if TYPE_CHECKING:
    from collections.abc import Mapping


def infer_signature(
    inputs: Any = None, outputs: Any = None, params: Mapping[str, Any] | None = None
) -> Signature:
    """The signature of data: the same texts as MLflow 3.17.2 writes for what it accepts (``infer_signature``).

    No library is imported that the data do not come from.

    Args:
        inputs: what the model is given: a data frame or series of pandas or polars, a table or array of pyarrow, an
            array of numpy, a tensor of torch, a ``csr_matrix`` or ``csc_matrix`` of scipy, a dictionary of arrays,
            lists, dictionaries and scalars of Python, a :class:`Table`, a dataclass, a model of pydantic, or a type
            hint such as ``list[str]``.
        outputs: what the model answers, in the same forms.
        params: names and defaults of what ``predict`` takes beside its input.

    Warns:
        SignatureWarning: integer columns, which cannot hold missing values, and columns of 32 bits.

    Raises:
        UntypedError: something has no type in a signature, where MLflow records ``any`` and says so in its log; or
            all three are None.
    """
    if inputs is None and outputs is None and not params:
        raise UntypedError("a signature has inputs, outputs or params")
    columns = _specs("inputs", inputs) if inputs is not None else None
    answered = _specs("outputs", outputs) if outputs is not None else None
    if params:
        from mlmodel.inference.params import specs_of_params

        stated = json.dumps(specs_of_params(params))
    else:
        stated = None
    if columns is not None:
        column_warnings.warn(columns, stacklevel=2)
    return Signature(
        None if columns is None else json.dumps(columns),
        None if answered is None else json.dumps(answered),
        stated,
    )


def specs(data: Any) -> list[dict[str, Any]]:
    """The columns or tensors of data.

    Raises:
        UntypedError: a signature cannot say them.
    """
    if isinstance(data, Table):
        from mlmodel.inference.frames import of_table

        return of_table(data)
    if dataclasses.is_dataclass(data):
        from mlmodel.inference.dataclass_columns import of_dataclass

        return of_dataclass(data)
    if isinstance(data, list):
        return _of_list(data)
    if isinstance(data, dict):
        return _of_dict(data)
    if is_frame(data):
        from mlmodel.inference.frames import of_pandas

        return of_pandas(data)
    if is_polars(data) or is_arrow(data):
        from mlmodel.inference.typed_frames import of_typed

        return of_typed(data)
    if is_tensor(data) or is_sparse(data):
        from mlmodel.inference.arrays import of_tensor

        return [of_tensor(data)]
    return _of_other(data)


def _specs(section: str, data: Any) -> list[dict[str, Any]]:
    try:
        return _consistent(specs(data))
    except UntypedError as error:
        raise UntypedError(f"{section}: {error}") from None
    except RecursionError:
        raise UntypedError(f"{section}: the data are nested too deeply, or hold themselves") from None


def _consistent(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items, if MLflow makes a schema of them (``types.schema.Schema``)."""
    if not items:
        raise UntypedError("there are no columns")
    names = [item.get("name") for item in items]
    for name in names:
        if name is not None and not isinstance(name, (str, int)):
            raise UntypedError(f"{name!r} is no name; those of columns are text")
    if None in names and any(name is not None for name in names):
        raise UntypedError("some columns have names and others have none; name all of them")
    if names.count(None) < len(names) and len(set(names)) < len(names):
        raise UntypedError("two columns have the same name")
    if names[0] is None and not all(item.get("required", True) for item in items):
        raise UntypedError(
            "values are missing in a column that has no name, which MLflow cannot read; name it"
        )
    return items


def _of_list(data: list[Any]) -> list[dict[str, Any]]:
    """A list is one column without a name, or rows of named columns if it is of dictionaries."""
    if not data:
        return [types.column(types.scalar("string"))]
    if not all(isinstance(row, dict) for row in data):
        return [types.column(_common(data))]
    columns: dict[Any, list[Any]] = {}
    for row in data:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return [
        types.column(_common(values, name), name, required=all(row.get(name) is not None for row in data))
        for name, values in columns.items()
    ]


def _common(values: list[Any], name: Any = None) -> types.Type:
    try:
        found = common(values)
    except UntypedError as error:
        raise UntypedError(str(error) if name is None else f"{name}: {error}") from None
    if found is None:
        raise UntypedError("an empty numpy array does not say what it holds; give one that has values")
    return found


def _of_dict(data: dict[Any, Any]) -> list[dict[str, Any]]:
    """A dictionary is named tensors if all of its values are, else one row of named columns."""
    if data and all(map(is_tensor, data.values())):
        from mlmodel.inference.arrays import of_tensor

        return [of_tensor(value, name) for name, value in data.items()]
    columns = []
    for name, value in data.items():
        if not isinstance(name, str):
            raise UntypedError(f"the key {name!r} of a dictionary is not text, as the names of columns are")
        whole = not any(map(is_missing, value)) if isinstance(value, list) else not is_missing(value)
        try:
            columns.append(types.column(known(value), name, required=whole))
        except UntypedError as error:
            raise UntypedError(f"{name}: {error}") from None
    return columns


def _of_other(data: Any) -> list[dict[str, Any]]:
    from mlmodel.inference.hints import is_hint, of_hint

    if is_hint(data):
        return of_hint(data)
    if is_from(data, "polars", "LazyFrame"):
        raise UntypedError("a LazyFrame has no rows yet; call collect()")
    if type(data).__module__.startswith("scipy.sparse"):
        raise UntypedError(
            f"MLflow reads csr_matrix and csc_matrix, and not {type(data).__name__}; convert it"
        )
    if not hasattr(data, "dtype") or is_from(data, "numpy", "generic"):
        return [types.column(known(data))]
    import numpy

    # Arrays of other libraries: jax, tensorflow, cupy say how they become one of numpy.
    array = numpy.asarray(data)
    if not is_array(array) or array.dtype.kind == "O":
        raise UntypedError(
            f"{type(data).__module__}.{type(data).__qualname__} is not a form of data that is known"
        )
    return specs(array)
