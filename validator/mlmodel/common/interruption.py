"""Signals that end a process, as an exception: what is open is closed, what is temporary is removed."""

from __future__ import annotations

import signal
from typing import Any


class Interrupted(SystemExit):
    """A signal asked the process to end; its code is the one that shells give: 128 and the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number).name


def install() -> None:
    """Have SIGINT, SIGTERM and SIGHUP raise :class:`Interrupted`; what is ignored, as by ``nohup``, stays so.

    The first one is an exception, each after it ends the process at once.
    """
    for number in _numbers():
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _raise)


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
    for each in _numbers():
        if signal.getsignal(each) is _raise:
            signal.signal(each, signal.SIG_DFL)
    raise Interrupted(number)
