"""YAML as MLflow reads it (``yaml.safe_load``, YAML 1.1), with positions and bounded on any input.

The events of PyYAML's C parser are composed here, not by PyYAML: its composer recurses once a level,
keeps only the last of two equal keys without a word, and its constructor forgets every position.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from mlmodel.common.texts import shortened
from mlmodel.documents.base import Document, Limits, Lines, Position, Problem, ProblemKind, decode
from mlmodel.documents.json import too_deep
from mlmodel.documents.scalar import Scalar
from mlmodel.documents.yaml_scalars import (
    CONSTANTS,
    LETTERS,
    LOADER,
    MAY_DIFFER,
    NO_TEXT,
    PYTHON_TAGS,
    SCALAR_TAGS,
    TAG,
    WORDS,
    construct,
    difference,
    implicit_tag,
    is_long_number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONTAINER_TAGS = {"!": None, None: None, TAG + "map": dict, TAG + "seq": list}
_TAG_DIRECTIVE = "(?:^|[\r\n\x85\u2028\u2029])%TAG"


def parse_yaml(content: bytes | str, path: str) -> Document:
    """Parse one YAML document; what it cannot represent as JSON is kept as text and named a problem."""
    if isinstance(content, bytes):
        text, problem = decode(content)
        if problem is not None:
            return Document(path, text, None, (problem,))
    else:
        text = content
    # libyaml compares every %TAG directive with all before it.
    if text.count("%TAG") > 100 and len(re.findall(_TAG_DIRECTIVE, text)) > 100:
        limit = Problem(ProblemKind.LIMIT, "more than 100 %TAG directives", Position(1, 1), fatal=True)
        return Document(path, text, None, (limit,))
    composer = _Composer(text)
    if isinstance(content, bytes) and content.startswith(b"\xef\xbb\xbf"):
        message = (
            "a byte order mark stands before the text: readers that do not expect it see a strange first key"
        )
        composer.problems.append(Problem(ProblemKind.BYTE_ORDER_MARK, message, Position(1, 1)))
    try:
        data = composer.compose()
    except yaml.MarkedYAMLError as error:
        composer.problems.append(composer.syntax_problem(error))
        data = None
    except yaml.YAMLError as error:  # the reader: a character that YAML forbids
        composer.problems.append(_character_problem(error, text))
        data = None
    except _GiveUpError as stop:
        composer.problems.append(stop.problem)
        data = None
    return Document(path, text, data, tuple(composer.problems), composer)


class _GiveUpError(Exception):
    """Composing cannot go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Frame:
    """A container that is being filled."""

    __slots__ = ("anchor", "event", "key", "key_event", "merges", "nodes", "places", "value")

    def __init__(self, value: Any, event: Any, anchor: str | None) -> None:
        self.value = value
        self.event = event
        self.anchor = anchor
        self.key: Any = _NO_KEY
        self.key_event: Any = None
        self.merges: list[Any] = []
        self.places: dict[str | int, tuple[Any, Any]] = {}
        self.nodes = 1


_NO_KEY = object()
_MERGE = object()


