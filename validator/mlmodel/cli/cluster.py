"""``--cluster``: the executor of an existing Dask cluster."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from mlmodel.cli.errors import InternalError, WrongUseError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

_CONNECT = 30
"""Seconds in which the scheduler has to answer."""


@contextlib.contextmanager
def cluster_executor(address: str | None) -> Iterator[Executor | None]:
    """The executor of the cluster whose scheduler is at an address; None without one.

    A worker that is lost costs the chunk that it had: the scheduler gives it to another, and its result counts once.

    Raises:
        WrongUseError: dask.distributed is not installed.
        InternalError: the scheduler does not answer.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise WrongUseError(
            f"--cluster needs dask.distributed: pip install 'mlmodel[cluster]' ({error})"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        connect: Any = Client
        client = connect(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InternalError(printable(f"the cluster at {address} does not answer: {error}")) from None
    with client, client.get_executor(pure=False) as executor:
        yield executor
