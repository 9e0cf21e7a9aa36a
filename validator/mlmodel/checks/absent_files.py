"""Chapter 1, the directory: what loaders open and is not there; one finding a file, and one where many are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.model import loader_files, paths
from mlmodel.model.names import DOCUMENTS, Names
from mlmodel.sources.base import MAX_PATH, Kind, UnreadableError
from mlmodel.standard import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.loader_files import Needed
    from mlmodel.model.model import Model

    Pointer = tuple[str | int, ...]

MANY = 3
"""Absent files that are told of in one finding."""
_SHOWN = 8


class _Absent(Record):
    """A file or folder that is not there."""

    names: tuple[str, ...]
    """What it may be called."""
    keys: list[Pointer]
    """The keys of the MLmodel file that lead to it."""
    by: str = ""
    """The index that names it."""
    what: str = ""
    rule: str = "MLM007"
    otherwise: str = ""

    @property
    def shown(self) -> str:
        """Its names, as a message shows them."""
        if len(self.names) == 1:
            return quoted(self.names[0])
        folder, _, first = self.names[0].rpartition("/")
        others = [quoted(name.rsplit("/", 1)[-1]) for name in self.names[1:3]]
        more = f" and {len(self.names) - 3} other names" if len(self.names) > 3 else ""
        where = f"{folder}/" if folder else ""
        return f"{quoted(where + first)} (or {', '.join(others)}{more})"


def absent(model: Model) -> Iterator[Finding]:
    """MLM007, MLM011, MLM020: what the keys of the MLmodel file and the loaders of its flavors name is there."""
    found = _absent(model)
    names = Names(model)
    missing = []
    for one in found.values():
        stub = next(
            (name for name in one.names if model.directory.look(f"{name}.dvc").kind is Kind.FILE), None
        )
        if stub is not None:
            message = (
                f"{quoted(stub)} is not there, only its DVC stub: fetch the file with `dvc pull`{_keys(one)}"
            )
            yield _finding(model, one, "MLM011", message)
        elif one.rule != "MLM007":
            yield _finding(
                model, one, one.rule, f"{one.shown} is not in the model directory: {one.otherwise}"
            )
        else:
            missing.append(one)
    if len(missing) < MANY:
        used = {paths.normal(use.value) for use in paths.of(model)}
        for one in missing:
            hint = _moved_up(model, one) or (None if one.by else names.near(one.names[0], used))
            yield _finding(
                model, one, "MLM007", f"{one.shown} is not in the model directory{_keys(one)}", hint
            )
    else:
        listed = ", ".join(f"{one.shown}{_keys(one, all_of_them=True)}" for one in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        message = f"{len(missing)} files that loaders open are not in the model directory: {listed}{more}"
        yield model.finding("MLM007", message, hint=_cause(model, missing))


def _finding(model: Model, one: _Absent, rule: str, message: str, hint: str | None = None) -> Finding:
    if one.by:
        return model.finding(rule, message, file=one.by, hint=hint)
    pointer = one.keys[0]
    return model.finding(rule, message, model.mlmodel, pointer, key=len(pointer) == 2, hint=hint)


def _keys(one: _Absent, *, all_of_them: bool = False) -> str:
    """Who names it, for a message whose place is the first of them."""
    told = [f"what {quoted(one.by)} names"] if one.by and all_of_them else []
    keys = [] if one.by else [".".join(map(str, pointer[1:])) for pointer in one.keys]
    told += dict.fromkeys(keys if all_of_them else keys[1:])
    lead = "" if all_of_them else "also named by "
    text = f" ({lead}{', '.join(told)})" if told else ""
    return f"{text}: {one.what}" if one.what and not all_of_them else text


def _absent(model: Model) -> dict[tuple[str, ...], _Absent]:
    """What is not there, by its names; what stands below an absent folder is left out."""
    found: dict[tuple[str, ...], _Absent] = {}
    prefixes: dict[Pointer, tuple[str, ...]] = {}
    names = Names(model)
    for use in paths.of(model):
        if (
            use.missing_rule != "MLM007"
            or paths.fault(use.value, basename=use.kind == "basename") is not None
        ):
            continue
        path = use.value.rsplit("/", 1)[-1] if use.kind == "basename" else use.value
        try:
            is_missing = "\0" not in path and model.directory.look(path).kind is Kind.MISSING
        except UnreadableError:
            continue  # MLM902
        path = paths.normal(path)
        if is_missing and paths.has_other_env_file(model, use):
            continue  # MLM032
        if not is_missing or (use.kind == "prefix" and any(names.beginning(path))):
            continue
        found.setdefault((path,), _Absent((path,), [])).keys.append(use.pointer)
        if use.kind == "prefix":
            prefixes[use.pointer] = (path,)
    for need in loader_files.needed(model):
        if not need.optional and not _is_there(model, need):
            fresh = _Absent(need.names, [], need.by, need.what, need.rule, need.otherwise)
            found.setdefault(need.names, fresh).keys.append(need.pointer)
            found.pop(prefixes.pop(need.pointer, ()), None)  # the names that it begins say more
    gone = {names[0] for names in found if len(names) == 1}
    return {names: one for names, one in found.items() if not all(_is_below(name, gone) for name in names)}


def _is_there(model: Model, need: Needed) -> bool:
    try:
        return any(loader_files.present(model, name) for name in need.names)
    except UnreadableError:
        return True  # MLM902


def _is_below(path: str, folders: set[str]) -> bool:
    return len(path) <= MAX_PATH and any(
        letter == "/" and path[:end] in folders for end, letter in enumerate(path)
    )


def _moved_up(model: Model, one: _Absent) -> str | None:
    """The hint where a folder is gone and its files stand at the root: an upload that made all folders one."""
    if len(one.names) != 1:
        return None
    folder, _, name = one.names[0].rpartition("/")
    if folder and model.directory.look(name).kind is Kind.FILE:
        return f"{quoted(name)} stands at the root: move it into {folder}/, where the loader opens it"
    inside = [
        name
        for pointer in one.keys
        for name in _known_in(pointer)
        if model.directory.look(name).kind is not Kind.MISSING
    ]
    if inside:
        files = ", ".join(map(quoted, dict.fromkeys(inside)))
        return f"the folder is gone and its files stand at the root: move {files} into {one.names[0]}/"
    return None


def _known_in(pointer: Pointer) -> list[str]:
    """The names that the files in the folder of a key have."""
    if len(pointer) != 3:
        return []
    found = []
    for entry in (schemas.flavor_schema(str(pointer[1])) or {}).get("x-files", ()):
        if entry.get("in") == pointer[2]:
            found += [name for name in (*entry.get("any-of", ()), entry.get("path", "*")) if "*" not in name]
            for below in schemas.schema("files.json")["layouts"].get(entry.get("layout"), ()):
                found += [
                    name for name in (*below.get("any-of", ()), below.get("path", "*")) if "*" not in name
                ]
    return [name for name in dict.fromkeys(found) if name not in DOCUMENTS]


_TEXTS = (
    ".yaml",
    ".yml",
    ".txt",
    ".json",
    ".md",
    ".py",
    ".cfg",
    ".toml",
    "MLmodel",
    ".gitattributes",
    ".gitignore",
)


def _cause(model: Model, missing: list[_Absent]) -> str:
    """What has probably happened, where many files are gone."""
    files = [path for path, entry in model.directory.entries.items() if entry.kind is Kind.FILE]
    folders = [path for path, entry in model.directory.entries.items() if entry.kind is Kind.DIRECTORY]
    wanted = [name for one in missing for name in one.names if "/" in name]
    moved = [name for name in wanted if name.rsplit("/", 1)[-1] in files]
    if moved or any(_moved_up(model, one) for one in missing):
        return "the folders were lost on the way and their files stand at the root, as a web upload does: copy the directory again"
    if files == ["MLmodel"]:
        return "only the MLmodel file was copied: a model is the whole directory"
    if not folders and wanted and len(wanted) == sum(len(one.names) for one in missing):
        return "no folder came along: copy the directory with all that is below it"
    if all(path.endswith(_TEXTS) for path in files):
        return "only texts are left: a .gitignore, or a download of the small files only, left the others out"
    return "the copy is incomplete: bring the directory again from where the model was saved"


CHECKS = (absent,)
