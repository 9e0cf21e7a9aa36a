"""SHA-256 of the files of a model directory, for those who load the model later than it was judged."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlmodel.findings import Digests
from mlmodel.sources.directory import Kind

if TYPE_CHECKING:
    from mlmodel.sources.base import Source

_BLOCK = 1 << 20


def of_directory(directory: Source) -> Digests:
    """The digests of all regular files, each read whole, and of the directory.

    That of the directory is the SHA-256 of what ``sha256sum`` prints for the files in the order of the bytes of their names, relative to
    the directory: a line for each, the digest, two blanks, and the path.

    Raises:
        UnreadableError: a file cannot be read.
    """
    files: dict[str, str] = {}
    entries = directory.entries.items()
    for path in sorted((path for path, entry in entries if entry.kind is Kind.FILE), key=_bytes):
        digest = hashlib.sha256()
        with directory.open_mapped(path) as data:
            for start in range(0, len(data), _BLOCK):
                digest.update(data[start : start + _BLOCK])
        files[path] = digest.hexdigest()
    lines = b"".join(f"{digest}  ".encode() + _bytes(path) + b"\n" for path, digest in files.items())
    return Digests(hashlib.sha256(lines).hexdigest(), files)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
