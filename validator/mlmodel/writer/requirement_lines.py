"""Requirement lines as MLflow's writers take them: a list, or the path of a file; other files may be named in them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.flavors import UnsuitableError

if TYPE_CHECKING:
    from collections.abc import Sequence

CONSTRAINTS = "constraints.txt"
"""The file of a model directory that holds constraints, by the name that MLflow gives it."""

_OTHER_FILE = lazy_pattern(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=|(?=\S))(?P<path>.+)")
_DEEPEST = 10
"""Files that name each other, at most."""


class Lines(Record):
    """What is required, and what only limits the versions of it."""

    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()


def read(name: str, given: Sequence[str] | str | os.PathLike[str], base: str = "") -> Lines:
    """The lines of an argument, those of the files that it names included (``_parse_pip_requirements`` of MLflow).

    Args:
        name: what the argument is called.
        given: lines, or the path of a file of them.
        base: the folder from which lines name other files.

    Raises:
        UnsuitableError: it is neither, or a file cannot be read.
    """
    if isinstance(given, (str, os.PathLike)):
        lines, base = _content(name, os.fspath(given)), os.path.dirname(os.fspath(given))
    elif isinstance(given, (list, tuple)) and all(isinstance(line, str) for line in given):
        lines = list(given)
    else:
        raise UnsuitableError(f"{name} is a list of requirement lines, or the path of a file of them")
    return _gathered(name, lines, base, Lines(()), _DEEPEST)


def joined(found: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Lines that were found and lines that somebody adds: what they say of a distribution takes the place of what was
    found, unless it is only its name."""
    names = {_name(line): line for line in found}
    kept = {name: line for name, line in names.items() if name is not None}
    last = []
    for line in added:
        name = _name(line)
        if name is None or name not in kept:
            last.append(line)
        elif canonicalize_name(line) != name:
            kept[name] = line
    return (*(kept.get(_name(line) or "", line) for line in found), *last)


def _name(line: str) -> str | None:
    """The distribution of a line; None for an option, a path or an address."""
    try:
        return canonicalize_name(Requirement(line.partition(" #")[0]).name)
    except InvalidRequirement:
        return None


def _gathered(name: str, lines: Sequence[str], base: str, found: Lines, depth: int) -> Lines:
    for line in map(str.strip, lines):
        if not line or line.startswith("#"):
            continue
        other = _OTHER_FILE.fullmatch(line)
        if other is None:
            found = found._replace(requirements=(*found.requirements, line))
            continue
        path = os.path.join(base, other["path"].strip())
        if not depth:
            raise UnsuitableError(f"{name} names files that name each other: {path}")
        below = _gathered(name, _content(name, path), os.path.dirname(path), Lines(()), depth - 1)
        if line.startswith(("-c", "--c")):
            limits = (*found.constraints, *below.requirements, *below.constraints)
            found = found._replace(constraints=limits)
        else:
            found = Lines(
                (*found.requirements, *below.requirements), (*found.constraints, *below.constraints)
            )
    return found


def _content(name: str, path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnsuitableError(f"{name}: {path} cannot be read: {error}") from error
