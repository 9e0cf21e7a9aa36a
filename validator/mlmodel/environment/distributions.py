"""What is known of distributions on PyPI: their modules, what they bring along, where they run.

The data files beside this module hold the knowledge.  They are small and incomplete on purpose: what they do
not know, nobody is accused of.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from mlmodel.common.caching import bounded_cache
from mlmodel.common.records import Record
from mlmodel.environment.requirements import Form
from mlmodel.standard.data import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.environment.recorded import Environment


MLFLOW = ("mlflow", "mlflow-skinny")
"""The distributions that hold the module ``mlflow``; the second is part of the first."""


# -- one distribution ------------------------------------------------------------------------------


def only_for(name: str) -> str | None:
    """The only system that a distribution can be installed on, None for most."""
    system: str | None = table("distributions.json")["only-for"].get(name)
    return system


def instead_of(name: str) -> str | None:
    """What to do about a distribution for one system only."""
    hint: str | None = table("distributions.json")["instead-of"].get(name)
    return hint


def is_development(name: str) -> bool:
    """Whether a distribution is a tool for development."""
    return name in table("distributions.json")["development"]


def needs_a_word(names: frozenset[str]) -> bool:
    """Whether any of the names is one that :func:`only_for`, :func:`is_development` or :func:`system_library` knows:
    few models list one."""
    return not _remarkable().isdisjoint(names)


@cache
def _remarkable() -> frozenset[str]:
    known = table("distributions.json")
    return frozenset().union(known["only-for"], known["development"], known["system-library"])


def system_library(name: str) -> str | None:
    """The shared library that a distribution needs from the operating system."""
    library: str | None = table("distributions.json")["system-library"].get(name)
    return library


@cache
def of_mlflow() -> frozenset[str]:
    """The distributions that hold MLflow itself."""
    return frozenset(table("distributions.json")["mlflow"])


@cache
def tools() -> frozenset[str]:
    """The distributions that install the others."""
    return frozenset(table("distributions.json")["tools"])


# -- Requires-Python -------------------------------------------------------------------------------


@bounded_cache(4096)
def requires_python(name: str, version: str) -> str | None:
    """The ``Requires-Python`` of a release, ``>=3.9,<3.13``; None where it is not known."""
    from mlmodel.environment import versions

    if name not in table("requires-python.json")["distributions"]:
        return None
    releases = _pythons_of(name)
    return releases.get(version) or releases.get(versions.release(versions.public(version)))


@bounded_cache(1024)
def _pythons_of(name: str) -> dict[object, str]:
    """What the releases of a known distribution require, by their texts and by their numbers."""
    from mlmodel.environment import versions

    known: dict[str, str] = table("requires-python.json")["distributions"][name]
    found: dict[object, str] = {versions.release(version): wanted for version, wanted in known.items()}
    found.pop(None, None)
    found.update(known)
    return found


@bounded_cache(4096)
def python_fits(wanted: str, python: tuple[int, ...]) -> bool:
    """Whether a Python meets a ``Requires-Python``, at the precision that is recorded of it."""
    for clause in wanted.split(","):
        operator = clause.rstrip("0123456789.*")
        limit = tuple(int(part) for part in clause[len(operator) :].split(".") if part.isdigit())
        short = len(python) < len(limit) and limit[: len(python)] == python
        if operator == ">=" and python < limit and not short:
            return False
        if operator == "<" and python >= limit and not short:
            return False
        if operator == "<=" and python[: len(limit)] > limit:
            return False
        if operator == "!=" and clause.endswith("*") and python[: len(limit)] == limit:
            return False
    return True


# -- modules ---------------------------------------------------------------------------------------


class InstalledSet(Record):
    """What a list of distributions installs, as far as it is known."""

    names: frozenset[str]
    """The distributions, and those that they require."""
    open: bool
    """Whether some of them may bring what nobody knows: a module that no table has may be theirs."""
    unknown: bool
    """Whether one of the listed distributions themselves is unknown, so that it may require any other."""


def reach(environment: Environment, without: Iterable[str] = ()) -> InstalledSet:
    """What the recorded environment installs; ``without`` the distributions that some of the names bring."""
    known = table("modules.json")["distributions"]
    nameless = any(
        entry.form in (Form.EDITABLE, Form.INVALID)
        or ((entry.target or entry.form in (Form.URL, Form.PATH)) and entry.name not in known)
        or (entry.extras and entry.name not in known)
        for listing in environment.listings
        for entry in listing.entries
        if entry.form not in (Form.INCLUDE, Form.CONSTRAINTS)
    )
    lost = bool(environment.unresolved) or any(
        fault.entry.form is not Form.CONSTRAINTS
        for listing in environment.listings
        for fault in listing.faults
    )
    remote = any(
        "://" in (entry.target or "") or "$" in (entry.target or "")
        for listing in environment.listings
        for entry in listing.entries
        if entry.form is Form.INCLUDE
    )
    installed = closure(environment.names - {*without})
    return InstalledSet(
        installed.names, installed.open or nameless or lost or remote, installed.unknown or lost or remote
    )


def closure(names: Iterable[str]) -> InstalledSet:
    """The distributions, and all that they require in any release that is known."""
    return _closure(frozenset(names))


@bounded_cache(1024)
def _closure(names: frozenset[str]) -> InstalledSet:
    known = table("modules.json")["distributions"]
    found: set[str] = set()
    unknown = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        entry = known.get(name)
        if entry is None or "requires" not in entry:
            if name not in _INERT:
                unknown.add(name)
        else:
            pending.extend(entry["requires"])
    return InstalledSet(frozenset(found), bool(unknown), bool(unknown & names))


_INERT = frozenset({"python", "pip", "setuptools", "wheel"})


@cache
def _providers() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, entry in table("modules.json")["distributions"].items():
        for module in entry["modules"]:
            found.setdefault(module, set()).add(name)
    return {module: frozenset(names) for module, names in found.items()}


_COMMON = frozenset(
    {
        "_codecs", "abc", "builtins", "codecs", "collections", "copy", "copy_reg", "copyreg", "datetime", "decimal",
        "enum", "functools", "io", "itertools", "json", "logging", "math", "operator", "os", "pathlib", "random", "re",
        "sys", "time", "types", "typing", "uuid", "warnings",
    }
)  # fmt: skip
"""Modules of every Python's standard library that pickles and code name most."""


def is_common(module: str, names: frozenset[str]) -> bool:
    """Whether a module needs no look into the tables: of every Python, or named like a listed distribution."""
    return module in _COMMON or module in names or (module == "sklearn" and "scikit-learn" in names)


def providers(module: str) -> frozenset[str]:
    """The distributions that hold a top-level module; empty where none is known to."""
    return _providers().get(module, frozenset())


def main_module(name: str) -> tuple[str, ...]:
    """The module that a distribution is imported by, where it has one that is named like it, or only one."""
    modules = table("modules.json")["distributions"].get(name, {}).get("modules", [])
    like = [module for module in modules if module == name.replace("-", "_")]
    return tuple(like or (modules if len(modules) == 1 else ()))


def maker(module: str) -> str | None:
    """The library that makes a top-level module in a cache, of code that it fetched; None where none does."""
    found: str | None = table("distributions.json")["made-by"].get(module)
    return found


def is_namespace(module: str) -> bool:
    """Whether many distributions share a top-level package (``google``, ``azure``)."""
    return module in table("modules.json")["namespaces"]
