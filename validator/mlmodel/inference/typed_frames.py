"""The columns of polars and pyarrow, whose types are stated and not found in values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import is_polars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlmodel.inference.types import Type

_POLARS = {
    "boolean": ("Boolean",),
    "integer": ("Int8", "Int16", "Int32", "UInt8", "UInt16"),
    "long": ("Int64", "UInt32"),
    "float": ("Float16", "Float32"),
    "double": ("Float64",),
    "string": ("String", "Utf8", "Categorical", "Enum"),
    "binary": ("Binary",),
    "datetime": ("Date", "Datetime"),
}
_ARROW = {
    "boolean": ("bool",),
    "integer": ("int8", "int16", "int32", "uint8", "uint16"),
    "long": ("int64", "uint32"),
    "float": ("halffloat", "float"),
    "double": ("double",),
    "string": ("string", "large_string", "string_view"),
    "binary": ("binary", "large_binary", "binary_view", "fixed_size_binary"),
    "datetime": ("date32", "date64", "timestamp"),
}


def of_typed(data: Any) -> list[dict[str, Any]]:
    """The column specs of a table, or of a single column, of polars or pyarrow."""
    polars = is_polars(data)
    names = getattr(data, "columns" if polars else "column_names", None)
    read = _of_polars if polars else _of_arrow
    if names is None:
        return [_column(data, getattr(data, "name", None) or None, read)]
    return [_column(data[index if not polars else name], name, read) for index, name in enumerate(names)]


def _column(values: Any, name: str | None, read: Callable[[Any], Type]) -> dict[str, Any]:
    is_arrow = read is _of_arrow
    try:
        type_ = read(values.type if is_arrow else values.dtype)
    except UntypedError as error:
        raise UntypedError(f"column {name!r}: {error}") from None
    missing = values.null_count if is_arrow else values.null_count()
    if type_["type"] in ("float", "double"):
        missing = missing or _has_nan(values, is_arrow=is_arrow)
    elif "items" in type_ or "properties" in type_ or "values" in type_:
        type_ = _loosened(type_, values.to_pylist() if is_arrow else values.to_list())
    return types.column(type_, name, required=not missing)


def _has_nan(values: Any, *, is_arrow: bool) -> bool:
    if not is_arrow:
        return bool(values.is_nan().any())
    import pyarrow
    import pyarrow.compute

    # There is no function for halves.
    wide = values.cast(pyarrow.float64())
    return bool(pyarrow.compute.any(pyarrow.compute.is_nan(wide)).as_py())


def _of_polars(dtype: Any) -> Type:
    name = dtype.base_type().__name__
    if name in ("List", "Array"):
        return types.array(_of_polars(dtype.inner))
    if name == "Struct":
        return types.structure({field.name: (_of_polars(field.dtype), True) for field in dtype.fields})
    return _scalar(name, dtype, _POLARS, "Null")


def _of_arrow(dtype: Any) -> Type:
    name = str(dtype).partition("[")[0].partition("<")[0]
    if name in ("list", "large_list", "fixed_size_list", "list_view", "large_list_view"):
        return types.array(_of_arrow(dtype.value_type))
    if name == "struct":
        fields = [dtype.field(index) for index in range(dtype.num_fields)]
        return types.structure({field.name: (_of_arrow(field.type), True) for field in fields})
    if name == "map":
        return types.mapping(_of_arrow(dtype.item_type))
    if name == "dictionary":
        return _of_arrow(dtype.value_type)
    return _scalar(name, dtype, _ARROW, "null")


def _scalar(name: str, dtype: Any, known: dict[str, tuple[str, ...]], nothing: str) -> Type:
    if name == nothing:
        return types.ANY
    for type_, names in known.items():
        if name in names:
            return types.scalar(type_)
    instead = "int64, or float64" if name.lower().startswith("uint") else "float64 or text"
    raise UntypedError(f"values of the type {dtype} have no type in a signature; convert them to {instead}")


def _loosened(type_: Type, values: Iterable[Any]) -> Type:
    """The type whose properties are required only if no value lacks them."""
    given = [value for value in values if value is not None]
    if "items" in type_:
        return types.array(_loosened(type_["items"], [each for value in given for each in value]))
    if "values" in type_:
        return types.mapping(_loosened(type_["values"], [each for value in given for _, each in value]))
    if "properties" not in type_:
        return type_
    properties = {}
    for name, each in type_["properties"].items():
        inner = {key: part for key, part in each.items() if key != "required"}
        found = [value[name] for value in given]
        properties[name] = (_loosened(inner, found), None not in found)
    return types.structure(properties)
