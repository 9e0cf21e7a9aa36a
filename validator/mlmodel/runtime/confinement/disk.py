"""What a confined process has written, and how it is removed: a folder of which a model has made what it likes."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys

from mlmodel.common import scratch as common
from mlmodel.runtime.confinement import memory

MAX_FILES = 100_000
"""Files and folders; each takes an inode, and time to count."""


def exceeded(folder: str, most: int, removed: int = 0) -> str | None:
    """The limit that what is below a folder has reached, in words; links are not followed.

    Args:
        folder: the folder.
        most: bytes that its files may take.
        removed: bytes of files that have no name any more (:func:`removed`).

    What cannot be looked into counts as too much: a path too long for the system, which takes a model that changes its
    folder again and again, or a folder without permission to read, where its files would not be seen.
    """
    total, count = removed, 0
    if total > most:
        return f"{most >> 20} MiB of disk"
    pending = [folder]
    while pending:
        path = pending.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    count += 1
                    if entry.is_dir(follow_symlinks=False):
                        if not _leads_elsewhere(entry):
                            pending.append(entry.path)
                    else:
                        total += _taken(entry)
                    if total > most:
                        return f"{most >> 20} MiB of disk"
                    if count > MAX_FILES:
                        return f"{MAX_FILES:,} files"
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return "the length of a path"
            if error.errno in (errno.EACCES, errno.EPERM) and os.name != "nt":
                return "what can be looked into"
    return None


def removed(tasks: list[str], folder: str, most: int) -> int:
    """Bytes of files of a folder that have no name any more, and which a process on Linux keeps.

    Those that it has open are seen among its descriptors.  One that is only mapped tells nothing of its size, which may
    be ``most``; libraries keep the descriptor of what they map.

    Args:
        tasks: the folders of its threads in ``/proc``; they share their descriptors.
        folder: of its files, without links in the path.
        most: bytes that one file may have.
    """
    gone, inside = " (deleted)", folder + "/"
    for task in tasks:
        try:
            descriptors = memory.opened(task)
            with open(f"{task}/maps", "rb") as file:
                mapped = file.read()
        except OSError:
            continue
        if not mapped:  # it has ended
            continue
        found: dict[int, int] = {}
        for descriptor, path in descriptors:
            if path.startswith(inside) and path.endswith(gone):
                with contextlib.suppress(OSError):
                    status = os.stat(descriptor)
                    found[status.st_ino] = status.st_blocks * 512
        if os.fsencode(gone) + b"\n" in mapped:
            for line in mapped.split(b"\n"):
                if line.endswith(os.fsencode(gone)) and b" " + os.fsencode(inside) in line:
                    found.setdefault(int(line.split(None, 5)[4]), most + 1)
        return sum(found.values())
    return 0


if sys.platform == "win32":

    def _leads_elsewhere(entry: os.DirEntry[str]) -> bool:
        """Whether a folder is a junction, which Windows does not call a link."""
        return bool(entry.stat(follow_symlinks=False).st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)

    def _taken(entry: os.DirEntry[str]) -> int:
        return os.lstat(entry.path).st_size  # what the folder tells is old while a file is open

else:

    def _leads_elsewhere(entry: os.DirEntry[str]) -> bool:  # noqa: ARG001
        return False

    def _taken(entry: os.DirEntry[str]) -> int:
        return entry.stat(follow_symlinks=False).st_blocks * 512


def scratch(base: str | None = None) -> contextlib.AbstractContextManager[str]:
    """A new folder, without links in its path, which goes away whatever a model makes of it."""
    return common.folder(base, remove)


def remove(folder: str) -> None:
    """Remove a folder to which nobody writes any more; what the system does not let go stays.

    Folders in folders are moved up before they are emptied, so that however deep they are, no path is too long and
    nothing is nested as deep (``shutil.rmtree`` recurses, until Python 3.13).
    """
    if os.name == "nt":
        shutil.rmtree(folder, ignore_errors=True)
        return
    number = 0
    with contextlib.suppress(OSError):
        while below := _emptied(folder):
            for path in below:
                for inner in _emptied(path):
                    number += 1
                    os.rename(inner, os.path.join(folder, f".{os.path.basename(folder)}-{number}"))
                os.rmdir(path)
        os.rmdir(folder)


def _emptied(folder: str) -> list[str]:
    """The folders in a folder, which has no files any more then."""
    os.chmod(folder, 0o700)
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
                below.append(entry.path)
            else:
                os.unlink(entry.path)
    return below
