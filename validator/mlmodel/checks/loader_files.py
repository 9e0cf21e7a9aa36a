"""Chapter 1, the directory: the files that loaders open are of the format that they read, and whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.findings import Location
from mlmodel.model import file_formats, file_integrity, loader_files, paths, serialized
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.loader_files import Needed
    from mlmodel.model.model import Model


def opened(model: Model) -> Iterator[Finding]:
    """MLM008, MLM010-MLM012, MLM021-MLM023, MLM225, MLM618: what a flavor's loader opens can be read by it."""
    chosen = _named_by_keys(model)
    seen: set[tuple[object, ...]] = set()
    for need in loader_files.needed(model):
        for name in need.names:
            for path in loader_files.present(model, name):
                asked = (path, need.formats, need.exact, need.text, need.tail, need.size)
                if asked not in seen:
                    seen.add(asked)
                    try:
                        yield from _file(model, need, path, chosen)
                    except UnreadableError as error:
                        if error.limit:
                            raise
                        yield model.finding(
                            "MLM902", error.reason, file=None if error.path == "." else error.path
                        )
            if loader_files.present(model, name):
                break  # the first that is there is the one that is opened


def _named_by_keys(model: Model) -> frozenset[str]:
    """The files that keys name, of which :func:`mlmodel.checks.directory.path_keys` tells emptiness and stand-ins."""
    return frozenset(paths.normal(use.value) for use in paths.of(model) if paths.fault(use.value) is None)


def _file(model: Model, need: Needed, path: str, chosen: frozenset[str]) -> Iterator[Finding]:
    entry = model.directory.look(path)
    if entry.kind is Kind.DIRECTORY and need.kind == "file":
        yield _at(model, need, path, "MLM008", f"{quoted(path)} is a directory; its reader opens a file")
        return
    if entry.kind is Kind.FILE and need.kind == "directory":
        yield _at(model, need, path, "MLM008", f"{quoted(path)} is a file; its reader opens a directory")
        return
    if entry.kind is not Kind.FILE:
        return
    if not entry.size and file_formats.may_be_empty(need.formats):
        return
    told = file_integrity.complaint(model.directory, entry, chosen=True)
    if told is not None:
        if path not in chosen and file_integrity.complaint(model.directory, entry, chosen=False) is None:
            yield new_finding(*told, Location(path))
        return
    if not entry.size and (need.formats or need.exact):
        yield new_finding("MLM010", "the file is empty, and its reader needs what it holds", Location(path))
        return
    if need.exact:
        yield from _exact(model, path, need.text)
    yield from _checksum(model, path)
    if need.formats == ("lightgbm-text",) and b"\r\n" in model.directory.head(path, file_formats.HEAD):
        message = "its lines end with carriage returns, and its header says how many bytes each tree has without them"
        yield new_finding("MLM022", message, Location(path), "write it with line feeds only")
        return
    if need.formats:
        problem = file_formats.problem(model.directory, entry, need.formats)
        if problem is not None and problem.cut:
            message = (
                problem.message
                if "the file has" in problem.message
                else f"{problem.message}; the file has {entry.size:,} bytes"
            )
            yield new_finding("MLM012", message, Location(path))
        elif problem is not None and _is_recorded(model, need):
            recorded = model.flavors[need.flavor]["serialization_format"]
            message = f"{quoted(path)} is {problem.kind}, and 'serialization_format' says {recorded}"
            yield model.finding(
                "MLM618", message, model.mlmodel, ("flavors", need.flavor, "serialization_format")
            )
        elif problem is not None:
            yield _at(
                model, need, path, "MLM021", f"{quoted(path)} does not fit its loader: {problem.message}"
            )
    if need.tail and re.search(need.tail.encode(), model.directory.tail(path, _MAX_TAIL)):
        yield _at(model, need, path, "MLM225", f"{quoted(path)}: {need.says}")
    if need.holds and not _holds(model, path, need.holds):
        message = f"{quoted(path)} does not fit its loader: the object in it is of no class of {need.holds}"
        yield _at(model, need, path, "MLM021", message)
    if entry.size < need.size:
        message = (
            f"{quoted(need.by)} says that it reaches to byte {need.size:,}; the file has {entry.size:,} bytes"
        )
        yield new_finding("MLM012", message, Location(path))


