"""Whether the files of a model are still those that were judged, without reading them.

The state of a folder is that of every name in it: mode, size, times of change, inode.  The time of a change that the system
keeps (``st_ctime``) cannot be set by who writes a file, so that a file changed in place, with its size and its time put
back, has another state; Windows does not tell that time, and there only size and ``st_mtime`` speak.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.sources.base import MAX_DEPTH, MAX_ENTRIES
from mlmodel.sources.opening import is_archive, is_remote, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICK = 50_000_000
"""Nanoseconds within which a file may change twice and have the same time: a few ticks of a kernel's clock."""
_SECONDS = 2_000_000_000
"""The same on a file system that keeps whole seconds, or every other one."""


class State(Record):
    """What a model's files looked like at one moment."""

    digest: bytes
    settled: int
    """Nanoseconds since the epoch: where a state was taken later, an equal one means equal files; before that, a file may
    have changed within one tick of the clock."""


def state_of(path: str) -> State | None:
    """The state of the model at a path, a folder or an archive; None where it cannot be told.

    A folder with more names, or deeper, than are listed has no state: more than what is listed may be looked at.
    """
    if is_remote(path):
        return _state_of_address(path)
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            return _state_of_folder(path, status)
        return _state([_fields("", status)], [status]) if is_archive(path) else None
    except (OSError, ValueError):
        return None


def _state_of_address(address: str) -> State | None:
    """What the server's listing says: sizes, times, tags of the content; a folder behind an address of MLflow is one."""
    from mlmodel.sources.addresses import AddressError
    from mlmodel.sources.base import UnopenedError
    from mlmodel.sources.directory import ModelDirectory

    try:
        source = open_source(address)
    except (AddressError, UnopenedError, OSError):
        return None
    if isinstance(source, ModelDirectory):
        return state_of(source.root)
    fingerprint = source.fingerprint()
    return None if fingerprint is None else State(_digest((fingerprint,)), 0)


def _state_of_folder(root: str, status: os.stat_result) -> State | None:
    fields: list[Any] = [(status.st_dev, status.st_ino, status.st_mode, _is_inside_a_model(root))]
    files: list[os.stat_result] = []
    for path, found in _walk(root):
        if len(fields) > MAX_ENTRIES or path.count("/") >= MAX_DEPTH:
            return None
        if stat.S_ISDIR(found.st_mode):
            fields.append((path, found.st_mode))
            continue
        if stat.S_ISLNK(found.st_mode):  # where it leads may depend on where the folder is
            fields.append(os.path.realpath(root))
        fields.append(_fields(path, found))
        files.append(found)
    fields[1:] = sorted(fields[1:], key=str)
    return _state(fields, files)


def _walk(root: str) -> Iterator[tuple[str, os.stat_result]]:
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(os.path.join(root, folder) if folder else root) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    pending.append(path)
                yield path, status


def _is_inside_a_model(root: str) -> bool:
    """Whether the folder around has an MLmodel file: one rule looks there."""
    if os.name == "posix":
        return os.path.isfile(os.path.join(root, "..", "MLmodel"))
    return os.path.isfile(os.path.join(os.path.dirname(os.path.realpath(root)), "MLmodel"))


def _fields(path: str, status: os.stat_result) -> tuple[Any, ...]:
    return path, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _state(fields: list[Any], files: list[os.stat_result]) -> State:
    times = [status.st_ctime_ns if os.name == "posix" else status.st_mtime_ns for status in files]
    settled = max((time + (_TICK if time % 10**9 else _SECONDS) for time in times), default=0)
    return State(_digest(fields), settled)


def _digest(fields: Any) -> bytes:
    return blake2b(repr(fields).encode("utf-8", "surrogatepass"), digest_size=16).digest()
