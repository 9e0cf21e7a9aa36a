"""Warnings of what a signature means for those who send data to the model."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 5


class SignatureWarning(UserWarning):
    """A signature is right for the data it was inferred from, and may refuse data that look the same."""


def warn(inputs: list[dict[str, Any]], stacklevel: int) -> None:
    """Warn of the columns of the inputs for which MLflow refuses data (``mlflow.models.utils._enforce_schema``)."""
    for text in _advice(inputs):
        warnings.warn(text, SignatureWarning, stacklevel=stacklevel + 1)


def _advice(inputs: list[dict[str, Any]]) -> Iterable[str]:
    """What to say of the columns of the inputs."""
    integers = [item for item in inputs if item["type"] in ("integer", "long")]
    missing = [item for item in integers if not item["required"]]
    whole = [item for item in integers if item["required"]]
    if missing:
        yield (
            f"{_columns(missing)} of integers with missing values: pandas reads such data as float64, and MLflow"
            " refuses that for an integer column ('Can not safely convert float64 to int64'). Convert to float64"
            " before the signature is inferred."
        )
    if whole:
        yield (
            f"{_columns(whole)} of integers: as soon as a value is missing, pandas makes the column float64, and MLflow"
            " refuses that ('Can not safely convert float64 to int64'). Where values can be missing, convert to float64"
            " before the signature is inferred."
        )
    narrow = [item for item in inputs if item["type"] in ("integer", "float")]
    if narrow:
        yield (
            f"{_columns(narrow)} of 32 bits or less: MLflow refuses int64 and float64 for them ('Can not safely convert"
            " float64 to float32'), which is what CSV files and numbers of Python become in pandas. Convert to int64"
            " or float64 before the signature is inferred, unless all callers send 32 bits."
        )

    numbered = [item for item in inputs if isinstance(item.get("name"), int)]
    if numbered:
        yield (
            f"{_columns(numbered)} named by a number: in JSON a name is text, and MLflow then misses the column. Name"
            " the columns with text before the signature is inferred."
        )


def _columns(items: list[dict[str, Any]]) -> str:
    names = [repr(item["name"]) for item in items if "name" in item]
    if not names:
        return "The input is a column"
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"Input {shown} {'is a column' if len(names) == 1 else 'are columns'}"
