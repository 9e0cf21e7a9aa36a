"""What every parsed document offers, whatever its syntax."""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmodel.documents.folding import SourceMap
    from mlmodel.documents.scalar import Scalar

    Pointer = Sequence[str | int]

_T = TypeVar("_T")


class Limits:
    """Bounds that keep any input from costing unbounded time or memory."""

    DEPTH = 100
    """Levels of nesting.  MLflow's deepest signatures stay below 20."""
    YAML_VALUES = 100_000
    """Values in one YAML document, every alias counted as the copy that a reader makes of it, and a long text
    as one more for each :attr:`TEXT` characters."""
    TEXT = 1024
    JSON_VALUES = 1_500_000
    """Values and keys in one JSON text, an array counted twice and an object three times: a table of a million
    cells."""
    DIGITS = 1000
    """Characters of a number in YAML that is not decimal digits only (Python itself bounds those)."""
    SLOW = 100_000
    """Characters of a YAML text that is parsed by the parser that readers use, where the fast one is too kind."""
    PROBLEMS = 10_000
    """Problems of one document that are named."""
    POINTER = 2000
    """Characters of a JSON Pointer; beyond, the nearest enclosing value is named."""


class ProblemKind(Enum):
    """Why a document, or a place in it, is not what its syntax or the YAML dialect asks for."""

    ENCODING = "encoding"
    SYNTAX = "syntax"
    DUPLICATE_KEY = "duplicate-key"
    KEY_TYPE = "key-type"
    TAG = "tag"
    DOCUMENTS = "documents"
    TYPE = "type"
    """A type that Python's YAML has and JSON has not: ``!!binary``, ``!!set``."""
    FEATURE = "feature"
    """Something that YAML 1.1 readers understand and JSON does not have: ``<<``."""
    AMBIGUOUS = "ambiguous"
    TIMESTAMP = "timestamp"
    NAN = "nan"
    """``NaN`` or ``Infinity``, which Python's JSON has and the standard's has not."""
    BYTE_ORDER_MARK = "byte-order-mark"
    LIMIT = "limit"


class Position(Record):
    """A place in a text file: line and column, both counted from 1, in characters."""

    line: int
    column: int


class Problem(Record):
    """One departure from the syntax; ``fatal`` when no data could be read past it."""

    kind: ProblemKind
    message: str
    position: Position | None = None
    pointer: tuple[str | int, ...] = ()
    fatal: bool = False


class Places(Protocol):
    """Where the values of a document stand in its text."""

    def offset(self, pointer: Pointer, *, key: bool = False) -> int | None:
        """The index in the text of the value at ``pointer`` (of its key with ``key``)."""

    def scalar(self, pointer: Pointer) -> Scalar | None:
        """How the scalar at ``pointer`` is written, or None where no scalar stands."""


