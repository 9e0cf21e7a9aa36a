"""Object stores, and everything else that fsspec reads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from mlmodel.sources.addresses import AddressError, scheme, scrubbed, shown
from mlmodel.sources.base import Kind
from mlmodel.sources.remote.store import Item, Store, StoreError

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


def _filesystem(address: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        AddressError: fsspec, or the package for the scheme, is not installed, or there is none.
    """
    name = scheme(address)
    if "::" in address or name in _ON_DISK:
        raise AddressError(
            f"{shown(address)}: chained and cached file systems are not read; give the address itself"
        )
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise AddressError(f"{name}:// needs fsspec: pip install 'mlmodel[remote]'") from None
    try:
        filesystem, path = url_to_fs(address, **options)
    except ImportError as error:
        package = _PACKAGES.get(str(name))
        wanted = "'mlmodel[remote]'" if name in _EXTRA or package is None else package
        raise AddressError(
            f"{name}:// needs {package}: pip install {wanted}"
            if package
            else f"{name}:// cannot be read: {scrubbed(error)}"
        ) from None
    except Exception as error:  # noqa: BLE001 - file systems have errors of their own for what they do not understand
        raise AddressError(f"{shown(address)}: {scrubbed(error)}") from None
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
        AddressError: fsspec, or the package for the scheme, is not installed, or there is none.
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
        content = self._fs.cat_file(self._full(path), start=start, end=start + size)
        if not isinstance(content, bytes):
            raise StoreError("what it sends is no file")
        return content

    def walk(self, folder: str = "") -> Iterator[Item]:
        """Every name at and below a folder; in S3, page by page in the order of the keys."""
        if "s3" not in self._fs.protocol or not hasattr(self._fs, "_iterdir"):
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
