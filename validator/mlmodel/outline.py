"""Where the keys of an MLmodel file belong, and which lines of a text stand in the wrong place.

A careless copy loses a line such as ``flavors:`` and leaves its children at the top, or indented under
nothing.  YAML then sees a syntax error or a handful of unknown keys; the author needs to hear which
line is missing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mlmodel import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Path = tuple[str, ...]

_FLAVORS = ("flavors",)
_PYFUNC = ("flavors", "python_function")


@cache
def homes() -> Mapping[str, tuple[Path, ...]]:
    """For each key below the top level, the paths of the mappings where it may stand."""
    found: dict[str, list[Path]] = {}
    root = schemas.schema("mlmodel.schema.json")
    for name in ("signature", "saved_input_example_info"):
        _collect(found, (name,), _properties(root, root["properties"][name]))
    # python_function first: a key that many flavors have is explained by the one nearly every model has.
    for flavor in sorted(schemas.flavor_names(), key=lambda name: (name != "python_function", name)):
        found.setdefault(flavor, []).append(_FLAVORS)
        schema = schemas.schema(f"flavors/{flavor}.schema.json")
        _collect(found, (*_FLAVORS, flavor), schema.get("properties", {}))
    for key in ("conda", "virtualenv"):
        found.setdefault(key, []).append((*_PYFUNC, "env"))
    return {key: tuple(paths) for key, paths in found.items()}


def _collect(found: dict[str, list[Path]], path: Path, properties: Mapping[str, Any]) -> None:
    for key in properties:
        found.setdefault(key, []).append(path)


def _properties(root: schemas.Json, node: schemas.Json) -> Mapping[str, Any]:
    """The properties of a subschema, behind at most one reference."""
    reference = node.get("$ref", "")
    if reference.startswith("#"):
        node = root["definitions"][reference.rsplit("/", 1)[-1]]
    elif reference:
        node = schemas.schema(reference)
    properties: Mapping[str, Any] = node.get("properties", {})
    return properties


def top_level() -> frozenset[str]:
    """The known top-level keys."""
    return frozenset(schemas.schema("mlmodel.schema.json")["properties"])


def home(key: str, parent: Path) -> Path | None:
    """Where a key that stands under ``parent`` belongs instead; None where it is right, or unknown."""
    if not parent and key in top_level():
        return None
    places = homes().get(key, ())
    if not places or parent in places:
        return None
    if not parent or parent[0] not in ("metadata", "resources", "auth_policy", "prompts"):
        # Below an own flavor or a free mapping any key may stand.
        near = [place for place in places if place[: len(parent)] == parent]
        if parent and not near:
            return None
        return (near or list(places))[0]
    return None


class Misplaced(NamedTuple):
    """A key in the wrong place of a text that is not even YAML."""

    key: str
    line: int
    column: int
    parent: Path
    belongs: Path


_KEY_LINE = re.compile(r"( *)([A-Za-z_][A-Za-z0-9_]*):(?:[ \t]+(\S.*))?$")


def misplaced_lines(text: str) -> Iterator[Misplaced]:
    """The lines of a text whose key stands under the wrong parent, judged by indentation alone."""
    stack: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n")[:2000], 1):
        match = _KEY_LINE.match(line.rstrip("\r"))
        if match is None:
            continue
        indent, key = len(match[1]), match[2]
        while stack and stack[-1][0] >= indent:
            stack.pop()
        parent = tuple(name for _, name in stack)
        stack.append((indent, key))
        places = homes().get(key, ())
        if key in top_level() and not (parent and parent in places):
            if not parent or places:
                continue  # at home, or a name that is also another's (artifact_path)
            yield Misplaced(key, number, indent + 1, parent, ())
            stack[:] = [(indent, key)]
        elif places and parent not in places:
            yield Misplaced(key, number, indent + 1, parent, _nearest(places, stack))
            # What stands below is judged as if this line stood where it belongs.
            stack[:] = [(indent - len(places[0]) + step, name) for step, name in enumerate(places[0])]
            stack.append((indent, key))


def _nearest(places: tuple[Path, ...], stack: list[tuple[int, str]]) -> Path:
    names = {name for _, name in stack}
    return max(places, key=lambda place: sum(name in names for name in place))
