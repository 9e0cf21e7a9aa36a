"""Columns of the scalar types, as series of pandas: converted where nothing can be lost, refused elsewhere.

What is converted is what ``_enforce_mlflow_datatype`` of MLflow 3.17.2 (``mlflow.models.utils``) converts, and into the
same; the differential tests compare the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.loading import libraries, wording
from mlmodel.loading.errors import InputError
from mlmodel.model.signatures import NUMPY

if TYPE_CHECKING:
    from collections.abc import Callable

_INT32 = 4
"""Bytes of the widest integer that every double can hold and that MLflow counts as such."""


def convert(label: str, values: Any, type_: str) -> Any:
    """A series of the type.

    Args:
        label: what the values are called in messages.
        values: a ``pandas.Series``.
        type_: a scalar type of the signature.

    Raises:
        InputError: they are of another type, and not all of its values would stay what they are.
    """
    np, pd = libraries.numpy(label), libraries.pandas(label)
    if isinstance(values.dtype, pd.SparseDtype):
        raise InputError(
            f"{label} is sparse ({values.dtype}), which MLflow refuses, too; make it dense: .sparse.to_dense()"
        )
    if values.dtype == object and type_ not in ("binary", "string"):
        values = values.infer_objects()
    given, wanted = values.dtype, np.dtype(NUMPY[type_])
    is_text = isinstance(given, pd.StringDtype)
    # Columns of objects are taken as they are where Python objects are what the type stands for. None among them
    # stays None; a column of booleans with None is one of objects, too.
    if type_ in ("string", "binary", "boolean") and given == "object":
        return values
    if (type_ in ("string", "binary") and is_text) or wanted == given:
        return values
    if type_ == "datetime" and (given.kind == "M" or given == "object"):
        return _datetimes(label, values)
    if type_ == "double" and given == "object":  # numbers of decimal, as Spark has them
        return _numbers(label, values)
    if _is_wider(given, wanted, np) or (
        # Zeros and ones are what JSON and one-hot encodings have for floats.
        given == np.int64 and wanted.kind == "f" and values.isin((0, 1)).all()
    ):
        try:
            return values.astype(wanted)
        except (ValueError, TypeError, OverflowError) as error:  # missing values of pandas' own types
            raise InputError(
                f"{label} is {given} and has missing values, and the signature says {type_}, which has none; "
                "fill them in (.fillna)"
            ) from error
    raise InputError(_refusal(label, values, type_, np))


def _is_wider(given: Any, wanted: Any, np: Any) -> bool:
    """Whether every value of one type is one of the other."""
    if given.kind == wanted.kind:
        return bool(given.itemsize <= wanted.itemsize)
    if given.kind == "u" and wanted.kind == "i":
        return bool(given.itemsize < wanted.itemsize)
    return bool(given.kind in "iu" and wanted == np.float64 and given.itemsize <= _INT32)


def _datetimes(label: str, values: Any) -> Any:
    pd = libraries.pandas(label)
    try:
        return values.astype("datetime64[ns]")
    except (TypeError, ValueError, OverflowError) as error:
        zone = getattr(values.dtype, "tz", None)
        if zone is not None:
            raise InputError(
                f"{label} has a time zone ({zone}), and the signature's datetime has none; remove it: "
                ".dt.tz_convert('UTC').dt.tz_localize(None)"
            ) from error
        raise _unreadable(label, values, "datetime", lambda one: one.astype("datetime64[ns]"), pd) from error


def _numbers(label: str, values: Any) -> Any:
    pd = libraries.pandas(label)
    try:
        return pd.to_numeric(values)
    except (ValueError, TypeError, OverflowError) as error:
        raise _unreadable(label, values, "double", pd.to_numeric, pd) from error


def _unreadable(label: str, values: Any, type_: str, read: Callable[[Any], Any], pd: Any) -> InputError:
    """Which value it is that cannot be read; all of them where each can be by itself."""
    for row, value in enumerate(values):
        try:
            read(pd.Series([value], dtype=object))
        except (TypeError, ValueError, OverflowError):
            said = f"{value!r:.60}, {wording.a_type(value)}"
            return InputError(f"{label} holds {said}, in row {row}, which cannot be read as {type_}")
    return InputError(f"{label} is {values.dtype}, whose values cannot be read as {type_} together")


def _refusal(label: str, values: Any, type_: str, np: Any) -> str:
    given, wanted = values.dtype, np.dtype(NUMPY[type_])
    if given.kind == "f" and wanted.kind in "iu":
        if values.hasnans and (values.dropna() % 1 == 0).all():
            return (
                f"{label} has missing values, which makes it {given}, and the signature says {type_}, which has none; "
                "fill them in (.fillna), or have the signature say double"
            )
        return f"{label} is {given}, and the signature says {type_}; round it (.round().astype('{wanted}'))"
    said = "str" if type_ == "string" else str(wanted)
    named = type_ if type_ == said else f"{type_} ({said})"
    if type_ == "string":
        advice = "convert it (.astype(str))"
    elif type_ == "datetime":
        advice = "convert it (pandas.to_datetime)"
    elif type_ == "binary":
        advice = "give objects of bytes"
    elif given.kind in "iufb" and wanted.kind in "iuf":
        advice = f"values could be lost; if none can, convert it (.astype('{said}'))"
    else:
        advice = f"give values of {said}"
    return f"{label} is {given}, and the signature says {named}; {advice}"
