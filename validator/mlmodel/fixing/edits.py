"""Changes to the text of a file at known places; everything around them stays as it is, byte for byte."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.sources.directory import Entry, Kind, ModelDirectory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes

_BOM = "\ufeff"


class Edit(Record):
    """Puts ``text`` in the place of the characters from ``start`` to ``end`` of a file; a missing file is made."""

    file: str
    start: int
    end: int
    text: str


class Repair(Record):
    """What makes one finding go away."""

    rule: str
    place: str
    """Where the finding is, ``MLmodel:8``."""
    summary: str
    """What is done, ``quote 3.10``."""
    edits: tuple[Edit, ...]


def text_of(content: bytes) -> str | None:
    """The characters of a file, its byte order mark aside; None where they are not UTF-8."""
    try:
        return content.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError:
        return None


def edited(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes of a file after edits that do not overlap."""
    text = content.decode("utf-8")
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return (mark + text).encode()


class EditedDirectory(ModelDirectory):
    """A model directory as it will be: some of its files have other contents, or are new."""

    def __init__(self, root: str, contents: Mapping[str, bytes]) -> None:
        super().__init__(root)
        self._contents = contents
        for path, content in contents.items():
            known = self.entries.get(path)
            self.entries[path] = Entry(path, Kind.FILE, len(content), known.mode if known else 0o100644)

    def _read(self, path: str, start: int, size: int, *, whole: bool) -> bytes:
        content = self._contents.get(self.look(path).path)
        if content is None:
            return super()._read(path, start, size, whole=whole)
        return content[start:][:size]

    @contextmanager
    def open_mapped(self, path: str) -> Iterator[bytes | mmap | RangedBytes]:
        """As :meth:`ModelDirectory.open_mapped`, with the contents that the files will have."""
        content = self._contents.get(self.look(path).path)
        if content is not None:
            yield content
        else:
            with super().open_mapped(path) as data:
                yield data
