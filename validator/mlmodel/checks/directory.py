"""Chapter 1, the directory: what stands in it, and where the paths of the MLmodel file lead."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted, shortened
from mlmodel.model import file_integrity, paths
from mlmodel.model.names import Names
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.standard.data import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.model.paths import PathUse
    from mlmodel.sources.directory import Entry


def mlmodel_is_there(model: Model) -> Iterator[Finding]:
    """MLM001, MLM002, MLM005: there is an MLmodel file that can be read."""
    entry = model.directory.look("MLmodel")
    if entry.kind is Kind.OUTSIDE:
        yield model.finding(
            "MLM005", "MLmodel is a link that leads out of the model directory", file="MLmodel"
        )
    elif entry.kind in (Kind.DIRECTORY, Kind.SPECIAL) or "MLmodel" in model.directory.entries:
        if entry.kind is not Kind.FILE:
            what = "a link to nothing" if entry.kind is Kind.MISSING else f"a {entry.kind.value}"
            yield model.finding("MLM002", f"MLmodel is {what}, not a file", file="MLmodel")
    else:
        near = _candidates(model)
        hint = (
            f"is it {', or '.join(near)}?" if near else "MLflow writes it at the root of the model directory"
        )
        yield model.finding("MLM001", "the directory holds no file named MLmodel", hint=hint)


def _candidates(model: Model) -> list[str]:
    """What the user may have meant: another spelling here, a model directory below or above."""
    entries = model.directory.entries
    spelled = [
        path
        for path, entry in entries.items()
        if "/" not in path and entry.kind is Kind.FILE and path.lower().split(".")[0] == "mlmodel"
    ]
    below = [path.removesuffix("/MLmodel") for path in entries if path.endswith("/MLmodel")]
    names = [f"the file {quoted(path)} here, which must be called MLmodel" for path in sorted(spelled)[:2]]
    names += [
        f"the directory {quoted(path)} below" for path in sorted(below, key=lambda p: (p.count("/"), p))[:3]
    ]
    if model.directory.parent_has("MLmodel"):
        names.append("the parent directory, which has one")
    return names


def container(model: Model) -> Iterator[Finding]:
    """MLM035, MLM036, MLM038: an archive or a store holds the files of the model, each once, and nothing that leads out of it."""
    for defect in model.directory.defects:
        yield model.finding(defect.rule, defect.message, file=defect.path)


def path_keys(model: Model) -> Iterator[Finding]:
    """MLM003-MLM006, MLM008-MLM012, MLM017: every path in the MLmodel file leads to a usable file in the directory."""
    names = Names(model)
    seen: set[tuple[str, bool]] = set()
    for use in paths.of(model):
        try:
            yield from _path(model, use, names, seen)
        except UnreadableError as error:
            if error.limit:
                raise
            yield model.finding("MLM902", error.reason, file=None if error.path == "." else error.path)


def _path(model: Model, use: PathUse, names: Names, seen: set[tuple[str, bool]]) -> Iterator[Finding]:
    def finding(rule: str, message: str, hint: str | None = None) -> Finding:
        return model.finding(rule, message, use.document, use.pointer, hint=hint)

    name = quoted(use.value)
    fault = paths.fault(use.value, basename=use.kind == "basename")
    if fault is paths.Fault.ABSOLUTE:
        yield finding("MLM003", f"{name} is an absolute path", "give it relative to the model directory")
        return
    if fault is paths.Fault.ESCAPES:
        yield finding("MLM004", f"{name} leads out of the model directory")
        return
    if fault is paths.Fault.BACKSLASH:
        slashed = use.value.replace("\\", "/")
        fixed = slashed.rsplit("/", 1)[-1] if use.kind == "basename" else slashed
        yield finding(
            "MLM006",
            f"{name} has a backslash, which only Windows takes for a separator",
            f"write {shortened(fixed, 200)}",
        )
        return
    path = use.value.rsplit("/", 1)[-1] if use.kind == "basename" else use.value
    entry = model.directory.look(path)
    if use.kind == "prefix" and entry.kind is Kind.MISSING and any(names.beginning(paths.normal(path))):
        return
    if entry.kind is Kind.MISSING and "\0" in path:
        yield finding(use.missing_rule, f"{name} holds a NUL character, which no name of a file has")
    elif (
        entry.kind is Kind.MISSING
        and use.missing_rule == "MLM007"
        and not paths.has_other_env_file(model, use)
    ):
        return  # which :mod:`mlmodel.checks.absent_files` tells, one finding a file
    elif entry.kind is Kind.MISSING and model.directory.look(f"{path}.dvc").kind is Kind.FILE:
        yield finding("MLM011", f"{name} is not there, only its DVC stub: fetch the file with `dvc pull`")
    elif entry.kind is Kind.MISSING and paths.has_other_env_file(model, use):
        message = f"{name} is not in the model directory: readers fall back to the other environment file"
        writes = "write it from the other files; `mlmodel fix` does"
        is_written = use.pointer[-1] == "virtualenv"
        yield finding("MLM032", message, writes if is_written else "copy it from where the model was saved")
    elif entry.kind is Kind.MISSING:
        yield finding(use.missing_rule, f"{name} is not in the model directory", names.near(path))
    elif entry.kind is Kind.OUTSIDE:
        yield finding("MLM005", f"{name} is a link that leads out of the model directory")
    elif entry.kind is Kind.SPECIAL:
        yield finding("MLM009", f"{name} is neither a file nor a directory: opening it may never end")
    elif use.kind in ("file", "basename") and entry.kind is Kind.DIRECTORY:
        what = "is a directory" if entry.path else "names the model directory itself"
        yield finding("MLM008", f"{name} {what}; its reader opens a file")
    elif use.kind in ("file", "basename") and _asks_for_folder(use.value):
        yield finding(
            "MLM008",
            f"{name} is a file, and with the slash its name is that of a directory",
            f"write {entry.path}",
        )
    elif use.kind == "directory" and entry.kind is Kind.FILE:
        yield finding("MLM008", f"{name} is a file; its reader opens a directory")
    else:
        yield from _content(model, entry, names, seen)


def _asks_for_folder(path: str) -> bool:
    """Whether opening a file by this path fails because of how it ends."""
    return path.endswith(("/", "/."))


def _content(model: Model, entry: Entry, names: Names, seen: set[tuple[str, bool]]) -> Iterator[Finding]:
    """MLM010-MLM012 for a referenced file, or for the files of a referenced directory; each looked at once.

    ``seen`` has their paths, and whether a path key names them or the directory around them.
    """
    items = [entry]
    if entry.kind is Kind.DIRECTORY:
        if (entry.path, False) in seen:
            return
        seen.add((entry.path, False))
        inside = f"{entry.path}/" if entry.path else ""
        for folder, reason in model.directory.closed.items():
            if f"{folder}/".startswith(inside):
                yield model.finding("MLM902", reason, file=folder)
        items = list(names.beginning(inside))
    for item in items:
        chosen = item is entry
        if (item.path, chosen) in seen:
            continue
        seen.add((item.path, chosen))
        if item.kind is Kind.FILE:
            complaint = file_integrity.complaint(model.directory, item, chosen=chosen)
            if complaint is not None:
                yield model.finding(*complaint, file=item.path)
        elif item.kind is Kind.OUTSIDE and not chosen:
            yield model.finding("MLM005", "a link that leads out of the model directory", file=item.path)
        elif item.kind is Kind.SPECIAL:
            yield model.finding(
                "MLM009", "neither a file nor a directory: opening it may never end", file=item.path
            )


_TAMPER = "any user of the machine may replace it; remove the write permission of others (chmod o-w)"


def read_without_a_key(model: Model) -> Iterator[Finding]:
    """MLM008: ``mlflow.pyfunc`` opens requirements.txt wherever there is something of that name."""
    if model.directory.look("requirements.txt").kind is Kind.DIRECTORY:
        message = (
            "'requirements.txt' is a directory; MLflow opens a file of that name before it loads a model"
        )
        yield model.finding("MLM008", message, file="requirements.txt")


def same_but_for_case(model: Model) -> Iterator[Finding]:
    """MLM024: names that some file systems take for one."""
    entries = model.directory.entries
    lowered = {path.lower() for path in entries}
    if len(lowered) == len(entries):
        return
    first: dict[str, str] = {}
    for path in sorted(entries):
        other = first.setdefault(path.lower(), path)
        if other != path and other.rpartition("/")[0] == path.rpartition("/")[0]:
            message = f"{quoted(path)} and {quoted(other)} are one file where letters are compared without their case"
            yield model.finding("MLM024", message, file=path)


def listing(model: Model) -> Iterator[Finding]:
    """MLM013-MLM018: what stands in the directory beside what the MLmodel file names."""
    used = {paths.normal(use.value) for use in paths.of(model)}
    names = table("file-names.json")
    secrets, secret_paths = names["secrets"], tuple(names["secret-paths"])
    writable: list[str] = []
    clutter: list[str] = []
    for path, entry in model.directory.entries.items():
        name = path.rsplit("/", 1)[-1]
        if name in secrets or path.endswith(secret_paths):
            yield model.finding("MLM015", f"{quoted(name)} usually holds a secret", file=path)
        elif name in names["clutter"]:
            clutter.append(path)
        if entry.kind is Kind.OUTSIDE and path != "MLmodel" and not _is_used(path, used):
            yield model.finding("MLM014", "a link that leads out of the model directory", file=path)
        elif entry.kind is Kind.SPECIAL and path != "MLmodel" and not _is_used(path, used):
            yield model.finding("MLM018", "neither a file, a directory nor a link", file=path)
        if os.name == "posix" and entry.mode & stat.S_IWOTH and not stat.S_ISLNK(entry.mode):
            writable.append(path)
    if model.directory.others_may_write:
        yield model.finding("MLM013", "every user may write in the model directory", hint=_TAMPER)
    for path, count in _first_and_count(writable):
        more = f", and {count - 1} more" if count > 1 else ""
        yield model.finding("MLM013", f"every user may write {quoted(path)}{more}", file=path, hint=_TAMPER)
    for path, count in _first_and_count(clutter):
        more = f" (and {count - 1} more like it)" if count > 1 else ""
        yield model.finding("MLM016", f"{quoted(path)} is no part of a model{more}", file=path)


def _first_and_count(names: list[str]) -> Iterator[tuple[str, int]]:
    """One finding for many files: the first of them, and how many there are."""
    if names:
        yield min(names), len(names)


def _is_used(path: str, used: set[str]) -> bool:
    return any(path[:end] in used for end, letter in enumerate(f"{path}/") if letter == "/")


CHECKS = (mlmodel_is_there, container, path_keys, read_without_a_key, same_but_for_case, listing)
