"""The signature of a model, inferred from values or from type hints: what MLflow infers, without MLflow.

Imports ``model``.  A new kind of value is a module here, and a line in ``inferring``; libraries are recognized by the names of
their classes, and not imported for that.
"""

from __future__ import annotations

from mlmodel.inference.column_warnings import SignatureWarning
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.function_signature import signature_from_hints
from mlmodel.inference.inferring import infer_signature
from mlmodel.inference.signature import Signature

__all__ = ["Signature", "SignatureWarning", "UntypedError", "infer_signature", "signature_from_hints"]
