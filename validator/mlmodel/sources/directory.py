"""A model directory on a disk.

It reads regular files inside the directory and nothing else: links that lead out are not followed, FIFOs
and devices are not opened, and every read is bounded.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mlmodel.sources.base import (
    MAPPED_FROM,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_LINKS,
    SMALL,
    Entry,
    Kind,
    Source,
    UnreadableError,
    too_large,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

__all__ = ["MAX_ENTRIES", "Entry", "Kind", "ModelDirectory", "UnreadableError"]


# O_NONBLOCK, O_NOFOLLOW: should the file have become a FIFO or a link meanwhile, opening it must neither hang
# nor lead out.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


class ModelDirectory(Source):
    """The files of one model in a folder.  Neither links to directories are entered, nor folders too deep for any model."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._inside = os.path.join(root, "")
        """What stands before the name of everything in it."""

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

    def _list_all(self) -> tuple[dict[str, Entry], bool]:
        found: dict[str, Entry] = {}
        pending = [""]
        while pending:
            folder = pending.pop()
            if folder.count("/") >= MAX_DEPTH:
                self.unlisted.setdefault(folder, f"more than {MAX_DEPTH} folders deep")
                continue
            for entry in self._list(folder):
                if len(found) == MAX_ENTRIES:
                    self.unlisted[""] = f"more than {MAX_ENTRIES:,} names"
                    return found, False
                found[entry.path] = entry
                if entry.kind is Kind.DIRECTORY and not stat.S_ISLNK(entry.mode):
                    pending.append(entry.path)
        return found, not self.unlisted

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
                if target is None or links > MAX_LINKS:
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

    def _look_further(self, path: str, parts: list[str]) -> Entry:
        if self.listed_all and ".." not in parts and not self._passes_link(parts):
            return Entry(path, Kind.MISSING, 0, 0)
        target = self._resolve(path)
        if target is None:
            return Entry(path, Kind.OUTSIDE, 0, 0)
        try:
            status = os.lstat(self._inside + target)
        except PermissionError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        except (OSError, ValueError):
            return Entry(path, Kind.MISSING, 0, 0)
        return self._entry(path, status)

    def _passes_link(self, parts: list[str]) -> bool:
        """Whether a component of a path is a link, so that the listing does not know what is behind it."""
        for end in range(1, len(parts)):
            entry = self.entries.get("/".join(parts[:end]))
            if entry is None:
                return False
            if stat.S_ISLNK(entry.mode):
                return True
        return False

    def _map(self, path: str) -> bytes | mmap:
        file, size = self._open(path)
        try:
            if size <= MAPPED_FROM:
                return _read_fully(file, MAPPED_FROM)
            import mmap

            return mmap.mmap(file, size, access=mmap.ACCESS_READ)
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        finally:
            os.close(file)

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

    def _fetch(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        file, there = self._open(path)
        try:
            if whole and there > size:
                raise too_large(path, there, size)
            if start:
                os.lseek(file, start if start > 0 else max(0, there + start), os.SEEK_SET)
            return _read_fully(file, size)
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        finally:
            os.close(file)

    def _fetch_small(self, path: str) -> bytes | None:
        file, there = self._open(path)
        try:
            return _read_fully(file, there) if there <= SMALL else None  # it may have grown meanwhile
        except OSError as error:
            raise UnreadableError(path, error.strerror or str(error)) from None
        finally:
            os.close(file)

    def _open(self, path: str) -> tuple[int, int]:
        """The descriptor of a regular file inside the directory, to be closed by the caller, and its size."""
        entry = self.look(path)
        real = self._real(entry)
        if entry.kind is not Kind.FILE or real is None:
            raise UnreadableError(path, f"not a readable file ({entry.kind.value})")
        self._count_read(path)
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


def _read_fully(file: int, size: int) -> bytes:
    chunks: list[bytes] = []
    while size > 0:
        chunk = os.read(file, min(size, 1 << 20))
        if not chunk:
            break
        chunks.append(chunk)
        size -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
