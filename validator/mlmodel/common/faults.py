"""Faults of disks that do not say which disk: writing and closing a file fail without its path."""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_DISKS = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EIO", "EROFS") if hasattr(errno, name)
)
"""A full disk, a quota that is used up, a disk that fails, one that takes nothing."""


@contextlib.contextmanager
def at(path: str) -> Iterator[None]:
    """Give the path of what is written to a fault of its disk that has none.

    Raises:
        OSError: the fault.
    """
    try:
        yield
    except OSError as error:
        if error.errno in OF_DISKS and error.filename is None:
            error.filename = path
        raise
