"""Pickles in files of every kind, found by what the bytes are and never by a name.

What cannot be looked into is said to be unread; it is never passed in silence.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mlmodel.pickles import declared, tars, zips
from mlmodel.pickles.compressed import Budget, is_lzma, is_zlib, unpack
from mlmodel.pickles.reading import MAX_STREAMS, marked, row
from mlmodel.pickles.recorder import Effort, Target
from mlmodel.pickles.symbols import Global, Stream, Trouble
from mlmodel.sources.ranges import contiguous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.operands import Buffer

MAX_DEPTH = 5
"""Containers inside each other that are opened."""
MAX_UNPACKED = 1 << 28
"""Bytes that are unpacked from one file, all its containers together."""
MAX_ITEMS = 50_000
"""Things found in one file."""

_TIMES, _FREE, _UNPACKED = 4, 1 << 24, 1 << 26
"""Bytes that may be looked at: so many times the size of the file, and these, and as many as were unpacked up to a bound."""
_HEAD = 512
_PROBE = 1 << 16
"""Unpacked bytes from which it is decided whether all are wanted."""
_FORMS = (
    (b"PK\3\4", "zip"),
    (b"PK\5\6", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x5d\0\0", "lzma"),
    (b"ZF0x", "zfile"),
    (b"\x93NUMPY", "npy"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
)
_CLOSED = {"Zstandard", "7-Zip", "RAR"}
"""Forms that are recognized and cannot be opened."""
_COMPRESSED = {"gzip", "bzip2", "xz", "lzma", "zlib", "lz4"}
_ZFILE = 21
"""Bytes before the zlib data in the files of joblib before 0.10: a mark and the size in hexadecimal digits."""
_CONFIGURED = re.compile(rb'"module": ?"([\w.]{1,200})", ?"class_name": ?"(\w{1,200})"', re.ASCII)
_LAMBDA = (b'"class_name": "Lambda"', b'"class_name":"Lambda"')
_OBJECTS = re.compile(rb"[O\\]|object")
"""What a header of NumPy's has where elements may be objects: ``|O``, ``object``, or an escape that hides it."""
_LOADERS = frozenset({"_load_from_bytes", "_unpickle__CustomPickled", "unpickle_vocab", "unpickle_doc"})
"""Functions in calls of honest pickles that load pickles from bytes."""


class Pickled(NamedTuple):
    """One pickle in a file."""

    path: str
    """The file, and behind each ``!`` what was opened in it: ``model.pth!archive/data.pkl``."""
    stream: Stream
    marked: bool = True
    """Whether it begins as pickles from protocol 2 on do; without that it may be a text that reads as one."""
    trailing: int = 0
    """Bytes after it that are no pickle; only of the last in a row."""


class Named(NamedTuple):
    """A document in an archive that names what its reader imports (skops, keras)."""

    path: str
    form: str
    names: tuple[tuple[str, str], ...]
    """Module and class."""


class Unread(NamedTuple):
    """Something in a file that could not be read, or not to its end."""

    path: str
    reason: str


class Odd(NamedTuple):
    """Something about a container that makes its readers disagree."""

    path: str
    message: str
    escapes: bool = False
    """Whether a member would be unpacked outside the folder that it is unpacked to."""


Found: TypeAlias = Pickled | Named | Unread | Odd


def _latin(raw: bytes) -> bytes:
    """The bytes that a text stands for, as protocol 2 writes them; none where it stands for none."""
    try:
        return raw.decode("utf-8", "surrogatepass").encode("latin-1")
    except UnicodeError:
        return b""


def form_of(head: bytes) -> str | None:
    """What the first bytes of a file say it is; None for a pickle and for everything else."""
    for start, form in _FORMS:
        if head.startswith(start):
            return form
    if is_zlib(head):
        return "zlib"
    if is_lzma(head):
        return "lzma"
    return "tar" if tars.is_header(head) else None


