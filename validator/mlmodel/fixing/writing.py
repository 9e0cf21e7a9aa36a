"""Writes planned changes, each file at once or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import TYPE_CHECKING

from mlmodel.common import interruption

if TYPE_CHECKING:
    from mlmodel.fixing.plan import Plan


class StaleError(Exception):
    """A file was changed after the plan was made."""


def write(plan: Plan) -> None:
    """Write every file of a plan; new files first, so that nothing names a file that is not there yet.

    Raises:
        StaleError: a file is not what it was.
        OSError: a file cannot be written.  Files before it are.
    """
    for file in sorted(plan.after, key=lambda file: (plan.before[file] is not None, file)):
        path = os.path.join(plan.root, *file.split("/"))
        _check(path, file, plan.before[file])
        _replace(path, plan.after[file], _mode(path, plan.root))


def _check(path: str, file: str, before: bytes | None) -> None:
    if before is None:
        if os.path.lexists(path):
            raise StaleError(f"{file} was made meanwhile")
        return
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    with open(os.open(path, flags), "rb") as current:
        if current.read(len(before) + 1) != before:
            raise StaleError(f"{file} was changed meanwhile")


def _mode(path: str, root: str) -> int:
    """The permissions of the file; of a new one, those of the MLmodel file."""
    known = path if os.path.lexists(path) else os.path.join(root, "MLmodel")
    return stat.S_IMODE(os.lstat(known).st_mode)


def _replace(path: str, content: bytes, mode: int) -> None:
    with interruption.held():
        descriptor, beside = tempfile.mkstemp(prefix=".mlmodel-fix-", dir=os.path.dirname(path))
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(beside, mode)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
