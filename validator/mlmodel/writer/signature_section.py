"""The signature that a package states: the one that was given, or that of its example."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from mlmodel.inference import Signature, SignatureWarning, UntypedError, infer_signature
from mlmodel.writer.example import split


class InvalidSignatureError(ValueError):
    """What was given is no signature, or contradicts itself."""


class NoSignatureWarning(SignatureWarning):
    """The package states no signature, because the example has no types."""


def stated(signature: Any, example: object, params: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    """``inputs``, ``outputs`` and ``params`` of the MLmodel file; None for no signature.

    Args:
        signature: these as a mapping, a :class:`mlmodel.inference.Signature`, None to have the inputs inferred from the
            example, or False for none, as with ``mlflow.pyfunc.save_model``.
        example: the input example; None where there is none.
        params: the params of predictions with their defaults.

    Raises:
        InvalidSignatureError: it is none of this; the params are stated twice, or have no types.
    """
    if signature is False:
        found: dict[str, str | None] = {}
    elif signature is None:
        found = _inferred(example).as_mlmodel()
    elif hasattr(signature, "as_mlmodel"):
        found = signature.as_mlmodel()
    else:
        try:
            found = {key: signature.get(key) for key in ("inputs", "outputs", "params")}
        except AttributeError:
            kind = type(signature).__name__
            raise InvalidSignatureError(
                f"a signature is a Signature or a mapping of texts, and not {kind}"
            ) from None
    if params is not None and not isinstance(params, Mapping):
        kind = type(params).__name__
        raise InvalidSignatureError(f"params is {kind}, and must be a dictionary of names and defaults")
    if params:
        if found.get("params"):
            raise InvalidSignatureError("the params are stated by the signature, too; give them once")
        try:
            found = {**found, "params": infer_signature(params=dict(params)).params}
        except UntypedError as error:
            raise InvalidSignatureError(str(error)) from error
    if not any(found.values()):
        return None
    return {key: found.get(key) for key in ("inputs", "outputs", "params")}


def _inferred(example: object) -> Signature:
    """The signature of an example; an empty one, with a warning, where it has no types: no reader needs one."""
    if example is None:
        return Signature()
    data, given = split(example)
    try:
        return infer_signature(data, params=given or None)
    except UntypedError as error:
        warnings.warn(f"no signature is recorded: {error}", NoSignatureWarning, stacklevel=4)
        return Signature()