def _at(model: Model, need: Needed, path: str, rule: str, message: str) -> Finding:
    """A finding at the key that leads to a file, or at the file where an index or a layout names it."""
    value = loader_files.value_at(model.config, need.pointer)
    if isinstance(value, str) and paths.normal(value) == path:
        return model.finding(rule, message, model.mlmodel, need.pointer)
    return new_finding(rule, message, Location(path))


def _is_recorded(model: Model, need: Needed) -> bool:
    """Whether the format that the loader goes by stands in ``serialization_format``."""
    recorded = model.flavors.get(need.flavor, {}).get("serialization_format")
    return isinstance(recorded, str) and need.formats in (("pickle",), ("skops",))


def _holds(model: Model, path: str, module: str) -> bool:
    """Whether a serialized object names something of a module, or cannot be looked into."""
    from mlmodel.pickles import Pickled

    pickles = [item for item in serialized.of(model).scan(path) if isinstance(item, Pickled)]
    names = (symbol.module or "" for item in pickles for symbol in item.stream.globals)
    return not pickles or any(name.split(".")[0] == module for name in names)


_MAX_TAIL = 1 << 16
_MAX_NAME = 4096


def _exact(model: Model, path: str, wanted: str) -> Iterator[Finding]:
    """MLM022 for a text that is a name as a whole, MLM021 where it is not the one that is wanted."""
    raw = model.directory.head(path, _MAX_NAME)
    if raw.strip() != raw:
        message = f"the whole text is taken for a name: {quoted(raw.decode('utf-8', 'replace'))} ends or begins with white space"
        yield new_finding(
            "MLM022",
            message,
            Location(path),
            f"write {raw.strip().decode('utf-8', 'replace')} and no line end",
        )
    elif file_formats.kind_of(raw) != "text":
        yield new_finding(
            "MLM021",
            f"it is {file_formats.kind_of(raw)}, and its reader takes the text for a name",
            Location(path),
        )
    elif wanted and raw != wanted.encode():
        message = f"it is {quoted(raw.decode('utf-8', 'replace'))}, and the file beside it is opened only where it is {wanted!r}"
        yield new_finding("MLM021", message, Location(path), f"write {wanted} and no line end")


MAX_SUMMED = 16 << 20
"""Bytes of a file that is compared with its checksum."""


def _checksum(model: Model, path: str) -> Iterator[Finding]:
    """MLM023: what Hadoop's local file system compares (``ChecksumFileSystem``): CRC-32, big endian, of each chunk."""
    folder, _, name = path.rpartition("/")
    beside = f"{folder}/.{name}.crc" if folder else f".{name}.crc"
    sums = model.directory.entries.get(beside)
    entry = model.directory.look(path)
    if sums is None or sums.kind is not Kind.FILE or sums.size < 8 or entry.size > MAX_SUMMED:
        return
    raw = model.directory.read(beside, MAX_SUMMED)
    chunk = int.from_bytes(raw[4:8], "big")
    if raw[:4] != b"crc\0" or not 0 < chunk <= MAX_SUMMED:
        return
    import zlib

    with model.directory.open_mapped(path) as data:
        found = b"".join(
            zlib.crc32(data[start : start + chunk]).to_bytes(4, "big") for start in range(0, len(data), chunk)
        )
    if found != raw[8:]:
        message = (
            f"it does not match the checksum in {quoted(beside)}, and Hadoop's file system refuses to read it"
        )
        yield new_finding(
            "MLM023",
            message,
            Location(path),
            "bring the file back, or remove the checksum if the change was meant",
        )


CHECKS = (opened,)
