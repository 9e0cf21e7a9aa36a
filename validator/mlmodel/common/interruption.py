"""Signals that end a process, as an exception: what is open is closed, what is temporary is removed."""

from __future__ import annotations

import contextlib
import signal
from _thread import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Interrupted(SystemExit):
    """A signal asked the process to end; its code is the one that shells give: 128 and the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number).name


class _State:
    """What of signals there is in this process."""

    main: int | None = None
    """The thread that they are raised in."""
    holding = False
    number: int | None = None
    """The signal that came."""


def install() -> None:
    """Have SIGINT, SIGTERM and SIGHUP raise :class:`Interrupted`; what is ignored, as by ``nohup``, stays so.

    The first one is an exception, each after it ends the process at once.
    """
    _State.main = get_ident()
    for number in _numbers():
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Have a signal wait until this ends, for work of a moment in code that is not Python's and cannot be interrupted."""
    if _State.holding or get_ident() != _State.main:
        yield
        return
    before = _State.number
    _State.holding = True
    try:
        yield
    finally:
        _State.holding = False
        if _State.number is not None and before is None:
            _end(_State.number)


def received() -> Interrupted | None:
    """The signal that came, whatever has become of its exception; None where none did."""
    return None if _State.number is None else Interrupted(_State.number)


def finish() -> None:
    """Have these signals do nothing any more: the work is done, and the process ends with the code that it has.

    Python gives signals back to the system while it ends, which would then end it by them.
    """
    for number in _numbers():
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def _raise(number: int, _: Any) -> None:
    _State.number = number
    if not _State.holding:
        _end(number)


def _end(number: int) -> None:
    for each in _numbers():
        if signal.getsignal(each) is _raise:
            signal.signal(each, signal.SIG_DFL)
    raise Interrupted(number)
