"""Arrays as numpy makes them of JSON (``numpy.array``), and tensors (``_enforce_tensor_spec``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import describe
from mlmodel.model.enforcement.misfits import RefusedError, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.model.enforcement.misfits import Pointer

MAX_DIMENSIONS = 32
"""Dimensions of an array: 32 in numpy 1, 64 in numpy 2."""

_KINDS = {
    "bool": ("b", 1),
    "int8": ("i", 8),
    "int16": ("i", 16),
    "int32": ("i", 32),
    "int64": ("i", 64),
    "uint8": ("u", 8),
    "uint16": ("u", 16),
    "uint32": ("u", 32),
    "uint64": ("u", 64),
    "float16": ("f", 16),
    "float32": ("f", 32),
    "float64": ("f", 64),
    "object": ("O", 0),
    "str": ("U", 0),
    "bytes": ("S", 0),
}


class Dtype(Record):
    """A numpy type: its kind, as numpy has it (``dtype.kind``), and its size in bits."""

    kind: str
    bits: int


ANY = Dtype("V", 0)
"""The type that numpy finds by itself."""
OBJECT = Dtype("O", 0)


def dtype(name: str) -> Dtype:
    """The type of a name that MLflow writes.

    Raises:
        UndecidedError: it is another name, or a type of which nothing is told here.
    """
    if name in _KINDS:
        return Dtype(*_KINDS[name])
    if re.fullmatch(r"datetime64\[(ns|us|ms|s|D)\]", name):
        return Dtype("M", 64)
    raise UndecidedError


class Array(Record):
    """An array that numpy makes of nested lists."""

    shape: tuple[int, ...]
    dtype: Dtype


def array(data: Any, dtype: Dtype) -> Array:
    """The array of a type that numpy makes of a JSON value.

    Raises:
        RefusedError: it makes none; ``steps`` lead to the value that is wrong.
        UndecidedError: that depends on numpy.
    """
    shape, ragged = _shape(data)
    if ragged is not None and dtype.kind != "O":
        raise RefusedError("rows of different lengths, of which no array is made", *ragged, kind="shape")
    if len(shape) > MAX_DIMENSIONS:
        raise UndecidedError
    if dtype.kind in _FAULTS:
        fault = _FAULTS[dtype.kind]
        for place, value in _scalars(data, len(shape)):
            said = fault(value, dtype.bits)
            if said is not None:
                raise RefusedError(said, *place)
    return Array(shape, dtype)


def check_json(data: Any) -> None:
    """See whether numpy makes an array, or a mapping of names to arrays, of a JSON value.

    Raises:
        RefusedError: it makes none.
        UndecidedError: that depends on numpy.
    """
    if not isinstance(data, dict):
        array(data, ANY)
        return
    for name, value in data.items():
        try:
            array(value, ANY)
        except RefusedError as error:
            raise error.below(name) from None


def _shape(data: Any) -> tuple[tuple[int, ...], Pointer | None]:
    """The shape of nested lists as deep as they are regular; and a place where they stop being so."""
    shape: list[int] = []
    values = [data]
    path: Pointer = ()
    while True:
        lists = [value for value in values if isinstance(value, list)]
        if not lists:
            return tuple(shape), None
        if len(lists) < len(values):
            return tuple(shape), path
        lengths = set(map(len, lists))
        if len(lengths) > 1:
            return tuple(shape), path
        shape.append(lengths.pop())
        values = [item for value in lists for item in value]
        if not values:
            return tuple(shape), None


def _scalars(data: Any, depth: int) -> Iterator[tuple[Pointer, Any]]:
    """The values of nested lists of one depth, each with its place."""
    if depth == 0:
        yield (), data
        return
    if depth == 1:
        for index, value in enumerate(data):
            yield (index,), value
        return
    for index, value in enumerate(data):
        for place, each in _scalars(value, depth - 1):
            yield (index, *place), each


def _float_fault(value: Any, _bits: int) -> str | None:
    if value is None or isinstance(value, float):
        return None  # numpy reads null as NaN, which is how MLflow writes it
    try:
        float(value)
    except (TypeError, ValueError):
        return f"{describe(value)}, where a number is expected"
    except OverflowError:
        return "a number too large for a float"
    return None


def _integer_fault(value: Any, bits: int, *, signed: bool = True) -> str | None:
    number = value
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            return f"{describe(value)}, where a whole number is expected"
    if number is None or isinstance(number, (list, dict)) or not -1e400 < number < 1e400:
        return f"{describe(value)}, where a whole number is expected"
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    if not low <= int(number) < high:
        return f"{describe(value)}, which has no place in {'' if signed else 'unsigned '}{bits} bits"
    return None


def _unsigned_fault(value: Any, bits: int) -> str | None:
    return _integer_fault(value, bits, signed=False)


def _bytes_fault(value: Any, _bits: int) -> str | None:
    if isinstance(value, dict):
        raise UndecidedError
    if isinstance(value, str) and not value.isascii():
        return f"{describe(value)}, where ASCII text is expected"
    return None


def _date_fault(value: Any, _bits: int) -> str | None:
    if value is None or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return None
    if isinstance(value, str):
        if re.fullmatch(r"\s*|(?i:nat|now|today)|[+-]?\d+(?:-\d\d(?:-\d\d(?:[T ].*)?)?)?", value):
            from mlmodel.model.enforcement.columns import is_impossible_date

            return f"{describe(value)}, which is no date" if is_impossible_date(value) else None
        return f"{describe(value)}, where a date is expected"
    return f"{describe(value)}, where a date is expected"


_FAULTS: dict[str, Callable[[Any, int], str | None]] = {
    "f": _float_fault,
    "i": _integer_fault,
    "u": _unsigned_fault,
    "S": _bytes_fault,
    "M": _date_fault,
}


def check(found: Array, shape: list[int]) -> None:
    """Refuse an array whose shape is not that of the tensor.

    Raises:
        RefusedError: it is not.
    """
    if found.dtype.kind == "O" and (shape == [-1] or (-1 in shape[1:] and len(found.shape) == 1)):
        return  # rows of different lengths
    if len(shape) != len(found.shape) or any(
        want not in (-1, have) for want, have in zip(shape, found.shape, strict=True)
    ):
        raise RefusedError(f"shape {found.shape}", kind="shape")
