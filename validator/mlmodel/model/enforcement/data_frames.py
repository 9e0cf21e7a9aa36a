"""A data frame held against columns, as MLflow reads and enforces it (``_enforce_named_col_schema``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.model.enforcement import tables
from mlmodel.model.enforcement.columns import Column, cast, column, convert
from mlmodel.model.enforcement.misfits import Misfit, RefusedError
from mlmodel.model.signatures import SCALARS, is_named, is_required

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.model.enforcement.misfits import Pointer
    from mlmodel.model.enforcement.readers import Reader
    from mlmodel.model.enforcement.tables import Table

    Spec = dict[str, Any]


def frame(payload: Any, specs: list[Spec]) -> Table:
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


def held(table: Table, specs: list[Spec], reader: Reader, *, read: bool = False) -> Iterator[Misfit]:
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
    from mlmodel.model.enforcement.nested import conform

    for row, value in enumerate(values.values):
        try:
            # What was read is enforced once more when the model predicts.
            for time in range(times):
                required = is_required(spec) or (time == 0 and not reader.optional_cells)
                value = conform(value, spec, reader, required=required)  # noqa: PLW2901
        except RefusedError as error:
            raise error.below(row) from None
