"""What is given to a model with columns, as a data frame (the first half of MLflow's ``_enforce_schema``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.inference.libraries import is_arrow, is_from, is_polars
from mlmodel.loading import libraries, wording
from mlmodel.loading.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def frame_of(data: Any, specs: Sequence[Mapping[str, Any]]) -> Any:
    """A data frame of the inputs; the columns are not looked at yet.

    Raises:
        InputError: they are of a kind that makes no data frame.
    """
    pd = libraries.pandas("a signature with columns")
    if libraries.is_frame(data):
        return data
    try:
        if isinstance(data, dict):
            return _of_dict(data, specs)
        if isinstance(data, list) or libraries.is_array(data) or libraries.is_series(data):
            return pd.DataFrame(data)
        if libraries.numpy("a signature with columns").isscalar(data):
            return pd.DataFrame([data])
    except Exception as error:
        raise InputError(f"the inputs make no data frame: {_why(data)}") from error
    hint = ""
    if is_from(data, "polars", "LazyFrame"):
        hint = "; call collect()"
    elif libraries.is_sparse(data):
        hint = "; convert it (pandas.DataFrame.sparse.from_spmatrix, or .toarray())"
    raise InputError(
        f"the signature has columns, and {wording.a_type(data)} makes no data frame{hint or '; give a pandas.DataFrame'}"
    )


def _why(data: Any) -> str:
    """What keeps pandas from making a data frame, as far as it is known."""
    if isinstance(data, dict):
        lengths = {
            key: len(value)
            for key, value in data.items()
            if isinstance(value, list) or libraries.is_array(value)
        }
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{key!r}: {length}" for key, length in list(lengths.items())[:5])
            return f"its columns have different lengths ({said})"
        odd = next((key for key in data if key not in lengths and not _is_single(data[key])), None)
        if odd is not None:
            return f"{odd!r} is {wording.a_type(data[odd])}; give a list, an array or a scalar"
    elif libraries.is_array(data) and data.ndim > 2:
        return f"the array has {data.ndim} dimensions, and a table has two"
    elif isinstance(data, list) and data:
        kinds = sorted({wording.a_type(row) for row in data})
        if len(kinds) > 1:
            return f"its rows are of different kinds ({', '.join(kinds[:4])})"
    return f"{wording.a_type(data)} of this form makes none; give a pandas.DataFrame"


def as_pandas(data: Any) -> Any:
    """Tables of polars and pyarrow as those of pandas, which MLflow would refuse; everything else as it is.

    Raises:
        InputError: they cannot be converted, as polars needs pyarrow for that.
    """
    if not (is_polars(data) or is_arrow(data)):
        return data
    libraries.pandas("a table for a signature")
    try:
        return data.to_pandas()
    except ImportError as error:
        raise InputError(f"{wording.a_type(data)} cannot be made a pandas.DataFrame: {error}") from error


def _of_dict(data: dict[Any, Any], specs: Sequence[Mapping[str, Any]]) -> Any:
    """The keys are columns; the values are one row, or columns of rows."""
    pd = libraries.pandas("a signature with columns")
    if any(spec["type"] in ("array", "object", "sparkml_vector") for spec in specs) or all(
        _is_single(value) for value in data.values()
    ):
        return pd.DataFrame([data])
    if all(
        libraries.is_array(value) and value.dtype.kind == "U" and not value.ndim for value in data.values()
    ):
        return pd.DataFrame([data])  # single strings, as servers make them of {"text": "..."}
    # pandas takes arrays of one dimension as columns, and lists of lists for the others.
    columns = {
        key: value.tolist() if libraries.is_array(value) and value.ndim > 1 else value
        for key, value in data.items()
    }
    return pd.DataFrame(columns)


def _is_single(value: Any) -> bool:
    """Whether a value of a dict is one value of a row: a scalar, or several strings."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or bool(libraries.numpy("a signature with columns").isscalar(value))
