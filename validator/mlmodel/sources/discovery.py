"""Arguments -> model directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.sources.metadata_copies import is_metadata_copy
from mlmodel.sources.opening import is_archive, is_remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.sources.exclusion import Exclusion, FolderExclusion


class DiscoveryError(Exception):
    """An argument does not lead to a model directory: a usage error."""


def directories(paths: Iterable[str]) -> Iterator[str]:
    """The given directories, archives and addresses; a path of an ``MLmodel`` file means the directory around it.

    Whether there is anything at an address, nobody has asked yet.

    Raises:
        DiscoveryError: a path is not there, or is another file; or what reads an address is not installed.
    """
    for path in paths:
        if is_remote(path):
            yield _checked(path)
        elif os.path.isdir(path):
            yield path
        elif os.path.basename(path) == "MLmodel" and os.path.lexists(path):
            yield os.path.dirname(path) or "."
        elif is_archive(path):
            yield path
        elif os.path.lexists(path):
            raise DiscoveryError(
                f"{path} is a file, not a model directory (--enclosing finds the model around a file)"
            )
        else:
            raise DiscoveryError(f"{path} does not exist")


def _checked(address: str) -> str:
    from mlmodel.sources.addresses import AddressError
    from mlmodel.sources.remote.opening import check_address

    try:
        check_address(address)
    except AddressError as error:
        raise DiscoveryError(str(error)) from None
    return address


def below(paths: Iterable[str], exclusion: Exclusion | None = None) -> Iterator[str]:
    """Every model directory at or below the given directories, in the order of their names.

    A model inside a model (shap's ``underlying_model``) counts too, the copies in ``metadata/`` do not.  Links are not
    followed.

    Args:
        paths: directories, which are searched whatever is left out; or addresses, in which .gitignore files do not count.
        exclusion: what is left out below them.

    Raises:
        DiscoveryError: a path is not a directory, or what reads an address is not installed.
        mlmodel.sources.base.UnopenedError: the server of an address does not say what is there.
    """
    from mlmodel.sources.exclusion import Exclusion

    exclusion = exclusion or Exclusion()
    for path in paths:
        if is_remote(path):
            from mlmodel.sources.remote.discovery import models_below

            yield from models_below(_checked(path), exclusion.names_folder)
            continue
        if not os.path.isdir(path):
            raise DiscoveryError(f"{path} is not a directory")
        pending = [(path, exclusion.starting_at(path))]
        while pending:  # os.walk recurses: a thousand levels would be too many for it
            folder, outer = pending.pop()
            is_model, folders, inner = _look_into(folder, outer)
            if is_model and not is_metadata_copy(folder):
                yield folder
            pending += ((os.path.join(folder, name), inner) for name in sorted(folders, reverse=True))


def _look_into(folder: str, exclusion: FolderExclusion) -> tuple[bool, list[str], FolderExclusion]:
    """Whether a directory holds an ``MLmodel``, the directories in it that are searched, and what is left out of
    these; nothing where it cannot be read."""
    names: set[str] = set()
    folders: list[str] = []
    is_model = False
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.add(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.name == "MLmodel":
                    is_model = True
    except OSError:
        pass
    if exclusion.is_environment(folder, names):
        return False, [], exclusion
    inner = exclusion.within(folder, names)
    return is_model, [name for name in folders if not inner.leaves_out(folder, name)], inner


def enclosing(paths: Iterable[str]) -> Iterator[str]:
    """The nearest model directory around each path, each once; paths inside no model are left out.

    A path need not exist (a deleted file still has a model around it).

    Raises:
        DiscoveryError: it is an address.
    """
    seen: set[str] = set()
    for path in paths:
        if is_remote(path):
            raise DiscoveryError(f"{path} is an address: --enclosing looks around local paths")
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        found = _nearest_model_dir(folder)
        if found is not None and found not in seen:
            seen.add(found)
            yield found


def _nearest_model_dir(folder: str) -> str | None:
    place = os.path.abspath(folder)
    while not os.path.lexists(os.path.join(place, "MLmodel")) or is_metadata_copy(place):
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above
    return place if os.path.isabs(folder) else os.path.relpath(place)
