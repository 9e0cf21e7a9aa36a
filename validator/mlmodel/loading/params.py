"""Params as the signature says: ``_enforce_params_schema`` of MLflow 3.17.2 (``mlflow.models.utils``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.loading import libraries, wording
from mlmodel.loading.errors import InputError
from mlmodel.loading.nested import conform
from mlmodel.model.signatures import NUMPY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Spec = Mapping[str, Any]

_PYTHON: Mapping[str, type] = {
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "string": str,
}
"""What a param is when the model gets it."""
_NARROWER = {"long": ("integer",), "float": ("integer", "long"), "double": ("integer", "long", "float")}
"""The types whose values one of another type may have."""


def enforce(
    params: Mapping[Any, Any] | None, specs: Sequence[Spec] | None, notes: list[str]
) -> dict[str, Any] | None:
    """The params that the model gets: those given, of the types of the signature, and after them the defaults of the
    others.

    Params that the signature does not know are ignored, as in MLflow.  Where it has none, what was given without any
    stays as it is: None, or an empty dictionary.

    Args:
        params: what was given.
        specs: the ``params`` of the signature; None where it has none.
        notes: gets what the caller may want to know although it is no error.

    Raises:
        InputError: one of them is of another type or shape.
    """
    if specs is None and params in (None, {}):
        return None if params is None else {}
    if params is not None and not isinstance(params, dict):
        raise InputError(f"params are {wording.a_type(params)}; give a dict")
    given = {str(name): value for name, value in (params or {}).items()}
    known = {str(spec["name"]): spec for spec in specs or ()}
    unknown = [name for name in given if name not in known]
    if unknown:
        notes.append(f"ignored: param {', '.join(map(repr, unknown))}; {_why(unknown, known)}")
    found = {
        name: value_of(f"param {name!r}", value, known[name])
        for name, value in given.items()
        if name in known
    }
    defaults = {
        name: value_of(f"param {name!r}", spec["default"], spec)
        for name, spec in known.items()
        if name not in given
    }
    return {**found, **defaults}


def _why(unknown: Sequence[str], known: Mapping[str, Spec]) -> str:
    if not known:
        return "the signature has no params"
    near = wording.meant(unknown[0], list(known))
    return f"is {near!r} meant?" if near is not None else f"the signature has {', '.join(map(repr, known))}"


def value_of(label: str, value: Any, spec: Spec) -> Any:
    """One param as the model gets it.

    Raises:
        InputError: it is of another type or shape.
    """
    type_, shape = spec["type"], spec["shape"]
    try:
        if shape is None and type_ == "object":
            conform(label, value, spec)  # judged only: what its values are converted to is for columns
            return value
        if shape is None:
            return _scalar(label, value, type_)
        if shape == [-1]:
            return _list(label, value, type_)
    except InputError:
        raise
    except Exception as error:  # what numpy raises on odd values
        kind = type_ if shape is None else f"a list of {type_}"
        raise InputError(f"{label} is {value!r:.60}, and the signature says {kind}") from error
    raise InputError(f"{label} has shape {shape} in the signature, which is neither null nor [-1]")


def _list(label: str, value: Any, type_: str) -> list[Any]:
    np = libraries.numpy(label)
    is_listed = isinstance(value, list) or libraries.is_array(value)
    if not is_listed or np.array(value).ndim != 1:
        raise InputError(f"{label} is {value!r}, and the signature says a list of {type_}")
    return [_scalar(f"{label}, item {index}", each, type_) for index, each in enumerate(value)]


def _scalar(label: str, value: Any, type_: str) -> Any:
    if value is None:
        return None
    if type_ == "datetime":
        return _datetime(label, value)
    if _is(value, type_) or any(_is(value, narrower) for narrower in _NARROWER.get(type_, ())):
        return _PYTHON[type_](value)
    python = _PYTHON.get(type_)
    advice = f"; give {wording.article(python.__name__)}" if python is not None else ""
    raise InputError(f"{label} is {value!r}, {wording.a_type(value)}, and the signature says {type_}{advice}")


def _is(value: Any, type_: str) -> bool:
    """Whether a value is of exactly this type; subclasses are none, so that no bool is an integer."""
    python = _PYTHON.get(type_)
    if python is None:
        return False
    if type(value) is python:
        return True
    np = libraries.numpy(type_)
    return isinstance(value, np.generic) and np.dtype(type(value)) == np.dtype(NUMPY[type_])


def _datetime(label: str, value: Any) -> Any:
    """A date or datetime of Python; years and numbers are none."""
    np = libraries.numpy(label)
    try:
        found = np.datetime64(value).item()
    except ValueError as error:
        raise InputError(f"{label} is {value!r}, which is no date (2026-01-31T12:00:00)") from error
    if isinstance(found, int):
        raise InputError(f"{label} is {value!r}, which is finer than microseconds, or no date")
    return found
