"""JSON texts: whole files, and the strings inside an MLmodel that hold JSON."""

from __future__ import annotations

import json
import re
from array import array
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.texts import shortened
from mlmodel.documents.base import Document, Limits, Position, Problem, ProblemKind, decode
from mlmodel.documents.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPACE = lazy_pattern(r"[ \t\r\n]*")
_ATOM = r"[^\s,\]}]+"
_MARK = r'["{}]|NaN|-?Infinity'
_SURROGATE = r"\\u[dD][89a-fA-F]"
_STRANGE = lazy_pattern(r"\\u[dD][89a-fA-F]|NaN|Infinity")
"""What may not be the JSON of the standard."""
_DECODER = json.JSONDecoder()


_QUICK = json.JSONDecoder().decode
_KEY = lazy_pattern(r'"\s*:')


class _Duplicates:
    """An ``object_pairs_hook`` that notices keys which occur twice in one object."""

    def __init__(self) -> None:
        self.found = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        self.found |= len(mapping) != len(pairs)
        return mapping


def parse_json(
    content: bytes | str,
    path: str,
    *,
    parent: Document | None = None,
    anchor: Sequence[str | int] = (),
) -> Document:
    """Parse a JSON text as Python's ``json.loads`` does: ``NaN`` and ``Infinity`` are numbers."""
    if isinstance(content, bytes):
        text, problem = decode(content)
        if problem is None and content.startswith(b"\xef\xbb\xbf"):
            message = "a byte order mark stands before the text; json.load refuses it"
            problem = Problem(ProblemKind.SYNTAX, message, Position(1, 1), fatal=True)
        if problem is not None:
            return Document(path, text, None, (problem,))
    else:
        text = content
    document = Document(path, text, None, (), JsonPlaces(text), parent, tuple(anchor))
    if sum(map(text.count, ",:[[{{{")) > Limits.JSON_VALUES:  # those inside strings are counted too
        message = f"more than {Limits.JSON_VALUES:,} values and keys"
        document.problems = (Problem(ProblemKind.LIMIT, message, document.position(0), fatal=True),)
        return document
    if not _STRANGE.search(text):
        try:
            document.data = _QUICK(text)
        except (ValueError, RecursionError):
            pass  # the other way says why
        else:
            # A text in which all keys are accounted for has none twice.
            depth, keys = _measure(document.data)
            if depth <= Limits.DEPTH and keys == sum(1 for _ in _KEY.finditer(text)):
                return document
            document.data = None
    duplicates = _Duplicates()
    constants: list[str] = []

    def constant(name: str) -> float:
        constants.append(name)
        return float(name)

    try:
        document.data = json.loads(text, object_pairs_hook=duplicates, parse_constant=constant)
    except json.JSONDecodeError as error:
        message = f"{error.msg[:1].lower()}{error.msg[1:]}"
        document.problems = (Problem(ProblemKind.SYNTAX, message, document.position(error.pos), fatal=True),)
    except RecursionError:
        document.problems = (too_deep(),)
    except ValueError as error:  # an integer of more digits than CPython converts
        document.problems = (Problem(ProblemKind.SYNTAX, str(error), fatal=True),)
    else:
        # Depth first: nothing below may walk data that is deeper than the limit.
        if _measure(document.data)[0] > Limits.DEPTH:
            document.data = None
            document.problems = (too_deep(),)
            return document
        if re.search(_SURROGATE, text):
            document.data = _without_surrogates(document.data)
        if duplicates.found or constants:
            document.problems = tuple(_problems(document))
    return document


def _problems(document: Document) -> Iterator[Problem]:
    """Keys that stand twice in one object, and the first of the numbers that only Python reads."""
    text = document.text
    objects: list[dict[str, int]] = []
    strange = False
    count = index = 0
    search = re.compile(_MARK).search
    while (mark := search(text, index)) is not None:
        index = mark.end()
        if mark[0] == "{":
            objects.append({})
        elif mark[0] == "}":
            objects.pop()
        elif mark[0] == '"':
            string, index = scanstring(text, index, True)
            if not _is_key(text, index):
                continue
            first = objects[-1].setdefault(string, mark.start())
            if first != mark.start():
                count += 1
                if count > Limits.PROBLEMS:
                    yield Problem(ProblemKind.LIMIT, f"more than {Limits.PROBLEMS:,} keys stand twice")
                    return
                line = (document.position(first) or Position(1, 1)).line
                yield Problem(
                    ProblemKind.DUPLICATE_KEY,
                    f"key {shortened(repr(string))} stands twice in one object, first in line {line};"
                    " readers keep only the last",
                    document.position(mark.start()),
                )
        elif not strange:
            strange = True
            message = f"{mark[0]} is not JSON: only Python reads it"
            yield Problem(ProblemKind.NAN, message, document.position(mark.start()))


