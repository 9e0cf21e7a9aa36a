"""Rows under named columns, without a library of data frames."""

from __future__ import annotations

from typing import Any

from mlmodel.common.records import Record


class Table(Record):
    """Rows under named columns, as a data frame of MLflow's examples."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def column(self, index: int) -> list[Any]:
        """The values of one column."""
        return [row[index] for row in self.rows]
