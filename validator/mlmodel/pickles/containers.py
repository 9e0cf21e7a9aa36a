"""Pickles in files of every kind, found by what the bytes are and never by a name.

What cannot be looked into is said to be unread; it is never passed in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.pickles.formats import behind_user_block, format_of, zip_end
from mlmodel.pickles.reading import MAX_STREAMS, is_plausible, marked, row
from mlmodel.pickles.scan_options import ScanBudget, ScanOptions
from mlmodel.pickles.symbols import Global, ProblemKind, Stream
from mlmodel.sources.ranges import contiguous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles import class_manifests, zips
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


_ZFILE = 21
"""Bytes before the zlib data in the files of joblib before 0.10: a mark and the size in hexadecimal digits.  Those of
Python 2 may have a blank more."""
_OBJECTS = lazy_pattern(rb"[O\\]|object")
"""What a header of NumPy's has where elements may be objects: ``|O``, ``object``, or an escape that hides it."""
_LOADERS = frozenset({"_load_from_bytes", "_unpickle__CustomPickled", "unpickle_vocab", "unpickle_doc"})
"""Functions in calls of honest pickles that load pickles from bytes."""


_IS_TORCHSCRIPT = lazy_pattern(r"(?:^|/)code/.*\.py$")
"""Members of an archive that ``torch.jit.load`` compiles and runs."""
_IS_COMPILED_MODEL = lazy_pattern(r"(?:^|/)data/aotinductor/.*\.(?:so|pyd|dll|dylib)$")
"""Members of an archive of ``torch.export`` that loading it loads into the process (``torch.export.pt2_archive``)."""
_IS_STORAGE = lazy_pattern(r"(?:^|/)data/\d+$")
"""Members of an archive that are the numbers of a tensor, as ``torch.save`` writes them: no reader unpickles them, and they
may begin like anything."""
_CERTAIN = ("gzip", "xz", "deflate", "lz4")
"""Compressed forms that no other file begins like by chance: what does not unpack is said."""


class Pickled(Record):
    """One pickle in a file."""

    path: str
    """The file, and behind each ``!`` what was opened in it: ``model.pth!archive/data.pkl``."""
    stream: Stream
    marked: bool = True
    """Whether it begins as pickles from protocol 2 on do; without that it may be a text that reads as one."""
    trailing: int = 0
    """Bytes after it that are no pickle; only of the last in a row."""


class DeclaredClasses(Record):
    """A document in an archive that names what its reader imports (skops, keras)."""

    path: str
    form: str
    names: tuple[tuple[str, str], ...]
    """Module and class."""
    uses: tuple[class_manifests.Use, ...] = ()
    """What the reader does with them."""
    states: tuple[tuple[str, str, Any], ...] = ()
    """Objects that are restored: module, class, and the state as the document has it."""


class Unreadable(Record):
    """Something in a file that could not be read, or not to its end."""

    path: str
    reason: str


class ContainerAnomaly(Record):
    """Something about a container that makes its readers disagree."""

    path: str
    message: str
    escapes: bool = False
    """Whether a member would be unpacked outside the folder that it is unpacked to."""


Found: TypeAlias = Pickled | DeclaredClasses | Unreadable | ContainerAnomaly


def _latin(raw: bytes) -> bytes:
    """The bytes that a text stands for, as protocol 2 writes them; none where it stands for none."""
    try:
        return raw.decode("utf-8", "surrogatepass").encode("latin-1")
    except UnicodeError:
        return b""


