"""A model directory on disk: the only code that touches the files of a model.

It reads regular files inside the directory and nothing else: links that lead out are not followed, FIFOs
and devices are not opened, and every read is bounded.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from mlmodel.common.caching import cached_property

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap


# O_NONBLOCK, O_NOFOLLOW: should the file have become a FIFO or a link meanwhile, opening it must neither hang
# nor lead out.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


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
MAPPED_FROM = 1 << 20
"""Bytes up to which a file is read at once and not mapped."""
SMALL = 1 << 16
"""Bytes up to which a file is kept once it is read: several checks look at it, and one look is enough."""
MAX_SMALL = 1 << 22
"""Bytes of small files that are kept, all together."""
MAX_READS = 100_000
"""Times that a file is opened at most, for all files together."""
_MAX_DEPTH = 100
"""Folders in folders that are listed at most."""
_MAX_PATH = 4096
"""Characters of a path that a system opens at most."""
_MAX_LINKS = 40
"""Links that one path may pass, as in Linux."""


class ModelDirectory:
    """The files of one model, by paths relative to its root."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._inside = os.path.join(root, "")
        """What stands before the name of everything in it."""
        self.closed: dict[str, str] = {}
        """Folders that could not be listed, and why."""
        self._reads = 0
        self._small: dict[str, bytes] = {}
        self._room = MAX_SMALL

    @classmethod
    def around(cls, path: str) -> ModelDirectory:
        """The folder of one file, as if it held nothing else: what is beside the file is not looked at.

        Raises:
            FileNotFoundError: there is no such file.
        """
        folder, name = os.path.split(os.path.abspath(path))
        directory = cls(folder)
        found = {name: directory._entry(name, os.lstat(path))}
        directory.__dict__["_listing"] = (found, True)
        return directory

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """All names below the root, up to :data:`MAX_ENTRIES`, by path.  Neither links to directories are
        entered, nor folders too deep for any model."""
        return self._listing[0]

    @property
    def listed_all(self) -> bool:
        """Whether :attr:`entries` holds every name."""
        return self._listing[1]

    @cached_property
    def _listing(self) -> tuple[dict[str, Entry], bool]:
        found: dict[str, Entry] = {}
        pending = [""]
        while pending:
            folder = pending.pop()
            if folder.count("/") >= _MAX_DEPTH:
                return found, False
            for entry in self._list(folder):
                found[entry.path] = entry
                if entry.kind is Kind.DIRECTORY and not stat.S_ISLNK(entry.mode):
                    pending.append(entry.path)
                if len(found) == MAX_ENTRIES:
                    return found, False
        return found, True

    def _list(self, folder: str) -> Iterator[Entry]:
        try:
            scan = os.scandir(self._inside + folder if folder else self.root)
        except OSError as error:
            self.closed[folder] = error.strerror or str(error)
            return
        try:
            with scan:
                for item in scan:
                    path = f"{folder}/{item.name}" if folder else item.name
                    try:
                        status = item.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # vanished meanwhile
                    yield self._entry(path, status)
        except OSError as error:
            self.closed[folder] = error.strerror or str(error)

    def _entry(self, path: str, status: os.stat_result) -> Entry:
        mode = status.st_mode
        if stat.S_ISREG(mode):
            return Entry(path, Kind.FILE, status.st_size, mode)
        if stat.S_ISLNK(mode):
            return self._linked(path, mode)
        return Entry(path, Kind.DIRECTORY if stat.S_ISDIR(mode) else Kind.SPECIAL, 0, mode)

    def _linked(self, path: str, mode: int) -> Entry:
        target = self._resolve(path)
        if target is None:
            return Entry(path, Kind.OUTSIDE, 0, mode)
        try:
            status = os.lstat(self._inside + target)
        except OSError:
            return Entry(path, Kind.MISSING, 0, mode)
        if stat.S_ISLNK(status.st_mode):  # it was changed meanwhile
            return Entry(path, Kind.OUTSIDE, 0, mode)
        return self._entry(path, status)._replace(mode=mode)

    def _resolve(self, path: str) -> str | None:
        """Where the links on a path lead, relative to the root; None where they lead out, or in a circle.

        Unlike ``os.path.realpath`` it touches nothing outside the root, and no chain of links is too long for it.
        """
        pending = path.split("/")[::-1]
        found: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part == ".." and not found:
                return None
            if part == "..":
                found.pop()
            elif part not in ("", "."):
                target: str | None
                try:
                    target = os.readlink(os.path.join(self.root, *found, part)).replace(os.sep, "/")
                except (OSError, ValueError):  # no link, or nothing at all
                    found.append(part)
                    continue
                links += 1
                if os.path.isabs(target):
                    found, target = [], self._below_root(target)
                if target is None or links > _MAX_LINKS:
                    return None
                pending += target.split("/")[::-1]
        return "/".join(found)

    def _below_root(self, target: str) -> str | None:
        """An absolute path as one relative to the root, None where it does not lead there."""
        for root in (os.path.realpath(self.root), os.path.abspath(self.root)):
            start = root.replace(os.sep, "/").rstrip("/") + "/"
            if f"{target}/".startswith(start):
                return target[len(start) :]
        return None

    def look(self, path: str) -> Entry:
        """What stands at ``path``: relative, ``/``-separated, ``.`` and empty components allowed.

        Raises:
            UnreadableError: a folder on the way could not be listed, so nobody knows.
        """
        known = self.entries.get(path)
        if known is not None:
            return known
        if len(path) > _MAX_PATH:
            return Entry(path, Kind.MISSING, 0, 0)
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
        if self.listed_all and ".." not in parts and not self._passes_link(parts):
            return Entry(normal, Kind.MISSING, 0, 0)
        target = self._resolve(normal)
        if target is None:
            return Entry(normal, Kind.OUTSIDE, 0, 0)
        try:
            status = os.lstat(self._inside + target)
        except PermissionError as error:
            raise UnreadableError(normal, error.strerror or str(error)) from None
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

    @contextmanager
    def open_mapped(self, path: str) -> Iterator[bytes | mmap]:
        """A regular file of any size, as bytes that are fetched when they are looked at.

        A small file is read at once; a larger one must keep its length meanwhile.

        Raises:
            UnreadableError: as :meth:`read`, the limit aside.
        """
        data: bytes | mmap | None = self._kept(path)
        if data is None:
            file, size = self._open(path)
            try:
                if size <= MAPPED_FROM:
                    data = _read_fully(file, MAPPED_FROM)
                else:
                    import mmap

                    data = mmap.mmap(file, size, access=mmap.ACCESS_READ)
            except OSError as error:
                raise UnreadableError(path, error.strerror or str(error)) from None
            finally:
                os.close(file)
        try:
            yield data
        finally:
            if not isinstance(data, bytes):
                data.close()

    def parent_has(self, name: str) -> bool:
        """Whether the directory around this one has a file of that name."""
        return os.path.isfile(os.path.join(os.path.dirname(os.path.realpath(self.root)), name))

    @property
    def others_may_write(self) -> bool:
        """Whether every user of the machine may change the directory itself (POSIX mode)."""
        if os.name != "posix":
            return False
        try:
            mode = os.stat(self.root).st_mode
        except OSError as error:
            raise UnreadableError(".", error.strerror or str(error)) from None
        return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX

    def _read(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        kept = self._kept(path)
        if kept is not None:
            if whole and len(kept) > size:
                raise _too_large(path, len(kept), size)
            return kept[start : start + size] if start >= 0 else kept[start:]
        file, there = self._open(path)
        try:
            if whole and there > size:
                raise _too_large(path, there, size)
            if start:
                os.lseek(file, start if start > 0 else max(0, there + start), os.SEEK_SET)
            return _read_fully(file, size)
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        finally:
            os.close(file)

    def _kept(self, path: str) -> bytes | None:
        """All bytes of a small file, which are read once; None for larger ones."""
        content = self._small.get(path)
        if content is None and self.look(path).size <= min(SMALL, self._room):
            file, there = self._open(path)
            try:
                if there > SMALL:
                    return None  # it has grown meanwhile
                content = _read_fully(file, there)
            except OSError as error:
                raise UnreadableError(path, error.strerror or str(error)) from None
            finally:
                os.close(file)
            self._small[path] = content
            self._room -= len(content)
        return content

    def _open(self, path: str) -> tuple[int, int]:
        """The descriptor of a regular file inside the directory, to be closed by the caller, and its size."""
        entry = self.look(path)
        real = self._real(entry)
        if entry.kind is not Kind.FILE or real is None:
            raise UnreadableError(path, f"not a readable file ({entry.kind.value})")
        self._reads += 1
        if self._reads > MAX_READS:
            raise UnreadableError(path, f"more than {MAX_READS:,} reads of files", limit=True)
        try:
            file = os.open(self._inside + real, _FLAGS)
            status = os.fstat(file)
            if stat.S_ISREG(status.st_mode):
                return file, status.st_size
            os.close(file)
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        raise UnreadableError(path, "not a regular file")

    def _real(self, entry: Entry) -> str | None:
        """Where an entry's bytes are, relative to the root; None where a link leads out meanwhile.

        What the listing found by its own name has no link on its way: links to folders are not entered.
        """
        if entry.path in self.entries and not stat.S_ISLNK(entry.mode):
            return entry.path
        return self._resolve(entry.path)


def _too_large(path: str, size: int, limit: int) -> UnreadableError:
    return UnreadableError(path, f"{size:,} bytes, more than {limit:,} can be judged", limit=True)


def _read_fully(file: int, size: int) -> bytes:
    chunks: list[bytes] = []
    while size > 0:
        chunk = os.read(file, min(size, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
