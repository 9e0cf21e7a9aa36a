"""Addresses -> sources, and the model directories below an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlmodel.sources.addresses import scheme
from mlmodel.sources.base import ARCHIVES
from mlmodel.sources.remote.archive import open_remote_archive
from mlmodel.sources.remote.directory import RemoteDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.sources.base import Source
    from mlmodel.sources.remote.store import Store


def open_store(address: str, options: Mapping[str, Any] | None = None) -> Store:
    """What serves the files below an address that is neither a local one nor MLflow's.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
    """
    if scheme(address) in ("http", "https"):
        from mlmodel.sources.remote.http_store import HttpStore

        return HttpStore(address, options or {})
    from mlmodel.sources.remote.fsspec_store import FsspecStore

    return FsspecStore(address, options or {})


def check_address(address: str) -> None:
    """Say what is wrong with an address before any work is done.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
    """
    open_store(_without_file(address))


def open_remote(address: str) -> Source:
    """The files of the model at an address: a directory, an archive, or an ``MLmodel`` file for the directory around it.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
        UnopenedError: the server does not answer, or there is nothing, or the archive cannot be read.
    """
    address = _without_file(address)
    if _is_archive(address):
        return open_remote_archive(open_store(address), "")
    store = open_store(address)
    store.is_model = True
    return RemoteDirectory(store)


def _without_file(address: str) -> str:
    return address.removesuffix("/MLmodel") if address.endswith("/MLmodel") else address


def _is_archive(address: str) -> bool:
    path = urlsplit(address).path if scheme(address) in ("http", "https") else address
    return path.lower().endswith(ARCHIVES)
