"""Sparse matrices as scipy makes them of their arrays (``csr_matrix((data, indices, indptr), shape=shape)``)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from mlmodel.common.texts import describe
from mlmodel.model.enforcement.misfits import RefusedError


def check(data: dict[str, Any], *, by_rows: bool) -> tuple[list[int], str]:
    """The shape and the numpy type of a matrix.

    What scipy does not look at is looked at, too: with offsets that fall, or indices outside, it reads memory that is not
    its own.

    Raises:
        RefusedError: the arrays are not those of a matrix.
    """
    values, indices, indptr, shape = (data[key] for key in ("data", "indices", "indptr", "shape"))
    for index, value in enumerate(values):
        if not isinstance(value, (bool, int, float)):
            raise RefusedError(f"{describe(value)}, where a number is expected", "data", index)
    major, minor = (shape[0], shape[1]) if by_rows else (shape[1], shape[0])
    if len(indptr) != major + 1:
        word = "rows" if by_rows else "columns"
        raise RefusedError(
            f"{len(indptr)} offsets for {major} {word}, where there must be {major + 1}",
            "indptr",
            kind="form",
        )
    if len(indices) != len(values):
        raise RefusedError(f"{len(indices)} indices for {len(values)} values", "indices", kind="form")
    if indptr[0] != 0:
        raise RefusedError(
            f"{describe(indptr[0])} as the first offset, which must be 0", "indptr", 0, kind="form"
        )
    for index, (one, other) in enumerate(pairwise(indptr)):
        if other < one:
            raise RefusedError(f"an offset of {other} after {one}", "indptr", index + 1, kind="form")
    if indptr[-1] > len(values):
        raise RefusedError(
            f"an offset of {indptr[-1]}, and there are {len(values)} values",
            "indptr",
            len(indptr) - 1,
            kind="form",
        )
    for index, value in enumerate(indices):
        if not 0 <= value < minor:
            raise RefusedError(
                f"the index {value} in a matrix of shape {tuple(shape)}", "indices", index, kind="form"
            )
    kinds = set(map(type, values))
    return shape, "float64" if float in kinds or not kinds else "int64" if int in kinds else "bool"
