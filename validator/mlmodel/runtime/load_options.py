"""What the user asked of the runtime stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[str], None]
    """Is told what happens now, in a few words."""

TIMEOUT = 120.0
"""Seconds that loading and predicting may take."""


class LoadOptions(Record):
    """How to load a model."""

    recreate: bool = False
    """Build the recorded environment; else use an interpreter that is there."""
    python: str | None = None
    """The interpreter to use when nothing is recreated; the running one when None."""
    as_of: str | None = None
    """``today``, or the day (YYYY-MM-DD) whose releases to build from; None for the day the model was saved."""
    trust: bool = False
    """Load a model although reading it runs code that no library needs."""
    allow_weak_sandbox: bool = False
    """Load a model although files or the network stay open to it."""
    offline: bool = False
    """Build from what is cached."""
    timeout: float = TIMEOUT
    """Seconds that loading and predicting may take."""
    memory: int | None = None
    """Bytes of memory that loading and predicting may take; None for a limit that goes with the model's size."""
    variables: tuple[tuple[str, str], ...] = ()
    """Environment variables that the model gets beside those of every run."""
    progress: Progress | None = None
    """Is told what happens now; None to work in silence."""


def report_progress(options: LoadOptions, text: str) -> None:
    """Say what happens now."""
    if options.progress is not None:
        options.progress(text)
