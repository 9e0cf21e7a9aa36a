"""What a folder held when it was complete, to tell later whether it was damaged since.

The files with their sizes, times and the goals of links; contents are not read, since that would take as long as using
them does.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = "mlmodel-stamp"
"""The file in a folder, or beside one whose files are all its own, that has the digest."""


def of(folder: str, without: Iterable[str] = ()) -> str:
    """The digest of what is below a folder.

    Args:
        folder: the folder.
        without: names directly in it that do not count.
    """
    digest = hashlib.sha256()
    for line in _lines(folder, "", frozenset((NAME, *without))):
        digest.update(line)
    return digest.hexdigest()


def _lines(folder: str, prefix: str, without: frozenset[str]) -> Iterator[bytes]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield f"{prefix}\0{error.errno}\n".encode()
        return
    for entry in found:
        if entry.name in without:
            continue
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield os.fsencode(name) + b"/\n"
            yield from _lines(entry.path, name + "/", frozenset())
            continue
        status = entry.stat(follow_symlinks=False)
        goal = os.readlink(entry.path) if stat.S_ISLNK(status.st_mode) else ""
        # A link says of itself when it was made; what it leads to has to be there.
        told = (goal, os.path.exists(entry.path)) if goal else (status.st_size, status.st_mtime_ns)
        yield os.fsencode(f"{name}\0{told[0]}\0{told[1]}\n")


def put(folder: str, beside: str | None = None, without: Iterable[str] = ()) -> None:
    """Write the stamp of a folder.

    Args:
        folder: the folder.
        beside: the path of the stamp where it is not in the folder.
        without: as of :func:`of`.
    """
    path = beside or os.path.join(folder, NAME)
    digest = of(folder, without)
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(digest)
    os.replace(path + ".new", path)


def fits(folder: str, beside: str | None = None, without: Iterable[str] = ()) -> bool:
    """Whether a folder is as its stamp says; not where it has none."""
    try:
        with open(beside or os.path.join(folder, NAME), encoding="ascii", errors="replace") as file:
            kept = file.read(200)
    except OSError:
        return False
    return kept == of(folder, without)
