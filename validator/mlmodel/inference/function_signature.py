"""The signature that the hints of a ``predict`` function state (MLflow 3.17.2, ``mlflow/types/type_hints.py``)."""

from __future__ import annotations

import dis
import inspect
import json
import typing
import warnings
from typing import TYPE_CHECKING, Any

from mlmodel.inference import types
from mlmodel.inference.column_warnings import SignatureWarning
from mlmodel.inference.errors import UntypedError
from mlmodel.inference.hints import of_hint, said
from mlmodel.inference.params import specs_of_params
from mlmodel.inference.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def signature_from_hints(
    function: Callable[..., Any] | Any, params: Mapping[str, Any] | None = None
) -> Signature:
    """The signature that the hints of a ``predict`` function state.

    As MLflow 3.17.2 infers it when a Python model is saved (``_infer_signature_from_type_hints``): the input is a
    ``list[...]`` of rows, and is one unnamed column; an output that has no hint, or none with a type, is ``any``.

    Args:
        function: a function, or an object or a class with a method ``predict``; its input is the first argument
            after ``self`` and ``context``.
        params: the params that ``predict`` takes, with their defaults.

    Raises:
        UntypedError: the input has no hint, or one that a signature cannot say.
    """
    predict = getattr(
        function, "predict", function if inspect.isroutine(function) else type(function).__call__
    )
    try:
        hints = typing.get_type_hints(predict)
        names = [name for name in inspect.signature(predict).parameters if name not in ("self", "params")]
    except (TypeError, NameError, ValueError) as error:
        raise UntypedError(f"the hints of {_called(predict)} cannot be read: {error}") from error
    # predict(self, context, model_input, params): whatever the first of two is called.
    name = (
        names[1] if len(names) == 2 or (names[:1] == ["context"] and names[1:]) else next(iter(names), None)
    )
    if name not in hints:
        raise UntypedError(f"the input of {_called(predict)} has no hint")
    if typing.get_origin(hints[name]) is not list:
        raise UntypedError(
            f"the input has the hint {said(hints[name])}; MLflow gives many rows at once: list[...]"
        )
    try:
        outputs = of_hint(hints["return"]) if "return" in hints else [types.column(types.ANY)]
    except UntypedError:
        outputs = [types.column(types.ANY)]
    stated = specs_of_params(params) if params else None
    if not stated:
        warn_of_params(predict)
    return Signature(
        json.dumps(of_hint(hints[name])), json.dumps(outputs), json.dumps(stated) if stated else None
    )


def warn_of_params(function: Callable[..., Any] | Any, stacklevel: int = 3) -> None:
    """Warn where a function, or the ``predict`` of an object, takes ``params`` and the signature has none.

    A parameter of that name counts where the function uses it or states its type; else it stands there because
    ``PythonModel.predict`` of MLflow has it.
    """
    predict = getattr(function, "predict", function)
    try:
        parameter = inspect.signature(predict).parameters.get("params")
    except (TypeError, ValueError):
        return
    if parameter is None or (parameter.annotation is inspect.Parameter.empty and not _uses_params(predict)):
        return
    said_of = f"{_called(predict)} takes params, and the signature has none: MLflow hands none on to it; state them with params="
    warnings.warn(said_of, SignatureWarning, stacklevel=stacklevel)


def _uses_params(function: Any) -> bool:
    code = getattr(inspect.unwrap(function), "__code__", None)
    # From Python 3.13 on one instruction may load two variables.
    return code is not None and any(
        each.opname.startswith("LOAD") and (each.argval == "params" or "params" in _pair(each.argval))
        for each in dis.get_instructions(code)
    )


def _pair(value: object) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def _called(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__)
