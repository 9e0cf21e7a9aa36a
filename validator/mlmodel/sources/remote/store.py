"""What a server of files has to offer, with the limits that hold for all of them."""

from __future__ import annotations

import functools
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

from mlmodel.common.records import Record
from mlmodel.sources.addresses import scrubbed
from mlmodel.sources.base import MAX_DEPTH, Kind
from mlmodel.sources.remote.deadlines import CONCURRENT, LateError, all_within, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")

ANSWER = 30.0
"""Seconds in which a request has to be answered, and those of :data:`RATE`."""
RATE = 1 << 18
"""Bytes that arrive in a second at least: 256 KiB."""
PATIENCE = 300.0
"""Seconds that are waited for all requests of one model together, and those of :data:`RATE`."""
MAX_FETCHED = 1 << 36
"""Bytes that are fetched of one model at most: 64 GiB."""
MAX_HELD = 1 << 28
"""Bytes of one file that are held in memory at once: 256 MiB."""


class Item(Record):
    """One name on a server."""

    path: str
    """Relative to the address of the store."""
    kind: Kind
    size: int | None
    """Bytes of a file; None where the server does not say."""
    stamp: str | None = None
    """What changes when the content does: an entity tag, a version, a time; None where the server says nothing."""


class StoreError(Exception):
    """A server does not answer, or not as it should."""

    def __init__(
        self, reason: str, *, missing: bool = False, limit: bool = False, down: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing
        """Whether there is nothing of that name."""
        self.limit = limit
        """Whether a limit of ours was exceeded."""
        self.down = down
        """Whether no other request will be answered, either."""


class Store(ABC):
    """The files below one address."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        """The address, without credentials."""
        self.failure: str | None = None
        """Why the server is not asked any more; None as long as it is."""
        self.fetched = 0
        """Bytes that were fetched."""
        self.is_model = False
        """Whether the address has to be that of a model: a web page that links to none is no folder then."""
        self._waited = 0.0

    # -- what a kind of server offers; all may block, and raise what they like ---------------------

    @abstractmethod
    def _list(self, folder: str) -> list[Item]:
        """What is directly in a folder; empty where there is nothing."""

    @abstractmethod
    def _range(self, path: str, start: int, size: int, total: int) -> bytes:
        """``size`` bytes of a file of ``total`` bytes, from ``start`` on."""

    @abstractmethod
    def _look(self, path: str) -> Item | None:
        """What is at a path, None where there is nothing; the address itself where it is empty."""

    def _explained(self, error: Exception) -> StoreError:
        """What an error of a library means."""
        if isinstance(error, LateError):
            return StoreError("it does not answer in time", down=True)
        name = type(error).__name__
        text = scrubbed(error) or name
        if isinstance(error, FileNotFoundError):
            return StoreError("there is nothing of that name", missing=True)
        if isinstance(error, PermissionError):
            return StoreError(f"access is refused: {text}")
        refused = isinstance(error, (ConnectionError, TimeoutError)) or "Connect" in name or "Timeout" in name
        return StoreError(text if name in text else f"{name}: {text}", down=refused)

    # -- requests --------------------------------------------------------------------------------

    def names_in(self, folder: str) -> list[Item]:
        """What is directly in a folder; empty where there is nothing.

        Raises:
            StoreError: the server does not say.
        """
        return self._asked(functools.partial(self._list, folder), 0)

    def names_in_all(self, folders: Sequence[str]) -> list[list[Item] | StoreError]:
        """As :meth:`names_in`, for several folders at once."""
        return self._all_asked([functools.partial(self._list, folder) for folder in folders], 0)

    def look(self, path: str) -> Item | None:
        """What is at a path; None where there is nothing.

        Raises:
            StoreError: the server does not say.
        """
        return self._asked(functools.partial(self._look, path), 0)

    def fetch(self, path: str, start: int, size: int, total: int) -> bytes:
        """Exactly ``size`` bytes of a file of ``total`` bytes, from ``start`` on.

        Raises:
            StoreError: the server does not send them, or other ones.
        """
        if size <= 0:
            return b""
        if size > MAX_HELD:
            raise StoreError(f"{size:,} bytes, more than {MAX_HELD:,} can be looked at at once", limit=True)
        content = self._asked(functools.partial(self._range, path, start, size, total), size)
        return self._counted(content, size)

    def fetch_all(self, files: Sequence[tuple[str, int]]) -> list[bytes | StoreError]:
        """The whole of several small files, at once, given by path and size."""
        found = self._all_asked(
            [functools.partial(self._range, path, 0, size, size) for path, size in files],
            max((size for _, size in files), default=0),
        )
        for number, (content, (_, size)) in enumerate(zip(found, files, strict=True)):
            if isinstance(content, bytes):
                try:
                    self._counted(content, size)
                except StoreError as error:
                    found[number] = error
        return found

    def walk(self, folder: str = "") -> Iterator[Item]:
        """Every name at and below a folder, as it is found: what is in a folder before what is deeper.

        Raises:
            StoreError: the server does not say.
        """
        pending = [folder]
        while pending:
            batch = [pending.pop() for _ in range(min(CONCURRENT, len(pending)))]
            deeper: list[str] = []
            for items in self.names_in_all(batch):
                if isinstance(items, StoreError):
                    raise items
                for item in sorted(items):
                    yield item
                    if item.kind is Kind.DIRECTORY and item.path.count("/") < MAX_DEPTH:
                        deeper.append(item.path)
            pending += reversed(deeper)

    # -- limits ----------------------------------------------------------------------------------

    def _asked(self, function: Callable[[], _T], size: int) -> _T:
        """What a function returns that asks the server for so many bytes.

        Raises:
            StoreError: it does not return, or raises.
        """
        self._check()
        started = time.monotonic()
        try:
            return within(ANSWER + size / RATE, function)
        except Exception as error:  # noqa: BLE001 - every library has its own errors
            raise self._failed(error) from None
        finally:
            self._waited += time.monotonic() - started

    def _all_asked(self, functions: Sequence[Callable[[], _T]], size: int) -> list[_T | StoreError]:
        self._check()
        started = time.monotonic()
        found = all_within(ANSWER + size / RATE, functions)
        self._waited += time.monotonic() - started
        return [self._failed(one) if isinstance(one, Exception) else one for one in found]

    def _check(self) -> None:
        if self.failure is not None:
            raise StoreError(self.failure, down=True)
        if self._waited > PATIENCE + self.fetched / RATE:
            raise self._down(
                StoreError(f"its answers took more than {PATIENCE:,.0f} seconds", limit=True, down=True)
            )

    def _failed(self, error: Exception) -> StoreError:
        found = error if isinstance(error, StoreError) else self._explained(error)
        return self._down(found) if found.down else found

    def _down(self, error: StoreError) -> StoreError:
        self.failure = self.failure or f"{self.shown}: {error.reason}"
        return StoreError(self.failure, limit=error.limit, down=True)

    def _counted(self, content: bytes, size: int) -> bytes:
        self.fetched += len(content)
        if len(content) != size:
            raise StoreError(f"the server sends {len(content):,} bytes where it said that there are {size:,}")
        if self.fetched > MAX_FETCHED:
            raise self._down(
                StoreError(f"more than {MAX_FETCHED:,} bytes would have to be fetched", limit=True)
            )
        return content


def said(store: Store, error: StoreError) -> str:
    """What went wrong, with the address that it went wrong at."""
    return error.reason if error.reason.startswith(store.shown) else f"{store.shown}: {error.reason}"
