"""How far a long run is, on a terminal."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from mlmodel.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.findings import Report

_AFTER = 1.0
"""Seconds before anything is shown: a short run needs none."""
_EVERY = 0.1


class Progress:
    """A line on standard error that is written over: models, findings, the model at hand.

    It shows only where standard error is a terminal and no CI service runs the command.
    """

    def __init__(self, *, wanted: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count.

        Args:
            wanted: whether the run may be long.
            clock: tells the time, in seconds.
        """
        self._clock = clock
        self._on = wanted and sys.stderr.isatty() and not os.environ.get("CI")
        self._start = self._last = clock()
        self._models = 0
        self._errors = 0
        self._visible = False

    def add(self, report: Report) -> None:
        """Count one more model, and show it."""
        if not self._on:
            return
        self._models += 1
        self._errors += report.count(Severity.ERROR)
        now = self._clock()
        if now - self._start < _AFTER or now - self._last < _EVERY:
            return
        from mlmodel.common.texts import printable

        self._last = now
        width = os.get_terminal_size(sys.stderr.fileno()).columns
        rate = self._models / (now - self._start)
        text = f"{self._models:,} models, {self._errors:,} errors, {rate:,.0f} a second: {printable(report.path)}"
        sys.stderr.write(f"\r\x1b[K{text[: max(width - 1, 0)]}")
        sys.stderr.flush()
        self._visible = True

    def clear(self) -> None:
        """Take the line away, before something else is written."""
        if self._visible:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._visible = False