class Document:
    """A parsed file, or a JSON text inside a scalar of another document.

    ``data`` holds only JSON values (dict with string keys, list, str, int, float, bool, None); what YAML
    reads as something else is kept as its source text and named in ``problems``.
    """

    __slots__ = (
        "_lines",
        "_source",
        "_views",
        "anchor",
        "data",
        "parent",
        "path",
        "places",
        "problems",
        "text",
    )

    def __init__(
        self,
        path: str,
        text: str,
        data: Any,
        problems: tuple[Problem, ...] = (),
        places: Places | None = None,
        parent: Document | None = None,
        anchor: tuple[str | int, ...] = (),
    ) -> None:
        self.path = path
        self.text = text
        self.data = data
        self.problems = problems
        self.places = places
        self.parent = parent
        self.anchor = anchor
        """Where in ``parent`` this document's text stands; its pointers continue from there."""
        self._lines: Lines | None = None
        self._source: SourceMap | None = None
        self._views: dict[object, Any] = {}

    def view(self, make: Callable[[Document], _T]) -> _T:
        """What ``make`` makes of this document, made once: models that share a document share that, too."""
        if make not in self._views:
            self._views[make] = make(self)
        view: _T = self._views[make]
        return view

    @property
    def readable(self) -> bool:
        """Whether ``data`` was read at all."""
        return not any(problem.fatal for problem in self.problems)

    def offset(self, pointer: Pointer, *, key: bool = False) -> int | None:
        """The index in ``text`` of the value at ``pointer``; of the nearest ancestor that has one."""
        if self.places is None:
            return None
        steps = tuple(pointer)
        while True:
            found = self.places.offset(steps, key=key)
            if found is not None or not steps:
                return found
            steps, key = steps[:-1], False

    def locate(self, pointer: Pointer, *, key: bool = False) -> Position | None:
        """Line and column, in the file, of the value at ``pointer`` (of its key with ``key``)."""
        offset = self.offset(pointer, key=key)
        return None if offset is None else self.position(offset)

    @property
    def lines(self) -> Lines:
        """The lines of ``text``."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    def position(self, offset: int) -> Position | None:
        """Line and column, in the file, of the character at ``offset`` of this document's text."""
        if self.parent is None:
            return self.lines.position(offset)
        if self._source is None:
            outer = self.parent.places.scalar(self.anchor) if self.parent.places else None
            if outer is None:
                return self.parent.locate(self.anchor)
            from mlmodel.documents.folding import SourceMap  # only findings inside such scalars need it

            self._source = SourceMap(self.parent.text, outer)
        return self.parent.position(self._source.index(offset))

    def source_line(self, line: int) -> str:
        """The text of line ``line`` of the file, counted from 1."""
        document = self
        while document.parent is not None:
            document = document.parent
        return document.lines.text(line)

    def written(self, pointer: Pointer) -> str | None:
        """The characters of the scalar at ``pointer`` exactly as the file has them."""
        scalar = self.places.scalar(pointer) if self.places else None
        return None if scalar is None else self.text[scalar.start : scalar.end]

    def pointer(self, pointer: Pointer) -> str:
        """The RFC 6901 JSON Pointer of a value, from the root of the file (see :attr:`Limits.POINTER`)."""
        steps = [*self.anchor, *pointer]
        document = self.parent
        while document is not None and document.parent is not None:
            steps = [*document.anchor, *steps]
            document = document.parent
        text = ""
        for step in steps:
            name = str(step)
            if len(text) + len(name) > Limits.POINTER:
                break
            text += "/" + name.replace("~", "~0").replace("/", "~1")
        return text


def decode(content: bytes) -> tuple[str, Problem | None]:
    """UTF-8 bytes as text, and the problem when they are not UTF-8 (the text then has substitutes)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "", Problem(ProblemKind.ENCODING, "the file is UTF-16, not UTF-8", Position(1, 1), fatal=True)
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        return "", Problem(ProblemKind.ENCODING, message, Position(line, column), fatal=True)


class Lines:
    """Lines and columns of a text.  The line feeds are counted once, block by block, so that ten thousand
    positions in ten million characters cost no more than the text itself."""

    _BLOCK = 1 << 10
    _LONG = 1000

    def __init__(self, text: str) -> None:
        self._text = text
        self._before = [0]
        """For each block, how many line feeds stand before it."""
        self._starts = [0]
        """For each block, where the line begins that runs into it."""
        self._kept: dict[int, str] = {}
        """Long lines that were asked for, so that all findings in one share its text."""
        for block in range(0, len(text), self._BLOCK):
            end = block + self._BLOCK
            self._before.append(self._before[-1] + text.count("\n", block, end))
            last = text.rfind("\n", block, end)
            self._starts.append(self._starts[-1] if last < 0 else last + 1)

    def position(self, offset: int) -> Position:
        """Line and column of the character at ``offset``."""
        block = offset // self._BLOCK
        first = block * self._BLOCK
        last = self._text.rfind("\n", first, offset)
        line = self._before[block] + self._text.count("\n", first, offset) + 1
        return Position(line, offset - (self._starts[block] if last < 0 else last + 1) + 1)

    def text(self, line: int) -> str:
        """The text of a line, counted from 1, without its line break; empty where there is no such line."""
        if line in self._kept:
            return self._kept[line]
        if not 0 < line <= self._before[-1] + 1:
            return ""
        block = bisect_left(self._before, line - 1) - 1
        start = 0
        if block >= 0:  # the line feed before this line stands in that block
            start = block * self._BLOCK
            for _ in range(line - 1 - self._before[block]):
                start = self._text.index("\n", start) + 1
        end = self._text.find("\n", start)
        found = self._text[start : end if end >= 0 else None].rstrip("\r")
        if len(found) > self._LONG:
            self._kept[line] = found
        return found
