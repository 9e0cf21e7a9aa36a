"""numpy and pandas where they are needed, and what is an object of theirs where they may not be there."""

from __future__ import annotations

from typing import Any

from mlmodel.inference.libraries import is_array, is_from, is_sparse
from mlmodel.loading.errors import MissingLibraryError

__all__ = ["is_array", "is_frame", "is_series", "is_sparse", "numpy", "pandas"]


def pandas(why: str) -> Any:
    """The module.

    Raises:
        MissingLibraryError: it cannot be imported; says what needs it.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingLibraryError(f"{why} needs pandas, which is not installed: pip install pandas") from None
    return pd


def numpy(why: str) -> Any:
    """As :func:`pandas`."""
    try:
        import numpy as np
    except ImportError:
        raise MissingLibraryError(f"{why} needs numpy, which is not installed: pip install numpy") from None
    return np


def is_frame(value: object) -> bool:
    """Whether it is a data frame of pandas."""
    return is_from(value, "pandas", "DataFrame")


def is_series(value: object) -> bool:
    """Whether it is a series of pandas."""
    return is_from(value, "pandas", "Series")
