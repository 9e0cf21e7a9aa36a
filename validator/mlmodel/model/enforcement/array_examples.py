"""An array, or a mapping of them, as a request has it, held against a signature (``parse_inputs_data``, ``convert_data_type``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.model.enforcement import arrays, tensors
from mlmodel.model.enforcement.columns import Column, convert
from mlmodel.model.enforcement.data_frames import missing
from mlmodel.model.enforcement.misfits import Misfit, RefusedError, UndecidedError
from mlmodel.model.enforcement.nested import conform
from mlmodel.model.signatures import NUMPY, SCALARS, is_named, is_required

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.enforcement.misfits import Pointer
    from mlmodel.model.enforcement.readers import Reader

    Spec = dict[str, Any]

_COLUMNS = {
    **{name: name for name in ("bool", "int32", "int64", "float32", "float64")},
    "str": "object",
    "bytes": "bytes",
}
"""The type of the column that pandas makes of such an array."""


def held(payload: Any, specs: list[Spec], reader: Reader) -> Iterator[Misfit]:
    """An array, or a mapping of them, as it is read, and as ``predict`` takes it."""
    is_tensor = specs[0]["type"] == "tensor"
    named = {spec["name"]: spec for spec in specs} if is_named(specs[0]) else {}
    listed = isinstance(payload, list)
    if len(named) == 1 and listed and not any(isinstance(value, dict) for value in payload):
        name = next(iter(named))
        yield from _mapping({name: payload}, specs, named, reader, {name: ()})
    elif not named and (payload is None or isinstance(payload, dict)):
        raise RefusedError(
            f"the signature has no names, and the example is {describe(payload)}, where an array is expected",
            kind="form",
        )
    elif isinstance(payload, dict):
        yield from _mapping(payload, specs, named, reader, {name: (name,) for name in payload})
    elif listed and all(isinstance(value, dict) for value in payload):
        if is_tensor and not named:
            raise RefusedError("the example has a list of objects, where an array is expected", kind="form")
        if is_tensor:
            yield from missing((), specs, (), "tensor")
        elif named:
            yield from _rows(payload, specs, named, reader)
        elif len({key for row in payload for key in row}) < len(specs):
            given = len({key for row in payload for key in row})
            yield Misfit("shape", f"the signature has {len(specs)} unnamed columns, the example {given}")
        elif any(spec["type"] in ("object", "map") for spec in specs):
            message = "the example is read as arrays, and the signature asks for objects"
            yield Misfit("type", message, (), "store a list of objects: its type is then json_object")
        else:
            raise UndecidedError
    elif is_tensor:
        if len(named) > 1:
            yield from missing((), specs, (), "tensor")
            return
        yield from tensors.of_array(payload, specs[0], ())
    elif named:
        yield from _convertible(payload, specs[0], ())
        yield from missing(range(_width(payload)), specs, ())
    else:
        yield from _numbered(payload, specs, reader)


def _rows(payload: list[Any], specs: list[Spec], named: dict[Any, Spec], reader: Reader) -> Iterator[Misfit]:
    """Objects, of which each value is made what its column says."""
    yield from missing(dict.fromkeys(key for row in payload for key in row), specs, ())
    for index, row in enumerate(payload):
        for name, value in row.items():
            place: Pointer = (index, name)
            found = (
                _convertible(value, named[name], place, reader) if name in named else _untyped(value, place)
            )
            yield from found
        for name, spec in named.items():
            if (
                name not in row
                and spec["type"] in ("integer", "long", "float")
                and any(name in other for other in payload)
            ):
                message = f"column {quoted(name)} is {spec['type']}, but a row has none, which makes the column a double"
                yield Misfit("type", message, (index,))


def _width(payload: Any) -> int:
    shape = arrays.array(payload, arrays.OBJECT).shape
    return 1 if len(shape) < 2 else shape[1]


def _mapping(
    payload: dict[str, Any],
    specs: list[Spec],
    named: dict[Any, Spec],
    reader: Reader,
    places: dict[str, Pointer],
) -> Iterator[Misfit]:
    said = False
    for name, value in payload.items():
        spec = named.get(name)
        for misfit in (
            _untyped(value, places[name])
            if spec is None
            else tensors.of_array(value, spec, places[name])
            if spec["type"] == "tensor"
            else _convertible(value, spec, places[name], reader)
        ):
            said = True
            yield misfit
    is_tensor = specs[0]["type"] == "tensor"
    lost = [*missing(payload, specs, (), "tensor" if is_tensor else "column")]
    yield from lost
    if not is_tensor and not said and not lost:
        yield from _as_columns(payload, specs, named, places)


def _untyped(value: Any, place: Pointer) -> Iterator[Misfit]:
    try:
        arrays.array(value, arrays.ANY)
    except RefusedError as error:
        yield error.misfit(*place)


def _convertible(value: Any, spec: Spec, place: Pointer, reader: Reader | None = None) -> Iterator[Misfit]:
    """What a request makes of the values of one column (``convert_data_type``)."""
    type_ = spec["type"]
    label = f"column {quoted(spec['name'])}" if spec.get("name") is not None else "the column"
    try:
        if type_ in SCALARS:
            if isinstance(value, list):
                arrays.array(value, arrays.dtype(NUMPY[type_]))
            else:
                arrays.array([value], arrays.dtype(NUMPY[type_]))
        elif reader is not None:
            found = conform(value, spec, reader, required=is_required(spec))
            if type_ == "array":
                arrays.array(found, arrays.ANY)
            elif type_ in ("object", "map"):
                conform(found, spec, reader, required=is_required(spec))
    except RefusedError as error:
        # A single value was made a list of one.
        steps = () if type_ in SCALARS and not isinstance(value, list) else error.steps
        yield Misfit(error.kind, f"{label} is {type_}, but the example has {error.message}", (*place, *steps))


def _as_columns(
    payload: dict[str, Any], specs: list[Spec], named: dict[Any, Spec], places: dict[str, Pointer]
) -> Iterator[Misfit]:
    """The data frame that ``predict`` makes of arrays by name."""
    singles = {name for name, value in payload.items() if not isinstance(value, list)}
    if singles - named.keys():
        raise UndecidedError
    rows = any(spec["type"] in ("array", "object", "sparkml_vector") for spec in specs) or len(
        singles
    ) == len(payload)
    if not rows:
        if any(isinstance(value, dict) for value in payload.values()):
            raise UndecidedError
        lengths = {len(value) for name, value in payload.items() if name not in singles}
        if len(lengths) > 1:
            raise RefusedError("the example has columns of different lengths", kind="form")
    for name, value in payload.items():
        spec = named.get(name)
        if (
            spec is None
            or name in singles
            or spec["type"] not in ("integer", "long", "float", "double", "datetime")
        ):
            continue
        deep = len(arrays.array(value, arrays.OBJECT).shape) > 1
        if rows or deep:
            message = f"column {quoted(name)} is {spec['type']}, but the example has a list"
            yield Misfit("type", message, (*places[name], *(() if rows else (0,))))


def _numbered(payload: Any, specs: list[Spec], reader: Reader) -> Iterator[Misfit]:
    """An array for columns without names."""
    first = specs[0]["type"]
    if first not in SCALARS:
        conform(payload, specs[0], reader)
        raise UndecidedError
    refused = [*_convertible(payload, specs[0], ())]
    yield from refused
    if refused or not isinstance(payload, list):
        return
    shape = arrays.array(payload, arrays.ANY).shape
    if len(shape) > 2:
        raise RefusedError(f"the example has {len(shape)} dimensions, and a table has two", kind="shape")
    width = (1 if shape[0] else 0) if len(shape) == 1 else shape[1]
    if width < len(specs):
        yield Misfit("shape", f"the signature has {len(specs)} unnamed columns, the example {width}")
        return
    for index, spec in enumerate(specs):
        if spec["type"] in ("object", "map", "array"):
            yield Misfit("type", f"column {index} is {spec['type']}, but an array has single values")
            return
        if spec["type"] not in SCALARS:
            raise UndecidedError
        values = payload if len(shape) == 1 else [row[index] for row in payload]
        try:
            convert(_read_as(values, first), spec["type"], reader)
        except RefusedError:
            message = (
                f"column {index} is {spec['type']}, but an array is read as {first}, as the first column is"
            )
            yield Misfit("type", message)
            return


def _read_as(values: list[Any], type_: str) -> Column:
    """A column of values that were read as those of the first column."""
    if type_ == "string":
        return Column([str(value) for value in values], "str")
    if type_ in ("integer", "long"):
        return Column([int(value) for value in values], _COLUMNS[NUMPY[type_]])
    return Column([0.5 for _ in values], _COLUMNS.get(NUMPY[type_], "datetime"))