class _Composer:
    """Turns events into data, and remembers where every value stands (see :class:`Places`)."""

    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._lines: Lines | None = None
        self._root_event: Any = None
        self._root: Any = None
        self._places: dict[int, dict[str | int, tuple[Any, Any]]] = {}
        self._anchors: dict[str, tuple[Any, int, Any]] = {}
        self._open_anchors: set[str] = set()
        self._stack: list[_Frame] = []

    # -- composing -------------------------------------------------------------------------------

    def compose(self) -> Any:
        """The data of the first document."""
        parser = _parser(self._text)
        try:
            get_event = parser.get_event
            stack = self._stack
            documents = 0
            while True:
                event = get_event()
                kind = type(event)
                if kind is yaml.ScalarEvent:
                    value = event.value
                    if event.anchor is None and event.tag is None and len(value) < Limits.TEXT:
                        if event.implicit[0] and value[:1] in NO_TEXT:
                            # What nearly every such scalar is, without a look at all patterns.
                            if value in CONSTANTS:
                                value = CONSTANTS[value]
                            elif value[0] not in LETTERS or value in WORDS:
                                value = self._resolve(event)
                        # As _add does it, which is called for what is left.
                        frame = stack[-1] if stack else None
                        if frame is None or frame.nodes >= Limits.YAML_VALUES:
                            self._add(value, 1, event)
                            continue
                        container, key = frame.value, frame.key
                        if type(container) is list:
                            frame.places[len(container)] = (event, event)
                            container.append(value)
                        elif key is _NO_KEY:
                            if type(value) is not str or value == "<<":
                                self._add(value, 1, event)
                                continue
                            frame.key, frame.key_event = value, event
                        elif key is _MERGE or key in container:
                            self._add(value, 1, event)
                            continue
                        else:
                            container[key] = value
                            frame.places[key] = (frame.key_event, event)
                            frame.key = _NO_KEY
                        frame.nodes += 1
                    else:
                        self._add(*self._scalar(event), event)
                elif kind is yaml.MappingStartEvent:
                    self._open({}, event)
                elif kind is yaml.SequenceStartEvent:
                    self._open([], event)
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    self._close()
                elif kind is yaml.AliasEvent:
                    self._alias(event)
                elif kind is yaml.DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        raise _GiveUpError(
                            Problem(
                                ProblemKind.DOCUMENTS,
                                "a second YAML document starts here",
                                self._position(event.start_mark),
                                fatal=True,
                            )
                        )
                elif kind is yaml.StreamEndEvent:
                    return self._root
        finally:
            parser.dispose()

    def _open(self, value: Any, event: Any) -> None:
        if len(self._stack) >= Limits.DEPTH:
            raise _GiveUpError(too_deep())
        if _CONTAINER_TAGS.get(event.tag, ...) not in (None, type(value)):
            self._tag_problem(event, event.tag, type(value))
        if event.anchor:
            self._refuse_second(event)
            self._open_anchors.add(event.anchor)
        self._stack.append(_Frame(value, event, event.anchor))

    def _close(self) -> None:
        frame = self._stack.pop()
        value = frame.value
        for merged in reversed(frame.merges):
            for key, item in merged.items():
                if key not in value:
                    value[key] = item
                    frame.places[key] = self._places.get(id(merged), {}).get(key, (None, None))
        self._places[id(value)] = frame.places
        if frame.anchor:
            self._open_anchors.discard(frame.anchor)
            self._anchors[frame.anchor] = (value, frame.nodes, frame.event)
        self._add(value, frame.nodes, frame.event)

    def _refuse_second(self, event: Any) -> None:
        """PyYAML takes no second anchor of one name, though YAML has it."""
        if event.anchor in self._anchors or event.anchor in self._open_anchors:
            message = f"anchor &{shortened(event.anchor)} stands twice"
            raise _GiveUpError(
                Problem(ProblemKind.SYNTAX, message, self._position(event.start_mark), fatal=True)
            )

    def _alias(self, event: Any) -> None:
        if event.anchor in self._open_anchors:
            raise _GiveUpError(
                Problem(
                    ProblemKind.LIMIT,
                    f"alias *{shortened(event.anchor)} contains itself",
                    self._position(event.start_mark),
                    fatal=True,
                )
            )
        if event.anchor not in self._anchors:
            raise _GiveUpError(
                Problem(
                    ProblemKind.SYNTAX,
                    f"alias *{shortened(event.anchor)} has no anchor of that name before it",
                    self._position(event.start_mark),
                    fatal=True,
                )
            )
        value, nodes, _ = self._anchors[event.anchor]
        self._add(value, nodes, event)

    def _add(self, value: Any, nodes: int, event: Any) -> None:
        """Put a finished value where it belongs: root, list item, key or value."""
        if not self._stack:
            self._root, self._root_event = value, event
            return
        frame = self._stack[-1]
        frame.nodes += nodes
        if frame.nodes > Limits.YAML_VALUES:
            raise _GiveUpError(
                Problem(
                    ProblemKind.LIMIT,
                    f"more than {Limits.YAML_VALUES:,} values",
                    self._position(event.start_mark),
                    fatal=True,
                )
            )
        container = frame.value
        if type(container) is list:
            frame.places[len(container)] = (event, event)
            container.append(value)
        elif frame.key is _NO_KEY:
            frame.key, frame.key_event = self._key(value, event), event
        else:
            key, frame.key = frame.key, _NO_KEY
            if key is _MERGE:
                self._merge(frame, value, event)
                return
            if key in container:
                self._duplicate(frame, key)
            container[key] = value
            frame.places[key] = (frame.key_event, event)

    def _key(self, value: Any, event: Any) -> Any:
        if type(value) is str and not (value == "<<" and _is_plain(event)):
            return value
        if value == "<<":
            return _MERGE
        written = self._source(event)
        self._problem(
            ProblemKind.KEY_TYPE,
            f"key {written} is {_kind_name(value)}, not a string",
            event,
            (*self._path(), written),
        )
        return written

    def _merge(self, frame: _Frame, value: Any, event: Any) -> None:
        values = value if type(value) is list else [value]
        if all(type(item) is dict for item in values):
            frame.merges += reversed(values)
            self._problem(ProblemKind.FEATURE, "merge key << is YAML 1.1 only", event, self._path())
        else:
            raise _GiveUpError(
                Problem(
                    ProblemKind.SYNTAX,
                    "merge key << needs a mapping, or a list of mappings",
                    self._position(event.start_mark),
                    fatal=True,
                )
            )

    def _duplicate(self, frame: _Frame, key: str) -> None:
        first = self._position(frame.places[key][0].start_mark).line
        self._problem(
            ProblemKind.DUPLICATE_KEY,
            f"key {shortened(repr(key))} stands twice in one mapping, first in line {first};"
            " readers keep only the last",
            frame.key_event,
            (*self._path(), key),
        )

    # -- scalars ---------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> tuple[Any, int]:
        value = self._resolve(event)
        nodes = 1 + len(event.value) // Limits.TEXT
        if event.anchor:
            self._refuse_second(event)
            self._anchors[event.anchor] = (value, nodes, event)
        return value, nodes

    def _resolve(self, event: Any) -> Any:
        value: str = event.value
        tag = event.tag
        if tag is None or tag == "!":
            if not event.implicit[0]:
                return value
            if len(value) > Limits.DIGITS:
                if is_long_number(value):
                    raise _GiveUpError(self._long_number(event))
                return value
            tag = implicit_tag(value)
            if value[:1] in MAY_DIFFER or tag is not None:
                message = difference(value, tag)
                if message is not None:
                    self._problem(ProblemKind.AMBIGUOUS, message, event, self._path_of_next())
            if tag is None:
                return value
        return self._construct(tag, value, event)

    def _construct(self, tag: str, value: str, event: Any) -> Any:
        if tag == TAG + "str" or (tag == TAG + "merge" and self._awaits_key()):
            return value
        if tag not in SCALAR_TAGS:
            self._tag_problem(event, tag, str)
            return value
        if len(value) > Limits.DIGITS and tag not in PYTHON_TAGS:
            raise _GiveUpError(self._long_number(event))
        try:
            result = construct(tag, value)
        except ValueError as error:
            place = self._position(event.start_mark)
            raise _GiveUpError(Problem(ProblemKind.SYNTAX, str(error), place, fatal=True)) from None
        if tag == TAG + "timestamp":
            self._problem(
                ProblemKind.TIMESTAMP,
                f"YAML reads the unquoted {shortened(value)} as a date",
                event,
                self._path_of_next(),
            )
            return value
        if tag in PYTHON_TAGS:
            self._tag_problem(event, tag, str)
            return value
        return result

    def _long_number(self, event: Any) -> Problem:
        message = f"a number of {len(event.value):,} characters, more than {Limits.DIGITS:,} can be judged"
        return Problem(ProblemKind.LIMIT, message, self._position(event.start_mark), fatal=True)

    # -- problems --------------------------------------------------------------------------------

    def _tag_problem(self, event: Any, tag: str, before: type) -> None:
        shown = "!!" + tag.removeprefix(TAG) if tag.startswith(TAG) else tag
        if shown == "!!value":
            shown = "= (!!value)"
        kind = ProblemKind.TYPE if PYTHON_TAGS.get(tag) is before else ProblemKind.TAG
        self._problem(
            kind,
            f"tag {shortened(shown)} is outside the JSON-compatible subset of YAML",
            event,
            self._path_of_next(),
        )

    def _problem(self, kind: ProblemKind, message: str, event: Any, pointer: tuple[str | int, ...]) -> None:
        if len(self.problems) < Limits.PROBLEMS:
            self.problems.append(Problem(kind, message, self._position(event.start_mark), pointer))
        elif len(self.problems) == Limits.PROBLEMS:
            message = f"more than {Limits.PROBLEMS:,} places are outside the subset of YAML"
            self.problems.append(Problem(ProblemKind.LIMIT, message, self._position(event.start_mark)))

    def syntax_problem(self, error: yaml.MarkedYAMLError) -> Problem:
        """What PyYAML's parser said."""
        if "nesting depth" in (error.problem or ""):  # the own limit of libyaml 0.2.6
            return too_deep()
        mark = error.problem_mark or error.context_mark
        parts = [part for part in (error.problem, error.context) if part]
        message = ", ".join(parts) or "not YAML"
        return Problem(ProblemKind.SYNTAX, message, self._position(mark) if mark else None, fatal=True)

    def _position(self, mark: Any) -> Position:
        # The mark's own line counts breaks that editors do not know (NEL, LS, PS).
        if self._lines is None:
            self._lines = Lines(self._text)
        return self._lines.position(mark.index)

    def _awaits_key(self) -> bool:
        """Whether the value that is being read becomes a key."""
        return bool(self._stack) and not _is_list(self._stack[-1]) and self._stack[-1].key is _NO_KEY

    def _path(self) -> tuple[str | int, ...]:
        """The pointer of the innermost open container."""
        return tuple(self._step(frame) for frame in self._stack[:-1])

    def _path_of_next(self) -> tuple[str | int, ...]:
        """The pointer of the value that is being read."""
        return tuple(
            self._step(frame) for frame in self._stack if frame.key is not _NO_KEY or _is_list(frame)
        )

    @staticmethod
    def _step(frame: _Frame) -> str | int:
        return len(frame.value) if _is_list(frame) else str(frame.key)

    def _source(self, event: Any) -> str:
        return self._text[event.start_mark.index : event.end_mark.index][:60].split("\n")[0].strip()

    # -- places (see Places) ---------------------------------------------------------------------

    def offset(self, pointer: Sequence[str | int], *, key: bool = False) -> int | None:
        events = self._events(pointer)
        if events is None:
            return None
        event = events[0] if key else events[1]
        return None if event is None else int(event.start_mark.index)

    def scalar(self, pointer: Sequence[str | int]) -> Scalar | None:
        events = self._events(pointer)
        if events is None or type(events[1]) is not yaml.ScalarEvent:
            return None
        event: Any = events[1]
        if event.tag is not None or event.anchor is not None:
            return None
        return Scalar(event.start_mark.index, event.end_mark.index, event.style or "")

    def _events(self, pointer: Sequence[str | int]) -> tuple[Any, Any] | None:
        value, events = self._root, (self._root_event, self._root_event)
        if self._root_event is None:
            return None
        for step in pointer:
            place = self._places.get(id(value), {}).get(step)
            if place is None:
                return None
            events, value = place, value[step]
        return events


