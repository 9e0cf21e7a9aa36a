"""numpy and pandas where they are needed, and what is an object of theirs where they may not be there."""

from __future__ import annotations

import sys
from typing import Any

from mlmodel.loading.errors import MissingLibraryError


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
    """Whether it is a data frame of pandas: none can be where pandas was not imported."""
    module = sys.modules.get("pandas")
    return module is not None and isinstance(value, module.DataFrame)


def is_series(value: object) -> bool:
    """Whether it is a series of pandas."""
    module = sys.modules.get("pandas")
    return module is not None and isinstance(value, module.Series)


def is_array(value: object) -> bool:
    """Whether it is an array of numpy."""
    module = sys.modules.get("numpy")
    return module is not None and isinstance(value, module.ndarray)


def is_sparse(value: object) -> bool:
    """Whether it is one of the two sparse matrices that MLflow takes (``_is_sparse_matrix``)."""
    module = sys.modules.get("scipy.sparse")
    return module is not None and isinstance(value, (module.csr_matrix, module.csc_matrix))
