"""The one place where a path becomes a source of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.sources.directory import ModelDirectory

if TYPE_CHECKING:
    from mlmodel.sources.base import Source

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
"""Endings of archives that are read as model directories."""


def is_archive(path: str) -> bool:
    """Whether a file is named as an archive that can be read."""
    return path.lower().endswith(ARCHIVES) and os.path.isfile(path)


def open_source(path: str) -> Source:
    """The files of the model at a path: a folder, or an archive that holds one.

    Raises:
        NotADirectoryError: it is neither.
        mlmodel.sources.base.UnopenedError: the archive cannot be read, or holds no model, or several.
    """
    if os.path.isdir(path):
        return ModelDirectory(path)
    if is_archive(path):
        from mlmodel.sources.archives import open_archive

        return open_archive(path)
    raise NotADirectoryError(f"{path} is not a directory")
