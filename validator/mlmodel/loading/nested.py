"""Single values of any type of the signature: scalars, arrays, objects, maps, and ``any``.

The conversions are those of ``_enforce_type`` of MLflow 3.17.2 (``mlflow.models.utils``), but what the caller gave is
not changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.loading import libraries, wording
from mlmodel.loading.errors import InputError
from mlmodel.loading.scalars import convert
from mlmodel.model.signatures import NUMPY, SCALARS

if TYPE_CHECKING:
    from collections.abc import Mapping

    Spec = Mapping[str, Any]

_VECTOR: Spec = {"type": "double"}
"""What a ``sparkml_vector`` is an array of."""


def conform(label: str, value: Any, spec: Spec, *, required: bool = True) -> Any:
    """A value as the type says.

    Args:
        label: what the value is called in messages; grows on the way down, ``column 'a', row 0, key 'b'``.
        value: what was given.
        spec: a type as :func:`mlmodel.describe` has it.
        required: whether there must be a value.

    Raises:
        InputError: it is no value of the type.
    """
    type_ = spec["type"]
    if type_ in SCALARS:
        return _scalar(label, value, type_, required)
    if type_ in ("array", "sparkml_vector"):
        return _array(label, value, spec.get("items", _VECTOR), required)
    if type_ == "object":
        return _object(label, value, spec["properties"], required)
    if type_ == "map":
        return _map(label, value, spec["values"], required)
    return value


def is_missing(value: Any) -> bool:
    """Whether a value stands for none (``mlflow.types.utils._is_none_or_nan``)."""
    if isinstance(value, float):
        return value != value  # noqa: PLR0124 - NaN is the only such number
    pd = libraries.pandas("a nested value")
    return value is None or value is pd.NA or value is pd.NaT


def _scalar(label: str, value: Any, type_: str, required: bool) -> Any:
    np, pd = libraries.numpy(label), libraries.pandas(label)
    if not required and is_missing(value):
        return None
    if not np.isscalar(value):
        raise InputError(f"{label} is {wording.a_type(value)}, and the signature says {type_}")
    return convert(label, pd.Series(value), type_)[0]


def _array(label: str, value: Any, items: Spec, required: bool) -> Any:
    is_listed = isinstance(value, list) or libraries.is_array(value)
    if (not required or items["type"] == "any") and (value is None or (is_listed and not len(value))):
        return value
    if not is_listed:
        raise InputError(f"{label} is {wording.a_type(value)}, and the signature says array; give a list")
    if items["type"] not in SCALARS:
        found = [
            conform(f"{label}, item {index}", each, items, required=required)
            for index, each in enumerate(value)
        ]
        return libraries.numpy(label).array(found) if libraries.is_array(value) else found
    if not len(value):
        return value
    pd = libraries.pandas(label)
    # The way over numpy has consequences that models have come to expect: halves become numbers of 32 bits.
    array = convert(f"{label}, its items", pd.Series(value), items["type"]).to_numpy(
        dtype=NUMPY[items["type"]]
    )
    if not isinstance(value, list):
        return array
    return pd.Series(array).tolist() if items["type"] == "datetime" else array.tolist()


def _object(label: str, value: Any, properties: Mapping[str, Spec], required: bool) -> Any:
    if not required and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise InputError(f"{label} is {wording.a_type(value)}, and the signature says object; give a dict")
    missing = [name for name, spec in properties.items() if spec["required"] and name not in value]
    if missing:
        raise InputError(f"{label} has no key {', '.join(map(repr, missing))}, which the signature requires")
    extra = [name for name in value if name not in properties]
    if extra:
        known = ", ".join(map(repr, properties))
        raise InputError(
            f"{label} has the key {', '.join(map(repr, extra))}, which the signature does not know (it knows {known})"
        )
    return {
        name: conform(f"{label}, key {name!r}", each, properties[name], required=properties[name]["required"])
        for name, each in value.items()
    }


def _map(label: str, value: Any, values: Spec, required: bool) -> Any:
    if (not required or values["type"] == "any") and (value is None or value == {}):
        return value
    if not isinstance(value, dict):
        raise InputError(f"{label} is {wording.a_type(value)}, and the signature says map; give a dict")
    for key in value:
        if not isinstance(key, str):
            raise InputError(f"{label} has the key {key!r}, and keys of a map are strings")
    return {
        key: conform(f"{label}, key {key!r}", each, values, required=required) for key, each in value.items()
    }
