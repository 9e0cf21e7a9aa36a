"""The folder that keeps resolutions and environments: locked while one is made, and never half-made."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEPT = 20
"""Environments that are kept; beyond that, those that were not used for longest go."""


def default_root() -> str:
    """``MLMODEL_CACHE``, else a folder of the user's caches."""
    configured = os.environ.get("MLMODEL_CACHE")
    if configured:
        return os.path.abspath(configured)
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    elif os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "mlmodel")


def key(*parts: object) -> str:
    """A name for what is made of these parts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


class Store:
    """Things by key: texts, and folders that are made once."""

    def __init__(self, root: str | None = None) -> None:
        self.root = root or default_root()

    # -- texts -----------------------------------------------------------------------------------

    def text(self, name: str) -> str | None:
        """A text that was kept, None where there is none."""
        try:
            with open(os.path.join(self.root, "resolved", name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def age(self, name: str) -> float:
        """Seconds since a text was kept."""
        import time

        return time.time() - os.path.getmtime(os.path.join(self.root, "resolved", name))

    def keep(self, name: str, text: str) -> None:
        """Keep a text; readers see the old one or the new one, whole."""
        folder = self._folder("resolved")
        descriptor, path = tempfile.mkstemp(dir=folder, prefix=".new-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path, os.path.join(folder, name))

    # -- folders ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def using(self, name: str, make: Callable[[str], None]) -> Iterator[str]:
        """The path of a folder that ``make`` fills if it is not there yet; it stays as long as it is used.

        One process makes it, others wait.  It is made beside and moved when it is complete, so that whoever
        is stopped leaves nothing that looks usable.
        """
        folder = os.path.join(self._folder("environments"), name)
        lock = os.path.join(self._folder("locks"), name)
        while True:
            with locked(lock, shared=True):
                if os.path.isdir(folder):
                    with contextlib.suppress(OSError):
                        os.utime(folder)  # used now: pruned late
                    yield folder
                    return
            with locked(lock):
                if not os.path.isdir(folder):
                    self._make(folder, make)
            self.prune()

    def _make(self, folder: str, make: Callable[[str], None]) -> None:
        fresh = f"{folder}.{os.getpid()}.new"
        _remove(fresh)
        try:
            make(fresh)
            os.rename(fresh, folder)
        finally:
            _remove(fresh)

    def prune(self, kept: int = KEPT) -> None:
        """Remove the environments that were not used for longest, and what a process that was stopped left."""
        base = self._folder("environments")
        found = [entry for entry in os.scandir(base) if entry.is_dir(follow_symlinks=False)]
        whole = sorted((e for e in found if "." not in e.name), key=lambda e: e.stat().st_mtime, reverse=True)
        torn = [entry for entry in found if "." in entry.name]
        for entry in (*whole[kept:], *torn):
            lock = os.path.join(self._folder("locks"), entry.name.partition(".")[0])
            with contextlib.suppress(BlockingIOError), locked(lock, wait=False):
                _remove(entry.path)

    def runs(self) -> str:
        """The folder for the scratch folders of runs, on the disk of the environments; old ones are removed."""
        import time

        folder = self._folder("runs")
        for entry in os.scandir(folder):
            with contextlib.suppress(OSError):
                if entry.stat().st_mtime < time.time() - 86400:
                    _remove(entry.path)
        return folder

    def _folder(self, name: str) -> str:
        path = os.path.join(self.root, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path


def _remove(folder: str) -> None:
    if os.path.isdir(folder):
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(path: str, *, shared: bool = False, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a file, alone or with other readers; it ends with the process that holds it.

    Raises:
        BlockingIOError: another process holds it, and we do not wait.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, shared=shared, wait=wait)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def _lock(descriptor: int, *, shared: bool, wait: bool) -> None:
        """``LockFileEx``, since ``msvcrt.locking`` has no shared locks."""
        import ctypes
        import msvcrt

        immediately, exclusive, no = 1, 2, 0
        is_locked, is_pending = 33, 997
        lock = ctypes.WinDLL("kernel32", use_last_error=True).LockFileEx
        lock.argtypes = (ctypes.c_void_p, *[ctypes.c_uint32] * 4, ctypes.c_void_p)
        how = (no if shared else exclusive) | (no if wait else immediately)
        overlapped = ctypes.create_string_buffer(32)  # from the first byte on, and no event
        if not lock(msvcrt.get_osfhandle(descriptor), how, 0, 1, 0, overlapped):
            error = ctypes.get_last_error()
            if error in (is_locked, is_pending):
                raise BlockingIOError(error, "locked")
            raise ctypes.WinError(error)

else:

    def _lock(descriptor: int, *, shared: bool, wait: bool) -> None:
        import fcntl

        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
