"""The one place where a path becomes a source of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.sources.base import ARCHIVES
from mlmodel.sources.directory import ModelDirectory

if TYPE_CHECKING:
    from mlmodel.sources.base import Source


def is_archive(path: str) -> bool:
    """Whether a file is named as an archive that can be read."""
    return path.lower().endswith(ARCHIVES) and os.path.isfile(path)


def is_remote(path: str) -> bool:
    """Whether a path is an address, as of an object store, and no local path."""
    if ":/" not in path:
        return False
    from mlmodel.sources.addresses import is_address

    return is_address(path)


def open_source(path: str) -> Source:
    """The files of the model at a path or an address: a folder, or an archive that holds one.

    Args:
        path: a local path; or an address such as ``s3://bucket/model``, ``https://host/model.zip``,
            ``models:/name@alias`` or ``runs:/id/model``.

    Raises:
        NotADirectoryError: a local path is neither.
        mlmodel.sources.addresses.AddressError: the address is none, or a package that reads it is not installed.
        mlmodel.sources.base.UnopenedError: the archive cannot be read, or holds no model, or several; or there is
            nothing at the address, or its server does not answer.
    """
    if is_remote(path):
        from mlmodel.sources.remote.opening import open_remote

        return open_remote(path)
    if os.path.isdir(path):
        return ModelDirectory(path)
    if is_archive(path):
        from mlmodel.sources.archives import open_archive

        return open_archive(path)
    raise NotADirectoryError(f"{path} is not a directory")


def open_file(path: str) -> tuple[Source, str]:
    """One file at a path or an address, as if it stood in a folder by itself, and its name.

    Raises:
        FileNotFoundError: there is no such file on this machine.
        mlmodel.sources.addresses.AddressError: the address is none, or a package that reads it is not installed.
        mlmodel.sources.base.UnopenedError: there is no file at the address, or its server does not answer.
    """
    if is_remote(path):
        from mlmodel.sources.remote.opening import open_remote_file

        return open_remote_file(path)
    return ModelDirectory.around(path), os.path.basename(path)
