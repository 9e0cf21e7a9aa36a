"""Examples held against tensors: arrays, columns of data frames, sparse matrices (``_enforce_tensor_schema``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.model.enforcement import arrays, sparse
from mlmodel.model.enforcement.columns import Column, cast, cast_integers, column
from mlmodel.model.enforcement.data_frames import missing
from mlmodel.model.enforcement.misfits import Misfit, RefusedError, UndecidedError
from mlmodel.model.enforcement.readers import Reader
from mlmodel.model.signatures import is_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.enforcement.misfits import Pointer
    from mlmodel.model.enforcement.tables import Table

    Spec = dict[str, Any]

_ANY_READER = Reader(keeps_null=False, is_pandas_3=False)
"""For what all readers do alike."""


def of_json(payload: Any, specs: list[Spec]) -> Iterator[Misfit]:
    """JSON that is read neither as an array nor as a data frame."""
    if is_named(specs[0]):
        lost = [*missing(payload if isinstance(payload, dict) else (), specs, (), "tensor")]
        yield from lost
        if lost:
            return
    message = (
        f"the signature has tensors, and the example is {describe(payload)} that is not read as an array"
    )
    yield Misfit("type", message, (), "store an array: its type is then ndarray")


def of_frame(table: Table, specs: list[Spec]) -> Iterator[Misfit]:
    """A data frame, of which each column is made a tensor, or a column of one."""
    if is_named(specs[0]):
        lost = [*missing(table.names, specs, table.names_place, "tensor")]
        yield from lost
        if lost:
            return
        pairs = [(list(table.names).index(spec["name"]), spec) for spec in specs]
    elif not table.rows or not table.columns:
        raise RefusedError("the data frame is empty, of which no tensor is made", kind="form")
    else:
        pairs = [(index, specs[0]) for index in range(len(table.columns))]
    if len(table.columns) > 1 and not is_named(specs[0]):
        yield from _wide(table, specs[0])
    for index, spec in pairs:
        try:
            _cast_to_tensor(table.columns[index], spec, alone=len(pairs) == 1 or is_named(specs[0]))
        except RefusedError as error:
            row = int(error.steps[0]) if error.steps else 0
            place = table.place(row, index) if table.rows else table.names_place
            yield Misfit(error.kind, f"the tensor {label(spec)}: the example has {error.message}", place)
            return


def _wide(table: Table, spec: Spec) -> Iterator[Misfit]:
    """Several columns for one tensor: each is a column of it."""
    shape, dtype = spec["tensor-spec"]["shape"], spec["tensor-spec"]["dtype"]
    width = len(table.columns)
    if shape != [-1, width]:
        message = f"{width} columns make shape (-1, {width}), the signature asks for {shape_text(shape)}"
        yield Misfit("shape", message)
    elif dtype in ("str", "bytes"):
        yield Misfit(
            "type", f"several columns of text make an array of objects, and the signature asks for {dtype}"
        )
    elif dtype != "object" and any(isinstance(values.values[0], list) for values in table.columns):
        yield Misfit("type", f"columns of lists make an array of objects, and the signature asks for {dtype}")


def _cast_to_tensor(values: Column, spec: Spec, *, alone: bool) -> None:
    dtype = arrays.dtype(spec["tensor-spec"]["dtype"])
    shape = spec["tensor-spec"]["shape"]
    if not values.values:
        raise RefusedError("no rows, of which no tensor is made", kind="form")
    first = values.values[0]
    if alone:
        _batch(shape)
    if isinstance(first, list) and dtype.kind != "S":
        if not alone:
            raise UndecidedError
        _stacked(values, dtype, shape)
        return
    if dtype.kind == "S":
        for row, value in enumerate(values.values):
            if not isinstance(value, str):
                raise RefusedError(f"{describe(value)}, where text is expected", row)
    elif dtype.kind in "iu":
        cast_integers(values, dtype.bits, signed=dtype.kind == "i")
    elif dtype.kind == "f":
        cast(values, "double", _ANY_READER)
    elif dtype.kind == "M":
        cast(values, "datetime", _ANY_READER)
        if alone:
            raise RefusedError(f"{describe(first)}, and of a column of dates no tensor is made", 0)
    if alone:
        if dtype.kind == "O" and (first is None or isinstance(first, dict)):
            raise RefusedError(f"{describe(first)}, where a number or a list of them is expected", 0)
        if shape not in ([-1], [-1, 1]):
            raise RefusedError(f"single values, where shape {shape_text(shape)} is expected", 0, kind="shape")


def _batch(shape: list[int]) -> None:
    if shape[:1] != [-1] or -1 in shape[1:]:
        raise RefusedError(
            f"a column, of which no tensor of shape {shape_text(shape)} is made: only the first length may be -1, and must be",
            kind="shape",
        )


def _stacked(values: Column, dtype: arrays.Dtype, shape: list[int]) -> None:
    _batch(shape)
    width = len(values.values[0])
    for row, value in enumerate(values.values):
        if not (isinstance(value, list) and len(value) == width) and (
            width != 1 or isinstance(value, (list, dict))
        ):
            raise RefusedError("rows of different lengths", row, kind="shape")
    if not width or isinstance(values.values[0][0], (list, dict)) or values.values[0][0] is None:
        raise RefusedError("lists that are not lists of numbers or texts", 0)
    size = 1
    for length in shape[1:]:
        size *= length
    if size != width:
        raise RefusedError(
            f"lists of {width} values, where shape {shape_text(shape)} is expected", 0, kind="shape"
        )
    cells = [value if isinstance(value, list) else [value] for value in values.values]
    for row, value in enumerate(cells):
        for index, each in enumerate(value):
            if isinstance(each, (list, dict)) and dtype.kind in "iuf":
                raise RefusedError(f"{describe(each)}, where a number is expected", row, index)
    if any(each is None for value in cells for each in value):
        return  # of which numpy makes objects
    if any(isinstance(each, str) for value in cells for each in value) and dtype.kind in "iuf":
        for row, value in enumerate(cells):
            texts = column([str(each) for each in value])  # of one text numpy makes all of them texts
            try:
                cast(texts, "double", _ANY_READER) if dtype.kind == "f" else cast_integers(texts, 64)
            except RefusedError as error:
                raise error.below(row) from None


def of_array(value: Any, spec: Spec, place: Pointer) -> Iterator[Misfit]:
    """An array for one tensor; ``place`` is where it stands."""
    shape = spec["tensor-spec"]["shape"]
    try:
        found = arrays.array(value, arrays.dtype(spec["tensor-spec"]["dtype"]))
    except RefusedError as error:
        message = f"the tensor {label(spec)}: the example has {error.message}"
        yield Misfit(error.kind, message, (*place, *error.steps), error.hint)
        return
    try:
        arrays.check(found, shape)
    except RefusedError:
        yield Misfit(
            "shape",
            f"the example has shape {found.shape}, the signature asks for {shape_text(shape)}",
            place,
        )


def label(spec: Spec) -> str:
    """What a tensor is called in messages, with its type."""
    dtype = spec["tensor-spec"]["dtype"]
    return f"{quoted(spec['name'])} is {dtype}" if spec.get("name") is not None else f"is {dtype}"


def shape_text(shape: list[int]) -> str:
    """A shape as numpy writes it."""
    return str(tuple(shape))


def of_matrix(payload: dict[str, Any], specs: list[Spec], *, by_rows: bool) -> Iterator[Misfit]:
    """A sparse matrix, by its arrays."""
    try:
        shape, dtype = sparse.check(payload, by_rows=by_rows)
    except RefusedError as error:
        error.message = f"the example has {error.message}"
        raise
    if specs[0]["type"] != "tensor":
        message = "the signature has columns, and the example is a sparse matrix, of which predict makes no data frame"
        yield Misfit("type", message)
        return
    if is_named(specs[0]):
        yield from missing((), specs, (), "tensor")
        return
    wanted, expected = specs[0]["tensor-spec"]["dtype"], specs[0]["tensor-spec"]["shape"]
    if len(expected) != 2 or any(want not in (-1, have) for want, have in zip(expected, shape, strict=True)):
        message = f"the example has shape {tuple(shape)}, the signature asks for {shape_text(expected)}"
        yield Misfit("shape", message, ("shape",))
    elif wanted != dtype:
        kinds = arrays.dtype(wanted).kind, arrays.dtype(dtype).kind
        lost = kinds[0] == kinds[1] or set(kinds) <= {"i", "u"}
        message = f"the numbers are read as {dtype}, and the signature asks for {wanted}"
        yield Misfit("lost" if lost else "type", message, ("data",))
