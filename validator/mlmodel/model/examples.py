"""A stored input example as values, whatever release wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.model import paths
from mlmodel.standard import releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.model.model import Model

    Pointer = tuple[str | int, ...]

TYPES = ("dataframe", "ndarray", "json_object", "sparse_matrix_csr", "sparse_matrix_csc")


class Example(Record):
    """The file that ``saved_input_example_info`` names, and what the MLmodel file says of it."""

    document: Document
    type: str
    has_params: bool
    wrapped: bool | None
    """Whether the recorded release reads an ndarray as ``{"inputs": ...}``, as MLflow did up to 2.15; None where
    no release is recorded."""

    @property
    def payload(self) -> tuple[Any, Pointer]:
        """The example without its wrappers, and its place: ``{"inputs": ..., "params": ...}``, and what
        :attr:`wrapped` says of an ndarray."""
        data: Any = self.document.data
        pointer: Pointer = ()
        if self.has_params and isinstance(data, dict) and "inputs" in data:
            data, pointer = data["inputs"], ("inputs",)
        if self._may_be_wrapped and isinstance(data, dict) and data.keys() == {"inputs"}:
            data, pointer = data["inputs"], (*pointer, "inputs")
        return data, pointer

    @property
    def _may_be_wrapped(self) -> bool:
        return self.type == "ndarray" and self.wrapped is not False

    @property
    def params(self) -> Any:
        """The params stored with the example, None where there are none."""
        data = self.document.data
        return data.get("params") if self.has_params and isinstance(data, dict) else None


def stored(model: Model) -> Example | None:
    """The stored example, None where none is named or its file is not there."""
    info = model.config.get("saved_input_example_info")
    if not isinstance(info, dict):
        return None
    path, type_ = info.get("artifact_path"), info.get("type")
    if not isinstance(path, str) or not path or paths.fault(path) is not None or type_ not in TYPES:
        return None
    document = model.json(path)
    if document is None:
        return None
    wrapped = None
    if releases.at_most(model.release, "2.15.0"):
        wrapped = True
    elif releases.at_least(model.release, "2.16.2"):
        wrapped = False
    return Example(document, type_, bool(info.get("params")), wrapped)


def definition(example: Example) -> str:
    """The definition of ``input-example.schema.json`` that the file must meet."""
    name = "tf_serving" if example.type == "ndarray" and example.wrapped else example.type
    return f"{name}_with_params" if example.has_params else name


class Table(Record):
    """An example as rows and named columns."""

    names: list[str] | None
    rows: list[Any]
    """Lists, or objects where ``records``."""
    names_pointer: Pointer
    data_pointer: Pointer
    records: bool = False
    """Rows are objects in the file, so that a cell is found by its column's name."""
    nested: bool = False
    """One object stands for one row."""

    def values(self, column: int, name: str, most: int) -> Iterator[tuple[int, Any]]:
        """The first values of a column, each with the number of its row."""
        for index, row in enumerate(self.rows[:most]):
            if self.records:
                yield index, row.get(name)
            elif column < len(row):
                yield index, row[column]

    def cell(self, row: int, column: int, name: str) -> Pointer:
        """Where a cell stands in the file."""
        if self.nested:
            return (*self.data_pointer, name)
        return (*self.data_pointer, row, name if self.records else column)


def table(example: Example) -> Table | None:
    """The example as a table; None for forms that are none."""
    data, pointer = example.payload
    if example.type == "dataframe":
        if isinstance(data, dict) and isinstance(data.get("data"), list):
            names = data.get("columns")
            rows = [row for row in data["data"] if isinstance(row, list)]
            place = (*pointer, "columns") if "columns" in data else pointer
            strings = [str(name) for name in names] if isinstance(names, list) else None
            return Table(strings, rows, place, (*pointer, "data"))
        if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
            return Table(list(data[0]), data, pointer, pointer, records=True)
    if example.type == "json_object" and isinstance(data, dict) and data:
        # A single row, or a mapping of columns: only the names are certain.
        return Table(list(data), [], pointer, pointer, nested=True)
    return None
