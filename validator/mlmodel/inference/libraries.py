"""Where a value comes from, told by the names of its classes: no library is imported to ask it."""

from __future__ import annotations

from typing import Any

from mlmodel.common.caching import bounded_cache


def is_from(value: object, library: str, *names: str) -> bool:
    """Whether a value is an instance of one of a library's classes, or of a class that is derived from one."""
    kind: Any = type(value)
    return _derives(kind, library, names)


@bounded_cache(512)
def _derives(kind: type, library: str, names: tuple[str, ...]) -> bool:
    return any(
        base.__name__ in names and base.__module__.partition(".")[0] == library for base in kind.__mro__
    )


def is_array(value: object) -> bool:
    """Whether a value is a numpy array."""
    return is_from(value, "numpy", "ndarray")


def is_sparse(value: object) -> bool:
    """Whether a value is a sparse matrix that MLflow reads: by rows or by columns (``csr_matrix``, ``csc_matrix``)."""
    return is_from(value, "scipy", "csr_matrix", "csc_matrix")


def is_torch(value: object) -> bool:
    """Whether a value is a tensor of torch."""
    return is_from(value, "torch", "Tensor")


def is_tensor(value: object) -> bool:
    """Whether a value is a tensor of numpy or torch."""
    return is_array(value) or is_torch(value)


def is_frame(value: object) -> bool:
    """Whether a value is a data frame or a series of pandas."""
    return is_from(value, "pandas", "DataFrame", "Series")


def is_polars(value: object) -> bool:
    """Whether a value is a data frame or a series of polars."""
    return is_from(value, "polars", "DataFrame", "Series")


def is_arrow(value: object) -> bool:
    """Whether a value is a table or an array of pyarrow."""
    return is_from(value, "pyarrow", "Table", "RecordBatch", "ChunkedArray", "Array")


def is_pydantic(kind: Any) -> bool:
    """Whether a class is a model of pydantic."""
    return isinstance(kind, type) and _derives(kind, "pydantic", ("BaseModel",))


def is_missing(value: Any) -> bool:
    """Whether a value stands for a missing one: None, NaN, and ``NA`` and ``NaT`` of pandas
    (MLflow 3.17.2, ``types.utils._is_none_or_nan``)."""
    if value is None:
        return True
    if isinstance(value, float):
        return value != value  # noqa: PLR0124 - NaN, of numpy too
    return is_from(value, "pandas", "NAType", "NaTType")
