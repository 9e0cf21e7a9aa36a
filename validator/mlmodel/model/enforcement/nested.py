"""Single values of any type of the signature (``_enforce_type`` of ``mlflow/models/utils.py``)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.model.enforcement.columns import Column, column, convert, is_missing
from mlmodel.model.enforcement.misfits import RefusedError
from mlmodel.model.signatures import SCALARS

if TYPE_CHECKING:
    from mlmodel.model.enforcement.readers import Reader

_VECTOR = {"type": "double"}


def conform(value: Any, spec: dict[str, Any], reader: Reader, *, required: bool = True) -> Any:
    """A value as the type says.

    Raises:
        RefusedError: it is no value of the type; ``steps`` lead to the part that is wrong.
    """
    type_ = spec["type"]
    if type_ in SCALARS:
        return _scalar(value, type_, reader, required)
    if type_ in ("array", "sparkml_vector"):
        return _array(value, spec.get("items", _VECTOR), reader, required)
    if type_ == "object":
        return _object(value, spec["properties"], reader, required)
    if type_ == "map":
        return _map(value, spec["values"], reader, required)
    return value


def _scalar(value: Any, type_: str, reader: Reader, required: bool) -> Any:
    if not required and is_missing(value):
        return None
    if not isinstance(value, (bool, int, float, str, bytes)):
        said = "a date that was read before" if isinstance(value, dt.datetime) else describe(value)
        raise RefusedError(f"{said}, where {type_} is expected")
    try:
        return convert(column([value]), type_, reader).values[0]
    except RefusedError as error:
        error.steps = ()
        error.message = f"{error.message}, where {type_} is expected"
        raise


def _array(value: Any, items: dict[str, Any], reader: Reader, required: bool) -> Any:
    if (not required or items["type"] == "any") and (value is None or value == []):
        return value
    if not isinstance(value, list):
        raise RefusedError(f"{describe(value)}, where a list is expected")
    type_ = items["type"]
    if type_ not in SCALARS:
        return [_below(index, each, items, reader, required=required) for index, each in enumerate(value)]
    if not value:
        return value
    try:
        found = convert(column(value), type_, reader)
    except RefusedError as error:
        error.message = f"{error.message}, where {type_} is expected"
        raise
    return _listed(found, value, type_, reader)


def _listed(found: Column, given: list[Any], type_: str, reader: Reader) -> list[Any]:
    """The list after its way over numpy (``to_numpy(dtype=...)``, ``tolist()``)."""
    if type_ == "datetime":
        if reader.keeps_null:
            return list(found.values)
        return [0 for _ in given]  # nanoseconds
    if type_ in ("string", "binary"):
        for index, each in enumerate(given):
            if isinstance(each, list):
                raise RefusedError(f"{describe(each)}, where {type_} is expected", index)
    if type_ == "string":
        return [each if isinstance(each, str) else str(each) for each in given]
    if type_ == "binary":
        for index, each in enumerate(given):
            if isinstance(each, str) and not each.isascii():
                raise RefusedError(f"{describe(each)}, where ASCII text is expected", index)
        return [each if isinstance(each, bytes) else b"" for each in given]
    if type_ == "boolean":
        return [bool(each) for each in given]
    if type_ in ("double", "float"):
        return [float("nan") if each is None else float(each) for each in found.values]
    return list(found.values)


def _object(value: Any, properties: dict[str, Any], reader: Reader, required: bool) -> Any:
    if not required and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise RefusedError(f"{describe(value)}, where an object is expected")
    missing = [name for name, spec in properties.items() if spec.get("required", True) and name not in value]
    if missing:
        raise RefusedError(f"an object without {quoted(missing[0])}, which the signature requires")
    for name in value:
        if name not in properties:
            raise RefusedError(f"the key {quoted(name)}, which the signature does not know", name)
    return {
        name: _below(
            name, each, properties[name], reader, required=bool(properties[name].get("required", True))
        )
        for name, each in value.items()
    }


def _map(value: Any, values: dict[str, Any], reader: Reader, required: bool) -> Any:
    if (not required or values["type"] == "any") and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise RefusedError(f"{describe(value)}, where an object is expected")
    return {name: _below(name, each, values, reader, required=required) for name, each in value.items()}


def _below(step: str | int, value: Any, spec: dict[str, Any], reader: Reader, *, required: bool) -> Any:
    try:
        return conform(value, spec, reader, required=required)
    except RefusedError as error:
        raise error.below(step) from None
