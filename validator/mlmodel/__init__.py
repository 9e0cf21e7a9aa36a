"""The standard for MLflow model directories: validator, and the data that defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.version import SPEC_VERSION, __version__

if TYPE_CHECKING:
    from mlmodel.description import describe
    from mlmodel.findings import Finding, Location, Report, Severity, Verdict
    from mlmodel.inference import Signature, SignatureWarning, infer_signature, signature_from_hints
    from mlmodel.loading import load
    from mlmodel.validation import Options, validate
    from mlmodel.writer import write_model

__all__ = [
    "SPEC_VERSION",
    "Finding",
    "Location",
    "Options",
    "Report",
    "Severity",
    "Signature",
    "SignatureWarning",
    "Verdict",
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
    if name in ("Options", "validate"):
        from mlmodel import validation

        return getattr(validation, name)
    if name in ("Signature", "SignatureWarning", "infer_signature", "signature_from_hints"):
        from mlmodel import inference

        return getattr(inference, name)
    if name == "describe":
        from mlmodel.description import describe

        return describe
    if name == "load":
        from mlmodel.loading import load

        return load
    if name == "write_model":
        from mlmodel.writer import write_model

        return write_model
    if name in __all__:
        from mlmodel import findings

        return getattr(findings, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