def _parser(text: str) -> Any:
    """The C parser, and PyYAML's other one where they differ: it takes no tab for a blank, and no byte order mark
    for nothing, and it is the one that readers use."""
    slow = ("\t" in text or text.find("\ufeff", 1) > 0) and len(text) <= Limits.SLOW
    return (yaml.SafeLoader if slow else LOADER)(text)


def _is_list(frame: _Frame) -> bool:
    return type(frame.value) is list


def _is_plain(event: Any) -> bool:
    return type(event) is yaml.ScalarEvent and event.implicit[0] and event.tag is None


def _kind_name(value: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a number", list: "a list", dict: "a mapping"}
    return "null" if value is None else names.get(type(value), "a date")


def _character_problem(error: yaml.YAMLError, text: str) -> Problem:
    """The place of the first character that YAML 1.1 forbids (section 5.1)."""
    bad = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if bad is None:
        return Problem(ProblemKind.SYNTAX, str(error).split("\n")[0][:200], fatal=True)
    line = text.count("\n", 0, bad.start()) + 1
    column = bad.start() - text.rfind("\n", 0, bad.start())
    message = f"character U+{ord(bad.group()):04X} is not allowed in YAML"
    return Problem(ProblemKind.ENCODING, message, Position(line, column), fatal=True)
