"""Models of gigabytes that take no room: their arrays are zeros, and their files have holes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

import joblib
import numpy as np

from tests.overlay import make_model

BLOCK = 1 << 20


class Sparse:
    """A file in which zeros become holes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, content: Any) -> int:
        view = memoryview(content).cast("B")
        for start in range(0, len(view), BLOCK):
            piece = view[start : start + BLOCK]
            if not any(piece[:64]) and not np.frombuffer(piece, np.uint8).any():
                self._file.seek(len(piece), os.SEEK_CUR)
            else:
                self._file.write(piece)
        return len(view)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def joblib_model(folder: Path, size: int) -> Path:
    """A model with a dictionary of four arrays of so many bytes together, in a joblib file."""
    make_model(folder)
    arrays = {f"weights {number}": np.zeros(size // 32) for number in range(4)}
    path = folder / "weights.joblib"
    with path.open("wb") as file:
        joblib.dump(arrays, Sparse(file))
        file.truncate(file.tell())
    return folder
