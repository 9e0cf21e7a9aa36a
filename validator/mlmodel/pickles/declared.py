"""Names that a JSON document inside an archive gives, and that its reader imports: skops and keras."""

from __future__ import annotations

from typing import Any

MAX_BYTES = 1 << 26
"""Bytes of a document that are read."""
MAX_NAMES = 50_000

DOCUMENTS = {"schema.json": "skops", "config.json": "keras"}
"""By the member's name: the format whose reader reads it."""
_KEYS = {"skops": ("__module__", "__class__"), "keras": ("module", "class_name")}


def names(raw: bytes, form: str) -> tuple[tuple[str, str], ...] | str:
    """Module and class of every object that the document describes, each once; or why it cannot be read."""
    if len(raw) > MAX_BYTES:
        return f"{len(raw):,} bytes, more than {MAX_BYTES:,} can be read"
    import json

    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return f"it is no JSON that can be read ({error})"
    module_key, class_key = _KEYS[form]
    found: dict[tuple[str, str], None] = {}
    pending: list[Any] = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            module, name = item.get(module_key), item.get(class_key)
            if isinstance(module, str) and isinstance(name, str):
                found[module, name] = None
                if len(found) > MAX_NAMES:
                    return f"it has more than {MAX_NAMES:,} names"
            pending += item.values()
        elif isinstance(item, list):
            pending += item
    return tuple(found)
