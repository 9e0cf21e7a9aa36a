"""The paths that an MLmodel file holds: where they stand, and whether they could lead anywhere safe."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.model.model import fact
from mlmodel.sources.base import MAX_PATH, Kind
from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlmodel.documents import Document
    from mlmodel.model.model import Model


class PathUse(Record):
    """One path that a reader of the model will open."""

    value: str
    kind: str
    """``file``, ``directory``, ``any``, ``prefix`` or ``basename``, as ``x-path`` says."""
    document: Document
    pointer: tuple[str | int, ...]
    missing_rule: str
    unpickled: Mapping[str, str] = {}
    """By form, ``pickle`` or ``skops``: the release since which MLflow refuses to load such a file where it must not unpickle
    (``x-unpickled``)."""


class Fault(Enum):
    """Why a path cannot be used, whatever is on the disk."""

    ABSOLUTE = "absolute"
    ESCAPES = "escapes"
    BACKSLASH = "backslash"


_PLAIN = lazy_pattern(r"\w[\w.-]*(?:/\w[\w.-]*)*")
"""Nearly every path; nothing can be wrong with it."""
_ABSOLUTE = r"[/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]+:"


def fault(path: str, *, basename: bool = False) -> Fault | None:
    """What is wrong with a path: absolute, out of the directory, or written for Windows only.

    ``basename`` is for keys of which readers use the last component only, wherever the rest leads.
    """
    if len(path) <= 1000 and _PLAIN.fullmatch(path):
        return None
    if basename:
        return Fault.BACKSLASH if "\\" in path else None
    from urllib.parse import unquote

    # Some servers decode a path twice (CVE-2024-1560); no system opens one that is longer.
    decoded = unquote(unquote(path)) if len(path) <= 10_000 else path
    for text in (path, decoded):
        if re.match(_ABSOLUTE, text):
            return Fault.ABSOLUTE
    for text in (path, decoded):
        if _escapes(text):
            return Fault.ESCAPES
    return Fault.BACKSLASH if "\\" in path else None


def _escapes(path: str) -> bool:
    depth = 0
    for part in path.replace("\\", "/").split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return False


@fact
def of(model: Model) -> tuple[PathUse, ...]:
    """Every path of the MLmodel file that a reader opens, as the annotations of the schemas say, defaults included."""
    return tuple(_uses(model))


def _uses(model: Model) -> Iterator[PathUse]:
    document = model.mlmodel
    if document is None or not model.config:
        return
    yield from _keys(document, "mlmodel.schema.json", model.config, ())
    for flavor, conf in model.flavors.items():
        if flavor in schemas.flavor_names():
            name, base = f"flavors/{flavor}.schema.json", ("flavors", flavor)
            yield from _keys(document, name, conf, base)
            for entry in schemas.schema(name).get("x-files", ()):
                if entry.keys() <= _PLAIN_ENTRY and all(
                    holds(model.config, one) for one in entry.get("when", ())
                ):
                    pointer = (*base, entry["key"]) if entry.get("key") in conf else base
                    yield PathUse(entry["path"], entry["kind"], document, pointer, "MLM007")


_PLAIN_ENTRY = frozenset({"path", "kind", "key", "when"})
"""The keys of an entry of ``x-files`` that only names a path; others are for :mod:`mlmodel.model.loader_files`."""


def _keys(document: Document, name: str, value: object, base: tuple[str | int, ...]) -> Iterator[PathUse]:
    for found in schemas.annotated(name, "x-path", value):
        if isinstance(found.value, str) and (found.value or _is_opened(found.subschema, value)):
            rule = found.subschema.get("x-rules", {}).get("x-path", "MLM007")
            unpickled = found.subschema.get("x-unpickled", {})
            pointer = (*base, *found.pointer)
            kind = found.subschema["x-path"]
            if isinstance(value, dict) and value.get("loader_module") in found.subschema.get(
                "x-file-for", ()
            ):
                kind = "file"
            yield PathUse(found.value, kind, document, pointer, rule, unpickled)


def _is_opened(subschema: Mapping[str, Any], conf: object) -> bool:
    """Whether a reader opens the path even where it is empty, and so names the directory itself."""
    loader = conf.get("loader_module") if isinstance(conf, dict) else None
    return subschema["x-path"] in ("file", "basename") or loader in subschema.get("x-file-for", ())


def normal(path: str) -> str:
    """A path without empty components and ``.``; one that is longer than any system opens, as it is."""
    if len(path) > MAX_PATH:
        return path
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def holds(config: Any, condition: dict[str, Any]) -> bool:
    """Whether the value at a condition's ``pointer`` is there (``present``), or is one of its ``enum``, where
    an absent value is null."""
    value, present = config, True
    for step in condition["pointer"].split("/")[1:]:
        present = isinstance(value, dict) and step in value
        value = value[step] if present else None
    if "present" in condition:
        return present is condition["present"]
    return value in condition["enum"]


def has_other_env_file(model: Model, use: PathUse) -> bool:
    """Whether it is one of the two environment files, and the other is there."""
    if len(use.pointer) != 4 or use.pointer[:3] != ("flavors", "python_function", "env"):
        return False
    env = model.flavors["python_function"]["env"]
    other = env.get({"conda": "virtualenv", "virtualenv": "conda"}.get(str(use.pointer[3]), ""))
    return (
        isinstance(other, str)
        and bool(other)
        and fault(other) is None
        and model.directory.look(other).kind is Kind.FILE
    )
