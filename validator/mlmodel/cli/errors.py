"""How a command says that something went wrong."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mlmodel.common.texts import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["InternalError", "WrongUseError", "checked_output", "printable"]


class WrongUseError(Exception):
    """What was asked for cannot be done as it was asked for: exit status 2."""


class InternalError(click.ClickException):
    """Something is wrong with this program, or with the machine it runs on."""

    exit_code = 3


@contextmanager
def checked_output() -> Iterator[None]:
    """Around all that a command prints: what cannot be written is said in one line, whichever write fails.

    Raises:
        InternalError: the disk is full, or another fault of what the output goes to; not a pipe that nobody reads.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # what is kept back would be written at the end of the process, where nobody catches it
    except OSError as error:
        _discard_output()
        if error.errno in (errno.EPIPE, errno.EINVAL):  # Windows has the second for a pipe that is gone
            raise
        about = "the output cannot be written" if error.filename is None else str(error.filename)
        raise InternalError(printable(f"{about}: {error.strerror or error}")) from None


def _discard_output() -> None:
    """Let what is left go nowhere, or Python complains when it flushes it at its end."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):  # no file of the system, as in tests
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)
