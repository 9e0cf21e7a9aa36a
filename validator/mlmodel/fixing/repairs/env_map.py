"""The key ``env`` of python_function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.checks.named_files import FILES
from mlmodel.fixing.edits import Edit, Repair
from mlmodel.fixing.repairs.base import PYFUNC, repair_of
from mlmodel.fixing.repairs.missing_files import NAME, files_written
from mlmodel.sources.directory import Kind
from mlmodel.standard import releases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def env_map(model: Model, finding: Finding) -> Repair | None:
    """MLM210, MLM460, MLM479: name the environment files as MLflow 2 does, where both are there."""
    document = model.mlmodel
    conf = model.flavors.get("python_function")
    if document is None or document.places is None or not conf:
        return None
    env = conf.get("env")
    if not isinstance(env, dict) and not releases.at_least(model.release, "2.0"):
        return None  # the readers of its time want a string
    names = dict(FILES)
    if isinstance(env, str):
        names["conda"] = env
    elif isinstance(env, dict):
        names = {key: env.get(key) or name for key, name in FILES.items()}
    if not isinstance(names["conda"], str) or not NAME.fullmatch(names["conda"]):
        return None
    if model.directory.look(names["conda"]).kind is not Kind.FILE:
        return None
    written = files_written(model, names["virtualenv"])
    if written is None:
        return None
    if env is None:
        edit = _insert_env(document, conf, names)
    elif isinstance(env, dict):
        edit = _complete_env(document, env, names)
    else:
        edit = _replace_env(document, names)
    return repair_of(finding, f"name {' and '.join(names.values())} in env", *written, edit) if edit else None


def _complete_env(document: Document, env: dict[str, Any], names: Mapping[str, str]) -> Edit | None:
    """Add the key that a mapping lacks, on a line of its own or in the braces."""
    assert document.places is not None
    missing = {key: name for key, name in names.items() if key not in env}
    start = document.places.offset((*PYFUNC, "env"))
    if len(missing) != 1 or start is None:
        return None
    line = _flow(missing)[1:-1]
    if document.text[start] == "{":
        return Edit(document.path, start + 1, start + 1, f"{line}, ") if env else None
    last = next(reversed(env))
    key = document.places.offset((*PYFUNC, "env", last), key=True)
    scalar = document.places.scalar((*PYFUNC, "env", last))
    indent = _indent(document, key) if key is not None else None
    if scalar is None or scalar.style in ("|", ">") or indent is None:
        return None
    end = re.compile(r"[^\r\n]*").match(document.text, scalar.end)
    assert end is not None
    return Edit(document.path, end.end(), end.end(), f"{_newline(document)}{indent}{line}")


def _replace_env(document: Document, names: Mapping[str, str]) -> Edit | None:
    assert document.places is not None
    scalar = document.places.scalar((*PYFUNC, "env"))
    key = document.places.offset((*PYFUNC, "env"), key=True)
    if scalar is None or scalar.style in ("|", ">") or key is None:
        return None
    gap = re.compile(r"env:[ \t]*").fullmatch(document.text, key, scalar.start)
    indent = _indent(document, key)
    if gap is None or indent is None:
        return Edit(document.path, scalar.start, scalar.end, _flow(names))
    return Edit(document.path, key, scalar.end, _block(document, names, indent))


def _insert_env(document: Document, conf: Mapping[str, Any], names: Mapping[str, str]) -> Edit | None:
    assert document.places is not None
    if "env" in conf:  # null
        scalar = document.places.scalar((*PYFUNC, "env"))
        return _replace_env(document, names) if scalar is not None and scalar.end > scalar.start else None
    start = document.places.offset(PYFUNC)
    if start is not None and document.text[start : start + 1] == "{":
        return Edit(document.path, start + 1, start + 1, f"env: {_flow(names)}, ")
    first = next(iter(conf))
    # Before the first key that sorts after it, as MLflow writes them, but not between a key and its comment.
    for key in (*(key for key in conf if key > "env"), first):
        place = document.places.offset((*PYFUNC, key), key=True)
        indent = _indent(document, place) if place is not None else None
        if place is None or indent is None:
            continue
        above = document.text[: place - len(indent)].rstrip("\r\n").rpartition("\n")[2]
        if key == first or not above.lstrip().startswith("#"):
            text = _block(document, names, indent) + _newline(document) + indent
            return Edit(document.path, place, place, text)
    return None


def _indent(document: Document, place: int) -> str | None:
    """The blanks before a key that begins its line, None for a key that stands elsewhere."""
    before = document.text[document.text.rfind("\n", 0, place) + 1 : place]
    return before if not before.strip(" ") else None


def _newline(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


def _block(document: Document, names: Mapping[str, str], indent: str) -> str:
    assert document.places is not None
    outer = document.places.offset(PYFUNC, key=True)
    above = _indent(document, outer) if outer is not None else None
    step = indent[len(above) :] if above is not None else ""
    below = indent + (step or "  ")
    return _newline(document).join(["env:", *(f"{below}{key}: {name}" for key, name in names.items())])


def _flow(names: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {name}" for key, name in names.items()) + "}"
