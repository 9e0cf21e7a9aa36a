"""Data frames as pandas makes them of JSON (``pandas.DataFrame``): columns, their names, and where each cell stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import describe
from mlmodel.model.enforcement.columns import NAN, Column, column
from mlmodel.model.enforcement.misfits import RefusedError, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmodel.model.enforcement.misfits import Pointer


class Table(Record):
    """Columns with names, each of as many values as there are rows."""

    names: Sequence[Any]
    """As they stand in the JSON; several levels make tuples, and columns without names are numbered."""
    columns: Sequence[Column]
    place: Callable[[int, int], Pointer]
    """Where a cell stands, by the numbers of its row and its column."""
    names_place: Pointer = ()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0].values) if self.columns else 0


def of_split(data: dict[str, Any]) -> Table:
    """A table of ``{"columns": ..., "index": ..., "data": ...}``, as examples and requests have it.

    Raises:
        RefusedError: pandas makes none of it.
        UndecidedError: that depends on pandas.
    """
    names = _labels(data.get("columns"))
    names_place: Pointer = ("columns",) if "columns" in data else ("data",)
    try:
        table = _of_rows(data["data"], names)
    except RefusedError as error:
        raise error.below("data") from None
    place = table.place
    index = data.get("index")
    if isinstance(index, list) and isinstance(data["data"], list) and len(index) != len(data["data"]):
        if len(data["data"]) <= 1:
            raise UndecidedError
        raise RefusedError(f"{len(index)} labels for {len(data['data'])} rows", "index", kind="form")
    return table._replace(place=lambda row, col: ("data", *place(row, col)), names_place=names_place)


def of_list(data: list[Any]) -> Table:
    """A table of a list of rows, or of values of one column.

    Raises:
        RefusedError: as :func:`of_split`.
        UndecidedError: as :func:`of_split`.
    """
    return _of_rows(data, None)


def of_row(data: dict[str, Any]) -> Table:
    """A table of one row, whose keys are the names of the columns."""
    names = list(data)
    return Table(names, [column([value]) for value in data.values()], lambda _, col: (names[col],))


def of_columns(data: dict[str, Any]) -> Table:
    """A table of columns by name, of which some may be single values.

    Raises:
        RefusedError: as :func:`of_split`.
    """
    names = list(data)
    lists = [value for value in data.values() if isinstance(value, list)]
    mappings = [value for value in data.values() if isinstance(value, dict)]
    if lists and mappings:
        raise RefusedError("lists beside objects, of which pandas makes no data frame", kind="form")
    if len(set(map(len, lists))) > 1:
        lengths = ", ".join(str(length) for length in sorted(set(map(len, lists))))
        raise RefusedError(f"columns of different lengths ({lengths})", kind="form")
    if lists:
        rows = len(lists[0])
        columns = [
            _broadcast(value, rows) if not isinstance(value, list) else _filled(value)
            for value in data.values()
        ]
        return Table(names, columns, lambda row, col: _in_column(names[col], data, row))
    keys = list(dict.fromkeys(key for value in mappings for key in value))
    found = [
        _filled([value.get(key, NAN) for key in keys])
        if isinstance(value, dict)
        else _broadcast(value, len(keys))
        for value in data.values()
    ]
    return Table(
        names,
        found,
        lambda row, col: (names[col], keys[row]) if isinstance(data[names[col]], dict) else (names[col],),
    )


def _filled(values: list[Any]) -> Column:
    return column(values) if values else Column(values, "float64")


def _broadcast(value: Any, rows: int) -> Column:
    return Column([value] * rows, column([value]).dtype)


def _in_column(name: str, data: dict[str, Any], row: int) -> Pointer:
    return (name, row) if isinstance(data[name], list) else (name,)


def _labels(names: Any) -> list[Any] | None:
    """The names of columns; lists in place of names are the levels of the names (``MultiIndex.from_arrays``)."""
    if names is None:
        return None
    if isinstance(names, dict):
        raise UndecidedError
    if not isinstance(names, list):
        raise RefusedError(f"{describe(names)}, where a list of names is expected", "columns", kind="form")
    if names and all(isinstance(name, list) for name in names):
        if len(set(map(len, names))) > 1:
            raise RefusedError("levels of column names that differ in length", "columns", kind="form")
        names = list(zip(*names, strict=True))
    parts = [part for name in names for part in (name if isinstance(name, tuple) else (name,))]
    if any(isinstance(part, (list, dict)) for part in parts):
        raise RefusedError("a list or an object as the name of a column", "columns", kind="form")
    return list(names)


def _of_rows(data: Any, names: list[Any] | None) -> Table:
    if data is None:
        return Table(names or [], [column([]) for _ in names or []], lambda _row, _col: ())
    if isinstance(data, dict) and data:
        raise UndecidedError
    if isinstance(data, dict):
        data = []
    if not isinstance(data, list):
        raise RefusedError(f"{describe(data)}, where a list of rows is expected", kind="form")
    if not data:
        return Table(names or [], [column([]) for _ in names or []], lambda _row, _col: ())
    if isinstance(data[0], list):
        return _of_lists(data, names)
    if isinstance(data[0], dict):
        return _of_objects(data, names)
    if names is not None and len(names) != 1:
        raise RefusedError(f"{_count(names)}, and the rows are single values", kind="form")
    return Table(names or [0], [column(data)], lambda row, _col: (row,))


def _count(names: Sequence[Any]) -> str:
    return f"{len(names)} columns are named" if len(names) != 1 else "1 column is named"


def _of_lists(data: list[Any], names: list[Any] | None) -> Table:
    for row, each in enumerate(data):
        if not isinstance(each, (list, str, dict)):
            raise RefusedError(f"{describe(each)}, where a row is expected", row, kind="form")
    given = data
    # pandas takes the characters of a text, and the keys of an object, for the values of a row.
    data = [each if isinstance(each, list) else list(each) for each in data]
    width = max(map(len, data))
    if names is not None and len(names) != width:
        raise RefusedError(f"{_count(names)}, and the rows have {width}", kind="form")
    if min(map(len, data)) < width:
        data = [[*row, *[None] * (width - len(row))] for row in data]
    columns = [column(values) for values in zip(*data, strict=True)]

    def place(row: int, col: int) -> Pointer:
        values = given[row]
        return (row, col) if isinstance(values, list) and col < len(values) else (row,)

    return Table(names if names is not None else list(range(width)), columns, place)


def _of_objects(data: list[Any], names: list[Any] | None) -> Table:
    for row, each in enumerate(data):
        if not isinstance(each, dict):
            if each in ("", []) or (isinstance(each, list) and all(_is_pair(item) for item in each)):
                raise UndecidedError  # pandas 3 reads pairs as an object
            raise RefusedError(
                f"{describe(each)}, where an object is expected as in the first row", row, kind="form"
            )
    found = names if names is not None else list(dict.fromkeys(key for each in data for key in each))
    columns = [column([each.get(name, NAN) for each in data]) for name in found]
    return Table(found, columns, lambda row, col: (row, found[col]) if found[col] in data[row] else (row,))


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, str, dict)) and len(value) == 2
