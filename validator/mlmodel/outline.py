"""Where the keys of an MLmodel file belong, and which of them stand elsewhere.

A careless copy loses a line such as ``flavors:`` and leaves its children at the top, or indented under
nothing.  YAML then sees a syntax error or a handful of unknown keys; the author needs to hear which line
is missing, and above which.  The schemas say where a key may stand; the rest is the outline of the text:
keys, indentation and order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmodel import schemas
from mlmodel.documents import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlmodel.documents import Document

    Path = tuple[str, ...]

_FLAVORS = ("flavors",)
_PYFUNC = ("flavors", "python_function")
_LEVELS = 4
"""No described key stands deeper."""
_DEEPEST = 12
_LINES = 2000
_WIDTH = 500
_ROW = 30
"""Bounds that keep any text from costing much: its levels, lines, characters of a line, keys in a row."""


# -- where keys may stand ------------------------------------------------------------------------------


class Place(NamedTuple):
    """A mapping in which a key may stand, and the types that its value may have there."""

    path: Path
    types: frozenset[str]
    values: tuple[Any, ...] = ()
    """The only values that it may have, where the schema lists them."""


@cache
def top_level() -> frozenset[str]:
    """The known top-level keys."""
    return frozenset(schemas.schema("mlmodel.schema.json")["properties"])


@cache
def homes() -> Mapping[str, tuple[Place, ...]]:
    """For each key that a schema describes below the top level, the mappings where it may stand."""
    found: dict[str, list[Place]] = {}
    root = schemas.schema("mlmodel.schema.json")
    for name in ("signature", "saved_input_example_info"):
        _collect(found, (name,), *_resolved(root, root["properties"][name]))
    # python_function first: a key that many flavors have is explained by the one nearly every model has.
    for flavor in sorted(schemas.flavor_names(), key=lambda name: (name != _PYFUNC[1], name)):
        found.setdefault(flavor, []).append(Place(_FLAVORS, frozenset({"object"})))
        schema = schemas.schema(f"flavors/{flavor}.schema.json")
        _collect(found, (*_FLAVORS, flavor), schema, schema)
    return {key: tuple(places) for key, places in found.items()}


def _collect(found: dict[str, list[Place]], path: Path, root: schemas.Json, node: schemas.Json) -> None:
    for key, below in node.get("properties", {}).items():
        inner_root, inner = _resolved(root, below)
        types = inner.get("type", ())
        types = frozenset([types] if isinstance(types, str) else types)
        found.setdefault(key, []).append(Place(path, types, tuple(inner.get("enum", ()))))
        _collect(found, (*path, key), inner_root, inner)


def _resolved(root: schemas.Json, node: schemas.Json) -> tuple[schemas.Json, schemas.Json]:
    """A subschema behind at most one reference, and the document it stands in."""
    reference = node.get("$ref", "")
    if reference.startswith("#"):
        return root, root["definitions"][reference.rsplit("/", 1)[-1]]
    if reference:
        document = schemas.schema(reference)
        return document, document
    return root, node


@lru_cache(maxsize=1000)  # a path is of the author's making
def _keys(path: Path) -> frozenset[str] | None:
    """The keys that a schema describes for the mapping at ``path``; None where any key may stand."""
    if not path:
        return top_level()
    if path == _FLAVORS:
        return schemas.flavor_names()
    if path[0] == _FLAVORS[0]:
        root = schemas.flavor_schema(path[1]) or {}
        steps = path[2:]
    elif path[0] in ("signature", "saved_input_example_info"):
        root = schemas.schema("mlmodel.schema.json")
        steps = path
    else:
        return None
    node = root
    for step in steps:
        root, node = _resolved(root, node.get("properties", {}).get(step, {}))
    return frozenset(node["properties"]) if "properties" in node else None


def _required(path: Path) -> frozenset[str]:
    """The keys that a mapping must have: the file, or the entry of a flavor."""
    if not path:
        return frozenset(schemas.schema("mlmodel.schema.json")["required"])
    schema = schemas.flavor_schema(path[1]) if path[:1] == _FLAVORS and len(path) == 2 else None
    return frozenset((schema or {}).get("required", ()))


# -- the outline of a file -----------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Node:
    """A key of the file, with what stands below it."""

    key: str
    line: int
    column: int
    value: str
    """``mapping``, ``list``, ``scalar``, ``null``, ``empty``, or ``any`` where that cannot be told."""
    text: str = ""
    """The value, where it is a scalar."""
    children: list[Node] = field(default_factory=list)
    path: Path = ()
    """The keys from the root of the file to it, its own included."""


_KEY_LINE = re.compile(r"( *)([A-Za-z_][\w.-]*):(?:[ \t]+(\S.*))?$")
_NULLS = ("null", "Null", "NULL", "~")


def from_text(text: str) -> list[Node]:
    """The outline of a text that need not be YAML, judged by indentation alone."""
    roots: list[Node] = []
    stack: list[tuple[int, Node]] = []
    for number, full in enumerate(text.split("\n", _LINES)[:_LINES], 1):
        line = full[:_WIDTH]
        match = _KEY_LINE.match(line.rstrip().expandtabs(8))
        if match is None:
            continue
        indent, value = len(match[1]), match[3] or ""
        while stack and stack[-1][0] >= indent:
            stack.pop()
        if len(stack) == _DEEPEST:
            continue
        path = (*(above.key for _, above in stack), match[2])
        column = len(line) - len(line.lstrip()) + 1
        node = Node(match[2], number, column, _kind_of_text(value), value, [], path)
        siblings = stack[-1][1].children if stack else roots
        siblings.append(node)
        if stack and stack[-1][1].value == "empty":
            stack[-1][1].value = "mapping"
        stack.append((indent, node))
    return roots


def _kind_of_text(value: str) -> str:
    if value in _NULLS:
        return "null"
    if not value or value.startswith("#"):
        return "empty"
    return "any" if value[0] in "{[&*!|>" else "scalar"


def _from_data(data: Mapping[str, Any], path: Path = ()) -> list[Node]:
    nodes = []
    for key, value in data.items():
        place = (*path, key)
        children = _from_data(value, place) if isinstance(value, dict) and len(place) < _LEVELS else []
        text = value if isinstance(value, str) else ""
        nodes.append(Node(key, 0, 0, _kind_of_value(value), text, children, place))
    return nodes


def _kind_of_value(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, (dict, list)):
        return "mapping" if isinstance(value, dict) else "list"
    return "scalar"


# -- what stands in the wrong place --------------------------------------------------------------------


class Misplaced(NamedTuple):
    """Keys that stand together in one wrong place and belong together in another."""

    nodes: tuple[Node, ...]
    stands: Path
    """The keys above them; those of the file, however wrong they are themselves."""
    belongs: Path
    lost: Path
    """The last keys of ``belongs``, as far as the file lacks their lines."""
    parent: Node | None
    """The line that ``belongs`` ends with, where the file has it."""


def misplaced(document: Document) -> tuple[Misplaced, ...]:
    """The keys of an MLmodel file that stand in the wrong place, in the order of the file."""
    twice = any(problem.kind is ProblemKind.DUPLICATE_KEY for problem in document.problems)
    if isinstance(document.data, dict) and not twice:
        if _is_tidy(document.data):
            return ()
        outline = _Outline(_from_data(document.data))
    elif document.text and not isinstance(document.data, list):
        outline = _Outline(from_text(document.text))  # only the text has both of two equal keys
    else:
        return ()
    found = outline.misplaced()
    for node, _ in _walk(outline.roots) if found else ():
        if not node.line:
            node.line, node.column = document.locate(node.path, key=True) or (1, 1)
    return tuple(sorted(found, key=lambda group: (group.nodes[0].line, group.nodes[0].column)))


def _is_tidy(data: Mapping[str, Any]) -> bool:
    """Whether every key stands where a schema describes it: then nothing is misplaced, and the schemas of flavors
    that the file does not have need not be read."""
    flavors = data.get("flavors")
    if not isinstance(flavors, dict) or not flavors:
        return False
    pending: list[tuple[Path, Any]] = [((), data)]
    while pending:
        path, mapping = pending.pop()
        known = _keys(path)
        if known is None:
            if path[:1] in (_FLAVORS, ("signature",)):
                return False  # a flavor of another author, or a mapping with free keys in a flavor
        elif not isinstance(mapping, dict) or not mapping.keys() <= known:
            return False
        else:
            pending += [((*path, key), below) for key, below in mapping.items() if isinstance(below, dict)]
    return all(isinstance(conf, dict) for conf in flavors.values())


class _Stray(NamedTuple):
    """A key that seems to be in the wrong place."""

    node: Node
    belongs: Path
    may_stand: bool
    """Whether it would be right where it stands, too."""

    @property
    def target(self) -> Path:
        """Where it belongs, its own key included."""
        return (*self.belongs, self.node.key)


class _Outline:
    """One file under judgement."""

    def __init__(self, roots: list[Node]) -> None:
        self.roots = roots
        self._standing: dict[Path, Node] = {}
        """Every key of the file, by the path where it stands."""
        self._intended: dict[Path, Node] = {}
        """Keys in the wrong place, by the path where they belong."""
        self._found: list[Misplaced] = []
        self._places_of: dict[tuple[str, str, Path | None], list[Path]] = {}
        self._loaded_flavor = ""
        """The flavor whose module the file names as its loader."""
        for node, path in _walk(roots):
            self._standing.setdefault((*path, node.key), node)
            if node.key == "loader_module":
                self._loaded_flavor = node.text.strip("'\"").removeprefix("mlflow.")

    def misplaced(self) -> list[Misplaced]:
        """What stands in the wrong place."""
        for root in () if _FLAVORS in self._standing else self.roots:
            # The whole file may have been pasted below a key.
            inner = [child for child in root.children if child.key in top_level()]
            if root.value == "mapping" and len(inner) > 1 and any(child.key == "flavors" for child in inner):
                return [Misplaced(tuple(inner), (root.key,), (), (), None)]
        self._judge(self.roots, (), ())
        return self._found

    def _judge(self, nodes: Sequence[Node], path: Path | None, stands: Path) -> None:
        """Judge the keys that stand together below ``path``; None where nothing can stand."""
        known = _keys(path) if path is not None else frozenset[str]()
        if known is None:  # any key may stand here, but not all flavors of a file
            nodes = (
                []
                if _FLAVORS in self._standing
                else [node for node in nodes if _has_keys_of((*_FLAVORS, node.key), node)]
            )
            known = frozenset()
        strays: list[_Stray] = []
        at_home: list[Node] = []
        for index, node in enumerate(nodes):
            may_stand = node.key in known and self._standing[(*stands, node.key)] is node
            if may_stand and not strays and not (index and nodes[index - 1].value == "empty"):
                at_home.append(node)
                continue
            places = self._places(node, path)
            if places and not may_stand:
                home = self._likeliest(nodes, index, places, path, strays)
                strays.append(_Stray(node, home, may_stand=False))
            elif places and (other := self._continued(nodes, index, places, strays)) is not None:
                strays.append(_Stray(node, other, may_stand=True))
            elif may_stand:
                at_home.append(node)
        evident = self._evident(strays, path) if strays else []
        self._intended |= {stray.target: stray.node for stray in reversed(evident)}
        at_home += [stray.node for stray in strays if stray.may_stand and stray not in evident]
        for node in at_home:
            if node.children:
                inner = None if path is None or node.value in _WITHOUT_CHILDREN else (*path, node.key)
                self._judge(node.children, inner, (*stands, node.key))
        for stray in evident:
            # What stands below a scalar is its sibling, once the scalar is where it belongs.
            inner = stray.belongs if stray.node.value in _WITHOUT_CHILDREN else stray.target
            self._judge(stray.node.children, inner, (*stands, stray.node.key))
        self._report(evident, stands)

    def _places(self, node: Node, path: Path | None) -> list[Path]:
        """Where else a key may belong: the places that lack it, and that take such a value."""
        key = node.key, node.value, path
        if key not in self._places_of:
            found = [place.path for place in homes().get(node.key, ()) if _accepts(place.types, node)]
            if node.key in top_level():
                found.append(())
            self._places_of[key] = [
                place for place in found if place != path and (*place, node.key) not in self._standing
            ]
        return self._places_of[key]

    # -- which of several places a key belongs to

    def _likeliest(
        self,
        nodes: Sequence[Node],
        index: int,
        places: Sequence[Path],
        path: Path | None,
        before: Sequence[_Stray],
    ) -> Path:
        """The place that the keys after it share with it, or that was opened before it, or that is in use."""
        opened = [stray.target for stray in before if stray.node.value == "empty"]
        latest = before[-1].target if before else None
        shared = self._shared(nodes[index : index + _ROW], places, path)

        def rank(place: Path) -> tuple[bool | int, ...]:
            return (
                place == latest and place in opened,
                shared[place],
                bool(before) and place == before[-1].belongs,
                opened.index(place) if place in opened else -1,
                place[1:2] == (self._loaded_flavor,) and place not in self._standing,
                place in self._standing or place in self._intended,
                -places.index(place),
            )

        return max(places, key=rank)

    def _shared(self, nodes: Sequence[Node], places: Sequence[Path], path: Path | None) -> dict[Path, int]:
        """For each place, how many keys in a row could all belong to it."""
        shared = dict.fromkeys(places, 0)
        left = set(places)
        for node in nodes:
            left &= set(self._places(node, path))
            for place in left:
                shared[place] += 1
        return shared

    @staticmethod
    def _continued(
        nodes: Sequence[Node], index: int, places: Sequence[Path], before: Sequence[_Stray]
    ) -> Path | None:
        """The place of the keys around a key that may stand where it does: ``artifact_path`` is a top-level
        key, and one of ``saved_input_example_info``."""
        if not index:
            return None
        previous = nodes[index - 1]
        if before and before[-1].node is previous and before[-1].belongs in places:
            return before[-1].belongs
        opened = (previous.key,)
        keys = _keys(opened) if previous.value == "empty" else None
        following = nodes[index + 1].key if index + 1 < len(nodes) else ""
        return opened if opened in places and keys is not None and following in keys else None

    # -- which of them are surely in the wrong place

    def _evident(self, strays: Sequence[_Stray], path: Path | None) -> list[_Stray]:
        """Without what may be an author's own key, which is no error: a slip must show.

        A key that shows no slip by itself does so in the company of others that belong to the same section.
        """
        sure = {stray.belongs[:1] or path for stray in strays if self._shows_a_slip(stray, strays, path)}
        return [stray for stray in strays if (stray.belongs[:1] or path) in sure]

    def _shows_a_slip(self, stray: _Stray, strays: Sequence[_Stray], path: Path | None) -> bool:
        node, home = stray.node, stray.belongs
        together = {other.node.key for other in strays if other.belongs == home}
        wordy = "_" in node.key or _has_keys_of(stray.target, node) or _has_value_of(stray)
        if home == _FLAVORS:
            return wordy or _FLAVORS not in self._standing
        if home[:1] != _FLAVORS:
            is_section = _keys(stray.target) is not None
            if (
                home == () and path is not None and path[:-1] == _FLAVORS
            ):  # where an author's own keys may stand
                return is_section or len(together) > 1 or node.key in _required(home)
            return wordy or is_section or len(together) > 1 or node.text.lstrip("'\"")[:1] == "["
        is_loaded = home[1] == self._loaded_flavor
        if (
            path is not None and path[:-1] == _FLAVORS == home[:-1]
        ):  # it stands in the entry of another flavor
            is_lost = home not in self._standing and home not in self._intended
            return is_lost and (is_loaded or (home == _PYFUNC and not together.isdisjoint(_required(home))))
        if path is not None and path == home[: len(path)] != () and node.value != "mapping":
            return wordy or is_loaded or home[:2] == _PYFUNC
        is_known = is_loaded or home[:2] == _PYFUNC or home[:2] in self._standing
        if path is None:
            return is_known
        there = {place[-1] for place in self._standing if place[:-1] == home}
        return wordy and is_known and (len(together) > 1 or not there or not _required(home) <= there)

    # -- what is said of them

    def _report(self, strays: Sequence[_Stray], stands: Path) -> None:
        groups: dict[Path, list[Node]] = {}
        for stray in strays:
            groups.setdefault(stray.belongs, []).append(stray.node)
        for home, nodes in groups.items():
            lines = {**self._standing, **self._intended}
            there = max((n for n in range(1, len(home) + 1) if home[:n] in lines), default=0)
            self._found.append(Misplaced(tuple(nodes), stands, home, home[there:], lines.get(home)))


def _walk(nodes: Iterable[Node], path: Path = ()) -> Iterator[tuple[Node, Path]]:
    for node in nodes:
        yield node, path
        yield from _walk(node.children, (*path, node.key))


def _has_keys_of(place: Path, node: Node) -> bool:
    known = _keys(place) or frozenset()
    return any(child.key in known for child in node.children)


def _has_value_of(stray: _Stray) -> bool:
    places = homes().get(stray.node.key, ())
    return any(
        stray.node.text in place.values for place in places if place.path == stray.belongs and stray.node.text
    )


_WITHOUT_CHILDREN = ("scalar", "null")
_SCALARS = frozenset({"string", "number", "integer", "boolean"})


def _accepts(types: frozenset[str], node: Node) -> bool:
    if not types or node.value in ("any", "empty", "null"):
        return True
    if node.value == "mapping":
        return "object" in types
    return "array" in types if node.value == "list" else bool(types & _SCALARS)


# -- what a parser's complaint about the indentation means ---------------------------------------------


def indentation_fault(text: str, line: int) -> str | None:
    """Why a key cannot stand at its indentation, in words; None where nothing is wrong with it."""
    lines = text.split("\n", _LINES)[:_LINES]
    if len(lines) < line:
        return None
    blanks = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
    if "\t" in blanks:
        return "YAML does not indent with tabs: put blanks in their place"
    match = _KEY_LINE.match(lines[line - 1].rstrip())
    if match is None:
        return None
    indents: list[tuple[int, re.Match[str], int]] = []
    for number, above in enumerate(lines[: line - 1], 1):
        key = _KEY_LINE.match(above.rstrip())
        if key is not None:
            while indents and indents[-1][0] > len(key[1]):
                indents.pop()
            indents.append((len(key[1]), key, number))
    deeper = [entry for entry in indents if entry[0] > len(match[1])]
    level = [entry for entry in indents if entry[0] == len(match[1])]
    above_it = [entry for entry in indents if entry[0] < len(match[1])]
    if deeper and not level:
        return f"no key above has its indentation; {deeper[0][1][2]!r} (line {deeper[0][2]}) has more"
    if above_it and not level and _kind_of_text(above_it[-1][1][3] or "") == "scalar":
        key, number = above_it[-1][1], above_it[-1][2]
        return f"{key[2]!r} (line {number}) has a value already, so nothing can be indented below it"
    return None
