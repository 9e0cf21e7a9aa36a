"""What the first and last bytes of a model file betray: emptiness, stand-ins, and ends that are missing.

Only what is certain is said: a format's own header that promises more bytes than there are.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlmodel.sources.base import Entry, Source

_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html")
_MEANINGFUL_EMPTY = (".txt", ".py", ".typed", ".csv", ".md", ".crc", "_SUCCESS", ".gitkeep", ".log")
_HEAD = 64


def complaint(directory: Source, entry: Entry, *, chosen: bool) -> tuple[str, str] | None:
    """The rule and the message for a file that cannot be what a reader expects, None for others.

    ``chosen`` says that a path key names this very file, and not only the directory around it.
    """
    if entry.size == 0:
        if chosen and not entry.path.endswith(_MEANINGFUL_EMPTY):
            return "MLM010", "the file is empty"
        return None
    head = directory.head(entry.path, _HEAD)
    if head.startswith(_LFS):
        return "MLM011", "a Git LFS pointer stands here, not the file itself: fetch it with `git lfs pull`"
    if chosen and head.lstrip()[:14].lower().startswith(_HTML):
        return "MLM011", "an HTML page stands here, not the file itself: a download that failed?"
    promised = _promised_size(directory, entry, head)
    if promised is not None:
        return "MLM012", f"{promised}; the file has {entry.size:,} bytes"
    return None


def _promised_size(directory: Source, entry: Entry, head: bytes) -> str | None:
    """How the file's own structure says that bytes are missing, None where it does not."""
    if head[:1] == b"\x80" and head[1:2] in (b"\x04", b"\x05"):
        return _pickle_frames(directory, entry)
    if head.startswith(b"PK\x03\x04"):
        return _zip_end(directory, entry)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return _hdf5_end(head, entry)
    return None


# Opcodes after which a length stands, in pickles that CPython's C pickler writes: a frame, or a large object
# outside of frames (PEP 3154, "Framing"; PEP 574).
_LENGTHS = {0x95: "<Q", 0x8E: "<Q", 0x8D: "<Q", 0x96: "<Q", 0x42: "<I", 0x58: "<I"}


def _pickle_frames(directory: Source, entry: Entry) -> str | None:
    position = 2
    for _ in range(10_000):
        header = directory.read_at(entry.path, position, 9)
        if not header:
            return f"the pickle ends without STOP after byte {position:,}" if position == entry.size else None
        form = _LENGTHS.get(header[0])
        if form is None:
            return None
        width = 1 + struct.calcsize(form)
        if len(header) < width:
            return f"a pickle frame header is cut at byte {position:,}"
        position += width + int(struct.unpack_from(form, header, 1)[0])
        if position > entry.size:
            return f"a pickle frame reaches to byte {position:,}"
        if position == entry.size:
            return None  # the frame holds the STOP opcode
    return None


_ZIP_END = b"PK\x05\x06"


def _zip_end(directory: Source, entry: Entry) -> str | None:
    """A zip archive ends with its end-of-central-directory record (APPNOTE 4.3.16), a comment after it at most."""
    if directory.tail(entry.path, 22).startswith(_ZIP_END):
        return None
    if _ZIP_END in directory.tail(entry.path, 22 + 0xFFFF):
        return None
    return "a zip archive without its end record"


def _hdf5_end(head: bytes, entry: Entry) -> str | None:
    """The end-of-file address in the superblock (HDF5 File Format Specification 3.0, II.A)."""
    version = head[8] if len(head) > 8 else None
    offset = {0: 40, 1: 44, 2: 28, 3: 28}.get(version or 0)
    if version is None or offset is None or len(head) < offset + 8:
        return None
    size_of_offsets = head[13] if version < 2 else head[9]
    if size_of_offsets != 8:
        return None
    end = int(struct.unpack_from("<Q", head, offset)[0])
    return f"the HDF5 superblock says that the file ends at byte {end:,}" if end > entry.size else None
