"""The models of a registry and of experiments, through the MLflow client that is installed.

Any MLflow from 2.0 on will do, ``mlflow-skinny`` too.  Everything is asked for in pages, so that any number passes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import warnings
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlmodel.audit.client_calls import faults, paged
from mlmodel.audit.kept import KeptVersions, Known
from mlmodel.audit.subjects import SourceError, Subject, WhereError, moment
from mlmodel.audit.version_pages import versions
from mlmodel.common.patterns import lazy_pattern
from mlmodel.sources import discovery
from mlmodel.sources.addresses import MLFLOW, AddressError, joined, scheme
from mlmodel.sources.base import UnopenedError
from mlmodel.sources.exclusion import Exclusion
from mlmodel.sources.remote import mlflow_uris
from mlmodel.sources.remote.opening import find_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.audit.subjects import Wanted

_PAGE = 1000
"""Runs that are asked for at once."""
_PAGE_OF_MODELS = 100
"""Logged models that are asked for at once."""
_BATCH = 100
"""Model versions whose runs and logged models are asked for at once."""
_HISTORY = "mlflow.log-model.history"
_USER = "mlflow.user"
_PROMPT = "mlflow.prompt.is_prompt"
_LOGGED = lazy_pattern(r"models:/m-[0-9a-f]{32}")
"""The source of a version that was registered from a logged model."""
TAGS = ("verdict", "errors", "warnings", "infos", "digest")
"""What ``--tag`` writes, each as ``mlmodel.<name>``."""


class Registry:
    """One tracking server with its registry."""

    def __init__(
        self, tracking_uri: str | None = None, registry_uri: str | None = None, *, keeps: bool = False
    ) -> None:
        """Connect.

        Args:
            tracking_uri: as for :func:`point`.
            registry_uri: likewise.
            keeps: whether what was said of versions is kept for the next audit, and what is kept not asked for.

        Raises:
            WhereError: no MLflow is installed, or there is nothing at the address.
        """
        point(tracking_uri, registry_uri)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.ERROR)
            with faults():
                self._client: Any = mlflow_uris.client()
        used = getattr(self._client, "_registry_uri", None) or tracking_uri or ""
        self._is_folder = "://" not in str(used) or str(used).startswith("file:")
        # Places may be relative to the current folder.
        self._kept = KeptVersions(f"{self._client.tracking_uri} {used} {os.getcwd()}") if keeps else None
        self._users: dict[str, str | None] = {}
        self._experiment_ids: list[str] | None = None
        self._logged_locations: dict[str, str] = {}
        self._locations = lru_cache(1024)(mlflow_uris.location)

    # -- addresses -> subjects -------------------------------------------------------------------

    def subjects(self, where: str, wanted: Wanted) -> Iterator[Subject]:
        """The models that an address names.

        Raises:
            WhereError: it names nothing.
            SourceError: the server does not answer, or refuses.
        """
        scheme, _, rest = where.partition(":")
        rest = rest.lstrip("/")
        if scheme == "experiments":
            yield from self._experiments(rest, wanted)
        elif scheme == "runs":
            yield from self._run(where, rest, wanted)
        elif rest.startswith("m-") and "/" not in rest and "@" not in rest:
            with faults(where):
                yield self._logged(self._client.get_logged_model(rest))
        elif "@" in rest:
            name, _, alias = rest.rpartition("@")
            with faults(where):
                yield self._version(self._client.get_model_version_by_alias(name, alias))
        elif "/" in rest:
            name, _, version = rest.rpartition("/")
            yield self.version(name, version)
        else:
            yield from self._versions(rest, wanted)

    def version(self, name: str, version: str) -> Subject:
        """One version of a registered model.

        Raises:
            WhereError: there is none.
            SourceError: the server does not answer, or refuses.
        """
        with faults(f"models:/{name}/{version}"):
            return self._version(self._client.get_model_version(name, version))

    def _versions(self, name: str, wanted: Wanted) -> Iterator[Subject]:
        count = 0
        found = versions(self._client, name, wanted.filter, of_files=self._is_folder)
        while batch := list(islice(found, _BATCH)):
            count += len(batch)
            wanted_ones = [
                version
                for version in batch
                if (version.tags or {}).get(_PROMPT) != "true" and _is_new(version.creation_timestamp, wanted)
            ]
            yield from self._subjects_of(wanted_ones)
        if name and not count and not wanted.filter:
            with faults(f"models:/{name}"):
                self._client.get_registered_model(name)  # says that there is none

    def _subjects_of(self, found: list[Any]) -> Iterator[Subject]:
        """The subjects of many versions at once; what is kept of them is not asked for."""
        if self._kept is None:
            self._learn(found)
            yield from map(self._version, found)
            return
        keys = [
            self._kept.key(each.name, each.version, each.creation_timestamp, each.source, each.run_id)
            for each in found
        ]
        known = self._kept.look(keys)
        self._learn([each for key, each in zip(keys, found, strict=True) if key not in known])
        new = []
        for key, version in zip(keys, found, strict=True):
            if key in known:
                place, user = known[key]
            else:
                user = self._user(version.run_id)
                place, is_told = self._told_place(_address_of(version), version.source)
                if is_told and (user or not version.run_id):
                    new.append((key, Known(place, user)))
            yield _subject_of(version, place, _owner_of(version) or user)
        self._kept.keep(new)

    def _learn(self, found: list[Any]) -> None:
        self._learn_users([each.run_id for each in found if each.run_id and not _owner_of(each)])
        self._learn_locations([each.source for each in found])

    def _version(self, version: Any) -> Subject:
        place = self._place(_address_of(version), version.source)
        return _subject_of(version, place, _owner_of(version) or self._user(version.run_id))

    def _place(self, address: str, source: str | None) -> str:
        return self._told_place(address, source)[0]

    def _told_place(self, address: str, source: str | None) -> tuple[str, bool]:
        """What to open for a model: its path, where it is on this machine; else its address, which is asked for when it
        is opened.  And whether the server has said so, or nothing that counts the next time."""
        try:
            where = self._logged_locations.get(source or "", source or address)
            if scheme(where) == "mlflow-artifacts":
                return address, True  # the server hands it out
            if scheme(where) in MLFLOW:
                where = self._locations(address)
            return find_place(where).path or address, True
        except (AddressError, UnopenedError):
            return address, False  # opening it says why

    # -- experiments -----------------------------------------------------------------------------

    def _experiments(self, name: str, wanted: Wanted) -> Iterator[Subject]:
        found = []
        with faults(f"experiments:/{name}"):
            if name:
                experiment = self._client.get_experiment_by_name(name)
                if experiment is None and name.isdigit():
                    experiment = self._client.get_experiment(name)
                if experiment is None:
                    raise WhereError(f"there is no experiment {name!r}")
                found = [experiment.experiment_id]
            else:
                found = [
                    each.experiment_id
                    for each in paged(lambda token: self._client.search_experiments(page_token=token))
                ]
        for experiment_id in found:
            yield from self._logged_models(experiment_id, wanted)
            yield from self._runs(experiment_id, wanted)

    def _logged_models(self, experiment_id: str, wanted: Wanted) -> Iterator[Subject]:
        if not hasattr(self._client, "search_logged_models"):
            return  # before MLflow 3

        def page(token: str | None) -> Any:
            return self._client.search_logged_models(
                [experiment_id], filter_string=wanted.filter, max_results=_PAGE_OF_MODELS, page_token=token
            )

        try:
            found = paged(page)
            while batch := list(islice(found, _BATCH)):
                wanted_ones = [model for model in batch if _is_new(model.creation_timestamp, wanted)]
                self._learn_users([model.source_run_id for model in wanted_ones if model.source_run_id])
                yield from map(self._logged, wanted_ones)
        except SourceError as error:
            if "404" not in str(error) and "ENDPOINT_NOT_FOUND" not in str(error):
                raise  # a server before MLflow 3 has none

    def _logged(self, model: Any) -> Subject:
        tags = dict(model.tags or {})
        address, location = f"models:/{model.model_id}", str(model.artifact_location)
        return Subject(
            id=address,
            kind="logged_model",
            place=self._place(address, location),
            source=location,
            name=model.name,
            owner=tags.get(_USER) or self._user(model.source_run_id),
            created=moment(model.creation_timestamp),
            run_id=model.source_run_id or None,
            model_id=model.model_id,
            experiment_id=model.experiment_id,
        )

    def _runs(self, experiment_id: str, wanted: Wanted) -> Iterator[Subject]:
        def page(token: str | None) -> Any:
            return self._client.search_runs(
                [experiment_id], filter_string=wanted.filter or "", max_results=_PAGE, page_token=token
            )

        for run in paged(page):
            if _is_new(run.info.start_time, wanted):
                yield from self._models_of(run)

    def _run(self, where: str, rest: str, wanted: Wanted) -> Iterator[Subject]:
        run_id, _, inside = rest.partition("/")
        if not run_id:
            raise WhereError("runs:/ names no run; experiments:/ has those of all experiments")
        with faults(where):
            run = self._client.get_run(run_id)
        if inside:
            yield self._model_of(run, inside)
        elif _is_new(run.info.start_time, wanted):
            yield from self._models_of(run)

    def _models_of(self, run: Any) -> Iterator[Subject]:
        """The models among the artifacts of a run: those that are there, where that can be looked at, else those that
        the run says it has logged.  Logged models of MLflow 3 are not among them."""
        folder = find_place(str(run.info.artifact_uri)).path
        if folder is not None:
            if os.path.isdir(folder):
                for path in discovery.below([folder], Exclusion(git=False)):
                    yield self._model_of(run, os.path.relpath(path, folder).replace(os.sep, "/"))
            return
        if run.outputs is not None and getattr(run.outputs, "model_outputs", None):
            return
        for path in dict.fromkeys(_history(run.data.tags.get(_HISTORY))):
            yield self._model_of(run, path)

    def _model_of(self, run: Any, path: str) -> Subject:
        address, location = f"runs:/{run.info.run_id}/{path}", joined(str(run.info.artifact_uri), path)
        return Subject(
            id=address,
            kind="run_model",
            place=self._place(address, location),
            source=location,
            owner=_user_of(run),
            created=moment(run.info.start_time),
            run_id=run.info.run_id,
            experiment_id=run.info.experiment_id,
        )

    # -- owners and locations, of many at once ---------------------------------------------------

    def _experiments_there(self) -> list[str]:
        """The ids of all experiments; asked for once."""
        if self._experiment_ids is None:
            asked = paged(lambda token: self._client.search_experiments(page_token=token))
            self._experiment_ids = [each.experiment_id for each in asked]
        return self._experiment_ids

    def _learn_locations(self, sources: list[str | None]) -> None:
        """Ask where logged models are, of which versions were registered: for each alone it would be a request."""
        self._logged_locations.clear()
        ids = [source[len("models:/") :] for source in sources if source and _LOGGED.fullmatch(source)]
        if not ids or not hasattr(self._client, "search_logged_models"):
            return
        condition = f"model_id IN ({', '.join(map(repr, dict.fromkeys(ids)))})"
        with contextlib.suppress(SourceError, WhereError), faults():  # then each is asked for
            found = self._client.search_logged_models(
                self._experiments_there(), filter_string=condition, max_results=len(ids)
            )
            for model in found:
                self._logged_locations[f"models:/{model.model_id}"] = str(model.artifact_location)

    def _learn_users(self, run_ids: list[str]) -> None:
        """Ask for the users of many runs at once: the registry itself does not say who registered a version."""
        self._users.clear()
        missing = ", ".join(f"'{run_id}'" for run_id in dict.fromkeys(run_ids) if run_id.isalnum())
        if not missing:
            return
        with contextlib.suppress(SourceError, WhereError), faults():
            runs = self._client.search_runs(
                self._experiments_there(),
                filter_string=f"attributes.run_id IN ({missing})",
                max_results=len(run_ids),
            )
            for run in runs:
                self._users[run.info.run_id] = _user_of(run)

    def _user(self, run_id: str | None) -> str | None:
        """The user of a run; None where there is no such run, or it may not be looked at."""
        if not run_id:
            return None
        if run_id not in self._users:
            if len(self._users) >= _BATCH * 4:
                self._users.clear()
            self._users[run_id] = None
            with contextlib.suppress(SourceError, WhereError), faults():
                self._users[run_id] = _user_of(self._client.get_run(run_id))
        return self._users[run_id]

    # -- tags ------------------------------------------------------------------------------------

    def tag(self, subject: Subject, row: dict[str, Any]) -> None:
        """Write verdict, counts and digest as tags of a model version, those that differ from what it has.

        Raises:
            SourceError: the server does not answer, or refuses.
        """
        if subject.kind != "model_version":
            return
        there = dict(subject.tags)
        for name in TAGS:
            key, value = f"mlmodel.{name}", str(row[name] if row[name] is not None else "")
            if there.get(key) != value:
                with faults(subject.id):
                    self._client.set_model_version_tag(subject.name, subject.version, key, value)


def point(tracking_uri: str | None, registry_uri: str | None) -> None:
    """Have MLflow's client, here and in processes that begin after this, ask these servers.

    Args:
        tracking_uri: as MLflow takes it; ``MLFLOW_TRACKING_URI`` or MLflow's own default if None.
        registry_uri: likewise, ``MLFLOW_REGISTRY_URI``; the tracking server if None.

    Raises:
        WhereError: there is nothing at the address.
    """
    for name, uri in (("MLFLOW_TRACKING_URI", tracking_uri), ("MLFLOW_REGISTRY_URI", registry_uri)):
        _check_there(uri)
        if uri is not None:
            os.environ[name] = uri
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def _address_of(version: Any) -> str:
    return f"models:/{version.name}/{version.version}"


def _subject_of(version: Any, place: str, owner: str | None) -> Subject:
    return Subject(
        id=_address_of(version),
        kind="model_version",
        place=place,
        source=version.source or None,
        name=version.name,
        version=str(version.version),
        owner=owner,
        created=moment(version.creation_timestamp),
        run_id=version.run_id or None,
        model_id=getattr(version, "model_id", None) or None,
        tags=tuple(sorted((version.tags or {}).items())),
    )


def _check_there(uri: str | None) -> None:
    """Refuse a database or folder that is not there: MLflow would make one.

    Raises:
        WhereError: it is not there.
    """
    if uri is None:
        return
    path = uri[len("sqlite:///") :] if uri.startswith("sqlite:///") else find_place(uri).path
    if path and "?" not in path and not os.path.exists(path) and not uri.startswith(("databricks", "uc:")):
        raise WhereError(f"there is no {'database' if uri.startswith('sqlite') else 'folder'} {path}")


def _owner_of(version: Any) -> str | None:
    return version.user_id or (version.tags or {}).get(_USER) or None


def _user_of(run: Any) -> str | None:
    return run.data.tags.get(_USER) or run.info.user_id or None


def _is_new(milliseconds: float | None, wanted: Wanted) -> bool:
    return wanted.since is None or milliseconds is None or milliseconds >= wanted.since * 1000


def _history(text: str | None) -> Iterator[str]:
    """The paths of the models that a run has logged, as MLflow keeps them in a tag."""
    try:
        entries = json.loads(text or "[]")
    except ValueError:
        return
    for entry in entries if isinstance(entries, list) else []:
        path = entry.get("artifact_path") if isinstance(entry, dict) else None
        if isinstance(path, str) and path:
            yield path
