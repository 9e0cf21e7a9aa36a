"""An example held against the inputs of a signature, as one reader does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.model.enforcement import arrays, hints, sparse, tables
from mlmodel.model.enforcement.columns import Column, cast, cast_integers, column, convert
from mlmodel.model.enforcement.misfits import Misfit, RefusedError, UndecidedError
from mlmodel.model.enforcement.nested import conform
from mlmodel.model.enforcement.readers import Reader
from mlmodel.model.signatures import SCALARS, is_named, is_required

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.model.enforcement.misfits import Pointer
    from mlmodel.model.enforcement.tables import Table

    Spec = dict[str, Any]

_ARRAYS = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "str",
    "binary": "bytes",
    "datetime": "datetime64[ns]",
}
"""The numpy type of which a request makes the arrays of a column."""
_COLUMNS = {
    **{name: name for name in ("bool", "int32", "int64", "float32", "float64")},
    "str": "object",
    "bytes": "bytes",
}
"""The type of the column that pandas makes of such an array."""
_ANY_READER = Reader(keeps_null=False, is_pandas_3=False)
"""For what all readers do alike."""


def held(payload: Any, form: str, specs: list[Spec], reader: Reader, *, hinted: bool) -> list[Misfit]:
    """Why a reader refuses an example.

    Raises:
        UndecidedError: that cannot be told.
    """
    found: list[Misfit] = []
    try:
        found.extend(_held(payload, form, specs, reader, hinted=hinted))
    except RefusedError as error:
        found.append(error.misfit())
    except UndecidedError:
        if not found:
            raise
    return found


def _held(payload: Any, form: str, specs: list[Spec], reader: Reader, *, hinted: bool) -> Iterator[Misfit]:
    tensors = specs[0]["type"] == "tensor"
    if hinted:
        yield from _hinted(payload, form, specs[0])
    elif form == "dataframe":
        table = tables.of_split(payload)
        yield from _frame_of_tensors(table, specs) if tensors else _columns(table, specs, reader, read=True)
    elif form == "records":
        table = tables.of_list(payload)
        yield from _frame_of_tensors(table, specs) if tensors else _columns(table, specs, reader, read=True)
    elif form == "ndarray":
        yield from _arrays(payload, specs, reader)
    elif form == "json_object":
        yield from (
            _json_of_tensors(payload, specs) if tensors else _columns(_frame(payload, specs), specs, reader)
        )
    else:
        yield from _matrix(payload, specs, by_rows=form == "sparse_matrix_csr")


def _hinted(payload: Any, form: str, spec: Spec) -> Iterator[Misfit]:
    if form != "json_object":
        return
    if not isinstance(payload, list):
        raise RefusedError(
            f"the example is {describe(payload)}, where the type hint of predict asks for a list"
        )
    for index, value in enumerate(payload):
        try:
            hints.check(value, spec)
        except RefusedError as error:
            yield error.misfit(index)
            return


# -- columns ---------------------------------------------------------------------------------------------


def _frame(payload: Any, specs: list[Spec]) -> Table:
    """The data frame that ``predict`` makes of its input."""
    if isinstance(payload, list):
        return _form(lambda: tables.of_list(payload))
    if isinstance(payload, dict):
        rows = any(spec["type"] in ("array", "object", "sparkml_vector") for spec in specs)
        if rows or all(map(_is_single, payload.values())):
            return tables.of_row(payload)
        return _form(lambda: tables.of_columns(payload))
    if payload is None:
        raise RefusedError("the example is null, of which no reader makes a data frame", kind="form")
    return tables.Table([0], [column([payload])], lambda _row, _col: ())


def _form(make: Any) -> Table:
    try:
        found: Table = make()
    except RefusedError as error:
        error.message = f"the example has {error.message}"
        raise
    return found


def _is_single(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return not isinstance(value, dict)


def _columns(table: Table, specs: list[Spec], reader: Reader, *, read: bool = False) -> Iterator[Misfit]:
    """The columns of a data frame, which is read from a file or a request first (``read``)."""
    if not is_named(specs[0]):
        if len(table.columns) < len(specs):
            message = f"the signature has {len(specs)} unnamed columns, the example {len(table.columns)}"
            yield Misfit("shape", message, table.names_place)
            return
        pairs = [(index, {**spec, "required": True}) for index, spec in enumerate(specs)]
    else:
        found: dict[Any, int] = {}
        twice: set[Any] = set()
        for index, name in enumerate(table.names):
            if name in found:
                twice.add(name)
            found.setdefault(name, index)
        yield from missing(found, specs, table.names_place)
        pairs = []
        for spec in specs:
            name = spec["name"]
            if name in twice:
                message = f"the example has column {quoted(name)} twice, and the signature names it"
                yield Misfit("form", message, table.names_place)
            elif name in found:
                pairs.append((found[name], spec))
    for index, spec in pairs:
        said = _column(table, index, spec, reader, read=read)
        if said is not None:
            yield said


def missing(
    found: Iterable[Any], specs: list[Spec], place: Pointer, word: str = "column"
) -> Iterator[Misfit]:
    """What the signature requires, and is not among the names."""
    given = list(found)
    folded: dict[str, str] | None = None
    names = set(given)
    is_unnamed = bool(given) and given == [*range(len(given))]
    for spec in specs:
        name = spec["name"]
        if name in names or not (word == "tensor" or is_required(spec)):
            continue
        if folded is None:
            folded = {_folded(other): str(other) for other in reversed(given)}
        near = folded.get(_folded(name))
        hint = None
        if near is not None and near != str(name):
            hint = f"the example calls it {quoted(near)}: names must be equal to the letter"
        elif near is not None:
            hint = f"the name is text in one, a number in the other: {describe(name)} in the signature"
        if is_unnamed:
            message = f"the example has no column names; the signature requires {quoted(name)}"
            yield Misfit("missing", message, place)
            return
        what = "requires" if word == "column" else "names"
        yield Misfit(
            "missing", f"the example has no {word} {quoted(name)}, which the signature {what}", place, hint
        )


def _folded(name: Any) -> str:
    return "".join(str(name).split()).lower()


def _column(table: Table, index: int, spec: Spec, reader: Reader, *, read: bool) -> Misfit | None:
    values, type_ = table.columns[index], spec["type"]
    label = f"column {quoted(spec['name'])}" if spec.get("name") is not None else f"column {index}"
    try:
        if type_ in SCALARS:
            if read:
                values = cast(values, type_, reader)
            convert(values, type_, reader)
            return None
        _nested(values, spec, reader, times=2 if read else 1)
    except RefusedError as error:
        row, *steps = error.steps or (0,)
        place = table.place(int(row), index) if values.values else table.names_place
        if type_ in SCALARS:
            message = f"{label} is {type_}, but the example has {error.message}"
        else:
            message = f"{label}: the example has {error.message}"
        return Misfit(error.kind, message, (*place, *steps), error.hint)
    return None


def _nested(values: Column, spec: Spec, reader: Reader, times: int) -> None:
    for row, value in enumerate(values.values):
        try:
            # What was read is enforced once more when the model predicts.
            for time in range(times):
                required = is_required(spec) or (time == 0 and not reader.optional_cells)
                value = conform(value, spec, reader, required=required)  # noqa: PLW2901
        except RefusedError as error:
            raise error.below(row) from None


# -- tensors of data frames and JSON ---------------------------------------------------------------------


def _json_of_tensors(payload: Any, specs: list[Spec]) -> Iterator[Misfit]:
    if is_named(specs[0]):
        lost = [*missing(payload if isinstance(payload, dict) else (), specs, (), "tensor")]
        yield from lost
        if lost:
            return
    message = (
        f"the signature has tensors, and the example is {describe(payload)} that is not read as an array"
    )
    yield Misfit("type", message, (), "store an array: its type is then ndarray")


def _frame_of_tensors(table: Table, specs: list[Spec]) -> Iterator[Misfit]:
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
            yield Misfit(error.kind, f"the tensor {_tensor(spec)}: the example has {error.message}", place)
            return


def _wide(table: Table, spec: Spec) -> Iterator[Misfit]:
    """Several columns for one tensor: each is a column of it."""
    shape, dtype = spec["tensor-spec"]["shape"], spec["tensor-spec"]["dtype"]
    width = len(table.columns)
    if shape != [-1, width]:
        message = f"{width} columns make shape (-1, {width}), the signature asks for {_shape_text(shape)}"
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
            raise RefusedError(
                f"single values, where shape {_shape_text(shape)} is expected", 0, kind="shape"
            )


def _batch(shape: list[int]) -> None:
    if shape[:1] != [-1] or -1 in shape[1:]:
        raise RefusedError(
            f"a column, of which no tensor of shape {_shape_text(shape)} is made: only the first length may be -1, and must be",
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
            f"lists of {width} values, where shape {_shape_text(shape)} is expected", 0, kind="shape"
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


# -- arrays ----------------------------------------------------------------------------------------------


def _arrays(payload: Any, specs: list[Spec], reader: Reader) -> Iterator[Misfit]:
    """An array, or a mapping of them, as it is read, and as ``predict`` takes it."""
    tensors = specs[0]["type"] == "tensor"
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
        if tensors and not named:
            raise RefusedError("the example has a list of objects, where an array is expected", kind="form")
        if tensors:
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
    elif tensors:
        if len(named) > 1:
            yield from missing((), specs, (), "tensor")
            return
        yield from _tensor_misfit(payload, specs[0], ())
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
            else _tensor_misfit(value, spec, places[name])
            if spec["type"] == "tensor"
            else _convertible(value, spec, places[name], reader)
        ):
            said = True
            yield misfit
    tensors = specs[0]["type"] == "tensor"
    lost = [*missing(payload, specs, (), "tensor" if tensors else "column")]
    yield from lost
    if not tensors and not said and not lost:
        yield from _as_columns(payload, specs, named, places)


def _untyped(value: Any, place: Pointer) -> Iterator[Misfit]:
    try:
        arrays.array(value, arrays.ANY)
    except RefusedError as error:
        yield error.misfit(*place)


def _tensor_misfit(value: Any, spec: Spec, place: Pointer) -> Iterator[Misfit]:
    shape = spec["tensor-spec"]["shape"]
    try:
        found = arrays.array(value, arrays.dtype(spec["tensor-spec"]["dtype"]))
    except RefusedError as error:
        message = f"the tensor {_tensor(spec)}: the example has {error.message}"
        yield Misfit(error.kind, message, (*place, *error.steps), error.hint)
        return
    try:
        arrays.check(found, shape)
    except RefusedError:
        yield Misfit(
            "shape",
            f"the example has shape {found.shape}, the signature asks for {_shape_text(shape)}",
            place,
        )


def _tensor(spec: Spec) -> str:
    dtype = spec["tensor-spec"]["dtype"]
    return f"{quoted(spec['name'])} is {dtype}" if spec.get("name") is not None else f"is {dtype}"


def _shape_text(shape: list[int]) -> str:
    return str(tuple(shape))


def _convertible(value: Any, spec: Spec, place: Pointer, reader: Reader | None = None) -> Iterator[Misfit]:
    """What a request makes of the values of one column (``convert_data_type``)."""
    type_ = spec["type"]
    label = f"column {quoted(spec['name'])}" if spec.get("name") is not None else "the column"
    try:
        if type_ in SCALARS:
            if isinstance(value, list):
                arrays.array(value, arrays.dtype(_ARRAYS[type_]))
            else:
                arrays.array([value], arrays.dtype(_ARRAYS[type_]))
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
        return Column([int(value) for value in values], _COLUMNS[_ARRAYS[type_]])
    return Column([0.5 for _ in values], _COLUMNS.get(_ARRAYS[type_], "datetime"))


# -- sparse matrices -------------------------------------------------------------------------------------


def _matrix(payload: dict[str, Any], specs: list[Spec], *, by_rows: bool) -> Iterator[Misfit]:
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
        message = f"the example has shape {tuple(shape)}, the signature asks for {_shape_text(expected)}"
        yield Misfit("shape", message, ("shape",))
    elif wanted != dtype:
        kinds = arrays.dtype(wanted).kind, arrays.dtype(dtype).kind
        lost = kinds[0] == kinds[1] or set(kinds) <= {"i", "u"}
        message = f"the numbers are read as {dtype}, and the signature asks for {wanted}"
        yield Misfit("lost" if lost else "type", message, ("data",))
