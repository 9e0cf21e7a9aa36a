"""The model directories below an address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mlmodel.sources.addresses import joined, scheme
from mlmodel.sources.base import Kind, UnopenedError
from mlmodel.sources.metadata_copies import METADATA, is_all_copies, is_same_model
from mlmodel.sources.remote.opening import open_store
from mlmodel.sources.remote.store import StoreError, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.sources.remote.store import Store

_MLMODEL = "MLmodel"
_MAX_COPY = 1 << 20


def models_below(address: str, leaves_out: Callable[[str], bool] = lambda _: False) -> Iterator[str]:
    """The addresses of the model directories at and below an address, as they are found, in flat memory.

    Args:
        address: a prefix of an object store, a folder of a web server, or an address of MLflow.
        leaves_out: whether a folder is left out with what is below it, given by its path relative to the address.

    Raises:
        AddressError: a package that reads it is not installed, or nobody reads it.
        UnopenedError: the server does not say what is there.
    """
    store = open_store(address)
    web = scheme(address) in ("http", "https")
    try:
        for folder in _folders(store):
            parts = folder.split("/") if folder else []
            if not any(leaves_out("/".join(parts[:end])) for end in range(1, len(parts) + 1)):
                yield joined(address, quote(folder) if web else folder)
    except StoreError as error:
        raise UnopenedError(said(store, error)) from None


def _folders(store: Store) -> Iterator[str]:
    """The folders with an MLmodel file; the copies in ``metadata/`` are none."""
    above: set[str] = set()
    """Models whose ``metadata`` may follow."""
    for item in store.walk():
        folder, _, name = item.path.rpartition("/")
        if name != _MLMODEL or item.kind is not Kind.FILE:
            continue
        around, _, last = folder.rpartition("/")
        if last == METADATA and around in above and _is_copy(store, folder, around):
            continue
        if len(above) > 100_000:
            above.clear()
        above.add(folder)
        yield folder


def _is_copy(store: Store, folder: str, around: str) -> bool:
    try:
        names = [item.path.rpartition("/")[2] for item in store.names_in(folder)]
        return is_all_copies(names) and is_same_model(_head(store, folder), _head(store, around))
    except StoreError:
        return False


def _head(store: Store, folder: str) -> bytes:
    path = f"{folder}/{_MLMODEL}" if folder else _MLMODEL
    item = store.look(path)
    if item is None or not item.size:
        return b""
    return store.fetch(path, 0, min(item.size, _MAX_COPY), item.size)
