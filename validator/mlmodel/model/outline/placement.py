"""Which keys of a file stand in the wrong place, and where they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.model.outline.nodes import walk
from mlmodel.model.outline.places import FLAVORS, PYFUNC, homes, keys_at, required_at, top_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.model.outline.nodes import Node
    from mlmodel.model.outline.places import Path

_ROW = 30
"""Keys in a row that are compared with a place, at most."""


class Misplaced(Record):
    """Keys that stand together in one wrong place and belong together in another."""

    nodes: tuple[Node, ...]
    stands: Path
    """The keys above them; those of the file, however wrong they are themselves."""
    belongs: Path
    lost: Path
    """The last keys of ``belongs``, as far as the file lacks their lines."""
    parent: Node | None
    """The line that ``belongs`` ends with, where the file has it."""


class _Candidate(Record):
    """A key that seems to be in the wrong place."""

    node: Node
    belongs: Path
    may_stand: bool
    """Whether it would be right where it stands, too."""

    @property
    def target(self) -> Path:
        """Where it belongs, its own key included."""
        return (*self.belongs, self.node.key)


class Outline:
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
        for node, path in walk(roots):
            self._standing.setdefault((*path, node.key), node)
            if node.key == "loader_module":
                self._loaded_flavor = node.text.strip("'\"").removeprefix("mlflow.")

    def misplaced(self) -> list[Misplaced]:
        """What stands in the wrong place."""
        for root in () if FLAVORS in self._standing else self.roots:
            # The whole file may have been pasted below a key.
            inner = [child for child in root.children if child.key in top_level()]
            if root.value == "mapping" and len(inner) > 1 and any(child.key == "flavors" for child in inner):
                return [Misplaced(tuple(inner), (root.key,), (), (), None)]
        nested = self._standing.get((*FLAVORS, *FLAVORS))
        inner = [child for child in nested.children if _is_flavor(child)] if nested is not None else []
        if inner:
            self._intended |= {(*FLAVORS, child.key): child for child in inner}
            parent = self._standing[FLAVORS]
            self._found.append(Misplaced(tuple(inner), (*FLAVORS, *FLAVORS), FLAVORS, (), parent))
        self._judge(self.roots, (), ())
        return self._found

    def _judge(self, nodes: Sequence[Node], path: Path | None, stands: Path) -> None:
        """Judge the keys that stand together below ``path``; None where nothing can stand."""
        known = keys_at(path) if path is not None else frozenset[str]()
        if known is None:  # any key may stand here, but not all flavors of a file
            nodes = (
                []
                if FLAVORS in self._standing
                else [node for node in nodes if _has_keys_of((*FLAVORS, node.key), node)]
            )
            known = frozenset()
        candidates: list[_Candidate] = []
        at_home: list[Node] = []
        for index, node in enumerate(nodes):
            may_stand = node.key in known and self._standing[(*stands, node.key)] is node
            if may_stand and not candidates and not (index and nodes[index - 1].value == "empty"):
                at_home.append(node)
                continue
            places = self._places(node, path)
            if places and not may_stand:
                home = self._likeliest(nodes, index, places, path, candidates)
                candidates.append(_Candidate(node, home, may_stand=False))
            elif places and (other := self._continued(nodes, index, places, candidates)) is not None:
                candidates.append(_Candidate(node, other, may_stand=True))
            elif may_stand:
                at_home.append(node)
        evident = self._evident(candidates, path) if candidates else []
        self._intended |= {candidate.target: candidate.node for candidate in reversed(evident)}
        at_home += [
            candidate.node for candidate in candidates if candidate.may_stand and candidate not in evident
        ]
        for node in at_home:
            if node.children:
                inner = None if path is None or node.value in _WITHOUT_CHILDREN else (*path, node.key)
                self._judge(node.children, inner, (*stands, node.key))
        for candidate in evident:
            # What stands below a scalar is its sibling, once the scalar is where it belongs.
            inner = candidate.belongs if candidate.node.value in _WITHOUT_CHILDREN else candidate.target
            self._judge(candidate.node.children, inner, (*stands, candidate.node.key))
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
        before: Sequence[_Candidate],
    ) -> Path:
        """The place that the keys after it share with it, or that was opened before it, or that is in use."""
        opened = [candidate.target for candidate in before if candidate.node.value == "empty"]
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
        nodes: Sequence[Node], index: int, places: Sequence[Path], before: Sequence[_Candidate]
    ) -> Path | None:
        """The place of the keys around a key that may stand where it does: ``artifact_path`` is a top-level
        key, and one of ``saved_input_example_info``."""
        if not index:
            return None
        previous = nodes[index - 1]
        if before and before[-1].node is previous and before[-1].belongs in places:
            return before[-1].belongs
        opened = (previous.key,)
        keys = keys_at(opened) if previous.value == "empty" else None
        following = nodes[index + 1].key if index + 1 < len(nodes) else ""
        return opened if opened in places and keys is not None and following in keys else None

    # -- which of them are surely in the wrong place

    def _evident(self, candidates: Sequence[_Candidate], path: Path | None) -> list[_Candidate]:
        """Without what may be an author's own key, which is no error: a slip must show.

        A key that shows no slip by itself does so in the company of others that belong to the same section.
        """
        sure = {
            candidate.belongs[:1] or path
            for candidate in candidates
            if self._shows_a_slip(candidate, candidates, path)
        }
        return [candidate for candidate in candidates if (candidate.belongs[:1] or path) in sure]

    def _shows_a_slip(
        self, candidate: _Candidate, candidates: Sequence[_Candidate], path: Path | None
    ) -> bool:
        node, home = candidate.node, candidate.belongs
        together = {other.node.key for other in candidates if other.belongs == home}
        wordy = "_" in node.key or _has_keys_of(candidate.target, node) or _has_value_of(candidate)
        if home == FLAVORS:
            return wordy or FLAVORS not in self._standing
        if home[:1] != FLAVORS:
            is_section = keys_at(candidate.target) is not None
            if (
                home == () and path is not None and path[:-1] == FLAVORS
            ):  # where an author's own keys may stand
                return is_section or len(together) > 1 or node.key in required_at(home)
            return wordy or is_section or len(together) > 1 or node.text.lstrip("'\"")[:1] == "["
        is_loaded = home[1] == self._loaded_flavor
        if path is not None and path[:-1] == FLAVORS == home[:-1]:  # it stands in the entry of another flavor
            is_lost = home not in self._standing and home not in self._intended
            return is_lost and (is_loaded or (home == PYFUNC and not together.isdisjoint(required_at(home))))
        if path is not None and path == home[: len(path)] != () and node.value != "mapping":
            return wordy or is_loaded or home[:2] == PYFUNC
        is_known = is_loaded or home[:2] == PYFUNC or home[:2] in self._standing
        if path is None:
            return is_known
        there = {place[-1] for place in self._standing if place[:-1] == home}
        return wordy and is_known and (len(together) > 1 or not there or not required_at(home) <= there)

    # -- what is said of them

    def _report(self, candidates: Sequence[_Candidate], stands: Path) -> None:
        groups: dict[Path, list[Node]] = {}
        for candidate in candidates:
            groups.setdefault(candidate.belongs, []).append(candidate.node)
        for home, nodes in groups.items():
            lines = {**self._standing, **self._intended}
            there = max((n for n in range(1, len(home) + 1) if home[:n] in lines), default=0)
            self._found.append(Misplaced(tuple(nodes), stands, home, home[there:], lines.get(home)))


def _is_flavor(node: Node) -> bool:
    return node.key in (keys_at(FLAVORS) or ()) and node.value == "mapping"


def _has_keys_of(place: Path, node: Node) -> bool:
    known = keys_at(place) or frozenset()
    return any(child.key in known for child in node.children)


def _has_value_of(candidate: _Candidate) -> bool:
    places = homes().get(candidate.node.key, ())
    return any(
        candidate.node.text in place.values
        for place in places
        if place.path == candidate.belongs and candidate.node.text
    )


_WITHOUT_CHILDREN = ("scalar", "null")
_SCALARS = frozenset({"string", "number", "integer", "boolean"})


def _accepts(types: frozenset[str], node: Node) -> bool:
    if not types or node.value in ("any", "empty", "null"):
        return True
    if node.value == "mapping":
        return "object" in types
    return "array" in types if node.value == "list" else bool(types & _SCALARS)
