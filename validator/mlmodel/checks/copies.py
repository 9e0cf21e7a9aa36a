"""Chapter 1, the directory: the copies of a model's own files in ``metadata/``, and what was not listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.findings import Location
from mlmodel.model.model import MAX_TEXT
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.sources.metadata_copies import COPIED, METADATA, is_all_copies, is_same_model
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def metadata(model: Model) -> Iterator[Finding]:
    """MLM030: the copies that ``log_model`` wrote are those of the files around them."""
    directory = model.directory
    inside = f"{METADATA}/"
    if f"{inside}MLmodel" not in directory.entries:
        return
    if not is_all_copies(path[len(inside) :] for path in directory.entries if path.startswith(inside)):
        return
    try:
        one, other = (directory.read(path, MAX_TEXT) for path in (f"{inside}MLmodel", "MLmodel"))
    except UnreadableError:
        return
    if not is_same_model(one, other):
        return
    for name in COPIED:
        copy = f"{METADATA}/{name}"
        if directory.look(copy).kind is not Kind.FILE or directory.look(name).kind is not Kind.FILE:
            continue
        try:
            one, other = (directory.read(path, MAX_TEXT) for path in (copy, name))
        except UnreadableError:
            continue  # a finding of its own says so, of the file itself
        if one != other:
            line = _first_difference(one, other)
            message = (
                f"{quoted(copy)} differs from {quoted(name)} from line {line} on: one of the two was edited"
            )
            yield new_finding(
                "MLM030", message, Location(copy, line), "copy the file again, or delete metadata/"
            )


def _first_difference(one: bytes, other: bytes) -> int:
    lines = zip(one.split(b"\n"), other.split(b"\n"), strict=False)
    return next(
        (number for number, (a, b) in enumerate(lines, start=1) if a != b),
        min(one.count(b"\n"), other.count(b"\n")) + 1,
    )


def unlisted(model: Model) -> Iterator[Finding]:
    """MLM903: what was not listed was not judged."""
    entries = model.directory.entries  # fills the other
    del entries
    for folder, limit in list(model.directory.unlisted.items())[:_NAMED]:
        message = f"{limit}: what lies beyond is not looked at"
        yield new_finding("MLM903", message, Location(folder or None))


_NAMED = 10
"""Folders that are named."""


def shared_artifacts(model: Model) -> Iterator[Finding]:
    """MLM031: two artifacts of a Python model are not one file."""
    artifacts = model.flavors.get("python_function", {}).get("artifacts")
    if not isinstance(artifacts, dict):
        return
    first: dict[str, tuple[str, object]] = {}
    for key, value in artifacts.items():
        path = value.get("path") if isinstance(value, dict) else None
        if not isinstance(path, str) or not isinstance(key, str):
            continue
        normal = "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", "."))
        other = first.setdefault(normal, (key, value.get("uri")))
        if other[0] != key and other[1] != value.get("uri"):
            message = (
                f"artifacts {quoted(other[0])} and {quoted(key)} have one path, {quoted(path)}, and came from two places: one"
                " of the two is lost"
            )
            pointer = ("flavors", "python_function", "artifacts", key, "path")
            hint = "give the files different names, and log the model again"
            yield model.finding("MLM031", message, model.mlmodel, pointer, hint=hint)


CHECKS = (metadata, unlisted, shared_artifacts)
