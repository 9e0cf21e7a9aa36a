"""What may happen to a file of a model on its way: the damages that the tests try.  For any Python, without our package."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HTML = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n"
DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "removed": lambda _: None,
    "emptied": lambda _: b"",
    "halved": lambda content: content[: len(content) // 2],
    "replaced by HTML": lambda _: HTML,
    "gzipped": lambda content: gzip.compress(content, mtime=0),
}
ENVIRONMENT = frozenset({"conda.yaml", "python_env.yaml", "requirements.txt"})
"""Files that no loader needs: builders of environments read them."""
EXAMPLES = frozenset({"input_example.json", "serving_input_example.json", "serving_input_payload.json"})
"""Files that a loader reads last, and ignores where it cannot."""


def files(folder: Path) -> list[str]:
    """The files of a model that its loader may need, relative to it."""
    paths = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in paths if path not in ENVIRONMENT | EXAMPLES and "__pycache__" not in path]


@contextmanager
def damaged(folder: Path, file: str, damage: str) -> Iterator[bool]:
    """A model with one damaged file, whole again afterwards; whether anything is different."""
    path = folder / file
    whole = path.read_bytes()
    content = DAMAGES[damage](whole)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    try:
        yield content != whole
    finally:
        path.write_bytes(whole)
