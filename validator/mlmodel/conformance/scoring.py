"""Inputs and predictions in the JSON of MLflow's scoring server, from and to values of Python."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Spec = Mapping[str, Any]


_NUMBERS = {"integer": ("int32", "i"), "float": ("float32", "if"), "double": ("float64", "if")}
"""The types of columns that pandas reads as another: their dtype, and the kinds of numbers that become it."""


def data_of(given: Mapping[str, Any], specs: Sequence[Spec] | None) -> Any:
    """What a model is to predict for.

    Args:
        given: an object with ``dataframe_split``, ``dataframe_records``, ``inputs`` or ``instances``.
        specs: the inputs of the signature, as :func:`mlmodel.describe` has them; None without.

    Returns:
        A data frame, an array, a dict of arrays, or the JSON value where nothing says what it is.

    Raises:
        ValueError: it has none of these keys, or values that the signature's types do not have.
    """
    import pandas as pd

    types = {spec["name"]: spec["type"] for spec in specs or ()}
    if "dataframe_split" in given:
        split = given["dataframe_split"]
        return _typed(pd.DataFrame(split["data"], columns=split.get("columns")), types)
    if "dataframe_records" in given:
        return _typed(pd.DataFrame(given["dataframe_records"]), types)
    for key in ("inputs", "instances"):
        if key in given:
            return _arrays(given[key], {spec["name"]: spec.get("dtype") for spec in specs or ()})
    raise ValueError("the input has no dataframe_split, dataframe_records, inputs or instances")


def _typed(frame: Any, types: Mapping[str, str]) -> Any:
    """JSON has no bytes, no dates and one kind of numbers: the signature says which they are."""
    import pandas as pd

    for name, type_ in types.items():
        dtype, kinds = _NUMBERS.get(type_, ("", ""))
        if name in frame and frame[name].dtype.kind in kinds:
            found = frame[name].astype(dtype)
            if type_ != "integer" or (found == frame[name]).all():  # else it is too large, and refused
                frame[name] = found
        elif name in frame and type_ == "binary":
            frame[name] = [base64.b64decode(cell) for cell in frame[name]]
        elif name in frame and type_ == "datetime":
            frame[name] = pd.to_datetime(frame[name])
    return frame


def _arrays(value: Any, dtypes: Mapping[str | None, str | None]) -> Any:
    import numpy as np

    def array(item: Any, dtype: str | None) -> Any:
        return np.asarray(item, dtype=None if dtype in (None, "str") else dtype)

    if not any(dtypes.values()):
        return value
    if isinstance(value, dict):
        return {name: array(item, dtypes.get(name)) for name, item in value.items()}
    return array(value, next(iter(dtypes.values())))


def json_of(value: Any) -> Any:
    """Predictions as a scoring server writes them; numbers that JSON has not are their names."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        value = value.to_dict(orient="records")
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): json_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_of(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.isoformat() if hasattr(value, "isoformat") else value
