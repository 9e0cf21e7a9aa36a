"""Requirements from evidence: what the serialized objects and the code of the model import, and what the loader needs.

Nothing is loaded and no process is started for it: our own reader of pickles says what loading imports, and the
metadata of the installed distributions say which of them brings it, in which version.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mlmodel.documents import python_source
from mlmodel.environment import requirements as environment_lines
from mlmodel.environment.misnamed import misnamed
from mlmodel.pickles import imported, scan
from mlmodel.sources.directory import ModelDirectory
from mlmodel.writer import markers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class UnknownModuleError(LookupError):
    """The model imports what no installed distribution brings."""


class UnreadableCodeError(ValueError):
    """A file of ``code/`` cannot be imported."""


class MisnamedError(ValueError):
    """A requirement that was given has the name of a module, and not of a distribution."""


def refuse_names_of_modules(lines: Iterable[str]) -> None:
    """Refuse requirement lines that no index has, or that mean something else there.

    Raises:
        MisnamedError: a line names a module of Python, or one that a distribution of another name holds.
    """
    for line in lines:
        for entry in environment_lines.parse(line, environment_lines.TextOrigin("", line)):
            found = misnamed(entry.name, sys.version_info[:2]) if entry.name and not entry.target else None
            if found is not None:
                raise MisnamedError(f"{line!r}: {found.reason}; {found.hint}")


def requirements(
    folder: str, files: Iterable[str], needs: Iterable[str], mlflow: str, loaders: Iterable[str] = ()
) -> list[str]:
    """Pinned requirements in the order of their names, MLflow's first.

    Args:
        folder: the model directory in the making.
        files: the serialized objects in it, and files of Python that loading runs.
        needs: distributions that the flavor's loader imports.
        mlflow: the release of MLflow to record.
        loaders: further modules that loading imports.

    Raises:
        UnknownModuleError: a module comes from no installed distribution and not from ``code/``.
        UnreadableCodeError: a file in ``code/`` is not Python of this release.
    """
    names = {canonicalize_name(name): name for name in map(_installed, needs)}
    own = _own_modules(os.path.join(folder, "code"))
    modules = {"loading": loaders, **_modules(folder, files)}
    sources = {module.partition(".")[0]: where for where, each in modules.items() for module in each}
    for module, where in sorted(sources.items()):
        if module in own or module in sys.stdlib_module_names or module == "mlflow":
            continue
        found = brought(module)
        if module == "__main__" or not found:
            raise UnknownModuleError(
                f"{where} imports {module}, which no installed distribution brings; pass the file that defines it as one of "
                "code_paths, or move what is defined in a script into a module"
            )
        # A namespace that several distributions share says nothing about which of them is used.
        if len(set(found)) == 1:
            names.setdefault(canonicalize_name(found[0]), found[0])
    return [f"mlflow=={mlflow}", *(_pin(name) for key, name in sorted(names.items()) if key != "mlflow")]


def _installed(name: str) -> str:
    """A distribution that the flavor needs, under the name that it is installed by: ``xgboost-cpu`` is ``xgboost``, too.

    Raises:
        UnknownModuleError: none of that name is installed, nor one that brings a module of that name.
    """
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        others = _distributions().get(name.replace("-", "_"))
        if not others:
            raise UnknownModuleError(
                f"the model needs the distribution {name}, which is not installed"
            ) from None
        return others[0]
    return name


def _pin(name: str) -> str:
    condition = markers.marker(name)
    return f"{name}=={public(metadata.version(name))}{f' ; {condition}' if condition else ''}"


def imported_modules(folder: str, files: Iterable[str]) -> set[str]:
    """The modules that serialized objects name and that files of Python import, dotted."""
    return {module for each in _modules(folder, files).values() for module in each}


def brought(module: str) -> Sequence[str]:
    """The installed distributions that bring a top-level module."""
    return _distributions().get(module, ())


def _modules(folder: str, files: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Modules by the file that imports them, code after the objects."""
    directory = ModelDirectory(folder)
    files = tuple(files)
    found: dict[str, list[str]] = {}
    for file in [*(file for file in files if file.endswith(".py")), *_code_files(folder)]:
        found[file] = list(_code_imports(folder, file))
    for file in files:
        if not file.endswith(".py"):
            items = scan(directory, file, calls=False)
            found[file] = [module for item in items for module in imported(item)]
    return found


def _code_files(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(os.path.join(folder, "code")):
        yield from (
            os.path.relpath(os.path.join(parent, name), folder)
            for name in sorted(names)
            if name.endswith(".py")
        )


def _code_imports(folder: str, file: str) -> Iterator[str]:
    path = os.path.join(folder, file)
    with open(path, "rb") as stream:
        text = stream.read()
    parsed = python_source.parse(text)
    if parsed.tree is None:
        fault = parsed.fault
        why = f"{fault.message} (line {fault.line})" if fault is not None else "it is nested too deep"
        raise UnreadableCodeError(f"{file} is no Python: {why}")
    # What is imported within a function, or a try that may fail, may never be needed: only what every import runs.
    for found in python_source.imports(parsed.tree, file):
        yield found.module


def _own_modules(folder: str) -> set[str]:
    if not os.path.isdir(folder):
        return set()
    return {name.removesuffix(".py") for name in os.listdir(folder)}


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    return metadata.packages_distributions()


def public(version: str) -> str:
    """A version without its local label, which no index has: ``2.1.0+cu118`` is built from ``2.1.0``."""
    try:
        return Version(version).public
    except InvalidVersion:
        return version
