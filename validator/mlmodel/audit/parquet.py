"""Rows of an audit as Parquet, with pyarrow (extra ``mlmodel[parquet]``)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.audit.subjects import WhereError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.audit.rows import Row

_BATCH = 2_000
"""Rows that are in memory at once: a row group."""
_TEXTS = (
    "id", "kind", "name", "version", "source", "owner", "created", "experiment_id", "run_id", "model_id", "verdict"
)  # fmt: skip


def check_installed() -> None:
    """Find out whether pyarrow is there, before any work is done.

    Raises:
        WhereError: it is not.
    """
    _pyarrow()


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise WhereError(f"Parquet needs pyarrow: pip install 'mlmodel[parquet]' ({error})") from None
    return pyarrow


def schema() -> Any:
    """The columns, as a schema of pyarrow: those of ``schemas/audit-row.schema.json``, moments as timestamps in UTC."""
    arrow = _pyarrow()
    text, number = arrow.string(), arrow.int64()
    finding = arrow.struct(
        [
            ("rule", text),
            ("name", text),
            ("severity", text),
            ("message", text),
            ("file", text),
            ("line", number),
            ("column", number),
            ("pointer", text),
            ("offset", number),
            ("hint", text),
        ]
    )
    moment = arrow.timestamp("s", tz="UTC")
    return arrow.schema(
        [
            *((name, moment if name == "created" else text) for name in _TEXTS),
            ("errors", number),
            ("warnings", number),
            ("infos", number),
            ("mlflow_version", text),
            ("python", text),
            ("flavors", arrow.list_(text)),
            ("digest", text),
            ("findings", arrow.list_(finding)),
            ("truncated", arrow.bool_()),
            ("checked", moment),
            ("tool", text),
            ("settings", text),
        ]
    )


def write(lines: str, path: str) -> None:
    """Write the rows of a file of JSON Lines as Parquet; a reader sees the old file or the new one, whole.

    Raises:
        OSError: a file cannot be read or written.
    """
    arrow = _pyarrow()
    columns = schema()
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with (
            open(lines, "rb") as file,
            arrow.parquet.ParquetWriter(temporary, columns, compression="zstd") as out,
        ):
            batch: list[Row] = []
            for line in file:
                batch.append(_typed(json.loads(line)))
                if len(batch) == _BATCH:
                    out.write_table(arrow.Table.from_pylist(batch, columns))
                    batch = []
            if batch:
                out.write_table(arrow.Table.from_pylist(batch, columns))
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def read(path: str) -> Iterator[Row]:
    """The rows of a Parquet file, as they were in JSON.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no Parquet, or has other columns.
    """
    arrow = _pyarrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    for key in ("created", "checked"):
                        moment = row.get(key)
                        row[key] = moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None
                    yield row
    except (arrow.ArrowInvalid, AttributeError, KeyError) as error:
        raise ValueError(f"{path}: {error}") from None


def _typed(row: Row) -> Row:
    from datetime import datetime

    for key in ("created", "checked"):
        if row.get(key) is not None:
            row[key] = datetime.fromisoformat(row[key].replace("Z", "+00:00"))
    return row
