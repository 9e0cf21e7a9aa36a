"""Chapter 5, the environment files: whether the MLmodel file names those that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model.outline import misplaced_keys
from mlmodel.sources.directory import Kind
from mlmodel.standard import releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_PYFUNC = ("flavors", "python_function")
FILES = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
"""The keys of ``env``, and the files that MLflow names there."""


def unnamed(model: Model) -> Iterator[Finding]:
    """MLM479: the MLmodel file names the environment files that are there, as MLflow does."""
    document = model.mlmodel
    conf = model.flavors.get("python_function")
    if document is None or not conf or not releases.at_least(model.release, "2.0"):
        return
    if conf.get("env") is not None or (*_PYFUNC, "env") in misplaced_keys.excused(model):
        return
    files = [name for name in FILES.values() if model.directory.look(name).kind is Kind.FILE]
    if files:
        place = (*_PYFUNC, "env") if "env" in conf else _PYFUNC
        message = f"'env' is missing, so that some readers do not find {' and '.join(files)}"
        hint = "env: {conda: conda.yaml, virtualenv: python_env.yaml}"
        yield model.finding("MLM479", message, document, place, key=True, hint=hint)


CHECKS = (unnamed,)
