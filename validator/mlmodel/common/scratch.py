"""Temporary folders that do not outlast the process that made them, or not for long.

A folder is locked as long as it is used.  What a process that was killed left behind is known by its name and by that
nobody holds its lock, and the next one removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from typing import TYPE_CHECKING

from mlmodel.common import faults, interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PREFIX, _SUFFIX = "mlmodel-", ".scratch"
_YOUNG = 60.0
"""Seconds for which a folder may be there and not be locked yet."""


def _try_lock(descriptor: int, *, alone: bool) -> bool:
    """Whether a folder could be locked; where the system cannot lock folders, it is taken for one that is in use."""
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def folder(base: str | None = None, remove: Callable[[str], None] = _remove) -> Iterator[str]:
    """A new folder, without links in its path, which goes away with the context.

    Args:
        base: the folder that it is in; that of the system for what is temporary if None.
        remove: removes a folder with all that is in it.
    """
    path = descriptor = None
    try:
        with interruption.held():
            path = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=base))
            with contextlib.suppress(OSError):  # folders of Windows cannot be opened
                descriptor = os.open(path, os.O_RDONLY)
                _try_lock(descriptor, alone=False)
        with faults.at(path):
            yield path
    finally:
        with interruption.held():
            if path is not None:
                remove(path)
            if descriptor is not None:
                os.close(descriptor)


def sweep(base: str | None = None, remove: Callable[[str], None] = _remove, young: float = _YOUNG) -> None:
    """Remove the folders that processes which were killed have left.

    Args:
        base: as of :func:`folder`.
        remove: as of :func:`folder`.
        young: seconds; folders that were changed since then stay.
    """
    with contextlib.suppress(OSError), os.scandir(base or tempfile.gettempdir()) as entries:
        for entry in entries:
            if not (entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)):
                continue
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
                if mine and entry.is_dir(follow_symlinks=False) and status.st_mtime < time.time() - young:
                    _remove_if_free(entry.path, remove)


def _remove_if_free(path: str, remove: Callable[[str], None]) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if _try_lock(descriptor, alone=True):
            remove(path)
    finally:
        os.close(descriptor)
