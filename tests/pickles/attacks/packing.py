"""Containers, honest and tampered with."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from struct import pack


def archive(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as packed:
        warnings.simplefilter("ignore")
        for path, content in members:
            info = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
            info.compress_type = method
            packed.writestr(info, content)
    return file.getvalue()


def tape(*members: tuple[str, bytes], mode: str = "w:") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as packed:  # type: ignore[call-overload]
        for path, content in members:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return file.getvalue()


def npy(descr: str, content: bytes) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\1\0" + pack("<H", len(header)) + header + content


def patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def lz4(content: bytes) -> bytes:
    """An LZ4 frame whose one block has literals and matches of every kind."""
    assert len(content) < 200
    literals = (
        bytes([0xF0 | 1]) + bytes([len(content) - 15]) + content
        if len(content) >= 15
        else bytes([len(content) << 4 | 1]) + content
    )
    # A match of five bytes from one back, then the last literals.
    block = literals + b"\1\0" + b"\x50" + b"....."
    return b"\x04\x22\x4d\x18\x60\x40\x82" + pack("<I", len(block)) + block + bytes(4)
