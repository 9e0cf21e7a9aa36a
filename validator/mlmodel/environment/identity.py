"""What a model says of itself, for whoever counts many of them: its Python, its day, its run, and a digest of its files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlmodel.environment import recorded
from mlmodel.findings import Facts
from mlmodel.sources.base import MAX_SMALL, SMALL, Kind, UnreadableError

if TYPE_CHECKING:
    from mlmodel.model.model import Model

_LONGEST = 200
"""Characters of a value that are told."""


def of(model: Model) -> Facts:
    """The facts; what cannot be read, or is no text, is None."""
    try:
        config = model.config
    except (UnreadableError, OSError):
        return Facts(digest=digest(model))

    def text(key: str) -> str | None:
        value = config.get(key)
        return value[:_LONGEST] if isinstance(value, str) else None

    return Facts(_python(model), text("utc_time_created"), text("run_id"), text("model_id"), digest(model))


def _python(model: Model) -> str | None:
    try:
        numbers = recorded.of(model).python
    except (UnreadableError, OSError):
        return None
    return ".".join(map(str, numbers))[:_LONGEST] if numbers else None


def digest(model: Model) -> str | None:
    """SHA-256 of a line for each file, in the order of their names: name, size, and the SHA-256 of its content where it
    has at most :data:`SMALL` bytes, and all of those not more than :data:`MAX_SMALL`; None where not all can be listed or
    read."""
    source = model.directory
    whole = hashlib.sha256()
    room = MAX_SMALL
    try:
        for path, entry in sorted(source.entries.items()):
            if entry.kind is not Kind.FILE:
                continue
            content = ""
            if entry.size <= min(SMALL, room):
                content = hashlib.sha256(source.read(path, SMALL)).hexdigest()
                room -= entry.size
            whole.update(f"{path}\0{entry.size}\0{content}\n".encode("utf-8", "surrogatepass"))
    except (UnreadableError, OSError):
        return None
    return whole.hexdigest() if source.listed_all and not source.closed else None
