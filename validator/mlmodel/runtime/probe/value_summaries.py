"""The form of values, and whether two are the same."""

from __future__ import annotations

from .channel import Skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_COLUMNS = 1000


def kind(value: Any) -> str:
    """The full name of a value's type."""
    return f"{type(value).__module__}.{type(value).__name__}"


def summary(value: Any) -> dict[str, Any]:
    """The form of a value: its kind, and of tables and arrays names, dtypes and shape."""
    found: dict[str, Any] = {"type": kind(value)}
    if hasattr(value, "columns") and hasattr(value, "dtypes") and hasattr(value, "shape"):
        names = [str(name) for name in list(value.columns)[:MAX_COLUMNS]]
        dtypes = [str(dtype) for dtype in list(value.dtypes)[:MAX_COLUMNS]]
        found.update(form="table", names=names, dtypes=dtypes, shape=list(value.shape))
    elif hasattr(value, "dtype") and hasattr(value, "shape"):
        form = "series" if hasattr(value, "iloc") else "array"
        found.update(form=form, dtype=str(value.dtype), shape=[int(size) for size in value.shape])
    elif isinstance(value, dict):
        items = list(value.items())[:MAX_COLUMNS]
        found.update(form="mapping", items={str(key): leaf(each) for key, each in items}, length=len(value))
    elif isinstance(value, (list, tuple)):
        kinds = sorted({kind(each) for each in value[:MAX_COLUMNS]})
        found.update(form="list", items=kinds[:20], length=len(value))
    else:
        found["form"] = "other"
    if empty(value):
        found["none"] = True
    return found


def empty(value: Any) -> bool:
    """Whether an answer holds nothing: it is None, or each of the first values that it holds is."""
    if value is None:
        return True
    try:
        if isinstance(value, dict):
            values = list(value.values())
        elif hasattr(value, "to_numpy"):
            values = list(value.iloc[:MAX_COLUMNS].to_numpy().ravel())
        elif getattr(getattr(value, "dtype", None), "kind", None) == "O":
            values = list(value[:MAX_COLUMNS].ravel())
        elif isinstance(value, (list, tuple)):
            values = list(value[:MAX_COLUMNS])
        else:
            return False
        return bool(values) and all(each is None for each in values)
    except Exception:  # noqa: BLE001 -- values of any class
        return False


def leaf(value: Any) -> dict[str, Any]:
    """The form of a value in a mapping."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        shape = [int(size) for size in value.shape]
        return {"type": kind(value), "dtype": str(value.dtype), "shape": shape}
    return {"type": kind(value)}


def first(data: Any) -> Any:
    """The first row of an example."""
    if hasattr(data, "iloc"):
        rows, one = len(data), data.iloc[:1]
    elif hasattr(data, "shape") and len(data.shape):
        rows, one = data.shape[0], data[:1]
    elif isinstance(data, dict) and data and all(hasattr(each, "shape") for each in data.values()):
        if not all(len(each.shape) for each in data.values()):
            raise Skip("the example has no rows")
        rows, one = max(each.shape[0] for each in data.values()), {k: each[:1] for k, each in data.items()}
    elif isinstance(data, list):
        rows, one = len(data), data[:1]
    else:
        raise Skip("the example has no rows")
    if rows < 2:
        raise Skip("the example has one row" if rows else "the example is empty")
    return one


def same(one: Any, other: Any) -> bool | None:
    """Whether two answers are the same; None where that cannot be told."""
    try:
        if hasattr(one, "equals"):
            return bool(one.equals(other))
        if hasattr(one, "dtype") and hasattr(one, "shape"):
            import numpy

            if one.dtype.kind in "fc":
                return bool(numpy.array_equal(numpy.nan_to_num(one), numpy.nan_to_num(other)))
            return bool(numpy.array_equal(one, other))
        if isinstance(one, dict):
            return isinstance(other, dict) and set(one) == set(other) and every(one, other, list(one))
        if isinstance(one, (list, tuple)):
            return len(one) == len(other) and every(one, other, range(len(one)))
        if not overrides_eq(one) or hasattr(one, "__next__"):
            return None
        return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 -- NaN
    except Exception:  # noqa: BLE001 -- values of any class
        return None


def overrides_eq(value: Any) -> bool:
    """Whether values of a class can be the same without being one object."""
    return getattr(type(value), "__eq__", None) is not getattr(object, "__eq__", None)


def every(one: Any, other: Any, keys: Iterable[Any]) -> bool | None:
    """Whether all values are the same; None where one of them cannot be told."""
    answers = [same(one[key], other[key]) for key in keys]
    return False if False in answers else None if None in answers else True
