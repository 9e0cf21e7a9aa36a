"""Artifacts that an MLflow server hands out itself (``mlflow-artifacts:``)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlmodel.sources.addresses import AddressError, scrubbed
from mlmodel.sources.base import Kind
from mlmodel.sources.remote.http_store import Answer, DroppedError, RangeStore
from mlmodel.sources.remote.store import ANSWER, RATE, Item, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping


class MlflowStore(RangeStore):
    """Files behind the artifact API of a tracking server.

    Args:
        location: where they are, as ``mlflow-artifacts:/...``.
        shown: the address that the user gave.

    Raises:
        AddressError: there is no client of MLflow, or the tracking URI is not that of a server.
    """

    def __init__(self, location: str, shown: str) -> None:
        super().__init__(shown)
        try:
            from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
        except ImportError:
            raise AddressError("addresses of MLflow need its client: pip install 'mlmodel[mlflow]'") from None
        self._location = location.rstrip("/")
        try:
            self._repository: Any = get_artifact_repository(location)
        except Exception as error:  # noqa: BLE001 - the client has many errors
            raise AddressError(f"{shown}: {scrubbed(error)}") from None

    def _list(self, folder: str) -> list[Item]:
        found = []
        for info in self._repository.list_artifacts(folder or None):
            if info.is_dir:
                found.append(Item(info.path, Kind.DIRECTORY, 0))
            elif info.file_size is not None:
                found.append(Item(info.path, Kind.FILE, int(info.file_size)))
            else:  # the server leaves the length of an empty file out, as one that it does not know
                found.append(self._probe(info.path) or Item(info.path, Kind.FILE, None))
        return found or self._namesake(folder)

    def _namesake(self, folder: str) -> list[Item]:
        """What a folder holds that the client of MLflow 3 takes for a file, and lists as empty: one file of its name."""
        found = self._probe(f"{folder}/{folder.rpartition('/')[2]}") if folder else None
        return [found] if found is not None else []

    def _look(self, path: str) -> Item | None:
        if not path:
            return self._look_around()
        above = path.rpartition("/")[0]
        return next((item for item in self._list(above) if item.path == path), None)

    def _look_around(self) -> Item | None:
        """What the address itself is: the folder around it tells."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        above, _, name = self._location.rpartition("/")
        for info in get_artifact_repository(above).list_artifacts():
            if info.path == name:
                return Item("", Kind.DIRECTORY if info.is_dir else Kind.FILE, info.file_size)
        return None

    def _get(self, path: str, headers: Mapping[str, str], most: int) -> Answer:
        import requests
        from mlflow.utils.rest_utils import http_request

        deadline = time.monotonic() + ANSWER + most / RATE
        try:
            answer = http_request(
                self._repository._host_creds,  # noqa: SLF001 - there is no public way to them
                f"/{quote(path)}" if path else "",
                "GET",
                stream=True,
                max_retries=1,
                timeout=ANSWER,
                raise_on_status=False,
                extra_headers=dict(headers),
            )
            with answer:
                content = _read(answer.raw, most, deadline)
                found = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status_code, found, content, answer.url)
        except requests.Timeout:
            raise StoreError("it does not answer in time", down=True) from None
        except StoreError:
            raise
        except Exception as error:
            root = type(error).__module__.partition(".")[0]
            if root in ("urllib3", "requests", "http") or isinstance(error, OSError):
                raise DroppedError(f"{type(error).__name__}: {error}") from None
            raise


def _read(stream: Any, most: int, deadline: float) -> bytes:
    """What comes of a stream, to its end or to so many bytes.

    Raises:
        StoreError: the deadline passes.
    """
    chunks: list[bytes] = []
    while most > 0:
        chunk = stream.read(min(most, 1 << 16))
        if not chunk:
            break
        if time.monotonic() > deadline:
            raise StoreError("it does not answer in time", down=True)
        chunks.append(chunk)
        most -= len(chunk)
    return b"".join(chunks)
