"""A model as a folder of this machine, for what reads nothing else."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from mlmodel.common import scratch
from mlmodel.sources.base import Kind, UnreadableError
from mlmodel.sources.directory import ModelDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.sources.base import Source


@contextlib.contextmanager
def local_folder(source: Source) -> Iterator[str]:
    """The folder with the files of a source: its own, or a copy that goes away with the context.

    Links become what they lead to; what is no file is left out.

    Raises:
        UnreadableError: a file cannot be read, or there is no room for all of them.
        OSError: a file cannot be written.
    """
    if isinstance(source, ModelDirectory):
        yield source.root
        return
    with scratch.folder() as folder:
        _copy(source, folder)
        yield folder


def _copy(source: Source, folder: str) -> None:
    if not source.listed_all:
        raise UnreadableError(".", next(iter(source.unlisted.values())), limit=True)
    wanted = sum(entry.size for entry in source.entries.values())
    room = shutil.disk_usage(folder).free
    if wanted > room:
        raise UnreadableError(".", f"{wanted:,} bytes, and {folder} has room for {room:,}", limit=True)
    for path, entry in source.entries.items():
        if entry.kind is Kind.DIRECTORY:
            os.makedirs(_inside(folder, path), exist_ok=True)
    for path, chunks in source.files():
        target = _inside(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "xb") as file:
            file.writelines(chunks)


def _inside(folder: str, path: str) -> str:
    """Where a file goes; a source has no path that leads out, and where a system takes one for such, it is not written."""
    target = os.path.normpath(os.path.join(folder, *path.split("/")))
    if not target.startswith(os.path.join(folder, "")):
        raise UnreadableError(path, "it has no place in a folder")
    return target
