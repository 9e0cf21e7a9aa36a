"""Types from hints: what a function says of its input and its answer (MLflow 3.17.2, ``mlflow/types/type_hints.py``)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types as python
import typing
from typing import TYPE_CHECKING, Annotated, Any, Union

from mlmodel.inference import types
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.libraries import is_pydantic

if TYPE_CHECKING:
    from mlmodel.inference.types import Type

_SCALARS: dict[Any, str] = {
    int: "long",
    str: "string",
    bool: "boolean",
    float: "double",
    bytes: "binary",
    dt.datetime: "datetime",
    dt.date: "datetime",
}
_NONE = type(None)


def is_hint(value: object) -> bool:
    """Whether a value is a hint, not data: a class, or a form of :mod:`typing` such as ``list[str]``."""
    return isinstance(value, type) or typing.get_origin(value) is not None or value is Any


def of_hint(hint: Any) -> list[dict[str, Any]]:
    """The columns of what a hint states: for ``list[...]`` those of a row, since a signature is that of a row.

    Raises:
        UntypedError: a signature cannot say it.
    """
    if typing.get_origin(hint) is list:
        (hint,) = typing.get_args(hint) or (list,)
    type_, required = type_of_hint(hint)
    if not required:
        raise UntypedError(
            f"the input cannot be left out, but the hint is {said(hint)}; use a model with such a field"
        )
    return [types.column(type_)]


def type_of_hint(hint: Any, above: tuple[Any, ...] = ()) -> tuple[Type, bool]:
    """The type that a hint states, and whether a value is required.

    Args:
        hint: what stands behind the colon.
        above: the models in which it stands.

    Raises:
        UntypedError: a signature cannot say it.
    """
    if hint is Any:
        return types.ANY, True
    if isinstance(hint, type) and hint in _SCALARS:
        return types.scalar(_SCALARS[hint]), True
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return type_of_hint(inner[0], above)
    if origin is list and len(inner) == 1:
        return types.array(type_of_hint(inner[0], above)[0]), True
    if origin is dict and len(inner) == 2:
        if inner[0] is not str:
            raise UntypedError(f"the keys of {said(hint)} must be str, as in JSON")
        return types.mapping(type_of_hint(inner[1], above)[0]), True
    if origin in (Union, python.UnionType):
        others = [each for each in inner if each is not _NONE]
        type_ = type_of_hint(others[0], above)[0] if len(others) == 1 else types.ANY
        return type_, _NONE not in inner
    if is_pydantic(hint) or (dataclasses.is_dataclass(hint) and isinstance(hint, type)):
        if hint in above:
            raise UntypedError(
                f"{hint.__name__} holds itself, which no signature can say; use Any for that field"
            )
        return _of_model(hint, (*above, hint)), True
    if hint in (list, dict, tuple, set):
        raise UntypedError(f"{said(hint)} does not say what it holds; write list[...] or dict[str, ...]")
    raise UntypedError(
        f"the hint {said(hint)} has no type in a signature; int, float, bool, str, bytes, datetime, list[...],"
        " dict[str, ...], Any and models of pydantic have one"
    )


def said(hint: Any) -> str:
    """A hint as it is written."""
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def _of_model(model: Any, above: tuple[Any, ...]) -> Type:
    """The fields of a model of pydantic, or of a dataclass inside one."""
    properties = {}
    for name, (hint, optional) in _fields(model).items():
        try:
            properties[name] = type_of_hint(hint, above)
        except UntypedError as error:
            raise UntypedError(f"{model.__name__}.{name}: {error}") from None
        if not (properties[name][1] or optional):
            raise UntypedError(f"{model.__name__}.{name} may be None, but has no default; set it to None")
    return types.structure(properties)


def _fields(model: Any) -> dict[str, tuple[Any, bool]]:
    """The hint of each field, and whether it has a default."""
    if is_pydantic(model):
        return {
            name: (field.annotation, not field.is_required()) for name, field in model.model_fields.items()
        }
    try:
        hints = typing.get_type_hints(model)
    except (TypeError, NameError) as error:
        raise UntypedError(f"the hints of {model.__name__} cannot be read: {error}") from error
    # MLflow asks no field of a dataclass for a default.
    return {field.name: (hints[field.name], True) for field in dataclasses.fields(model)}
