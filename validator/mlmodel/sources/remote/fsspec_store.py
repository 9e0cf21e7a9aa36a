"""Object stores, and everything else that fsspec reads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mlmodel.sources.addresses import AddressError, scheme, scrubbed, shown
from mlmodel.sources.base import Kind, UnopenedError
from mlmodel.sources.remote.deadlines import LateError, within
from mlmodel.sources.remote.store import ANSWER, Item, Store, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

_PAGE = 1000
"""Names that are taken at once from a listing that has no end."""
_STAMPS = (
    "ETag",
    "etag",
    "md5Hash",
    "content_md5",
    "blob_id",
    "version_id",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
)
"""Keys of what fsspec says of a file that change with its content, the best first."""
_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
    "hf": "huggingface_hub",
}
_TRIES = 3
_DROPPED = ("ClientPayloadError", "ResponseStreamingError", "IncompleteReadError", "ServerDisconnectedError")
"""Errors of a connection that ended before the answer did: worth another try."""
_EXTRA = ("s3", "s3a", "memory")
"""Schemes of the extra."""
_ON_DISK = (
    "filecache",
    "simplecache",
    "blockcache",
    "cached",
    "local",
    "zip",
    "tar",
    "libarchive",
    "reference",
    "dir",
    "git",
    "data",
    "blob",
)
"""What fsspec has beside servers: what writes caches, or wraps another file system."""


def check_scheme(address: str) -> None:
    """Say what is wrong with an address, without asking a server.

    Raises:
        AddressError: fsspec, or the package for the scheme, is not installed, or nothing reads it.
    """
    name = scheme(address)
    if "::" in address or name in _ON_DISK:
        raise AddressError(
            f"{shown(address)}: chained and cached file systems are not read; give the address itself"
        )
    try:
        from fsspec.registry import get_filesystem_class
    except ImportError:
        raise AddressError(f"{name}:// needs fsspec: pip install 'mlmodel[remote]'") from None
    try:
        get_filesystem_class(name)
    except ImportError as error:
        package = _PACKAGES.get(str(name))
        wanted = "'mlmodel[remote]'" if name in _EXTRA else package
        needs = f"needs {package}: pip install {wanted}" if package else f"cannot be read: {scrubbed(error)}"
        raise AddressError(f"{name}:// {needs}") from None
    except ValueError as error:
        raise AddressError(f"{shown(address)}: {scrubbed(error)}") from None


def _filesystem(address: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        AddressError: fsspec, or the package for the scheme, is not installed, or nothing reads it.
        UnopenedError: its server does not answer.
    """
    check_scheme(address)
    from fsspec.core import url_to_fs

    try:  # some connect to their server at once
        filesystem, path = within(ANSWER, lambda: url_to_fs(address, **options))
    except LateError:
        raise UnopenedError(f"{shown(address)}: it does not answer in time") from None
    except Exception as error:  # noqa: BLE001 - every library has its own errors
        raise UnopenedError(f"{shown(address)}: {scrubbed(error)}") from None
    return filesystem, str(path).rstrip("/")


def _stamp(info: Mapping[str, Any]) -> str | None:
    return next((str(info[key]) for key in _STAMPS if info.get(key) is not None), None)


