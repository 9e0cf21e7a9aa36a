"""The form of a signature that the targets of a model read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlmodel.model.signatures import SCALARS
from mlmodel.standard import releases
from mlmodel.standard.targets import MLFLOW, padded, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_REQUIRED = "2.10.2"
"""The release of MLflow that reads ``required``: the schema of columns says so."""


def signature(stated: Mapping[str, str | None], words: Iterable[str]) -> dict[str, str | None]:
    """The signature, without ``required`` where a target is a release of MLflow that does not read it.

    Only what means the same without is left out: a scalar column is required where nothing is said.
    """
    found = dict(stated)
    if any(map(_is_before_required, words)):
        for name in ("inputs", "outputs"):
            text = found.get(name)
            if text is not None:
                found[name] = json.dumps([_without_required(column) for column in json.loads(text)])
    return found


def _is_before_required(word: str) -> bool:
    target = parse(word)
    release, first = releases.parse(target.version), releases.parse(_REQUIRED)
    assert first is not None
    return target.name == MLFLOW and release is not None and padded(release) < first


def _without_required(column: Any) -> Any:
    if isinstance(column, dict) and column.get("type") in SCALARS and column.get("required") is True:
        return {key: value for key, value in column.items() if key != "required"}
    return column