def _is_key(text: str, end: int) -> bool:
    """Whether a string of a JSON text that ends at ``end`` is a key."""
    space = _SPACE.match(text, end)
    return space is not None and text[space.end() : space.end() + 1] == ":"


def _without_surrogates(value: Any) -> Any:
    r"""A value whose texts can be encoded: a lone surrogate (``"\ud800"``), which is no character, is replaced."""
    if type(value) is str:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if type(value) is list:
        return [_without_surrogates(item) for item in value]
    if type(value) is dict:
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


def too_deep() -> Problem:
    """The problem of a document that nests deeper than :attr:`Limits.DEPTH`."""
    return Problem(
        ProblemKind.LIMIT,
        f"nested deeper than {Limits.DEPTH} levels",
        Position(1, 1),
        fatal=True,
    )


def _measure(data: Any) -> tuple[int, int]:
    """Levels of nesting, and keys in all objects down to one level more than are allowed; by breadth and without
    recursion."""
    level, depth, keys = [data], 0, 0
    while level and depth <= Limits.DEPTH:
        below: list[Any] = []
        for value in level:
            if type(value) is dict:
                keys += len(value)
                value = value.values()  # noqa: PLW2901 - the same for both
            elif type(value) is not list:
                continue
            below += [item for item in value if type(item) is dict or type(item) is list]
        level, depth = below, depth + 1
    return depth, keys


class JsonPlaces:
    """Finds a pointer in a JSON text by scanning it again: only findings pay for positions, and each
    container is scanned once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._objects: dict[int, dict[str, tuple[int, int]]] = {}
        """For each object that was passed, by its index: the indexes of its keys and their values."""
        self._arrays: dict[int, array[int]] = {}
        """For each array that was passed, by its index: the indexes of its items."""

    def offset(self, pointer: Sequence[str | int], *, key: bool = False) -> int | None:
        """See :meth:`Places.offset`."""
        try:
            index = self._skip_space(0)
            for depth, step in enumerate(pointer):
                found = self._child(index, step)
                if found is None:
                    return None
                key_index, index = found
                if key and depth == len(pointer) - 1:
                    return key_index
        except (ValueError, IndexError, RecursionError):
            return None
        return index

    def scalar(self, pointer: Sequence[str | int]) -> Scalar | None:
        """See :meth:`Places.scalar`."""
        start = self.offset(pointer)
        if start is None or self._text[start] in "[{":
            return None
        return Scalar(start, self._end(start), '"' if self._text[start] == '"' else "")

    def _child(self, index: int, step: str | int) -> tuple[int, int] | None:
        """Indexes of the key and of the value of one member; the last one where a key repeats."""
        if self._text[index] == "{" and isinstance(step, str):
            if index not in self._objects:
                self._objects[index] = dict(self._members(index))
            return self._objects[index].get(step)
        if self._text[index] == "[" and isinstance(step, int):
            if index not in self._arrays:
                self._arrays[index] = array("q", self._items(index))
            items = self._arrays[index]
            return (items[step], items[step]) if 0 <= step < len(items) else None
        return None

    def _members(self, index: int) -> Iterator[tuple[str, tuple[int, int]]]:
        index = self._skip_space(index + 1)
        while self._text[index] != "}":
            key_index = index
            name, index = scanstring(self._text, index + 1, True)
            index = self._skip_space(self._skip_space(index) + 1)
            yield name, (key_index, index)
            index = self._next(index)

    def _items(self, index: int) -> Iterator[int]:
        index = self._skip_space(index + 1)
        while self._text[index] != "]":
            yield index
            index = self._next(index)

    def _next(self, index: int) -> int:
        """The index behind a member's value and its comma."""
        index = self._skip_space(self._end(index))
        return self._skip_space(index + 1) if self._text[index] == "," else index

    def _skip_space(self, index: int) -> int:
        match = _SPACE.match(self._text, index)
        return match.end() if match else index

    def _end(self, index: int) -> int:
        first = self._text[index]
        if first == '"':
            return int(scanstring(self._text, index + 1, True)[1])
        if first in "[{":
            return int(_DECODER.raw_decode(self._text, index)[1])
        match = re.compile(_ATOM).match(self._text, index)
        return match.end() if match else index + 1
