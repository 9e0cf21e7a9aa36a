"""JSON texts: whole files, and the strings inside an MLmodel that hold JSON."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring
from typing import TYPE_CHECKING, Any

from mlmodel.documents.base import Document, Limits, Position, Problem, ProblemKind, Scalar, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"[^\s,\]}]+")


class _Duplicates:
    """An ``object_pairs_hook`` that remembers keys which occur twice in one object."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            seen: set[str] = set()
            self.keys += [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
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
        if problem is not None:
            return Document(path, text, None, (problem,))
    else:
        text = content
    document = Document(path, text, None, (), JsonPlaces(text), parent, tuple(anchor))
    duplicates = _Duplicates()
    constants: list[str] = []

    def constant(name: str) -> float:
        constants.append(name)
        return float(name)

    try:
        document.data = json.loads(text, object_pairs_hook=duplicates, parse_constant=constant)
    except json.JSONDecodeError as error:
        message = f"{error.msg[:1].lower()}{error.msg[1:]}"
        document.problems = (
            Problem(ProblemKind.SYNTAX, message, document.position(error.pos), fatal=True),
        )
    except RecursionError:
        document.problems = (too_deep(),)
    except ValueError as error:  # an integer of more digits than CPython converts
        document.problems = (Problem(ProblemKind.SYNTAX, str(error), fatal=True),)
    else:
        # Depth first: nothing below may walk data that is deeper than the limit.
        if _depth(document.data) > Limits.DEPTH:
            document.data = None
            document.problems = (too_deep(),)
        else:
            document.problems = tuple(
                Problem(
                    ProblemKind.DUPLICATE_KEY,
                    f"key {key!r} stands twice in one object; readers keep the last",
                    document.position(_last_key(text, key)),
                )
                for key in duplicates.keys
            )
            if constants:
                document.problems += (
                    Problem(
                        ProblemKind.NAN,
                        f"{constants[0]} is not JSON: only Python reads it",
                        document.position(text.find(constants[0])),
                    ),
                )
    return document


def too_deep() -> Problem:
    """The problem of a document that nests deeper than :attr:`Limits.DEPTH`."""
    return Problem(
        ProblemKind.LIMIT,
        f"nested deeper than {Limits.DEPTH} levels",
        Position(1, 1),
        fatal=True,
    )


def _depth(data: Any) -> int:
    """Levels of nesting, by breadth and without recursion."""
    level, depth = [data], 0
    while level and depth <= Limits.DEPTH:
        below: list[Any] = []
        for value in level:
            if type(value) is list:
                below += [item for item in value if type(item) in (list, dict)]
            elif type(value) is dict:
                below += [item for item in value.values() if type(item) in (list, dict)]
        level, depth = below, depth + 1
    return depth


def _last_key(text: str, key: str) -> int:
    return max(text.rfind(json.dumps(key)), text.rfind(json.dumps(key, ensure_ascii=False)), 0)


class JsonPlaces:
    """Finds a pointer in a JSON text by scanning it again: only findings pay for positions."""

    def __init__(self, text: str) -> None:
        self._text = text

    def offset(self, pointer: Sequence[str | int], *, key: bool = False) -> int | None:
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
        start = self.offset(pointer)
        if start is None or self._text[start] in "[{":
            return None
        return Scalar(start, self._end(start), '"' if self._text[start] == '"' else "")

    def _child(self, index: int, step: str | int) -> tuple[int, int] | None:
        """Indexes of the key and of the value of one member; the last one where a key repeats."""
        text = self._text
        opening = text[index]
        if opening not in "[{":
            return None
        found: tuple[int, int] | None = None
        count = 0
        index = self._skip_space(index + 1)
        while text[index] not in "]}":
            key_index = index
            name: str | int = count
            if opening == "{":
                name, index = scanstring(text, index + 1, True)
                index = self._skip_space(self._skip_space(index) + 1)
            if name == step:
                found = (key_index, index)
                if opening == "[":
                    break
            index = self._skip_space(self._end(index))
            if text[index] == ",":
                index = self._skip_space(index + 1)
            count += 1
        return found

    def _skip_space(self, index: int) -> int:
        match = _SPACE.match(self._text, index)
        return match.end() if match else index

    def _end(self, index: int) -> int:
        first = self._text[index]
        if first == '"':
            return scanstring(self._text, index + 1, True)[1]
        if first in "[{":
            return json.JSONDecoder().raw_decode(self._text, index)[1]
        match = _ATOM.match(self._text, index)
        return match.end() if match else index + 1
