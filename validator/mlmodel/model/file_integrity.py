"""What the first and last bytes of a model file betray: emptiness, stand-ins, and ends that are missing.

Only what is certain is said: a format's own header that promises more bytes than there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model import file_formats

if TYPE_CHECKING:
    from mlmodel.sources.base import Entry, Source

_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html")
_MEANINGFUL_EMPTY = (".txt", ".py", ".typed", ".csv", ".md", ".crc", "_SUCCESS", ".gitkeep", ".log")


def complaint(directory: Source, entry: Entry, *, chosen: bool) -> tuple[str, str] | None:
    """The rule and the message for a file that cannot be what a reader expects, None for others.

    ``chosen`` says that a path key names this very file, and not only the directory around it.
    """
    if entry.size == 0:
        if chosen and not entry.path.endswith(_MEANINGFUL_EMPTY):
            return "MLM010", "the file is empty"
        return None
    head = directory.head(entry.path, file_formats.HEAD)
    if head.startswith(_LFS):
        return "MLM011", "a Git LFS pointer stands here, not the file itself: fetch it with `git lfs pull`"
    if chosen and head.lstrip()[:14].lower().startswith(_HTML):
        return "MLM011", "an HTML page stands here, not the file itself: a download that failed?"
    cut = file_formats.truncated(directory, entry, head)
    if cut is not None:
        return "MLM012", f"{cut}; the file has {entry.size:,} bytes"
    return None
