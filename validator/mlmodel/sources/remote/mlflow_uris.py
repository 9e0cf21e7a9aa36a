"""MLflow's addresses of models -> where their files are, as the tracking server and the registry say.

The client of an installed ``mlflow`` or ``mlflow-skinny`` asks; which server, and with which credentials, is its own
configuration (``MLFLOW_TRACKING_URI`` and so on).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.sources.addresses import AddressError, joined, scheme, scrubbed
from mlmodel.sources.base import UnopenedError
from mlmodel.sources.remote.deadlines import LateError, within

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER = 30.0
"""Seconds in which the server has to say where a model is; the client itself tries several times."""
MAX_HOPS = 4
"""Addresses of MLflow that lead to another one, as the source of a model version does to a logged model."""
_MODEL_ID = lazy_pattern(r"m-[0-9a-f]{32}")
_FORMS = "models:/name/version, models:/name@alias or models:/m-..."


def client() -> Any:
    """The client of the installed MLflow.

    Raises:
        AddressError: none is installed.
    """
    try:
        from mlflow.tracking import MlflowClient
    except ImportError:
        raise AddressError("addresses of MLflow need its client: pip install 'mlmodel[mlflow]'") from None
    return MlflowClient()


def check(address: str) -> None:
    """Say what is wrong with an address, without asking a server.

    Raises:
        AddressError: it has none of the forms, or there is no client.
    """
    name, rest = _parts(address)
    first, _, behind = rest.partition("/")
    if not first:
        raise AddressError(f"{address} is incomplete")
    if name == "models" and "@" not in first and _MODEL_ID.fullmatch(first) is None and not behind:
        raise AddressError(f"{address} names no version: {_FORMS}")
    client()


def location(address: str) -> str:
    """Where the files at an address of MLflow are: the address of a store, ``mlflow-artifacts:`` or a local path.

    Raises:
        AddressError: it has none of the forms, or there is no client.
        UnopenedError: the server does not say, or knows no such model.
    """
    where = address
    for _ in range(MAX_HOPS):
        if scheme(where) not in ("runs", "models"):
            return where
        check(where)
        where = _asked(address, _resolve, where)
    raise UnopenedError(f"{address}: it leads from one address of MLflow to the next, without an end")


def _asked(address: str, function: Callable[[str], str], where: str) -> str:
    try:
        return within(ANSWER, lambda: function(where))
    except (UnopenedError, AddressError):
        raise
    except LateError:
        raise UnopenedError(f"{address}: the MLflow server does not answer in time") from None
    except Exception as error:  # noqa: BLE001 - the client has many errors
        raise UnopenedError(f"{address}: MLflow does not say where it is: {scrubbed(error)}") from None


def _parts(address: str) -> tuple[str, str]:
    name, _, rest = address.partition(":/")
    return name.lower(), rest.strip("/")


def _resolve(address: str) -> str:
    name, rest = _parts(address)
    return _of_run(rest) if name == "runs" else _of_model(rest)


def _of_model(rest: str) -> str:
    asked = client()
    first, _, behind = rest.partition("/")
    if _MODEL_ID.fullmatch(first):
        return joined(_logged_model(asked, first).artifact_location, behind)
    if "@" in first:
        name, _, alias = first.rpartition("@")
        version = asked.get_model_version_by_alias(name, alias).version
    else:
        name = first
        wanted, _, behind = behind.partition("/")
        version = wanted if wanted.isdigit() else _latest(asked, name, wanted)
    return joined(asked.get_model_version_download_uri(name, str(version)), behind)


def _latest(asked: Any, name: str, stage: str) -> str:
    """The newest version of a model, or the newest in a stage."""
    stages = None if stage.lower() == "latest" else [stage]
    found = asked.get_latest_versions(name, stages)
    if not found:
        raise UnopenedError(f"models:/{name}/{stage}: there is no version in this stage")
    return str(max(int(version.version) for version in found))


def _logged_model(asked: Any, model_id: str) -> Any:
    if not hasattr(asked, "get_logged_model"):
        raise AddressError(f"models:/{model_id}: logged models need the client of MLflow 3")
    return asked.get_logged_model(model_id)


def _of_run(rest: str) -> str:
    """The folder of a run, or its logged model of that name (MLflow 3), which counts where there are both."""
    run_id, _, path = rest.partition("/")
    asked = client()
    run = asked.get_run(run_id)
    if path and hasattr(asked, "search_logged_models"):
        name, _, behind = path.partition("/")
        model = _model_of_run(asked, run, name)
        if model is not None:
            return joined(model.artifact_location, behind)
    return joined(run.info.artifact_uri, path)


def _model_of_run(asked: Any, run: Any, name: str) -> Any:
    if "'" in name or "\\" in name:
        return None
    token = None
    while True:
        try:
            page = asked.search_logged_models(
                experiment_ids=[run.info.experiment_id], filter_string=f"name = '{name}'", page_token=token
            )
        except Exception:  # noqa: BLE001 - servers before MLflow 3 do not know what is asked
            return None
        for model in page:
            if model.source_run_id == run.info.run_id:
                return model
        token = page.token
        if not token:
            return None


def options(where: str) -> dict[str, Any]:
    """What the file system of a location is made with, as MLflow's client would read it."""
    endpoint = os.environ.get("MLFLOW_S3_ENDPOINT_URL")
    if scheme(where) == "s3" and endpoint:
        return {"client_kwargs": {"endpoint_url": endpoint}}
    return {}
