"""What every source of a model's files offers: names, kinds, sizes, and reads with bounds.

A source reads regular files of one model directory and nothing else.  What could not be listed or read is told
(:attr:`Source.closed`, :attr:`Source.unlisted`, :class:`UnreadableError`), never passed over.
"""

from __future__ import annotations

import stat
from abc import ABC, abstractmethod
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes


ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
"""Endings of archives that are read as model directories."""


class Kind(Enum):
    """What stands under a name."""

    FILE = "file"
    DIRECTORY = "directory"
    SPECIAL = "special file"
    MISSING = "missing"
    OUTSIDE = "outside"
    """A link that leads out of the directory, or in a circle."""


class Entry(Record):
    """One name in the directory."""

    path: str
    """Relative to the model directory, with forward slashes."""
    kind: Kind
    size: int
    """Bytes; 0 for what is not a regular file."""
    mode: int
    """``st_mode`` of the entry itself, a link not followed."""


class Defect(Record):
    """What is wrong with the container that the files stand in, an archive for instance."""

    rule: str
    message: str
    path: str | None = None
    """The file that it is about."""


class UnreadableError(Exception):
    """A file could not be read, or not within the limits."""

    def __init__(self, path: str, reason: str, *, limit: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.limit = limit
        """Whether a limit was exceeded, and not a read that failed."""


class UnopenedError(Exception):
    """A source cannot be read at all, or holds no model, or several; ``rule`` is the rule that says so."""

    def __init__(self, message: str, rule: str = "MLM902") -> None:
        super().__init__(message)
        self.rule = rule


CHUNK = 1 << 23
"""Bytes that are read at once of a file that is copied."""
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
MAX_DEPTH = 100
"""Folders in folders that are listed at most."""
MAX_PATH = 4096
"""Characters of a path that a system opens at most."""
MAX_LINKS = 40
"""Links that one path may pass, as in Linux."""


class Source(ABC):
    """The files of one model, by paths relative to its root."""

    def __init__(self, root: str) -> None:
        self.root = root
        """The place as it was given: a folder, an archive, a URL."""
        self.closed: dict[str, str] = {}
        """Folders that could not be listed, and why."""
        self.unlisted: dict[str, str] = {}
        """Folders that were not listed, or not to their end, because of a limit, and the limit; filled by :attr:`entries`."""
        self._reads = 0
        self._small: dict[str, bytes] = {}
        self._room = MAX_SMALL

    # -- names -----------------------------------------------------------------------------------

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """All names below the root, up to :data:`MAX_ENTRIES`, by path."""
        return self._listing[0]

    @property
    def listed_all(self) -> bool:
        """Whether :attr:`entries` holds every name."""
        return self._listing[1]

    @cached_property
    def _listing(self) -> tuple[dict[str, Entry], bool]:
        return self._list_all()

    @abstractmethod
    def _list_all(self) -> tuple[dict[str, Entry], bool]:
        """Every name below the root, and whether these are all."""

    def look(self, path: str) -> Entry:
        """What stands at ``path``: relative, ``/``-separated, ``.`` and empty components allowed.

        Raises:
            UnreadableError: a folder on the way could not be listed, so nobody knows.
        """
        known = self.entries.get(path)
        if known is not None:
            return known
        if len(path) > MAX_PATH:
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
        return self._look_further(normal, parts)

    @abstractmethod
    def _look_further(self, path: str, parts: list[str]) -> Entry:
        """What stands at a path that the listing does not have."""

    @property
    def defects(self) -> tuple[Defect, ...]:
        """What is wrong with the container of the files; nothing for a folder."""
        return ()

    @property
    def failure(self) -> str | None:
        """Why nothing more can be read of the source as a whole, a server that stopped answering for instance."""
        return None

    def fingerprint(self) -> str | None:
        """What changes when the content does, found without reading a file; None where the source cannot tell."""
        return None

    def parent_has(self, name: str) -> bool:  # noqa: ARG002 - a folder knows what is around it
        """Whether the directory around this one has a file of that name."""
        return False

    @property
    def others_may_write(self) -> bool:
        """Whether every user of the machine may change the directory itself."""
        return False

    # -- bytes -----------------------------------------------------------------------------------

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

    def _read(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        kept = self._kept(path)
        if kept is not None:
            if whole and len(kept) > size:
                raise too_large(path, len(kept), size)
            return kept[start : start + size] if start >= 0 else kept[start:]
        return self._fetch(path, start, size, whole=whole)

    @abstractmethod
    def _fetch(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        """At most ``size`` bytes from ``start`` on (from the end, where that is negative); with ``whole``, all, or an
        error where there are more."""

    def _kept(self, path: str) -> bytes | None:
        """All bytes of a small file, which are read once; None for larger ones."""
        content = self._small.get(path)
        if content is None and self.look(path).size <= min(SMALL, self._room):
            content = self._fetch_small(path)
            if content is None:
                return None
            self._small[path] = content
            self._room -= len(content)
        return content

    def _fetch_small(self, path: str) -> bytes | None:
        """All bytes of a file that is listed as small; None where it is larger by now."""
        return self._fetch(path, 0, SMALL, whole=True)

    def chunks(self, path: str) -> Iterator[bytes]:
        """All bytes of a regular file of any size, one piece after the other.

        Raises:
            UnreadableError: as :meth:`read`, the limit aside.
        """
        size = self.look(path).size
        for start in range(0, size, CHUNK):
            yield self.read_at(path, start, CHUNK)

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Every regular file, with its bytes as of :meth:`chunks`, in the order in which they are read most quickly."""
        for path, entry in self.entries.items():
            if entry.kind is Kind.FILE:
                yield path, self.chunks(path)

    @contextmanager
    def open_mapped(self, path: str) -> Iterator[bytes | mmap | RangedBytes]:
        """A regular file of any size, as bytes that are fetched when they are looked at.

        A small file is read at once; a larger one must keep its length meanwhile.

        Raises:
            UnreadableError: as :meth:`read`, the limit aside.
        """
        data: bytes | mmap | RangedBytes | None = self._kept(path)
        if data is None:
            data = self._map(path)
        try:
            yield data
        finally:
            close = getattr(data, "close", None)
            if close is not None:
                close()

    @abstractmethod
    def _map(self, path: str) -> bytes | mmap | RangedBytes:
        """The bytes of a file that is not small."""

    def _count_read(self, path: str) -> None:
        self._reads += 1
        if self._reads > MAX_READS:
            raise UnreadableError(path, f"more than {MAX_READS:,} reads of files", limit=True)


def too_large(path: str, size: int, limit: int) -> UnreadableError:
    """The error for a file of more bytes than can be judged."""
    return UnreadableError(path, f"{size:,} bytes, more than {limit:,} can be judged", limit=True)
