"""An archive on a server, read by the ranges that are looked at."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from mlmodel.sources.archives import open_archive
from mlmodel.sources.base import UnopenedError, UnreadableError
from mlmodel.sources.ranges import RangedBytes
from mlmodel.sources.remote.store import StoreError, said

if TYPE_CHECKING:
    from typing import IO

    from mlmodel.sources.archives import ArchiveSource
    from mlmodel.sources.remote.store import Store

AHEAD = 64
"""Blocks that are fetched at once where the archive is read on and on: 4 MiB."""


class _File(io.RawIOBase):
    """A file on a server, as something that can be read and searched."""

    def __init__(self, data: RangedBytes) -> None:
        super().__init__()
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._data)}[whence]
        if start + offset < 0:
            raise ValueError("negative position")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = len(self._data) if size is None or size < 0 else min(len(self._data), self._at + size)
        content = self._data[self._at : end]
        self._at += len(content)
        return content

    def readall(self) -> bytes:
        return self.read()


def open_remote_archive(store: Store, path: str) -> ArchiveSource:
    """The model in an archive on a server.

    Args:
        store: what the archive is in.
        path: the archive, relative to the address of the store; empty for the address itself.

    Raises:
        UnopenedError: it is not there, cannot be read, or holds no model, or several.
    """
    name = store.shown if not path else f"{store.shown.rstrip('/')}/{path}"
    try:
        item = store.look(path)
    except StoreError as error:
        raise UnopenedError(said(store, error)) from None
    if item is None:
        raise UnopenedError(f"{name}: there is nothing at this address")
    if item.size is None:
        raise UnopenedError(f"{name}: the server does not say how long it is")
    size = item.size

    def fetch(start: int, count: int) -> bytes:
        try:
            return store.fetch(path, start, count, size)
        except StoreError as error:
            raise UnreadableError(".", error.reason, limit=error.limit) from None

    data = RangedBytes(size, fetch, AHEAD)

    def opened() -> IO[bytes]:
        return _File(data)  # type: ignore[return-value]

    try:
        source = open_archive(name, opened)
    except UnreadableError as error:
        raise UnopenedError(
            error.reason if error.reason.startswith(name) else f"{name}: {error.reason}"
        ) from None
    source.served_by(store, item.stamp)
    return source