class Opener:
    """Looks into one file; the bounds count for all that is in it."""

    def __init__(self, size: int, target: Target | None = None) -> None:
        self._effort = Effort(_TIMES * size + _FREE)
        self._target = (target or Target())._replace(effort=self._effort)
        self._budget = Budget(MAX_UNPACKED)
        self._bonus = _UNPACKED
        self._items = MAX_ITEMS

    def open(self, data: Buffer, start: int, end: int, path: str, depth: int = 0) -> Iterator[Found]:
        """Everything in a range of bytes."""
        head = bytes(data[start : min(end, start + _HEAD)])
        form = form_of(head)
        self._items -= 1
        if depth > MAX_DEPTH or self._items < 0 or self._effort.left < 0:
            if form is not None or marked(head, 0):
                reason = "more is nested in this file than is opened"
                if depth <= MAX_DEPTH:
                    reason = "there are more parts in this file, or parts that overlap, than are read"
                yield Unread(path, reason)
            return
        if form in _CLOSED:
            yield Unread(path, f"{form} files cannot be opened")
        elif form == "HDF5":
            yield from self._hdf5(data, start, end, path)
        elif form == "zip":
            yield from self._zip(data, start, end, path, depth)
        elif form == "npy":
            yield from self._npy(data, start, end, path, depth)
        elif form == "zfile":
            yield from self._unpacked(data, start + _ZFILE, end, f"{path}!zlib", "zlib", depth)
        elif form in _COMPRESSED:
            yield from self._unpacked(data, start, end, f"{path}!{form}", form, depth)
        elif form == "tar":
            yield from self._tar(data, start, end, path, depth)
        if form not in ("zip", "npy", "HDF5"):
            # The first byte may be an opcode all the same; and a zip archive may stand behind a pickle.
            yield from self._row(data, start, end, path, depth)
            if zips.end_record(data, start, end) >= 0:
                yield from self._zip(data, start, end, path, depth)

    # -- pickles ---------------------------------------------------------------------------------

    def _row(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        streams, rest, more = row(data, start, end, self._target)
        last = len(streams) - 1
        for number, stream in enumerate(streams):
            trailing = end - rest if number == last else 0
            yield Pickled(path, stream, marked(data, stream.start), trailing)
            yield from self._inside(data, stream, path, depth)
        if more:
            yield Unread(path, f"there are more than {MAX_STREAMS:,} pickles in a row")

    def _inside(self, data: Buffer, stream: Stream, path: str, depth: int) -> Iterator[Found]:
        """Pickles in the bytes that a call takes (``torch.storage._load_from_bytes``)."""
        if stream.view == "frames":
            return
        # What is loaded from bytes need not begin like a pickle (before protocol 2).
        loads = any(symbol.name in _LOADERS for symbol in stream.globals)
        for call in stream.calls:
            encodes = isinstance(call.callee, Global) and call.callee.name == "encode"
            for argument in call.arguments or ():
                begin, stop = argument.start, argument.start + argument.size
                inner = f"{path}!bytes at {begin}"
                if argument.kind == "bytes" and argument.size >= 4:
                    if loads or self._is_loadable(bytes(data[begin : min(stop, begin + _HEAD)])):
                        yield from self.open(data, begin, stop, inner, depth + 1)
                elif argument.kind == "str" and argument.size >= 4 and encodes:
                    # Protocol 2 has bytes as text, and has them made of it (``_codecs.encode``).
                    raw = _latin(bytes(data[begin : min(stop, begin + self._budget.left)]))
                    if raw and (loads or self._is_loadable(raw[:_HEAD])):
                        self._budget.left -= len(raw)
                        self._effort.left += _TIMES * len(raw)
                        yield from self.open(raw, 0, len(raw), inner, depth + 1)

    @staticmethod
    def _is_loadable(head: bytes) -> bool:
        return marked(head, 0) or form_of(head) in ("zip", "tar", "gzip", "xz")

    @staticmethod
    def _hdf5(data: Buffer, start: int, end: int, path: str) -> Iterator[Found]:
        """Keras keeps a model's configuration as JSON in an attribute, as text and uncompressed; the rest are numbers."""
        found = {
            (match[1].decode(), match[2].decode()): None
            for match in islice(_CONFIGURED.finditer(contiguous(data), start, end), MAX_ITEMS)
        }
        if any(data.find(mark, start, end) >= 0 for mark in _LAMBDA):
            found["keras.layers", "Lambda"] = None
        if found:
            yield Named(path, "keras", tuple(found))

    def _npy(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        """NumPy's own format: a pickle stands behind the header when the elements are objects."""
        wide = bytes(data[start + 6 : start + 7]) != b"\1"
        begin = start + (12 if wide else 10)
        header = bytes(data[start + 8 : begin])
        stop = begin + int.from_bytes(header, "little")
        text = bytes(data[begin : min(stop, end, begin + _PROBE)])
        if _OBJECTS.search(text) or marked(data, stop):
            yield from self._row(data, stop, end, path, depth)

    # -- containers ------------------------------------------------------------------------------

    def _unpacked(
        self, data: Buffer, start: int, end: int, path: str, form: str, depth: int
    ) -> Iterator[Found]:
        probe = unpack(data, start, end, form, self._budget, _PROBE)
        if not probe.data:
            if probe.problem is not None and form in ("gzip", "xz", "deflate", "lz4"):
                yield Unread(path, probe.problem)
            return
        self._effort.left -= len(probe.data)
        if len(probe.data) >= _PROBE and not self._wanted(probe.data):
            return
        whole = unpack(data, start, end, form, self._budget)
        bonus = min(len(whole.data), self._bonus)
        self._bonus -= bonus
        self._effort.left += bonus
        if whole.problem is not None:
            yield Unread(path, whole.problem)
        yield from self.open(whole.data, 0, len(whole.data), path, depth + 1)

    def _wanted(self, probe: bytearray) -> bool:
        """Whether the first bytes may begin something to look into."""
        head = bytes(probe[:_HEAD])
        form = form_of(head)
        if form == "npy":
            return _OBJECTS.search(probe, 0, _HEAD) is not None
        if form is not None or marked(head, 0):
            return True
        streams, *_ = row(probe, 0, len(probe), self._target)
        if streams:
            return True
        # Is it cut only because there is no more of the probe?
        from mlmodel.pickles.reading import read

        return any(problem.trouble is Trouble.TRUNCATED for problem in read(probe, 0, len(probe)).problems)

    def _zip(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        seen: set[tuple[int, int, int]] = set()
        names: set[str] = set()
        for member in zips.members(data, start, end):
            if isinstance(member, zips.Oddity):
                yield Odd(path, member.message)
                continue
            yield from self._named_oddly(path, member.name, names if member.listed else set())
            place = (member.start, member.end, member.method)
            if place in seen or member.start >= member.end:
                continue
            seen.add(place)
            inner = f"{path}!{member.name}"
            method = zips.METHODS.get(member.method)
            document = declared.DOCUMENTS.get(member.name)
            if method is None:
                yield Unread(inner, f"zip compression method {member.method} cannot be unpacked")
            elif document is not None and not marked(data, member.start):
                yield from self._document(data, member, inner, method, document)
            elif method == "stored":
                yield from self.open(data, member.start, member.end, inner, depth + 1)
            else:
                yield from self._unpacked(data, member.start, member.end, inner, method, depth)

    @staticmethod
    def _named_oddly(path: str, name: str, names: set[str]) -> Iterator[Odd]:
        """What is wrong with the name of a member."""
        slashed = name.replace("\\", "/")
        if slashed.startswith("/") or ".." in slashed.split("/") or slashed[1:2] == ":":
            yield Odd(path, f"{name!r} leads out of the folder that the archive is unpacked to", escapes=True)
        if name in names:
            yield Odd(path, f"{name!r} stands twice: readers differ in which they take")
        names.add(name)

    def _document(
        self, data: Buffer, member: zips.Member, path: str, method: str, form: str
    ) -> Iterator[Found]:
        if method == "stored":
            raw = bytes(data[member.start : min(member.end, member.start + declared.MAX_BYTES + 1)])
        else:
            unpacked = unpack(data, member.start, member.end, method, self._budget)
            raw = bytes(unpacked.data)
        found = declared.names(raw, form)
        yield Unread(path, found) if isinstance(found, str) else Named(path, form, found)

    def _tar(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        for member in tars.members(data, start, end):
            if isinstance(member, str):
                yield Unread(path, member)
            else:
                yield from self._named_oddly(path, member.name, set())
                yield from self.open(data, member.start, member.end, f"{path}!{member.name}", depth + 1)
