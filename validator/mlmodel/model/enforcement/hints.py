"""Input of models whose signature was made from type hints: the model itself checks it, by its hints.

Of the hints only the signature is known, which says less.  What is refused here, every hint of that signature refuses
(``_validate_data_against_type_hint`` of ``mlflow/types/type_hints.py``, MLflow 2.20 and later).
"""

from __future__ import annotations

from typing import Any

from mlmodel.common.texts import describe
from mlmodel.model.enforcement.misfits import RefusedError

_SCALARS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "long": (int,),
    "double": (float, int),
    "string": (str,),
}


def check(value: Any, spec: dict[str, Any]) -> None:
    """Refuse a value that no hint with the type of the signature takes.

    Raises:
        RefusedError: it is none; ``steps`` lead to the part that is wrong.
    """
    type_ = spec["type"]
    if type_ in _SCALARS and not isinstance(value, _SCALARS[type_]):
        raise RefusedError(f"{describe(value)}, where {type_} is expected")
    if type_ == "array":
        if not isinstance(value, list):
            raise RefusedError(f"{describe(value)}, where a list is expected")
        for index, each in enumerate(value):
            _below(each, spec["items"], index)
    elif type_ == "map":
        if not isinstance(value, dict):
            raise RefusedError(f"{describe(value)}, where an object is expected")
        for name, each in value.items():
            _below(each, spec["values"], name)
    elif type_ == "object":
        _properties(value, spec["properties"])


def _properties(value: Any, properties: dict[str, Any]) -> None:
    if not isinstance(value, dict):
        raise RefusedError(f"{describe(value)}, where an object is expected")
    for name, spec in properties.items():
        # A field with a default may be missing, although the signature says that it is required.
        if name in value and (spec.get("required", True) or value[name] is not None):
            _below(value[name], spec, name)


def _below(value: Any, spec: dict[str, Any], step: str | int) -> None:
    try:
        check(value, spec)
    except RefusedError as error:
        raise error.below(step) from None
