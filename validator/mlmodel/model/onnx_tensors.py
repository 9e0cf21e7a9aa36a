"""Where the tensors of an ONNX file are that are not in it (onnx.proto, ``TensorProto.external_data``).

Messages are walked as the schema nests them, and nothing is built: a field of bytes is skipped by its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.model.protobuf import MAX_FIELDS, BrokenError, fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes

MAX_MESSAGES = 500_000
"""Messages of one file that are walked."""
MAX_NAME = 4_096
"""Bytes of a location that are read."""

_KEY, _VALUE = 1, 2
_INSIDE: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
    "Function": {7: "Node", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "Sparse", 23: "Sparse"},
    "Sparse": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
}
"""By message: the fields that hold other messages, and which."""


class Location(Record):
    """The file that a tensor is in."""

    name: str
    """Relative to the folder of the ONNX file, as written."""


class Undecoded(Record):
    """There is more in the file than is walked."""

    reason: str


def locations(data: bytes | mmap | RangedBytes) -> Iterator[Location | Undecoded]:
    """The locations of external tensors, each once; of a file that is no ONNX, none."""
    seen: set[str] = set()
    pending: list[tuple[str, int, int]] = [("Model", 0, len(data))]
    for _ in range(MAX_MESSAGES):
        if not pending:
            return
        kind, start, end = pending.pop()
        try:
            if kind == "Entry":
                name = _location(data, start, end)
                if name is not None and name not in seen:
                    seen.add(name)
                    yield Location(name)
                continue
            inside, count = _INSIDE[kind], 0
            for count, field in enumerate(fields(data, start, end), start=1):  # noqa: B007 - it is counted
                if field.wire == 2 and field.number in inside:
                    pending.append((inside[field.number], field.start, field.end))
            if count == MAX_FIELDS:
                yield Undecoded(f"a message has more than {MAX_FIELDS:,} fields")
        except BrokenError:
            continue  # its readers refuse it, too
    if pending:
        yield Undecoded(f"it has more than {MAX_MESSAGES:,} parts")


def _location(data: bytes | mmap | RangedBytes, start: int, end: int) -> str | None:
    """The value of an entry whose key is ``location``; the fields may stand in either order, the last of each counts."""
    found = {
        field.number: bytes(data[field.start : min(field.end, field.start + MAX_NAME)])
        for field in fields(data, start, end)
        if field.wire == 2
    }
    if found.get(_KEY) != b"location":
        return None
    return found.get(_VALUE, b"").decode("utf-8", "replace")
