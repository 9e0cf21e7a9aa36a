"""Arguments that become values of the MLmodel file: mappings, resources, prompts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import UnsuitableError

if TYPE_CHECKING:
    from collections.abc import Sequence


def plain(name: str, value: Any) -> Any:
    """A value as JSON holds it.

    Raises:
        UnsuitableError: JSON cannot hold it.
    """
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnsuitableError(f"{name} must be what JSON can hold: {error}") from error


def mapping(name: str, value: Any) -> dict[str, Any]:
    """A mapping, or that of a YAML file.

    Args:
        name: what the argument is called.
        value: a dictionary, or the path of a file.

    Raises:
        UnsuitableError: it is neither, or the file cannot be read.
    """
    if isinstance(value, (str, os.PathLike)):
        import yaml

        try:
            with open(value, encoding="utf-8") as stream:
                value = yaml.safe_load(stream)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            said = " ".join(str(error).split())
            raise UnsuitableError(f"{name} cannot be read: {said}") from error
    if not isinstance(value, dict):
        raise UnsuitableError(
            f"{name} is {type(value).__name__}, and must be a dictionary or the path of a YAML file"
        )
    strange = next((key for key in value if not isinstance(key, str)), None)
    if strange is not None:
        raise UnsuitableError(f"{name} has the key {strange!r}, and keys must be texts")
    found: dict[str, Any] = plain(name, value)
    return found


def resources(value: Any) -> dict[str, Any]:
    """What a model uses on a platform: as MLflow writes it, a YAML file of that, or a list of MLflow's resources.

    Raises:
        UnsuitableError: it is none of this.
    """
    if isinstance(value, (list, tuple)):
        # mlflow.models.resources: each states its platform, and itself as {its kind: [what it is]}.
        found: dict[str, Any] = {"api_version": "1"}
        for each in value:
            platform = getattr(each, "target_uri", None)
            if not isinstance(platform, str) or not callable(getattr(each, "to_dict", None)):
                raise UnsuitableError(
                    f"resources holds {type(each).__name__}, and must hold resources of mlflow.models.resources"
                )
            kinds = found.setdefault(platform, {})
            for kind, entries in plain("resources", each.to_dict()).items():
                kinds.setdefault(kind, []).extend(entries)
        return found
    return mapping("resources", value)


def auth_policy(value: Any) -> dict[str, Any]:
    """How a model gets at its resources, as MLflow writes it, or MLflow's ``AuthPolicy``.

    Raises:
        UnsuitableError: it is neither.
    """
    if callable(getattr(value, "to_dict", None)):
        value = value.to_dict()
    return mapping("auth_policy", value)


def prompts(value: Sequence[Any]) -> list[str]:
    """The URIs of prompts; MLflow's ``PromptVersion`` has its own.

    Raises:
        UnsuitableError: one of them is no URI of a prompt.
    """
    if not isinstance(value, (list, tuple)):
        raise UnsuitableError(f"prompts is {type(value).__name__}, and must be a list")
    found = [each if isinstance(each, str) else getattr(each, "uri", None) for each in value]
    for each, uri in zip(value, found, strict=True):
        if not isinstance(uri, str) or not uri.startswith("prompts:/"):
            raise UnsuitableError(f"prompts holds {each!r}, and must hold URIs: prompts:/NAME/VERSION")
    return [str(uri) for uri in found]
