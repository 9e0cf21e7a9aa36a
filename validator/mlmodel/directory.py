"""A model directory on disk: the only code that touches the files of a model.

It reads regular files inside the directory and nothing else: links that lead out are not followed, FIFOs
and devices are not opened, and every read is bounded.
"""

from __future__ import annotations

import os
import stat
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(Enum):
    """What stands under a name."""

    FILE = "file"
    DIRECTORY = "directory"
    SPECIAL = "special file"
    MISSING = "missing"
    OUTSIDE = "outside"
    """A link that leads out of the directory, or in a circle."""


class Entry(NamedTuple):
    """One name in the directory."""

    path: str
    """Relative to the model directory, with forward slashes."""
    kind: Kind
    size: int
    """Bytes; 0 for what is not a regular file."""
    mode: int
    """``st_mode`` of the entry itself, a link not followed."""


class UnreadableError(Exception):
    """A file could not be read, or not within the limits."""

    def __init__(self, path: str, reason: str, *, limit: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.limit = limit
        """Whether a limit was exceeded, and not a read that failed."""


MAX_ENTRIES = 20_000
"""Names listed at most; what lies beyond is still found when a path key points to it."""


class ModelDirectory:
    """The files of one model, by paths relative to its root."""

    def __init__(self, root: str) -> None:
        self.given = root
        self.root = os.path.realpath(root)
        self.closed: dict[str, str] = {}
        """Folders that could not be listed, and why."""

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """All names below the root, up to :data:`MAX_ENTRIES`, by path.  Links to directories are not entered."""
        found: dict[str, Entry] = {}
        pending = [""]
        while pending and len(found) < MAX_ENTRIES:
            folder = pending.pop()
            for entry in self._list(folder):
                found[entry.path] = entry
                if entry.kind is Kind.DIRECTORY and not stat.S_ISLNK(entry.mode):
                    pending.append(entry.path)
        return found

    @property
    def listed_all(self) -> bool:
        """Whether :attr:`entries` holds every name."""
        return len(self.entries) < MAX_ENTRIES

    def _list(self, folder: str) -> Iterator[Entry]:
        try:
            scan = os.scandir(os.path.join(self.root, folder) if folder else self.root)
        except OSError as error:
            self.closed[folder] = error.strerror or str(error)
            return
        with scan:
            for item in scan:
                path = f"{folder}/{item.name}" if folder else item.name
                try:
                    status = item.stat(follow_symlinks=False)
                except OSError:
                    continue  # vanished meanwhile
                yield self._entry(path, status)

    def _entry(self, path: str, status: os.stat_result) -> Entry:
        mode = status.st_mode
        if stat.S_ISREG(mode):
            return Entry(path, Kind.FILE, status.st_size, mode)
        if stat.S_ISDIR(mode):
            return Entry(path, Kind.DIRECTORY, 0, mode)
        if stat.S_ISLNK(mode):
            return self._linked(path, mode)
        return Entry(path, Kind.SPECIAL, 0, mode)

    def _linked(self, path: str, mode: int) -> Entry:
        target = os.path.realpath(os.path.join(self.root, path))
        if not self._contains(target):
            return Entry(path, Kind.OUTSIDE, 0, mode)
        try:
            status = os.lstat(target)
        except OSError:
            return Entry(path, Kind.MISSING, 0, mode)
        if stat.S_ISLNK(status.st_mode):  # realpath gives up on a circle
            return Entry(path, Kind.OUTSIDE, 0, mode)
        return self._entry(path, status)._replace(mode=mode)

    def _contains(self, real: str) -> bool:
        return real == self.root or real.startswith(self.root.rstrip(os.sep) + os.sep)

    def look(self, path: str) -> Entry:
        """What stands at ``path``: relative, ``/``-separated, ``.`` and empty components allowed.

        Raises:
            UnreadableError: a folder on the way could not be listed, so nobody knows.
        """
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not parts:
            return Entry("", Kind.DIRECTORY, 0, stat.S_IFDIR)
        normal = "/".join(parts)
        known = self.entries.get(normal)
        if known is not None:
            return known
        for end in range(len(parts)):
            folder = "/".join(parts[:end])
            if folder in self.closed:
                raise UnreadableError(folder or ".", self.closed[folder])
        if self.listed_all and not self._passes_link(parts):
            return Entry(normal, Kind.MISSING, 0, 0)
        full = os.path.join(self.root, *parts)
        if not self._contains(os.path.realpath(full)):
            return Entry(normal, Kind.OUTSIDE, 0, 0)
        try:
            status = os.stat(full)
        except (OSError, ValueError):
            return Entry(normal, Kind.MISSING, 0, 0)
        return self._entry(normal, status)

    def _passes_link(self, parts: list[str]) -> bool:
        """Whether a component of a path is a link, so that the listing does not know what is behind it."""
        for end in range(1, len(parts)):
            entry = self.entries.get("/".join(parts[:end]))
            if entry is None:
                return False
            if stat.S_ISLNK(entry.mode):
                return True
        return False

    def read(self, path: str, limit: int) -> bytes:
        """All bytes of a regular file.

        Raises:
            UnreadableError: it is not there, is no regular file inside the directory, holds more than
                ``limit`` bytes, or cannot be read.
        """
        return self._read(path, 0, limit, whole=True)

    def head(self, path: str, size: int) -> bytes:
        """The first ``size`` bytes of a regular file (fewer when it is shorter).

        Raises:
            UnreadableError: as :meth:`read`, the limit aside.
        """
        return self._read(path, 0, size, whole=False)

    def tail(self, path: str, size: int) -> bytes:
        """The last ``size`` bytes of a regular file.

        Raises:
            UnreadableError: as :meth:`read`, the limit aside.
        """
        return self._read(path, -size, size, whole=False)

    def read_at(self, path: str, offset: int, size: int) -> bytes:
        """At most ``size`` bytes of a regular file from ``offset`` on.

        Raises:
            UnreadableError: as :meth:`read`, the limit aside.
        """
        return self._read(path, offset, size, whole=False)

    def parent_has(self, name: str) -> bool:
        """Whether the directory around this one has a file of that name."""
        return os.path.isfile(os.path.join(os.path.dirname(self.root), name))

    @property
    def others_may_write(self) -> bool:
        """Whether every user of the machine may change the directory itself (POSIX mode)."""
        if os.name != "posix":
            return False
        mode = os.stat(self.root).st_mode
        return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX

    def _read(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        full = os.path.join(self.root, *path.split("/"))
        entry = self.look(path)
        if entry.kind is not Kind.FILE:
            raise UnreadableError(path, f"not a readable file ({entry.kind.value})")
        try:
            # O_NONBLOCK: should the file have become a FIFO meanwhile, opening it must not hang.
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            with open(os.open(full, flags | getattr(os, "O_CLOEXEC", 0)), "rb", buffering=0) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise UnreadableError(path, "not a regular file")
                if whole and status.st_size > size:
                    raise UnreadableError(
                        path, f"{status.st_size:,} bytes, more than {size:,} can be judged", limit=True
                    )
                if start:
                    file.seek(start if start > 0 else max(0, status.st_size + start))
                return _read_fully(file, size)
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None


def _read_fully(file: object, size: int) -> bytes:
    chunks: list[bytes] = []
    read = file.read  # type: ignore[attr-defined]
    while size > 0:
        chunk = read(min(size, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
