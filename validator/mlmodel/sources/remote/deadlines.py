"""Calls into libraries that may wait for a server: each ends in time, or is left to itself."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")

CONCURRENT = 16
"""Calls that are made at once."""


class LateError(Exception):
    """A call has not returned in time."""


class _Call(Generic[_T]):
    """A call in a thread of its own, which the end of the process does not wait for."""

    def __init__(self, function: Callable[[], _T]) -> None:
        self._function = function
        self._value: _T
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._function()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is wanted
            self._error = error

    def result(self, seconds: float) -> _T:
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise LateError
        if self._error is not None:
            raise self._error
        return self._value


def within(seconds: float, function: Callable[[], _T]) -> _T:
    """What a function returns.

    Raises:
        LateError: it has not returned in ``seconds``; it is not waited for.
    """
    return _Call(function).result(seconds)


def all_within(seconds: float, functions: Sequence[Callable[[], _T]]) -> list[_T | Exception]:
    """What functions return or raise, :data:`CONCURRENT` at a time, each within ``seconds``; none begins after one is late."""
    found: list[_T | Exception] = []
    for start in range(0, len(functions), CONCURRENT):
        if any(isinstance(one, LateError) for one in found):
            found.append(LateError())
            continue
        calls: list[_Call[Any]] = [_Call(function) for function in functions[start : start + CONCURRENT]]
        for call in calls:
            try:
                found.append(call.result(seconds))
            except Exception as error:  # noqa: BLE001 - the caller's to judge
                found.append(error)
    return found
