"""Addresses -> sources and stores."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mlmodel.common.records import Record
from mlmodel.sources.addresses import MLFLOW, AddressError, scheme, shown
from mlmodel.sources.archives import open_archive
from mlmodel.sources.base import ARCHIVES, UnopenedError
from mlmodel.sources.directory import ModelDirectory
from mlmodel.sources.remote import mlflow_uris
from mlmodel.sources.remote.archive import open_remote_archive
from mlmodel.sources.remote.directory import RemoteDirectory, RemoteFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.sources.base import Source
    from mlmodel.sources.remote.store import Store


class Place(Record):
    """Where the files at an address are."""

    address: str
    """The address itself, or where MLflow says that its files are."""
    shown: str
    """The address that was given, without credentials."""
    options: Mapping[str, Any]
    """What the file system is made with."""

    @property
    def path(self) -> str | None:
        """The path, should it be on this machine."""
        name = scheme(self.address)
        if name is None:
            return self.address
        if name != "file":
            return None
        parts = urlsplit(self.address)
        path = unquote(parts.path)
        return path.removeprefix("/") if os.name == "nt" else path


def check_address(address: str) -> None:
    """Say what is wrong with an address before any work is done; no server is asked.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
    """
    _check_form(address)
    if scheme(address) in MLFLOW:
        mlflow_uris.check(address)
    elif scheme(address) == "file":
        path = Place(address, address, {}).path
        if path is None or not os.path.exists(path):
            raise AddressError(f"{address} does not exist")
    elif scheme(address) in ("http", "https"):
        _store(Place(address, shown(address), {}))
    else:
        from mlmodel.sources.remote.fsspec_store import check_scheme

        check_scheme(address)


def _check_form(address: str) -> None:
    name = scheme(address)
    try:
        place = urlsplit(address).netloc
    except ValueError as error:
        raise AddressError(f"{shown(address)}: {error}") from None
    if not place and "://" in address and name not in (*MLFLOW, "file", "memory"):
        raise AddressError(f"{shown(address)} names no {'host' if name in ('http', 'https') else 'bucket'}")


def find_place(address: str) -> Place:
    """Where the files at an address are; MLflow's server is asked for its own.

    Raises:
        AddressError: the address has no form that is known, or there is no client of MLflow.
        UnopenedError: MLflow does not say.
    """
    _check_form(address)
    if scheme(address) not in MLFLOW:
        return Place(address, shown(address), {})
    where = mlflow_uris.location(address)
    return Place(where, address, mlflow_uris.options(where))


def open_store(address: str) -> Store:
    """What serves the files below an address.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
        UnopenedError: it is an address of MLflow, and its server does not say where the files are.
    """
    return _store(find_place(address))


def _store(place: Place) -> Store:
    name = scheme(place.address)
    if name == "mlflow-artifacts":
        from mlmodel.sources.remote.mlflow_store import MlflowStore

        return MlflowStore(place.address, place.shown)
    if name in ("http", "https"):
        from mlmodel.sources.remote.http_store import HttpStore

        return HttpStore(place.address, place.shown, place.options)
    from mlmodel.sources.remote.fsspec_store import FsspecStore

    return FsspecStore(place.address, place.shown, place.options)


def open_remote(address: str) -> Source:
    """The files of the model at an address: a directory, an archive, or an ``MLmodel`` file for the directory around it.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
        UnopenedError: the server does not answer, or there is nothing, or the archive cannot be read.
    """
    place = find_place(_without_file(address))
    if place.path is not None:
        return _open_local(place, place.path)
    store = _store(place)
    if _is_archive(place.address):
        return open_remote_archive(store, "")
    store.is_model = True
    return RemoteDirectory(store)


def open_remote_file(address: str) -> tuple[Source, str]:
    """One file at an address, and its name.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
        UnopenedError: the server does not answer, or there is no file.
    """
    place = find_place(address)
    if place.path is not None:
        if not os.path.isfile(place.path):
            raise UnopenedError(f"{place.shown}: there is no file at this address")
        return ModelDirectory.around(place.path), os.path.basename(place.path)
    name = place.shown.rstrip("/").rpartition("/")[2] or "file"
    return RemoteFile(_store(place), name), name


def _open_local(place: Place, path: str) -> Source:
    if os.path.isdir(path):
        return ModelDirectory(path)
    if _is_archive(path) and os.path.isfile(path):
        return open_archive(path)
    raise UnopenedError(
        f"{place.shown}: it is at {shown(place.address)}, and there is no such folder on this machine"
    )


def _without_file(address: str) -> str:
    return address.removesuffix("/MLmodel") if address.endswith("/MLmodel") else address


def _is_archive(address: str) -> bool:
    path = urlsplit(address).path if scheme(address) in ("http", "https") else address
    return path.lower().endswith(ARCHIVES)
