"""Storages of PyTorch in a pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmodel.pickles.symbols import Stream


def devices_of(stream: Stream) -> list[str]:
    """The devices besides the CPU that storages of PyTorch were saved from (``torch.save``: the persistent id of a storage
    is a tuple of "storage", its type, its key, its location and its size)."""
    found: dict[str, None] = {}
    for call in stream.calls:
        values = call.arguments if call.opcode == "BINPERSID" else None
        if values and len(values) == 1 and isinstance(values[0].value, tuple):
            values = values[0].value
        if values and len(values) >= 4 and values[0].value == "storage":
            location = values[3].value
            if isinstance(location, str) and location not in ("cpu", "meta"):
                found[location] = None
    return list(found)
