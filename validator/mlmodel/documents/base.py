"""What every parsed document offers, whatever its syntax."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pointer = Sequence[str | int]


class Limits:
    """Bounds that keep any input from costing unbounded time or memory."""

    DEPTH = 100
    """Levels of nesting.  MLflow's deepest signatures stay below 20."""
    NODES = 500_000
    """Values in one document, every alias counted as the copy that a reader makes of it."""


class ProblemKind(Enum):
    """Why a document, or a place in it, is not what its syntax or the YAML dialect asks for."""

    ENCODING = "encoding"
    SYNTAX = "syntax"
    DUPLICATE_KEY = "duplicate-key"
    KEY_TYPE = "key-type"
    TAG = "tag"
    DOCUMENTS = "documents"
    FEATURE = "feature"
    """Something that YAML 1.1 readers understand and JSON does not have: ``<<``, ``!!binary``, ``!!set``."""
    AMBIGUOUS = "ambiguous"
    TIMESTAMP = "timestamp"
    NAN = "nan"
    """``NaN`` or ``Infinity``, which Python's JSON has and the standard's has not."""
    LIMIT = "limit"


class Position(NamedTuple):
    """A place in a text file: line and column, both counted from 1, in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
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


class Scalar(NamedTuple):
    """A scalar as it stands in the text: ``text[start:end]``, quotes included."""

    start: int
    end: int
    style: str
    """``'``, ``"``, ``|``, ``>``, or empty for a plain scalar."""


@dataclass(slots=True)
class Document:
    """A parsed file, or a JSON text inside a scalar of another document.

    ``data`` holds only JSON values (dict with string keys, list, str, int, float, bool, None); what YAML
    reads as something else is kept as its source text and named in ``problems``.
    """

    path: str
    text: str
    data: Any
    problems: tuple[Problem, ...] = ()
    places: Places | None = None
    parent: Document | None = None
    anchor: tuple[str | int, ...] = ()
    """Where in ``parent`` this document's text stands; its pointers continue from there."""

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

    def position(self, offset: int) -> Position | None:
        """Line and column, in the file, of the character at ``offset`` of this document's text."""
        if self.parent is None:
            line = self.text.count("\n", 0, offset) + 1
            return Position(line, offset - self.text.rfind("\n", 0, offset))
        outer = self.parent.places.scalar(self.anchor) if self.parent.places else None
        if outer is None:
            return self.parent.locate(self.anchor)
        return self.parent.position(offset_in_source(self.parent.text, outer, offset))

    def source_line(self, line: int) -> str:
        """The text of line ``line`` of the file, counted from 1."""
        document = self
        while document.parent is not None:
            document = document.parent
        lines = document.text.split("\n", line)
        return lines[line - 1].rstrip("\r") if len(lines) >= line else ""

    def written(self, pointer: Pointer) -> str | None:
        """The characters of the scalar at ``pointer`` exactly as the file has them."""
        scalar = self.places.scalar(pointer) if self.places else None
        return None if scalar is None else self.text[scalar.start : scalar.end]

    def pointer(self, pointer: Pointer) -> str:
        """The RFC 6901 JSON Pointer of a value, from the root of the file."""
        steps = [*self.anchor, *pointer]
        document = self.parent
        while document is not None and document.parent is not None:
            steps = [*document.anchor, *steps]
            document = document.parent
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def decode(content: bytes) -> tuple[str, Problem | None]:
    """UTF-8 bytes as text, and the problem when they are not UTF-8 (the text then has substitutes)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "", Problem(
            ProblemKind.ENCODING, "the file is UTF-16, not UTF-8", Position(1, 1), fatal=True
        )
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        return "", Problem(ProblemKind.ENCODING, message, Position(line, column), fatal=True)


def offset_in_source(text: str, scalar: Scalar, offset: int) -> int:
    """The index in ``text`` of the ``offset``-th character of the value of a YAML scalar.

    Undoes the folding and the escapes of YAML 1.1 flow scalars (sections 5.7 and 9.1).  Block scalars
    are not mapped: their start is returned.
    """
    from mlmodel.documents.folding import tokens  # only findings inside such scalars need it

    count = 0
    for start, length in tokens(text, scalar):
        if count + max(length, 1) > offset and length:
            return start
        count += length
    return scalar.start
