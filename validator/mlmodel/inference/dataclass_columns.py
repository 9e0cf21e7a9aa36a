"""The columns that a dataclass states (MLflow 3.17.2, ``types.schema.convert_dataclass_to_schema``)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types as python
import typing
from typing import TYPE_CHECKING, Any, Union

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.hints import said

if TYPE_CHECKING:
    from mlmodel.inference.types import Type

# Not as in other hints: here a float has 32 bits.
_SCALARS = {
    bool: "boolean",
    int: "long",
    float: "float",
    str: "string",
    bytes: "binary",
    dt.date: "datetime",
    dt.datetime: "datetime",
}


def of_dataclass(value: Any) -> list[dict[str, Any]]:
    """A column for each field of a dataclass or of an instance of one; its values do not matter.

    Raises:
        UntypedError: a field has a hint that a signature cannot say.
    """
    fields = _fields(value if isinstance(value, type) else type(value), ())
    return [types.column(type_, name, required=required) for name, (type_, required) in fields.items()]


def _fields(kind: Any, above: tuple[Any, ...]) -> dict[str, tuple[Type, bool]]:
    if kind in above:
        raise UntypedError(f"{kind.__name__} holds itself, which no signature can say")
    try:
        hints = typing.get_type_hints(kind)
    except (TypeError, NameError) as error:
        raise UntypedError(f"the hints of {kind.__name__} cannot be read: {error}") from error
    found = {}
    for field in dataclasses.fields(kind):
        hint, required = hints[field.name], True
        if typing.get_origin(hint) in (Union, python.UnionType):
            others = [each for each in typing.get_args(hint) if each is not type(None)]
            if len(others) != 1:
                raise UntypedError(
                    f"{kind.__name__}.{field.name} is {said(hint)}; a field has one type, or None"
                )
            hint, required = others[0], False
        try:
            found[field.name] = (_type(hint, (*above, kind)), required)
        except UntypedError as error:
            raise UntypedError(f"{kind.__name__}.{field.name}: {error}") from None
    return found


def _type(hint: Any, above: tuple[Any, ...]) -> Type:
    if typing.get_origin(hint) is list:
        return types.array(_type(typing.get_args(hint)[0], above))
    if dataclasses.is_dataclass(hint):
        return types.structure(_fields(hint, above))
    if hint not in _SCALARS:
        raise UntypedError(f"the hint {said(hint)} has no type in a signature")
    return types.scalar(_SCALARS[hint])
