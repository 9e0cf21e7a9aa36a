"""Models of gigabytes that take no room: their arrays are zeros, and their files have holes."""

from __future__ import annotations

import os
import zipfile
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


def torch_model(folder: Path, size: int) -> Path:
    """A model with a tensor of so many bytes in a file as ``torch.save`` writes it."""
    make_model(folder)
    path = folder / "weights.pt"
    count = size // 4
    with path.open("wb") as file, zipfile.ZipFile(Sparse(file), "w") as archive:
        archive.writestr("weights/data.pkl", _state(count))
        archive.writestr("weights/byteorder", "little")
        with archive.open("weights/data/0", "w", force_zip64=True) as member:
            zeros = bytes(1 << 24)
            for _ in range(size >> 24):
                member.write(zeros)
        archive.writestr("weights/version", "3\n")
    return folder


def _state(count: int) -> bytes:
    """The pickle of ``{"weight": tensor}``, with the tensor's numbers in member 0."""
    return (
        b"\x80\x02}q\x00X\x06\x00\x00\x00weightq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02"
        b"((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06J"
        + count.to_bytes(4, "little")
        + b"tq\x07QK\x00J"
        + count.to_bytes(4, "little")
        + b"\x85q\x08K\x01\x85q\t\x89ccollections\nOrderedDict\nq\n)Rq\x0btq\x0cRq\rs."
    )
