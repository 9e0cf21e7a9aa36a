"""Inputs as the signature says: ``_enforce_schema`` of MLflow 3.17.2 (``mlflow.models.utils``), without MLflow.

With columns, inputs become a data frame that has exactly the columns of the signature, in its order.  With tensors
they stay arrays, and a data frame becomes arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.loading import libraries, tensors, wording
from mlmodel.loading.errors import InputError
from mlmodel.loading.frames import as_pandas, frame_of
from mlmodel.loading.nested import conform
from mlmodel.loading.scalars import convert
from mlmodel.model.signatures import SCALARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Spec = Mapping[str, Any]


def enforce(data: Any, specs: Sequence[Spec], notes: list[str]) -> Any:
    """Inputs as the signature says.

    Args:
        data: a data frame, a series, an array, a sparse matrix, a list, a dict, or a single value.
        specs: the ``inputs`` of the signature, as :func:`mlmodel.describe` has them.
        notes: gets what the caller may want to know although it is no error.

    Raises:
        InputError: they do not fit, or not without loss; names the column, what was expected, and what to do.
    """
    try:
        data = as_pandas(data)
        if tensors.is_tensor(specs):
            return _tensors(data, specs, notes)
        return _columns(frame_of(data, specs), specs, notes)
    except InputError:
        raise
    # What pandas and numpy raise on data of odd shapes and types is not theirs to promise.
    except Exception as error:
        raise InputError(
            f"the inputs, {wording.a_type(data)}, cannot be made what the signature says"
        ) from error


def _is_named(specs: Sequence[Spec]) -> bool:
    return specs[0]["name"] is not None


def _columns(frame: Any, specs: Sequence[Spec], notes: list[str]) -> Any:
    pd = libraries.pandas("a signature with columns")
    if not _is_named(specs):
        if len(frame.columns) < len(specs):
            raise InputError(f"the signature has {_count(specs)}, and the inputs have {len(frame.columns)}")
        # MLflow ignores here what the signature says of being required.
        pairs = [(name, {**spec, "required": True}) for name, spec in zip(frame.columns, specs, strict=False)]
    else:
        _present(frame.columns, specs, notes)
        pairs = [(spec["name"], dict(spec)) for spec in specs if spec["name"] in frame]
    found = {name: _column(frame[name], name, spec) for name, spec in pairs}
    return pd.DataFrame(found)


def _column(values: Any, name: Any, spec: Spec) -> Any:
    label = f"column {name!r}"
    if not libraries.is_series(values):
        raise InputError(f"{label} occurs {len(values.columns)} times in the inputs")
    if spec["type"] in SCALARS:
        return convert(label, values, spec["type"])
    found = [
        conform(f"{label}, row {row}", value, spec, required=spec["required"])
        for row, value in enumerate(values)
    ]
    return type(values)(found, index=values.index, name=name)


def _tensors(data: Any, specs: Sequence[Spec], notes: list[str]) -> Any:
    if libraries.is_series(data):
        data = data.to_frame()
    if not _is_named(specs):
        return tensors.unnamed(data, specs[0])
    if len(specs) == 1 and libraries.is_array(data):
        data = {specs[0]["name"]: data}
    if not isinstance(data, dict) and not libraries.is_frame(data):
        names = ", ".join(repr(spec["name"]) for spec in specs)
        raise InputError(
            f"the signature has tensors called {names}, and the input is {wording.a_type(data)}; "
            "give a dict of arrays by these names, or a data frame"
        )
    _present(data.keys(), specs, notes, kind="tensor")
    return {spec["name"]: tensors.named(data[spec["name"]], spec) for spec in specs}


def _present(given: Iterable[Any], specs: Sequence[Spec], notes: list[str], kind: str = "column") -> None:
    """Nothing that is required is missing; what nobody asked for is ignored, with a note."""
    given = list(given)
    known = {spec["name"] for spec in specs}
    extra = [name for name in given if name not in known]
    missing = [spec["name"] for spec in specs if spec.get("required", True) and spec["name"] not in given]
    if missing:
        message = f"{kind} {', '.join(map(repr, missing))} is missing" + _meant(missing, extra)
        if given == list(range(len(specs))):
            message += "; the inputs have no names: give a data frame or a dict"
        raise InputError(message)
    if extra:
        notes.append(f"ignored: {kind} {', '.join(map(repr, extra))}, which the signature does not know")


def _meant(missing: Sequence[Any], extra: Sequence[Any]) -> str:
    """What of the given names was perhaps meant."""
    if not extra:
        return ""
    near = wording.meant(missing[0], extra)
    if near is not None:
        return f"; is {near!r} meant?"
    return f"; the inputs have {', '.join(map(repr, extra[:5]))}{' ...' if len(extra) > 5 else ''} instead"


def _count(specs: Sequence[Spec]) -> str:
    return f"{len(specs)} column{'s' if len(specs) > 1 else ''} without names"
