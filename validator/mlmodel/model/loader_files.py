"""The files that the loaders of a model's flavors open, beyond those that keys of the MLmodel file name.

Which these are is data: ``x-files`` in the schema of a flavor, and the layouts of folders in ``schemas/files.json``.
An index among them (``model.safetensors.index.json``, ``modules.json``, the metadata of a Spark pipeline) names further files.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.model import paths
from mlmodel.sources.directory import Kind
from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmodel.model.model import Model

    Json = dict[str, Any]

MAX_NEEDED = 5_000
"""Files that the indexes of one model name, at most."""
_MAX_DEPTH = 4
"""Layouts in layouts."""


class Needed(Record):
    """A file or folder that a loader opens: one of several names, where it takes any of them."""

    names: tuple[str, ...]
    """Relative to the model directory; a ``*`` in the last component stands for anything."""
    kind: str
    """``file`` or ``directory``."""
    flavor: str
    pointer: tuple[str | int, ...]
    """The key of the MLmodel file that leads there."""
    formats: tuple[str, ...] = ()
    by: str = ""
    """The file that names it, where an index does."""
    what: str = ""
    """What it holds, where there are several names for it."""
    optional: bool = False
    """Whether the loader does without."""
    rule: str = "MLM007"
    otherwise: str = ""
    """What the loader does without it, where it does not fail."""
    size: int = 0
    """Bytes that it has at least, as an index says."""
    exact: bool = False
    text: str = ""
    """What it must be as a whole, where the loader decides by that."""
    """Whether the loader takes the whole text as a name, blanks and line ends included."""
    holds: str = ""
    """The module of which the object in it must name something."""
    tail: str = ""
    """A pattern in the end of the file that is worth a warning, which :attr:`says` words."""
    says: str = ""


def needed(model: Model) -> tuple[Needed, ...]:
    """What the loaders open."""
    return tuple(_needed(model))


def _needed(model: Model) -> Iterator[Needed]:
    count = 0
    for flavor in model.flavors:
        for entry in (schemas.flavor_schema(flavor) or {}).get("x-files", ()):
            if not isinstance(entry, dict) or not _is_ours(entry):
                continue
            for one in _at_key(model, flavor, entry):
                count += 1
                if count > MAX_NEEDED:
                    return
                yield one


def _is_ours(entry: Json) -> bool:
    """Whether it says more than :func:`mlmodel.model.paths.uses` takes from it."""
    return "in" in entry or "format" in entry or "layout" in entry or "names" in entry or "any-of" in entry


class _Place(Record):
    """Where the entries of a layout are looked for."""

    model: Model
    flavor: str
    pointer: tuple[str | int, ...]
    folder: str
    """Relative to the model directory, with a slash at its end; empty for the directory itself."""
    depth: int = 0


def _at_key(model: Model, flavor: str, entry: Json) -> Iterator[Needed]:
    conditions = [condition for condition in entry.get("when", ()) if "pointer" in condition]
    if not all(paths.holds(model.config, condition) for condition in conditions):
        return
    key = entry.get("in")
    pointer: tuple[str | int, ...] = ("flavors", flavor)
    named: object = ""
    if key is not None and key.startswith("/"):
        pointer = tuple(key.split("/")[1:])
        named = value_at(model.config, pointer)
    elif key is not None:
        properties = (schemas.flavor_schema(flavor) or {}).get("properties", {})
        named = model.flavors[flavor].get(key, entry.get("default", properties.get(key, {}).get("default")))
        if key in model.flavors[flavor]:
            pointer = ("flavors", flavor, key)
    if not isinstance(named, str) or (key is not None and not named) or paths.fault(named) is not None:
        return
    path = paths.normal(named)
    kind = model.directory.look(path).kind if path else Kind.DIRECTORY
    whole = (
        "path" not in entry and "any-of" not in entry and "layout" not in entry and "suffixes" not in entry
    )
    if "suffixes" in entry:
        yield from _entry(_Place(model, flavor, pointer, path), {**entry, "any-of": entry["suffixes"]})
    elif whole and kind is Kind.FILE:
        yield from _one(
            _Place(model, flavor, pointer, path.rsplit("/", 1)[0] + "/" if "/" in path else ""),
            entry,
            (path,),
        )
    elif not whole and kind is Kind.DIRECTORY:
        yield from _entry(_Place(model, flavor, pointer, f"{path}/" if path else ""), entry)


def value_at(config: object, pointer: tuple[str | int, ...]) -> object:
    """The value of a mapping in mappings, None where there is none."""
    for step in pointer:
        config = config.get(step) if isinstance(config, dict) else None
    return config


def _entry(place: _Place, entry: Json) -> Iterator[Needed]:
    """What one entry of a layout asks for in a folder."""
    if not all(_holds(place, condition) for condition in entry.get("when", ()) if "file" in condition):
        return
    if any(_is_so(place, case) for case in entry.get("unless", ())):
        return
    if "only" in entry and not any(_is_so(place, case) for case in entry["only"]):
        return
    if "layout" in entry:
        folder = place.folder + entry["path"].rstrip("/") + "/" if "path" in entry else place.folder
        yield from _layout(place._replace(folder=folder), entry["layout"])
    else:
        names = tuple(entry["any-of"]) if "any-of" in entry else (entry["path"],)
        yield from _one(place, entry, tuple(place.folder + name for name in names))


def _layout(place: _Place, name: str) -> Iterator[Needed]:
    if place.depth < _MAX_DEPTH:
        for entry in schemas.schema("files.json")["layouts"][name]:
            yield from _entry(place._replace(depth=place.depth + 1), entry)


def _one(place: _Place, entry: Json, names: tuple[str, ...]) -> Iterator[Needed]:
    formats = entry.get("format", ())
    yield Needed(
        names,
        entry.get("kind", "file"),
        place.flavor,
        place.pointer,
        (formats,) if isinstance(formats, str) else tuple(formats),
        what=entry.get("what", ""),
        optional=entry.get("optional", False),
        rule="MLM020" if "otherwise" in entry else "MLM007",
        otherwise=entry.get("otherwise", ""),
        exact=entry.get("exact", False),
        text=entry.get("text", ""),
        holds=entry.get("holds", ""),
        tail=entry.get("tail", ""),
        says=entry.get("says", ""),
    )
    if "names" in entry:
        for path in present(place.model, names[0]):
            yield from _named(place, path, entry["names"])


def present(model: Model, name: str) -> list[str]:
    """The entries of the directory that a name stands for; a ``*`` in its last component for anything but ``.`` and ``_`` in front."""
    if "*" not in name:
        return [name] if model.directory.look(name).kind in (Kind.FILE, Kind.DIRECTORY) else []
    folder, _, pattern = name.rpartition("/")
    inside = f"{folder}/" if folder else ""
    hidden = () if pattern[0] in "._" else (".", "_")
    return [
        path
        for path in model.directory.entries
        if path.startswith(inside)
        and "/" not in path[len(inside) :]
        and fnmatchcase(path[len(inside) :], pattern)
        and not path[len(inside) :].startswith(hidden)
    ]


def _holds(place: _Place, condition: Json) -> bool:
    return bool(present(place.model, place.folder + condition["file"])) is condition["present"]


def _is_so(place: _Place, case: Json) -> bool:
    """Whether a value of the MLmodel file, or of a JSON file, is one of some, or fits a pattern."""
    if "pointer" in case:
        values = [value_at(place.model.config, tuple(case["pointer"].split("/")[1:]))]
    else:
        values = _json_at(place.model, place.folder + case["path"], case["json"])
    texts = [value for value in values if isinstance(value, str)]
    if "pattern" in case:
        return any(re.search(case["pattern"], text[:200]) for text in texts)
    return any(text in case["enum"] for text in texts)


def _json_at(model: Model, path: str, pointer: str) -> list[object]:
    """The values at a JSON Pointer in which ``*`` stands for every key or index."""
    from mlmodel.model import file_indexes  # few flavors have any

    values = [file_indexes.document(model, path)]
    for step in pointer.split("/")[1:]:
        below: list[object] = []
        for value in values:
            if isinstance(value, dict):
                below += list(value.values()) if step == "*" else [value[step]] if step in value else []
            elif isinstance(value, list) and step == "*":
                below += value
        values = below
    return values


def _named(place: _Place, index: str, about: Mapping[str, Any]) -> Iterator[Needed]:
    """The files that an index names."""
    folder = index.rsplit("/", 1)[0] + "/" if "/" in index else ""
    if "reader" in about:
        from mlmodel.model import file_indexes  # few flavors have any

        for found in file_indexes.READERS[about["reader"]](place.model, index):
            yield Needed(
                found.names, found.kind, place.flavor, place.pointer, found.formats, by=index, what=found.what, size=found.size,
                rule=found.rule, otherwise=found.otherwise, optional=found.optional,
            )  # fmt: skip
        return
    values = _json_at(place.model, index, about["json"])
    if "layouts" in about:
        for value in values:
            if isinstance(value, dict) and isinstance(value.get(about["folder"]), str):
                kind = str(value.get(about["type"])).rpartition(".")[2]
                below = value[about["folder"]]
                layout = about["layouts"].get(kind, about["layouts"].get("*"))
                if layout is not None and paths.fault(below) is None:
                    inside = folder + paths.normal(below)
                    yield from _layout(
                        place._replace(folder=f"{inside.rstrip('/')}/" if inside else ""), layout
                    )
        return
    form = about.get("format")
    for name in dict.fromkeys(value for value in values if isinstance(value, str)):
        if name and paths.fault(name) is None:
            yield Needed(
                (folder + paths.normal(name),),
                "file",
                place.flavor,
                place.pointer,
                (form,) if form else (),
                by=index,
            )
