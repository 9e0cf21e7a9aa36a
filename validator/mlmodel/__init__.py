"""The standard for MLflow model directories: validator, and the data that defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.version import SPEC_VERSION, __version__

if TYPE_CHECKING:
    from mlmodel.common.errors import MlmodelError
    from mlmodel.description import Description, describe
    from mlmodel.findings import Finding, Location, Report, Severity, Verdict
    from mlmodel.inference import (
        Signature,
        SignatureWarning,
        UntypedError,
        infer_signature,
        signature_from_hints,
    )
    from mlmodel.loading import InputError, LoadError, Model, load
    from mlmodel.resolution.uv import MissingToolError
    from mlmodel.validation import Options, validate
    from mlmodel.writer import WriteError, write_model

_HOMES = {
    "common.errors": ("MlmodelError",),
    "description": ("Description", "describe"),
    "findings": ("Finding", "Location", "Report", "Severity", "Verdict"),
    "inference": ("Signature", "SignatureWarning", "UntypedError", "infer_signature", "signature_from_hints"),
    "loading": ("InputError", "LoadError", "Model", "load"),
    "resolution.uv": ("MissingToolError",),
    "validation": ("Options", "validate"),
    "writer": ("WriteError", "write_model"),
}
"""The module of each public name."""

__all__ = [
    "SPEC_VERSION",
    "Description",
    "Finding",
    "InputError",
    "LoadError",
    "Location",
    "MissingToolError",
    "MlmodelError",
    "Model",
    "Options",
    "Report",
    "Severity",
    "Signature",
    "SignatureWarning",
    "UntypedError",
    "Verdict",
    "WriteError",
    "__version__",
    "describe",
    "infer_signature",
    "load",
    "signature_from_hints",
    "validate",
    "write_model",
]


def __getattr__(name: str) -> object:
    # Lazily: `import mlmodel` is on the path of every command, `--version` included.
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"mlmodel.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