class FsspecStore(Store):
    """Files that fsspec reads.

    Args:
        address: where they are.
        shown: the address as messages have it.
        options: what the file system is made with, as in ``fsspec.filesystem``; what is not given comes from the
            configuration and the environment.

    Raises:
        AddressError: fsspec, or the package for the scheme, is not installed, or nothing reads it.
        UnopenedError: its server does not answer.
    """

    def __init__(self, address: str, shown: str, options: Mapping[str, Any]) -> None:
        super().__init__(shown)
        self._fs, self._root = _filesystem(address, options)

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _item(self, info: Mapping[str, Any]) -> Item | None:
        name = str(info["name"])
        inside = self._root.lstrip("/")
        path = name.lstrip("/")
        if inside:
            if not path.startswith(f"{inside}/"):
                return None
            path = path[len(inside) + 1 :]
        folder = info.get("type") == "directory" or path.endswith("/")
        path = path.rstrip("/")
        if not path:
            return None
        if folder:
            return Item(path, Kind.DIRECTORY, 0)
        kind = Kind.FILE if info.get("type", "file") == "file" else Kind.SPECIAL
        size = info.get("size")
        return Item(path, kind, size if isinstance(size, int) else None, _stamp(info))

    def _list(self, folder: str) -> list[Item]:
        place = self._full(folder)
        try:
            self._fs.invalidate_cache(place)
            infos = self._fs.ls(place, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [item for info in infos if (item := self._item(info)) is not None and item.path != folder]

    def _look(self, path: str) -> Item | None:
        try:
            info = self._fs.info(self._full(path))
        except FileNotFoundError:
            return None
        if not path:
            kind = Kind.DIRECTORY if info.get("type") == "directory" else Kind.FILE
            return Item("", kind, info.get("size"), _stamp(info))
        return self._item({**info, "name": self._full(path)})

    def _range(self, path: str, start: int, size: int, total: int) -> bytes:  # noqa: ARG002 - a store gives ranges
        if self._is_s3 and hasattr(self._fs, "_call_s3"):
            return self._range_of_s3(self._full(path), start, size)
        content = self._fs.cat_file(self._full(path), start=start, end=start + size)
        if not isinstance(content, bytes):
            raise StoreError("what it sends is no file")
        return content

    def _range_of_s3(self, place: str, start: int, size: int) -> bytes:
        """A part of an object; ``cat_file`` of s3fs reads whatever comes, however much it is."""
        from fsspec.asyn import sync

        bucket, key, version = self._fs.split_path(place)
        wanted: dict[str, Any] = {"Range": f"bytes={start}-{start + size - 1}", **self._fs.req_kw}
        if version:
            wanted["VersionId"] = version

        async def take() -> bytes:
            answer = await self._fs._call_s3("get_object", Bucket=bucket, Key=key, **wanted)  # noqa: SLF001
            body = answer["Body"]
            try:
                length = answer.get("ContentLength")
                if length != size:
                    raise StoreError(f"the server sends {length} bytes where it said that there are {size:,}")
                chunks: list[bytes] = []
                left = size
                while left > 0:
                    chunk = await body.read(left)
                    if not chunk:
                        break
                    chunks.append(chunk)
                    left -= len(chunk)
                return b"".join(chunks)
            finally:
                body.close()

        for _ in range(_TRIES - 1):
            try:
                return bytes(sync(self._fs.loop, take))
            except Exception as error:
                if type(error).__name__ not in _DROPPED:
                    raise
        return bytes(sync(self._fs.loop, take))

    @property
    def _is_s3(self) -> bool:
        protocol = self._fs.protocol
        return "s3" in ((protocol,) if isinstance(protocol, str) else protocol)

    def _explained(self, error: Exception) -> StoreError:
        if type(error).__name__ in _DROPPED:
            return StoreError("the connection ends too early", down=True)
        return super()._explained(error)

    def walk(self, folder: str = "") -> Iterator[Item]:
        """Every name at and below a folder; in S3, page by page in the order of the keys."""
        if not self._is_s3 or not hasattr(self._fs, "_iterdir"):
            yield from super().walk(folder)
            return
        bucket, _, key = self._full(folder).partition("/")
        listing = self._fs._iterdir(bucket, delimiter="", prefix=f"{key}/" if key else "")  # noqa: SLF001
        while True:
            infos = self._asked(functools.partial(self._page, listing), 0)
            for info in infos:
                item = self._item(info)
                if item is not None:
                    yield item
            if len(infos) < _PAGE:
                return

    def _page(self, listing: AsyncIterator[dict[str, Any]]) -> list[dict[str, Any]]:
        from fsspec.asyn import sync

        async def take() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            async for info in listing:
                found.append(info)
                if len(found) == _PAGE:
                    break
            return found

        found: list[dict[str, Any]] = sync(self._fs.loop, take)
        return found
