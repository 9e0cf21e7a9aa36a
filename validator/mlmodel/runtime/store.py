"""The folder that keeps resolutions and environments: locked while one is made, and never half-made."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import random
import sys
import threading
import time
from typing import TYPE_CHECKING

from mlmodel.common import faults, interruption, scratch
from mlmodel.common.cache_folder import default_root
from mlmodel.common.records import Record
from mlmodel.runtime import stamp
from mlmodel.runtime.confinement import disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LATER = ("bytecode", "bytecode.stamp")
"""What comes into an environment when it is used, and has a stamp of its own."""
_AGAIN = 0.2
"""Seconds, at most, until it is looked again whether an environment that is in use can be made."""
_ATTEMPTS = 10
"""Times that an environment is made which others remove or damage before it is used."""
KEPT = 20
"""Environments that are kept; beyond that, those that were not used for longest go."""


def key(*parts: object) -> str:
    """A name for what is made of these parts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class Kept(Record):
    """An environment that is kept."""

    name: str
    folder: str
    used: float
    """When it was used last, in seconds since the epoch."""


class Store:
    """Things by key: texts, and folders that are made once."""

    def __init__(self, root: str | None = None) -> None:
        self.root = root or default_root()
        self._seen: set[str] = set()
        """Folders that were whole, or have been made, since this began; none is looked at twice."""
        self._looking = threading.Lock()
        self._entering = threading.Lock()

    def check(self) -> None:
        """Find out that the folder can be used, before anything is made of it.

        Raises:
            OSError: it cannot; its path and why.
        """
        for name in ("resolved", "environments", "locks", "runs"):
            self._folder(name)
        with disk.scratch(self.runs()) as place, open(os.path.join(place, "file"), "wb") as file:
            file.write(b"x")
        noexec = getattr(os, "ST_NOEXEC", None)
        if noexec is not None and os.statvfs(self.root).f_flag & noexec:
            raise PermissionError(errno.EACCES, "no program may run from this disk (noexec)", self.root)

    # -- texts -----------------------------------------------------------------------------------

    def text(self, name: str) -> str | None:
        """A text that was kept, None where there is none, or one that is not what was kept."""
        try:
            with open(os.path.join(self.root, "resolved", name), encoding="utf-8", errors="replace") as file:
                digest, _, text = file.read().partition("\n")
        except (FileNotFoundError, IsADirectoryError):
            return None
        return text if digest == _digest(text) else None

    def age(self, name: str) -> float:
        """Seconds since a text was kept."""
        return time.time() - os.path.getmtime(os.path.join(self.root, "resolved", name))

    def keep(self, name: str, text: str) -> None:
        """Keep a text; readers see the old one or the new one, whole."""
        goal = os.path.join(self._folder("resolved"), name)
        with disk.scratch(self.runs()) as place:
            path = os.path.join(place, "text")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"{_digest(text)}\n{text}")
            if os.path.isdir(goal):
                disk.remove(goal)
            os.replace(path, goal)

    # -- folders ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def using(self, name: str, make: Callable[[str], None]) -> Iterator[str]:
        """The path of a folder that ``make`` fills if it is not there yet; it stays as long as it is used.

        One process makes it, others wait.  It is made beside and moved when it is complete, so that whoever
        is stopped leaves nothing that looks usable.  What was damaged since is made anew.
        """
        folder = os.path.join(self._folder("environments"), name)
        lock = os.path.join(self._folder("locks"), name)
        self._remove_torn()
        made = 0
        while made < _ATTEMPTS:
            holding = contextlib.ExitStack()
            # One thread at a time: looking takes a while, and two that look by turns would never find it unused.
            with self._entering:
                holding.enter_context(locked(lock, shared=True))
                if not self._was_whole(folder):
                    holding.close()
                    try:
                        with locked(lock, wait=False):
                            if not self._was_whole(folder):
                                made += 1
                                _remove(folder)
                                self._make(folder, make)
                                self._seen.add(folder)
                    except BlockingIOError:  # another process makes it or uses it
                        pass
                    found = False
                else:
                    found = True
            if found:
                with holding:
                    with contextlib.suppress(OSError):
                        os.utime(folder)  # used now: pruned late
                    yield folder
                    return
            time.sleep(random.uniform(0, _AGAIN))  # noqa: S311 -- so that two processes do not look by turns
            self.prune()
        raise OSError(errno.EAGAIN, "it is damaged again and again", folder)

    def _was_whole(self, folder: str) -> bool:
        with self._looking:
            if not os.path.isdir(folder):
                self._seen.discard(folder)
            elif folder not in self._seen and self.is_whole(folder):
                self._seen.add(folder)
            return folder in self._seen

    def is_whole(self, folder: str) -> bool:
        """Whether a folder is there, and is as it was made."""
        return os.path.isdir(folder) and stamp.fits(folder, without=LATER)

    def _make(self, folder: str, make: Callable[[str], None]) -> None:
        fresh = f"{folder}.{os.getpid()}.new"
        _remove(fresh)
        try:
            with faults.at(fresh):
                make(fresh)
                stamp.put(fresh, without=LATER)
            os.rename(fresh, folder)
        finally:
            with interruption.held():
                _remove(fresh)

    def environments(self) -> list[Kept]:
        """The environments that are kept, those that were used last first."""
        found = [
            Kept(entry.name, entry.path, entry.stat().st_mtime)
            for entry in os.scandir(self._folder("environments"))
            if entry.is_dir(follow_symlinks=False) and "." not in entry.name
        ]
        return sorted(found, key=lambda kept: -kept.used)

    def clear(self, name: str) -> bool:
        """Remove an environment that nobody uses; whether it is gone."""
        lock = os.path.join(self._folder("locks"), name)
        with contextlib.suppress(BlockingIOError), locked(lock, wait=False):
            _remove(os.path.join(self._folder("environments"), name))
            return True
        return False

    def forget(self) -> int:
        """Remove the texts that are kept; how many there were."""
        texts = [entry.path for entry in os.scandir(self._folder("resolved")) if entry.is_file()]
        for path in texts:
            os.unlink(path)
        return len(texts)

    def _remove_torn(self) -> None:
        """Remove what processes that were stopped have left; what is being made is locked."""
        for entry in os.scandir(self._folder("environments")):
            if "." in entry.name:
                self._remove_unused(entry)

    def _remove_unused(self, entry: os.DirEntry[str]) -> None:
        lock = os.path.join(self._folder("locks"), entry.name.partition(".")[0])
        with contextlib.suppress(BlockingIOError), locked(lock, wait=False):
            _remove(entry.path)

    def prune(self, kept: int = KEPT) -> None:
        """Remove the environments that were not used for longest, and what a process that was stopped left."""
        base = self._folder("environments")
        found = [entry for entry in os.scandir(base) if entry.is_dir(follow_symlinks=False)]
        whole = sorted((e for e in found if "." not in e.name), key=lambda e: e.stat().st_mtime, reverse=True)
        for entry in whole[kept:]:
            self._remove_unused(entry)
        self._remove_torn()

    def runs(self) -> str:
        """The folder for the scratch folders of runs, on the disk of the environments; what was left there is removed."""
        folder = self._folder("runs")
        scratch.sweep(folder, disk.remove)
        return folder

    def _folder(self, name: str) -> str:
        path = os.path.join(self.root, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path


def _remove(folder: str) -> None:
    if os.path.isdir(folder):
        disk.remove(folder)


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
