"""Chapter 1, the directory: what stands in it, and where the paths of the MLmodel file lead."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from mlmodel import artifacts, paths
from mlmodel.directory import Kind, UnreadableError
from mlmodel.schemas import shown
from mlmodel.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.directory import Entry
    from mlmodel.findings import Finding
    from mlmodel.model import Model
    from mlmodel.paths import PathUse


def mlmodel_is_there(model: Model) -> Iterator[Finding]:
    """MLM001, MLM002, MLM005: there is an MLmodel file that can be read."""
    entry = model.directory.look("MLmodel")
    if entry.kind is Kind.OUTSIDE:
        yield model.finding("MLM005", "MLmodel is a link that leads out of the model directory", file="MLmodel")
    elif entry.kind in (Kind.DIRECTORY, Kind.SPECIAL) or "MLmodel" in model.directory.entries:
        if entry.kind is not Kind.FILE:
            what = "a link to nothing" if entry.kind is Kind.MISSING else f"a {entry.kind.value}"
            yield model.finding("MLM002", f"MLmodel is {what}, not a file", file="MLmodel")
    else:
        near = _candidates(model)
        hint = f"is it {', or '.join(near)}?" if near else "MLflow writes it at the root of the model directory"
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
    names = [f"the file {shown(path)} here, which must be called MLmodel" for path in sorted(spelled)[:2]]
    names += [f"the directory {shown(path)} below" for path in sorted(below, key=lambda p: (p.count("/"), p))[:3]]
    if model.directory.parent_has("MLmodel"):
        names.append("the parent directory, which has one")
    return names


def path_keys(model: Model) -> Iterator[Finding]:
    """MLM003-MLM012, MLM017: every path in the MLmodel file leads to a usable file in the directory."""
    seen: set[str] = set()
    for use in paths.uses(model):
        try:
            yield from _path(model, use, seen)
        except UnreadableError as error:
            yield model.finding("MLM902", error.reason, file=None if error.path == "." else error.path)


def _path(model: Model, use: PathUse, seen: set[str]) -> Iterator[Finding]:
    def finding(rule: str, message: str, hint: str | None = None) -> Finding:
        return model.finding(rule, message, use.document, use.pointer, hint=hint)

    name = shown(use.value)
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
        yield finding("MLM006", f"{name} has a backslash, which only Windows takes for a separator", f"write {fixed}")
        return
    path = use.value.rsplit("/", 1)[-1] if use.kind == "basename" else use.value
    entry = model.directory.look(path)
    if use.kind == "prefix" and entry.kind is Kind.MISSING and _has_prefix(model, path):
        return
    if entry.kind is Kind.MISSING:
        yield finding(use.missing_rule, f"{name} is not in the model directory", _near(model, path))
    elif entry.kind is Kind.OUTSIDE:
        yield finding("MLM005", f"{name} is a link that leads out of the model directory")
    elif entry.kind is Kind.SPECIAL:
        yield finding("MLM009", f"{name} is neither a file nor a directory: opening it may never end")
    elif use.kind in ("file", "basename") and entry.kind is Kind.DIRECTORY:
        yield finding("MLM008", f"{name} is a directory; its reader opens a file")
    elif use.kind == "directory" and entry.kind is Kind.FILE:
        yield finding("MLM008", f"{name} is a file; its reader opens a directory")
    elif entry.path not in seen:
        seen.add(entry.path)
        yield from _content(model, entry)


def _content(model: Model, entry: Entry) -> Iterator[Finding]:
    """MLM010-MLM012 for a referenced file, or for the files of a referenced directory."""
    if entry.kind is Kind.FILE:
        files = [entry]
    else:
        inside = f"{entry.path}/" if entry.path else ""
        files = [item for path, item in model.directory.entries.items() if path.startswith(inside)]
    for item in files:
        if item.kind is Kind.FILE:
            complaint = artifacts.complaint(model.directory, item, chosen=item is entry)
            if complaint is not None:
                yield model.finding(*complaint, file=item.path)
        elif item.kind is Kind.OUTSIDE and item is not entry:
            yield model.finding("MLM005", "a link that leads out of the model directory", file=item.path)
        elif item.kind is Kind.SPECIAL:
            yield model.finding("MLM009", "neither a file nor a directory: opening it may never end", file=item.path)


def _has_prefix(model: Model, prefix: str) -> bool:
    normal = "/".join(part for part in prefix.split("/") if part not in ("", "."))
    return any(path.startswith(normal) for path in model.directory.entries)


def _near(model: Model, path: str) -> str | None:
    """The name in the directory that was meant: another case, the same name elsewhere, or a like one."""
    names = [name for name in model.directory.entries if name != "MLmodel"]
    last = path.rsplit("/", 1)[-1].lower()
    near = next((name for name in names if name.lower() == path.lower()), None)
    near = near or next((name for name in names if name.rsplit("/", 1)[-1].lower() == last), None)
    near = near or nearest(path, names, 0.6)
    return f"the directory has {shown(near)}" if near else None


_SECRETS = frozenset(
    {".env", ".netrc", ".pypirc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".git-credentials", ".htpasswd"}
)
_CLUTTER = frozenset({"__pycache__", ".DS_Store", ".ipynb_checkpoints", ".git", "Thumbs.db", ".pytest_cache"})
_TAMPER = "any user of the machine may replace it; remove the write permission of others (chmod o-w)"


def listing(model: Model) -> Iterator[Finding]:
    """MLM013-MLM018: what stands in the directory beside what the MLmodel file names."""
    used = {use.value for use in paths.uses(model)}
    writable: list[str] = []
    clutter: list[str] = []
    for path, entry in model.directory.entries.items():
        name = path.rsplit("/", 1)[-1]
        if name in _SECRETS or path.endswith(".aws/credentials"):
            yield model.finding("MLM015", f"{shown(name)} usually holds a secret", file=path)
        elif name in _CLUTTER:
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
        yield model.finding("MLM013", f"every user may write {shown(path)}{more}", file=path, hint=_TAMPER)
    for path, count in _first_and_count(clutter):
        more = f" (and {count - 1} more like it)" if count > 1 else ""
        yield model.finding("MLM016", f"{shown(path)} is no part of a model{more}", file=path)


def _first_and_count(names: list[str]) -> Iterator[tuple[str, int]]:
    """One finding for many files: the first of them, and how many there are."""
    if names:
        yield min(names), len(names)


def _is_used(path: str, used: set[str]) -> bool:
    return any(path == value or path.startswith(value.rstrip("/") + "/") for value in used)


CHECKS = (mlmodel_is_there, path_keys, listing)
