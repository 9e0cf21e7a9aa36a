"""Arguments of an audit -> subjects: the models of folders, registries, experiments and runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.audit.subjects import SourceError, Subject, Wanted, WhereError
from mlmodel.sources import discovery
from mlmodel.sources.addresses import shown
from mlmodel.sources.base import ARCHIVES, UnopenedError
from mlmodel.sources.exclusion import Exclusion
from mlmodel.sources.opening import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.audit.registry_process import RegistryProcess

_TRACKED = ("models:", "experiments:", "runs:")


def is_tracked(where: str) -> bool:
    """Whether an argument is answered by an MLflow client."""
    return where.startswith(_TRACKED)


def subjects(where: tuple[str, ...], wanted: Wanted, registry: RegistryProcess | None) -> Iterator[Subject]:
    """The models that arguments name, as they are found.

    Args:
        where: folders, archives, and addresses of MLflow.
        wanted: which of them.
        registry: answers for addresses of MLflow.

    Raises:
        WhereError: an argument names nothing.
        SourceError: the registry cannot be asked.
    """
    for each in where:
        if is_tracked(each):
            if registry is None:
                raise WhereError(f"{each} needs an MLflow client")
            yield from registry.subjects(each, wanted)
        else:
            yield from _below(each, wanted)


def _below(path: str, wanted: Wanted) -> Iterator[Subject]:
    remote = is_remote(path)
    if remote and wanted.since is not None:
        raise WhereError(f"--since goes with folders, registries and experiments, not with {shown(path)}")
    try:
        if os.path.isdir(path) or (remote and not path.lower().endswith(ARCHIVES)):
            found = discovery.below([path], Exclusion(wanted.exclude, git=False))
        else:
            found = discovery.directories([path])
        for place in found:
            if remote:
                yield Subject(shown(place), "directory", place)
            elif wanted.since is None or _changed(place) >= wanted.since:
                yield Subject(place.replace(os.sep, "/"), "directory", place, owner=_owner(place))
    except discovery.DiscoveryError as error:
        raise WhereError(str(error)) from None
    except UnopenedError as error:
        raise SourceError(str(error)) from None


def _status(place: str) -> os.stat_result | None:
    try:
        return os.stat(os.path.join(place, "MLmodel") if os.path.isdir(place) else place)
    except OSError:
        return None


def _changed(place: str) -> float:
    status = _status(place)
    return status.st_mtime if status is not None else float("inf")


def _owner(place: str) -> str | None:
    """The account that a folder's MLmodel file belongs to; None where the system has none."""
    try:
        import pwd
    except ImportError:  # Windows
        return None
    status = _status(place)
    if status is None:
        return None
    return _account(status.st_uid, pwd)


def _account(uid: int, pwd: object) -> str:
    known = _ACCOUNTS.get(uid)
    if known is None:
        try:
            known = str(pwd.getpwuid(uid).pw_name)  # type: ignore[attr-defined]
        except KeyError:
            known = str(uid)
        _ACCOUNTS[uid] = known
    return known


_ACCOUNTS: dict[int, str] = {}
