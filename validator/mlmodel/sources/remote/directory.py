"""A model directory on a server."""

from __future__ import annotations

import hashlib
import stat
from collections import OrderedDict
from typing import TYPE_CHECKING

from mlmodel.sources.base import (
    MAPPED_FROM,
    MAX_DEPTH,
    MAX_ENTRIES,
    SMALL,
    Defect,
    Entry,
    Kind,
    Source,
    UnopenedError,
    UnreadableError,
    too_large,
)
from mlmodel.sources.ranges import RangedBytes
from mlmodel.sources.remote.store import StoreError, said

if TYPE_CHECKING:
    from mlmodel.sources.remote.store import Item, Store

AHEAD = 64
"""Blocks that are fetched at once where a file is read on and on: 4 MiB."""
_HELD_FILES = 2
"""Files of which blocks are kept."""
_MAX_DEFECTS = 20
_TOGETHER = 64
"""Small files that are fetched at once, before they are asked for."""


class RemoteDirectory(Source):
    """The files of one model below the address of a store.

    Raises:
        UnopenedError: the server does not answer, or there is nothing at the address.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store.shown)
        self._store = store
        self._stamps: dict[str, str | None] = {}
        self._defects: list[Defect] = []
        self._ranged: OrderedDict[str, RangedBytes] = OrderedDict()
        self._fetched_together = False
        if not self.entries:
            raise UnopenedError(f"{store.shown}: there is nothing at this address")

    @property
    def failure(self) -> str | None:
        """Why the server is not asked any more; None as long as it is."""
        return self._store.failure

    @property
    def fetched(self) -> int:
        """Bytes of files that were fetched."""
        return self._store.fetched

    # -- names -----------------------------------------------------------------------------------

    def _list_all(self) -> tuple[dict[str, Entry], bool]:
        found: dict[str, Entry] = {}
        try:
            for item in self._store.walk():
                if len(found) >= MAX_ENTRIES:
                    self.unlisted[""] = f"more than {MAX_ENTRIES:,} names"
                    break
                if item.kind is Kind.FILE and item.size is None:
                    raise StoreError(f"{item.path}: the server does not say how long it is")  # noqa: TRY301
                self._add(found, item)
        except StoreError as error:
            raise UnopenedError(said(self._store, error)) from None
        return found, not self.unlisted

    def _add(self, found: dict[str, Entry], item: Item) -> None:
        parts = item.path.split("/")
        if not all(parts) or "." in parts or ".." in parts or "\0" in item.path:
            self._defect("MLM038", f"the store holds {item.path[:200]!r}, which is no path in a folder", None)
            return
        if len(parts) > MAX_DEPTH:
            self.unlisted.setdefault("/".join(parts[:MAX_DEPTH]), f"more than {MAX_DEPTH} folders deep")
            return
        for end in range(1, len(parts)):
            folder = "/".join(parts[:end])
            above = found.setdefault(folder, Entry(folder, Kind.DIRECTORY, 0, stat.S_IFDIR | 0o755))
            if above.kind is not Kind.DIRECTORY:
                self._defect(
                    "MLM038",
                    f"{folder} is a file in the store, and a folder for {item.path[:200]}",
                    item.path,
                )
                return
        known = found.get(item.path)
        if known is not None and known.kind is not item.kind:
            self._defect("MLM038", f"{item.path[:200]} is a file in the store, and a folder", item.path)
            return
        mode = stat.S_IFDIR | 0o755 if item.kind is Kind.DIRECTORY else stat.S_IFREG | 0o644
        found[item.path] = Entry(item.path, item.kind, item.size or 0, mode)
        if item.kind is Kind.FILE:
            self._stamps[item.path] = item.stamp

    def _defect(self, rule: str, message: str, path: str | None) -> None:
        if len(self._defects) < _MAX_DEFECTS:
            self._defects.append(Defect(rule, message, path))

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Names in the store that no folder can have."""
        return tuple(self._defects)

    def _look_further(self, path: str, parts: list[str]) -> Entry:
        normal: list[str] = []
        for part in parts:
            if part == "..":
                if not normal:
                    return Entry(path, Kind.OUTSIDE, 0, 0)
                normal.pop()
            else:
                normal.append(part)
        inside = "/".join(normal)
        if not inside:
            return Entry(path, Kind.DIRECTORY, 0, stat.S_IFDIR)
        known = self.entries.get(inside)
        if known is not None or self.listed_all:
            return known or Entry(path, Kind.MISSING, 0, 0)
        try:
            item = self._store.look(inside)
        except StoreError as error:
            raise self._unreadable(path, error) from None
        if item is None:
            return Entry(path, Kind.MISSING, 0, 0)
        return Entry(inside, item.kind, item.size or 0, stat.S_IFREG | 0o644)

    def fingerprint(self) -> str | None:
        """A digest of the names, sizes and stamps of all files: it changes when a file has changed.

        None where the server gives no stamps, or not everything was listed.
        """
        if not self.listed_all or any(stamp is None for stamp in self._stamps.values()):
            return None
        lines = (
            f"{path}\0{self.entries[path].size}\0{stamp}" for path, stamp in sorted(self._stamps.items())
        )
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()

    # -- bytes -----------------------------------------------------------------------------------

    def _file(self, path: str) -> Entry:
        entry = self.look(path)
        if entry.kind is not Kind.FILE:
            raise UnreadableError(path, f"not a readable file ({entry.kind.value})")
        self._count_read(path)
        return entry

    def _unreadable(self, path: str, error: StoreError) -> UnreadableError:
        return UnreadableError("." if error.down else path, error.reason, limit=error.limit)

    def _bytes(self, entry: Entry, start: int, size: int) -> bytes:
        try:
            return self._store.fetch(entry.path, start, size, entry.size)
        except StoreError as error:
            raise self._unreadable(entry.path, error) from None

    def _blocks(self, entry: Entry) -> RangedBytes:
        ranged = self._ranged.get(entry.path)
        if ranged is None:
            ranged = RangedBytes(entry.size, lambda start, size: self._bytes(entry, start, size), AHEAD)
            self._ranged[entry.path] = ranged
            if len(self._ranged) > _HELD_FILES:
                self._ranged.popitem(last=False)
        self._ranged.move_to_end(entry.path)
        return ranged

    def _fetch(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        entry = self._file(path)
        if whole and entry.size > size:
            raise too_large(path, entry.size, size)
        begin = start if start >= 0 else max(0, entry.size + start)
        wanted = max(0, min(size, entry.size - begin))
        return self._blocks(entry)[begin : begin + wanted]

    def _map(self, path: str) -> bytes | RangedBytes:
        entry = self._file(path)
        ranged = self._blocks(entry)
        return ranged[:] if entry.size <= MAPPED_FROM else ranged

    def _fetch_small(self, path: str) -> bytes | None:
        entry = self._file(path)
        if not self._fetched_together:
            self._fetched_together = True
            self._fetch_together()
        content = self._small.get(entry.path)
        if content is not None:
            self._room += len(content)  # the caller takes it off
            return content
        return self._bytes(entry, 0, entry.size)

    def _fetch_together(self) -> None:
        """Fetch the small files near the top at once: nearly every one of them is looked at."""
        wanted: list[tuple[str, int]] = []
        room = self._room
        for path, entry in sorted(self.entries.items(), key=lambda pair: (pair[0].count("/"), pair[0])):
            if entry.kind is Kind.FILE and entry.size <= min(SMALL, room) and len(wanted) < _TOGETHER:
                wanted.append((path, entry.size))
                room -= entry.size
        for (path, _), content in zip(wanted, self._store.fetch_all(wanted), strict=True):
            if isinstance(content, bytes):
                self._small[path] = content
                self._room -= len(content)


class RemoteFile(RemoteDirectory):
    """One file on a server, as if it stood in a folder by itself.

    Args:
        store: what serves the file: its address is that of the file.
        name: the name of the file.

    Raises:
        UnopenedError: the server does not answer, or there is no file at the address.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._name = name
        super().__init__(store)

    def _list_all(self) -> tuple[dict[str, Entry], bool]:
        try:
            item = self._store.look("")
        except StoreError as error:
            raise UnopenedError(said(self._store, error)) from None
        if item is None or item.kind is not Kind.FILE or item.size is None:
            return {}, True
        self._stamps[self._name] = item.stamp
        return {self._name: Entry(self._name, Kind.FILE, item.size, stat.S_IFREG | 0o644)}, True

    def _bytes(self, entry: Entry, start: int, size: int) -> bytes:
        return super()._bytes(entry._replace(path=""), start, size)

    def _fetch_together(self) -> None:
        """There is one file."""
