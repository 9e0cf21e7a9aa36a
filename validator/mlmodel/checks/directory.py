"""Chapter 1, the directory: what stands in it, and where the paths of the MLmodel file lead."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.common.spelling import nearest
from mlmodel.common.texts import quoted, shortened
from mlmodel.model import file_integrity, paths
from mlmodel.sources.directory import Kind, UnreadableError

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
    """MLM035, MLM036: an archive holds the files of the model, each once, and nothing that leads out of it."""
    for defect in model.directory.defects:
        yield model.finding(defect.rule, defect.message, file=defect.path)


def path_keys(model: Model) -> Iterator[Finding]:
    """MLM003-MLM012, MLM017: every path in the MLmodel file leads to a usable file in the directory."""
    names = _Names(model)
    seen: set[tuple[str, bool]] = set()
    for use in paths.of(model):
        try:
            yield from _path(model, use, names, seen)
        except UnreadableError as error:
            if error.limit:
                raise
            yield model.finding("MLM902", error.reason, file=None if error.path == "." else error.path)


_COMPARED = 300
"""Names that a missing path is compared with."""


class _Names:
    """The names in the directory, sorted, so that a thousand paths are looked up in thousands of names quickly."""

    def __init__(self, model: Model) -> None:
        self._entries = model.directory.entries
        self._sorted = sorted(self._entries)
        self._guesses = 5

    def beginning(self, prefix: str) -> Iterator[Entry]:
        """The entries whose path begins with ``prefix``."""
        for index in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[index].startswith(prefix):
                break
            yield self._entries[self._sorted[index]]

    def near(self, path: str) -> str | None:
        """A hint where a missing path may be another name; only the first of them are looked for by likeness."""
        found = self._lowered.get(path.lower())
        if found is None and self._guesses:
            self._guesses -= 1
            found = nearest(path, [name for name in self._sorted[:_COMPARED] if name != "MLmodel"], 0.6)
        found = found or self._tails.get(path.rsplit("/", 1)[-1])
        return f"the directory has {quoted(found)}" if found else None

    @cached_property
    def _lowered(self) -> dict[str, str]:
        return {name.lower(): name for name in reversed(self._sorted) if name != "MLmodel"}

    @cached_property
    def _tails(self) -> dict[str, str]:
        return {name.rsplit("/", 1)[-1]: name for name in reversed(self._sorted) if name != "MLmodel"}


def _path(model: Model, use: PathUse, names: _Names, seen: set[tuple[str, bool]]) -> Iterator[Finding]:
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
    if use.kind == "prefix" and entry.kind is Kind.MISSING and any(names.beginning(_normal(path))):
        return
    if entry.kind is Kind.MISSING and "\0" in path:
        yield finding(use.missing_rule, f"{name} holds a NUL character, which no name of a file has")
    elif entry.kind is Kind.MISSING and model.directory.look(f"{path}.dvc").kind is Kind.FILE:
        yield finding("MLM011", f"{name} is not there, only its DVC stub: fetch the file with `dvc pull`")
    elif entry.kind is Kind.MISSING and _has_other_env_file(model, use):
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
        yield finding("MLM008", f"{name} is a directory; its reader opens a file")
    elif use.kind == "directory" and entry.kind is Kind.FILE:
        yield finding("MLM008", f"{name} is a file; its reader opens a directory")
    else:
        yield from _content(model, entry, names, seen)


def _has_other_env_file(model: Model, use: PathUse) -> bool:
    """Whether it is one of the two environment files, and the other is there."""
    if len(use.pointer) != 4 or use.pointer[:3] != ("flavors", "python_function", "env"):
        return False
    env = model.flavors["python_function"]["env"]
    other = env.get({"conda": "virtualenv", "virtualenv": "conda"}.get(str(use.pointer[3]), ""))
    return (
        isinstance(other, str)
        and bool(other)
        and paths.fault(other) is None
        and model.directory.look(other).kind is Kind.FILE
    )


def _content(model: Model, entry: Entry, names: _Names, seen: set[tuple[str, bool]]) -> Iterator[Finding]:
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


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


_SECRETS = frozenset(
    {
        ".env",
        ".netrc",
        ".pypirc",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        ".git-credentials",
        ".htpasswd",
    }
)
_CLUTTER = frozenset({"__pycache__", ".DS_Store", ".ipynb_checkpoints", ".git", "Thumbs.db", ".pytest_cache"})
_TAMPER = "any user of the machine may replace it; remove the write permission of others (chmod o-w)"


def listing(model: Model) -> Iterator[Finding]:
    """MLM013-MLM018: what stands in the directory beside what the MLmodel file names."""
    used = {_normal(use.value) for use in paths.of(model)}
    writable: list[str] = []
    clutter: list[str] = []
    for path, entry in model.directory.entries.items():
        name = path.rsplit("/", 1)[-1]
        if name in _SECRETS or path.endswith(".aws/credentials"):
            yield model.finding("MLM015", f"{quoted(name)} usually holds a secret", file=path)
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


CHECKS = (mlmodel_is_there, container, path_keys, listing)
