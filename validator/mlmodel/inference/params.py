"""Params: what a model takes beside its rows, with the values it takes where none is given
(MLflow 3.17.2, ``types.utils._infer_param_schema`` and ``types.schema.ParamSpec``)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import is_array, is_from
from mlmodel.inference.values import known

_TYPES: dict[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}
_OF_NUMPY = {
    "bool": "boolean",
    "int32": "integer",
    "int64": "long",
    "float32": "float",
    "float64": "double",
}
_INTEGERS = {"integer", "long"}
_NUMBERS = _INTEGERS | {"float", "double"}


def specs_of_params(params: Any) -> list[dict[str, Any]]:
    """The specs of params, from the values that are their defaults.

    Raises:
        UntypedError: they are not a dictionary; a default is not a scalar, a flat list of scalars of one type, or a
            dictionary of JSON's; two have one name.
    """
    if not isinstance(params, Mapping):
        raise UntypedError(f"params are a dictionary of names and defaults, and not {type(params).__name__}")
    specs: dict[str, dict[str, Any]] = {}
    for key, value in params.items():
        name = str(key)
        if name in specs:
            raise UntypedError(f"two params are called {name!r}")
        try:
            specs[name] = {"name": name, **_spec(value)}
        except UntypedError as error:
            raise UntypedError(f"param {name!r}: {error}") from None
    return list(specs.values())


def _spec(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"default": _object(value), "shape": None, **known(value)}
    if isinstance(value, list) or is_array(value):
        values = list(value) if getattr(value, "ndim", 1) == 1 else None
        if values is None or any(isinstance(each, list) or is_array(each) for each in values):
            raise UntypedError("a list of params has one dimension")
        # MLflow finds no value in an empty list that is not a date.
        type_ = _common([_type(each) for each in values]) if values else "datetime"
        return {"default": [_default(each, type_) for each in values], "shape": [-1], "type": type_}
    type_ = _type(value)
    return {"default": _default(value, type_), "shape": None, "type": type_}


def _object(value: dict[str, Any]) -> Any:
    from mlmodel.model.signatures import fits_object  # which needs PyYAML

    type_ = known(value)
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as error:
        raise UntypedError(f"JSON cannot hold the default: {error}") from None
    default = json.loads(text)
    if type_ == types.ANY or not fits_object(default, type_):
        raise UntypedError("MLflow would not take the default itself for a value of the type that it has")
    return default


def _type(value: Any) -> str:
    if isinstance(value, dt.date) or is_from(value, "numpy", "datetime64"):
        return "datetime"
    found = _TYPES.get(type(value))
    if found is None and is_from(value, "numpy", "generic"):
        found = "string" if value.dtype.kind == "U" else _OF_NUMPY.get(value.dtype.name)
    if found is None:
        raise UntypedError(
            f"a default of {type(value).__module__}.{type(value).__qualname__} has no type; bool, int, float, str,"
            " date, datetime, flat lists of them and dictionaries have one"
        )
    if found == "long" and not -(2**63) <= value < 2**63:
        raise UntypedError(f"{value} needs more than 64 bits")
    return found


def _common(found: list[str]) -> str:
    """The type to which numpy promotes values in one list, if MLflow converts them to it."""
    kinds = set(found)
    if len(kinds) == 1:
        return found[0]
    if kinds <= _INTEGERS:
        return "long"
    if kinds <= _NUMBERS:
        return "double"
    raise UntypedError(f"a list of params has values of one type, and not of {', '.join(sorted(kinds))}")


def _default(value: Any, type_: str) -> Any:
    if type_ == "datetime":
        if not isinstance(value, dt.date):
            value = value.item()
        elif isinstance(value, dt.datetime) and value.tzinfo is not None:
            value = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
        if not isinstance(value, dt.date):
            raise UntypedError(
                "a date of numpy finer than microseconds, or none, has no text; give a datetime"
            )
        return value.isoformat()
    if type_ in ("float", "double"):
        return float(value)
    return {"boolean": bool, "string": str}.get(type_, int)(value)
