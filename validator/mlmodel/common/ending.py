"""The end of a process of our own: at once, once its work is done, or with the process that it works for."""

from __future__ import annotations

import atexit
import os
import sys


class QuickEnd:
    """Leaves what a process holds to the system, which frees it in one go where Python would object by object.

    To be made before anything else has something to do at the end of the process: what registers for that later is
    done before.
    """

    def __init__(self) -> None:
        self._code: int | None = None
        atexit.register(self._end)

    def with_code(self, code: object) -> None:
        """Have the process end so, with the exit status of a ``SystemExit``; one with a message ends as Python has it."""
        if code is None or isinstance(code, int):
            self._code = code or 0

    def _end(self) -> None:
        if self._code is None:
            return
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):  # none, or closed: Python knows what to say
            return
        os._exit(self._code & 0xFF)


def end_with_parent() -> None:
    """Have this process, a worker of another, end when that one ends, whatever ended it."""
    import threading

    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
