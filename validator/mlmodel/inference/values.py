"""The types of values of Python and numpy (MLflow 3.17.2, ``types.utils._infer_datatype``)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import is_array, is_from, is_missing, is_pydantic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.inference.types import Type

_SCALARS: dict[type, str] = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "binary",
    bytearray: "binary",
    dt.date: "datetime",
    dt.datetime: "datetime",
}
_INSTEAD = {
    "tuple": "give a list",
    "set": "give a list",
    "Decimal": "give a float or a string",
    "Fraction": "give a float",
    "complex": "give its parts as floats",
    "time": "give a datetime or a string",
    "timedelta": "give a number of seconds",
    "UUID": "give a string",
    "Tensor": "give a tensor alone, in a dictionary of tensors, or as a list",
}


def type_of(value: Any) -> Type | None:
    """The type of a value; None where an empty numpy array leaves it open.

    Raises:
        UntypedError: it has none.
    """
    plain = _SCALARS.get(type(value))
    if plain is not None and value == value:  # noqa: PLR0124 - not NaN; most values are such
        return types.scalar(plain)
    if is_missing(value) or (isinstance(value, (list, dict)) and not value):
        return types.ANY
    if isinstance(value, dict):
        return types.structure({key: _property(key, each) for key, each in value.items()})
    if is_array(value) and not value.ndim:
        raise UntypedError("a numpy array of no dimensions has no items; give a scalar")
    if isinstance(value, list) or is_array(value):
        items = common(value)
        return None if items is None else types.array(items)
    if is_pydantic(type(value)):
        from mlmodel.inference.hints import type_of_hint

        return type_of_hint(type(value))[0]
    return types.scalar(scalar_of(value))


def known(value: Any) -> Type:
    """The type of a value.

    Raises:
        UntypedError: it has none, or an empty numpy array leaves it open.
    """
    found = type_of(value)
    if found is None:
        raise UntypedError("an empty numpy array does not say what it holds; give one that has values")
    return found


def common(values: Iterable[Any]) -> Type | None:
    """The one type of all values; None where there is none that says anything.

    Raises:
        UntypedError: one has no type, or they have several.
    """
    found: Type | None = None
    for each in values:
        type_ = type_of(each)
        if type_ is not None:
            found = type_ if found is None else types.merged(found, type_)
    return found


def scalar_of(value: Any) -> str:
    """The name of the scalar type of a value.

    Raises:
        UntypedError: it has none.
    """
    kind = type(value)
    if kind in _SCALARS:
        return _SCALARS[kind]
    if is_from(value, "pandas", "Timestamp"):
        return "datetime"
    if is_from(value, "numpy", "generic"):
        return of_dtype(value.dtype)
    instead = _INSTEAD.get(kind.__name__)
    raise UntypedError(
        f"a value of {kind.__module__}.{kind.__qualname__} has no type in a signature"
        + (f"; {instead}" if instead else "")
    )


def of_dtype(dtype: Any) -> str:
    """The name of the scalar type that holds the values of a dtype of numpy or pandas
    (``types.utils._infer_numpy_dtype``).

    Raises:
        UntypedError: none does.
    """
    kind = dtype.kind
    size = getattr(getattr(dtype, "subtype", dtype), "itemsize", 0)
    # An unsigned integer needs one bit more.
    width = size if kind == "i" else size * 2
    if kind == "b":
        return "boolean"
    if kind in "iu" and width <= 8:
        return "integer" if width <= 4 else "long"
    if kind == "f" and size <= 8:
        return "float" if size <= 4 else "double"
    found = {"U": "string", "S": "binary", "M": "datetime"}.get(kind)
    if found is None:
        instead = {
            "u": "; convert them to int64, or to float64",
            "f": "; convert them to float64",
            "c": "; give real and imaginary parts as floats",
            "m": "; give a number of seconds",
        }.get(kind, "")
        raise UntypedError(f"values of the dtype {dtype} have no type in a signature{instead}")
    return found


def _property(name: Any, value: Any) -> tuple[Type, bool]:
    try:
        type_ = known(value)
    except UntypedError as error:
        raise UntypedError(f"{name}: {error}") from None
    return type_, type_ != types.ANY
