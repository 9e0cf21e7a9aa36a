"""Wheels that a model directory brings along: what their name and their metadata say, without unpacking them."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.sources.directory import UnreadableError

if TYPE_CHECKING:
    from mmap import mmap

    from mlmodel.sources.base import Source
    from mlmodel.sources.ranges import RangedBytes

MAX_MEMBERS = 20_000
"""Files of a wheel that is looked into; the largest on PyPI have about as many."""
_MAX_INDEX = 8 << 20
"""Bytes of the list of these files."""
_MAX_METADATA = 1 << 20
"""Bytes of the file METADATA."""
_END = b"PK\5\6"
_END_SIZE = 22
_NAME = lazy_pattern(
    r"(?P<name>[^\s-]+?)-(?P<version>[^\s-]*?)(?:-(?P<build>\d[^-]*?))?-(?P<python>[^\s-]+?)-(?P<abi>[^\s-]+?)-"
    r"(?P<platform>[^\s-]+?)\.whl"
)
"""PEP 427, as pip reads it (``pip._internal.models.wheel``)."""


class WheelName(Record):
    """The parts of a wheel's file name."""

    name: str
    version: str
    python: tuple[str, ...]
    """``("py3",)``, ``("cp311",)``."""
    abi: tuple[str, ...]

    def allows(self, python: tuple[int, ...]) -> bool:
        """Whether the name allows a release of CPython; the platform aside."""
        return any(_allows(tag, self.abi, python[:2]) for tag in self.python)


class Metadata(Record):
    """What METADATA says."""

    name: str | None
    version: str | None
    requires_python: str | None


def parse_name(file: str) -> WheelName | None:
    """The parts of a file name; None where pip takes it for no wheel."""
    match = _NAME.fullmatch(file) if len(file) <= 500 else None
    if match is None:
        return None
    python, abi = (tuple(match[part].split(".")) for part in ("python", "abi"))
    return WheelName(match["name"], match["version"].replace("_", "-"), python, abi)


def _allows(tag: str, abi: tuple[str, ...], python: tuple[int, ...]) -> bool:
    match = re.fullmatch(r"(py|cp)(\d)(\d*)", tag)
    if match is None:
        return True  # of PyPy, or of what is not known
    wanted = (int(match[2]), *([int(match[3])] if match[3] else []))
    if len(wanted) == 1:
        return wanted[0] == python[0]
    if wanted[0] != python[0]:
        return False
    return wanted <= python if match[1] == "py" or "abi3" in abi else wanted == python


def metadata(directory: Source, path: str) -> Metadata | None:
    """The metadata of a wheel in the directory; None where it has none that can be read within the limits."""
    import zipfile
    import zlib

    try:
        with directory.open_mapped(path) as data:
            if not _is_small(data):
                return None
            with zipfile.ZipFile(_File(data)) as archive:
                names = [
                    name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)
                ]
                if len(names) != 1:
                    return None
                with archive.open(names[0]) as member:
                    text = member.read(_MAX_METADATA).decode("utf-8", "replace")
    except (
        UnreadableError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError,
        RuntimeError, OverflowError,
    ):  # fmt: skip
        return None
    head = text.replace("\r\n", "\n").split("\n\n", 1)[0]
    return Metadata(*(_field(head, name) for name in ("Name", "Version", "Requires-Python")))


def _field(head: str, name: str) -> str | None:
    match = re.search(rf"(?mi)^{name}:[ \t]*(.*?)[ \t]*$", head)
    return match[1] if match else None


def _is_small(data: bytes | mmap | RangedBytes) -> bool:
    """Whether the archive's list of files is one that may be read as a whole."""
    start = max(0, len(data) - _END_SIZE - 0xFFFF)
    tail = data[start:]
    at = tail.rfind(_END)
    if at < 0 or at + _END_SIZE > len(tail):
        return False
    count, size = struct.unpack_from("<HL", tail, at + 10)
    return bool(count <= MAX_MEMBERS and size <= _MAX_INDEX)


class _File:
    """Bytes as the file that ``zipfile`` reads, without a copy of them."""

    def __init__(self, data: bytes | mmap | RangedBytes) -> None:
        self._data = data
        self._at = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (self._at if whence == 1 else len(self._data) if whence == 2 else 0))
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        found = bytes(self._data[self._at : end])
        self._at += len(found)
        return found