class Opener:
    """Looks into one file; the bounds count for all that is in it."""

    def __init__(self, size: int, target: ScanOptions | None = None) -> None:
        self._effort = ScanBudget(_TIMES * size + _FREE)
        self._target = (target or ScanOptions())._replace(effort=self._effort)
        self._budget = ScanBudget(MAX_UNPACKED)
        self._bonus = _UNPACKED
        self._items = MAX_ITEMS

    def open(self, data: Buffer, start: int, end: int, path: str, depth: int = 0) -> Iterator[Found]:
        """Everything in a range of bytes."""
        head = bytes(data[start : min(end, start + _HEAD)])
        form = format_of(head) or behind_user_block(data, start, end)
        self._items -= 1
        if depth > MAX_DEPTH or self._items < 0 or self._effort.left < 0:
            if form is not None or marked(head, 0):
                reason = "more is nested in this file than is opened"
                if depth <= MAX_DEPTH:
                    reason = "there are more parts in this file, or parts that overlap, than are read"
                yield Unreadable(path, reason)
            return
        if form is not None and form.reader is None:
            yield Unreadable(path, f"{form.name} files cannot be opened")
        elif form is not None and form.reader == "_compressed":
            yield from self._unpacked(data, start, end, f"{path}!{form.name}", form.name, depth)
        elif form is not None and form.reader is not None:
            yield from getattr(self, form.reader)(data, start, end, path, depth)
        if form is None or form.first_byte_may_be_opcode:
            yield from self._row(data, start, end, path, depth)
            if zip_end(data, start, end) >= 0:
                yield from self._zip(data, start, end, path, depth)  # it may stand behind a pickle

    # -- pickles ---------------------------------------------------------------------------------

    def _row(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        streams, rest, more = row(data, start, end, self._target)
        last = len(streams) - 1
        for number, stream in enumerate(streams):
            trailing = end - rest if number == last else 0
            yield Pickled(path, stream, marked(data, stream.start), trailing)
            yield from self._inside(data, stream, path, depth)
        if more:
            yield Unreadable(path, f"there are more than {MAX_STREAMS:,} pickles in a row")

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
                    if loads:
                        yield from self.open(data, begin, stop, inner, depth + 1)
                    elif self._is_loadable(bytes(data[begin : min(stop, begin + _HEAD)])):
                        yield from _plausible(self.open(data, begin, stop, inner, depth + 1))
                elif argument.kind == "str" and argument.size >= 4 and encodes:
                    # Protocol 2 has bytes as text, and has them made of it (``_codecs.encode``).
                    raw = _latin(bytes(data[begin : min(stop, begin + self._budget.left)]))
                    if raw and (loads or self._is_loadable(raw[:_HEAD])):
                        self._budget.left -= len(raw)
                        self._effort.left += _TIMES * len(raw)
                        found = self.open(raw, 0, len(raw), inner, depth + 1)
                        yield from found if loads else _plausible(found)

    @staticmethod
    def _is_loadable(head: bytes) -> bool:
        form = format_of(head)
        return marked(head, 0) or (form is not None and form.name in ("zip", "tar", "gzip", "xz"))

    @staticmethod
    def _hdf5(data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        """Keras keeps a model's configuration as JSON in an attribute; the rest are numbers."""
        from mlmodel.pickles import class_manifests, hdf5

        del depth
        uses: dict[class_manifests.Use, None] = {}
        for value in hdf5.configurations(contiguous(data), start, end):
            if isinstance(value, hdf5.Undecoded):
                yield Unreadable(path, f"the configuration at byte {value.offset:,} cannot be decoded")
                continue
            document = class_manifests.of_value(value, "keras")
            if isinstance(document, str):
                yield Unreadable(path, document)
            else:
                uses.update(dict.fromkeys(document.uses))
        if uses:
            yield _named(path, "keras", class_manifests.Document(tuple(uses)))

    def _npy(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        """NumPy's own format: a pickle stands behind the header when the elements are objects."""
        wide = bytes(data[start + 6 : start + 7]) != b"\1"
        begin = start + (12 if wide else 10)
        header = bytes(data[start + 8 : begin])
        stop = begin + int.from_bytes(header, "little")
        text = bytes(data[begin : min(stop, end, begin + _PROBE)])
        if _OBJECTS.search(text) or marked(data, stop):
            found = self._row(data, stop, end, path, depth)
            yield from found if _OBJECTS.search(text) else _plausible(found)

    # -- containers ------------------------------------------------------------------------------

    def _zfile(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        """The files of joblib before 0.10."""
        try:
            int(bytes(data[start + 2 : start + _ZFILE]), 16)
        except ValueError:
            return
        begin = start + _ZFILE
        if bytes(data[begin : begin + 1]) == b" ":
            begin += 1
        yield from self._unpacked(data, begin, end, f"{path}!zlib", "zlib", depth)

    def _unpacked(
        self, data: Buffer, start: int, end: int, path: str, form: str, depth: int
    ) -> Iterator[Found]:
        from mlmodel.pickles.compressed import unpack  # few files are

        probe = unpack(data, start, end, form, self._budget, _PROBE)
        if not probe.data:
            if probe.problem is not None and (probe.limited or form in _CERTAIN):
                yield Unreadable(path, probe.problem)
            return
        self._effort.left -= len(probe.data)
        if len(probe.data) >= _PROBE and not self._wanted(probe.data):
            return
        whole = unpack(data, start, end, form, self._budget)
        bonus = min(len(whole.data), self._bonus)
        self._bonus -= bonus
        self._effort.left += bonus
        if whole.problem is not None:
            yield Unreadable(path, whole.problem)
        yield from self.open(whole.data, 0, len(whole.data), path, depth + 1)

    def _wanted(self, probe: bytearray) -> bool:
        """Whether the first bytes may begin something to look into."""
        head = bytes(probe[:_HEAD])
        form = format_of(head)
        if form is not None and form.name == "npy":
            return _OBJECTS.search(probe, 0, _HEAD) is not None
        if form is not None or marked(head, 0):
            return True
        streams, *_ = row(probe, 0, len(probe), self._target)
        if streams:
            return True
        # Is it cut only because there is no more of the probe?
        from mlmodel.pickles.reading import read

        return any(
            problem.trouble is ProblemKind.TRUNCATED for problem in read(probe, 0, len(probe)).problems
        )

    def _zip(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        from mlmodel.pickles import class_manifests, zips

        seen: set[tuple[int, int, int, str | None]] = set()
        names: set[str] = set()
        for member in zips.members(data, start, end):
            if isinstance(member, zips.Oddity):
                yield ContainerAnomaly(path, member.message)
                continue
            yield from self._named_oddly(path, member.name, names if member.listed else set())
            document = class_manifests.DOCUMENTS.get(member.name)
            place = (member.start, member.end, member.method, document)
            if place in seen or member.start >= member.end:
                continue
            seen.add(place)
            inner = f"{path}!{member.name}"
            method = zips.METHODS.get(member.method)
            if method is None:
                yield Unreadable(inner, f"zip compression method {member.method} cannot be unpacked")
                continue
            if document is not None:
                yield from self._document(data, member, inner, method, document)
                if not marked(data, member.start):
                    continue
            elif _IS_TORCHSCRIPT.search(member.name):
                yield from self._source(data, member, inner, method)
            elif _IS_COMPILED_MODEL.search(member.name):
                use = class_manifests.Use("native", "", member.name)
                yield DeclaredClasses(inner, "aotinductor", (), (use,))
            inside = (
                self.open(data, member.start, member.end, inner, depth + 1)
                if method == "stored"
                else self._unpacked(data, member.start, member.end, inner, method, depth)
            )
            yield from _certain(inside) if _IS_STORAGE.search(member.name) else inside

    @staticmethod
    def _named_oddly(path: str, name: str, names: set[str]) -> Iterator[ContainerAnomaly]:
        """What is wrong with the name of a member."""
        slashed = name.replace("\\", "/")
        if slashed.startswith("/") or ".." in slashed.split("/") or slashed[1:2] == ":":
            yield ContainerAnomaly(
                path, f"{name!r} leads out of the folder that the archive is unpacked to", escapes=True
            )
        if name in names:
            yield ContainerAnomaly(path, f"{name!r} stands twice: readers differ in which they take")
        names.add(name)

    def _text(self, data: Buffer, member: zips.Member, method: str, most: int) -> bytes:
        if method == "stored":
            return bytes(data[member.start : min(member.end, member.start + most + 1)])
        from mlmodel.pickles.compressed import unpack

        return bytes(unpack(data, member.start, member.end, method, self._budget).data)

    def _document(
        self, data: Buffer, member: zips.Member, path: str, method: str, form: str
    ) -> Iterator[Found]:
        from mlmodel.pickles import class_manifests

        found = class_manifests.read(self._text(data, member, method, class_manifests.MAX_BYTES), form)
        yield Unreadable(path, found) if isinstance(found, str) else _named(path, form, found)

    def _source(self, data: Buffer, member: zips.Member, path: str, method: str) -> Iterator[Found]:
        from mlmodel.pickles import class_manifests, torchscript

        text = self._text(data, member, method, torchscript.MAX_BYTES)
        if len(text) > torchscript.MAX_BYTES:
            yield Unreadable(path, f"more than {torchscript.MAX_BYTES:,} bytes of source")
            return
        uses = tuple(
            class_manifests.Use(
                "operator" if acts else "foreign operator", name.rpartition(".")[0], name.rpartition(".")[2]
            )
            for name, acts in torchscript.operators(text)
        )
        yield DeclaredClasses(path, "torchscript", (), uses)

    def _tar(self, data: Buffer, start: int, end: int, path: str, depth: int) -> Iterator[Found]:
        from mlmodel.pickles import tars

        for member in tars.members(data, start, end):
            if isinstance(member, tars.Unreadable):
                yield Unreadable(path, member.reason)
            elif isinstance(member, tars.Ambiguity):
                yield ContainerAnomaly(path, member.message)
            else:
                yield from self._named_oddly(path, member.name, set())
                yield from self.open(data, member.start, member.end, f"{path}!{member.name}", depth + 1)


def _certain(items: Iterator[Found]) -> Iterator[Found]:
    """What cannot be numbers by chance: pickles that are complete and import something, and documents."""
    for item in items:
        if isinstance(item, DeclaredClasses) or (
            isinstance(item, Pickled) and item.stream.complete and item.stream.globals
        ):
            yield item


def _plausible(items: Iterator[Found]) -> Iterator[Found]:
    """What may be more than the numbers of an array that begin like a pickle by chance."""
    for item in items:
        if not isinstance(item, Pickled) or any(map(is_plausible, (item.stream, *item.stream.alternatives))):
            yield item


def _named(path: str, form: str, document: class_manifests.Document) -> DeclaredClasses:
    return DeclaredClasses(path, form, document.names, document.uses, document.states)
