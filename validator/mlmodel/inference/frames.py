"""The columns of tables: our own, and those of pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import is_missing
from mlmodel.inference.values import common, of_dtype

if TYPE_CHECKING:
    from mlmodel.inference.tables import Table
    from mlmodel.inference.types import Type


def of_table(table: Table) -> list[dict[str, Any]]:
    """The column specs of a table: those of the data frame that pandas makes of it."""
    columns = []
    for index, name in enumerate(table.columns):
        values = table.column(index)
        columns.append(types.column(_named(name, _of_values, values), name, required=_complete(values)))
    return columns


def of_pandas(data: Any) -> list[dict[str, Any]]:
    """The column specs of a data frame or a series (MLflow 3.17.2, ``types.utils._infer_pandas_column``)."""
    if not hasattr(data, "columns"):
        column = _of_series(data, data.name)
        # A column without a name cannot be left out (MLflow 3.18).
        return [{**column, "required": True} if data.name is None else column]
    if data.columns.nlevels > 1:
        raise UntypedError(
            "columns of several levels have no names in a signature; flatten them to text first"
        )
    if not data.columns.is_unique:
        twice = data.columns[data.columns.duplicated()][0]
        raise UntypedError(f"two columns are called {twice!r}; rename one")
    return [_of_series(data[name], name) for name in data.columns.tolist()]


def _of_series(series: Any, name: Any) -> dict[str, Any]:
    return types.column(
        _named(name, _pandas_type, series), name, required=not bool(series.isna().to_numpy().any())
    )


def _pandas_type(series: Any) -> Type:
    if type(series.dtype).__name__ == "SparseDtype":
        raise UntypedError(
            f"sparse values ({series.dtype}) have no type in a signature, and MLflow refuses them when the model predicts;"
            " make them dense (.sparse.to_dense())"
        )
    if series.dtype.kind == "O":
        series = series.infer_objects()
    if series.dtype.kind == "O":
        return _of_objects(series.to_list())
    return types.scalar(of_dtype(series.dtype))


def _of_values(values: list[Any]) -> Type:
    """The type of the column that pandas makes of values: numbers are floats as soon as one is, or is missing."""
    kinds = {type(value) for value in values if value is not None}
    if kinds and kinds <= {int, float}:
        return types.scalar("double" if float in kinds or None in values else "long")
    return _of_objects(values)


def _of_objects(values: list[Any]) -> Type:
    # Texts of a class of their own are texts in a column, only there.
    if all(isinstance(value, str) for value in values):
        return types.scalar("string")
    found = common(values)
    if found is None:
        raise UntypedError("empty numpy arrays do not say what they hold; give some that have values")
    return found


def _complete(values: list[Any]) -> bool:
    return not any(map(is_missing, values))


def _named(name: Any, infer: Any, values: Any) -> Type:
    try:
        type_: Type = infer(values)
    except UntypedError as error:
        raise UntypedError(f"column {name!r}: {error}" if name is not None else str(error)) from None
    return type_
