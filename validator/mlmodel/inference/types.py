"""Types as the JSON values that the MLmodel file says them with, and how two become one.

The rules are those of MLflow 3.17.2 (``mlflow/types/schema.py``, the ``_merge`` methods).
"""

from __future__ import annotations

from typing import Any

from mlmodel.inference.errors import UntypedError

Type = dict[str, Any]
"""``{"type": "long"}``, ``{"type": "array", "items": ...}`` and so on."""

_NUMBERS = {"integer", "long", "float", "double"}

ANY: Type = {"type": "any"}


def scalar(name: str) -> Type:
    """One of the eight scalar types."""
    return {"type": name}


def array(items: Type) -> Type:
    """A list of values of one type."""
    return {"type": "array", "items": items}


def mapping(values: Type) -> Type:
    """A dictionary of any keys, with values of one type."""
    return {"type": "map", "values": values}


def structure(properties: dict[str, tuple[Type, bool]]) -> Type:
    """A dictionary of known keys: the type of each, and whether it is required.  MLflow sorts them by name.

    Raises:
        UntypedError: there are none; or a key is not text.
    """
    if not properties:
        raise UntypedError("an object without properties has no type in a signature")
    for name in properties:
        if not isinstance(name, str):
            raise UntypedError(
                f"the key {name!r} of a dictionary is not text, as the names of properties are"
            )
    return {
        "type": "object",
        "properties": {name: _property(*properties[name]) for name in sorted(properties)},
    }


def column(type_: Type, name: Any = None, *, required: bool = True) -> dict[str, Any]:
    """A column spec; without a name where that is None."""
    named = {} if name is None else {"name": name}
    return {**type_, **named, "required": required}


def tensor(dtype: str, shape: tuple[int, ...], name: Any = None) -> dict[str, Any]:
    """A tensor spec, whose first dimension is that of the rows."""
    if not shape:
        raise UntypedError(
            "a tensor of no dimensions has no rows; give an array with a first dimension for them"
        )
    named = {} if name is None else {"name": name}
    return {**named, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, *shape[1:]]}}


def merged(one: Type, other: Type) -> Type:
    """The type that the values of both are of.

    Raises:
        UntypedError: there is none.
    """
    if one == ANY:
        return ANY if other == ANY else merged(other, one)
    if one["type"] == "object":
        if other == ANY:
            return _optional(one)
        if other["type"] == "object":
            return one if one == other else _united(one["properties"], other["properties"])
    elif other in (one, ANY):
        return one
    elif one["type"] == other["type"] == "array":
        return array(merged(one["items"], other["items"]))
    elif one["type"] == other["type"] == "map":
        return mapping(merged(one["values"], other["values"]))
    instead = "; make all of them floats" if {one["type"], other["type"]} <= _NUMBERS else ""
    raise UntypedError(
        f"values of the types {one['type']} and {other['type']} stand where one type is expected{instead}"
    )


def _property(type_: Type, required: bool) -> dict[str, Any]:
    return {**type_, "required": required}


def _split(property_: dict[str, Any]) -> tuple[Type, bool]:
    type_ = dict(property_)
    return type_, type_.pop("required")


def _optional(object_: Type) -> Type:
    return structure({name: (_split(each)[0], False) for name, each in object_["properties"].items()})


def _united(ones: dict[str, Any], others: dict[str, Any]) -> Type:
    properties = {}
    for name in {**ones, **others}:
        if name in ones and name in others:
            (one, first), (other, second) = _split(ones[name]), _split(others[name])
            properties[name] = (merged(one, other), first and second)
        else:
            properties[name] = (_split(ones.get(name) or others[name])[0], False)
    return structure(properties)
