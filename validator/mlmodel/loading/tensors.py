"""Tensors: arrays of the dtype and shape that the signature says.

What is accepted, and what becomes of a data frame, is as in ``_enforce_tensor_schema`` of MLflow 3.17.2
(``mlflow.models.utils``).  Nothing is cast, but what comes out of a data frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.loading import libraries, wording
from mlmodel.loading.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Spec = Mapping[str, Any]


def is_tensor(specs: Sequence[Spec]) -> bool:
    """Whether the signature has tensors and no columns."""
    return bool(specs[0]["type"] == "tensor")


def named(value: Any, spec: Spec) -> Any:
    """One of the named tensors: an array, or a column of a data frame.

    Raises:
        InputError: it is of another type or shape.
    """
    label = f"tensor {spec['name']!r}"
    if libraries.is_series(value):
        return _of_column(label, value, spec)
    if not libraries.is_array(value):
        raise InputError(f"{label} is {wording.a_type(value)}; give {_wanted(spec)}")
    return _checked(label, value, spec)


def unnamed(value: Any, spec: Spec) -> Any:
    """The only tensor.

    Raises:
        InputError: as :func:`named`.
    """
    if libraries.is_frame(value):
        return _of_frame(value, spec)
    if not libraries.is_array(value) and not libraries.is_sparse(value):
        raise InputError(
            f"the signature has a tensor, and the input is {wording.a_type(value)}; give {_wanted(spec)}"
        )
    return _checked("the tensor", value, spec)


def _wanted(spec: Spec) -> str:
    return f"a numpy array of {spec['dtype']} with shape {_shape(spec)} (numpy.asarray(..., dtype={spec['dtype']!r}))"


def _shape(spec: Spec) -> tuple[Any, ...]:
    return tuple(spec["shape"])


def _checked(label: str, value: Any, spec: Spec) -> Any:
    np = libraries.numpy("a tensor")
    shape, dtype = _shape(spec), np.dtype(spec["dtype"])
    given = value.data.dtype if libraries.is_sparse(value) else value.dtype
    # Rows of different lengths are arrays in an array of objects: nothing can be said of them.
    if shape == (-1,) and dtype == "object":
        return value
    if -1 in shape[1:] and value.ndim == 1 and given == "object":
        return value
    if len(shape) != len(value.shape) or any(
        wanted not in (-1, length) for wanted, length in zip(shape, value.shape, strict=True)
    ):
        raise InputError(
            f"{label} has shape {tuple(value.shape)}, and the signature says {shape}{_any(shape)}; reshape it"
        )
    # The length of texts and bytes is no part of their type.
    plain = np.dtype(given.kind) if given.kind in "US" else given
    if plain != dtype:
        raise InputError(
            f"{label} is {given}, and the signature says {dtype}; convert it (.astype('{dtype}'))"
        )
    return value


def _any(shape: tuple[Any, ...]) -> str:
    return " (-1 is any length)" if -1 in shape else ""


# -- data frames -----------------------------------------------------------------------------------------


def _of_frame(frame: Any, spec: Spec) -> Any:
    if frame.empty:
        raise InputError("the data frame is empty")
    if len(frame.columns) == 1:
        return _of_column("the tensor", frame[frame.columns[0]], spec)
    if _shape(spec) != (-1, len(frame.columns)):
        raise InputError(
            f"a data frame with {len(frame.columns)} columns is a tensor of shape (-1, {len(frame.columns)}), and the "
            f"signature says {_shape(spec)}; give {_wanted(spec)}"
        )
    return _checked("the tensor", frame.to_numpy(), spec)


def _of_column(label: str, values: Any, spec: Spec) -> Any:
    """A column whose cells are scalars, or arrays or lists that hold a row of the tensor each."""
    np = libraries.numpy("a tensor")
    shape = _shape(spec)
    if shape[:1] != (-1,) or -1 in shape[1:]:
        raise InputError(
            f"{label} has shape {shape} in the signature, and a column of a data frame is made a tensor only where the "
            f"first length is any, -1, and the others are fixed; give {_wanted(spec)}"
        )
    if not len(values):
        raise InputError(f"{label} has no rows, of which no tensor is made")
    first = values.iloc[0]
    if np.isscalar(first):
        if shape not in ((-1,), (-1, 1)):
            raise InputError(
                f"{label} has scalars in its column, and the signature says {shape}; give {_wanted(spec)}"
            )
        try:
            made = np.array(values, dtype=spec["dtype"]).reshape(shape)
        except (ValueError, TypeError, OverflowError) as error:
            raise InputError(
                f"{label} has {wording.a_type(first)} in its first cell, and its cells make no array of {spec['dtype']}"
            ) from error
        return _checked(label, made, spec)
    listed = isinstance(first, list) and len(first) > 0 and np.isscalar(first[0])
    if not listed and not libraries.is_array(first):
        raise InputError(
            f"{label} has {wording.a_type(first)} in its first cell; cells are scalars, lists of scalars or arrays"
        )
    try:
        stacked = np.vstack(values.tolist()).reshape(shape)
        if listed:  # lists have no type of their own
            stacked = stacked.astype(spec["dtype"])
    except (ValueError, TypeError, OverflowError) as error:
        held = sorted({str(np.shape(cell)) for cell in values})
        raise InputError(
            f"the cells of {label} cannot be stacked to shape {shape}: they have the shape{'s' if len(held) > 1 else ''} "
            f"{', '.join(held[:5])}, and are to be {spec['dtype']}"
        ) from error
    if len(stacked) != len(values):
        raise InputError(f"the cells of {label} do not hold one row each of shape {shape[1:]}")
    return stacked
