"""``--watch``: validates again when a file of a model changes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from mlmodel.cli.errors import WrongUseError
from mlmodel.sources.discovery import DiscoveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    State = dict[str, tuple[int, int]]

_EVERY = 0.5
"""Seconds between two looks."""
_MOST = 50_000
"""Files that are looked at; more would keep a processor busy."""


def watched(models: Callable[[], Iterable[str]], run: Callable[[], tuple[int, int]]) -> int:
    """Run, and run again after each change, until the user interrupts.

    Args:
        models: finds the model directories.
        run: validates them, and prints what it finds.

    Returns:
        The exit status, 130: only an interrupt ends it.
    """
    try:
        state = _state(models)
        while True:
            if sys.stdout.isatty():
                sys.stdout.write("\x1b[2J\x1b[3J\x1b[H")
            _run_once(run)
            sys.stdout.write(f"-- watching since {time.strftime('%H:%M:%S')}; Ctrl-C ends it\n")
            sys.stdout.flush()
            while (now := _state(models)) == state:
                time.sleep(_EVERY)
            state = now
    except KeyboardInterrupt:
        return 130


def _run_once(run: Callable[[], tuple[int, int]]) -> None:
    try:
        run()
    except (DiscoveryError, WrongUseError, click.ClickException) as error:  # a folder in the making
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        sys.stdout.write(f"{message}\n")


def _state(models: Callable[[], Iterable[str]]) -> State:
    """Size and time of change of every file of the models."""
    found: State = {}
    try:
        for model in models():
            for folder, _, files in os.walk(model):
                for name in files:
                    path = os.path.join(folder, name)
                    try:
                        status = os.lstat(path)
                    except OSError:
                        continue
                    found[path] = (status.st_mtime_ns, status.st_size)
                    if len(found) >= _MOST:
                        return found
    except DiscoveryError:
        pass
    return found
