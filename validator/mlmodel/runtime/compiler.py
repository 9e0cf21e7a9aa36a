"""Compiles, beside the probe, the modules that it is going to import: the first import of large libraries compiles
for most of its time, and a second processor can have that done before it is asked for.

A script, run confined by the interpreter of the environment as ``python -I -S -X pycache_prefix=FOLDER compiler.py
JOB.json``.  It needs nothing but the standard library of Python 3.8 or later.  Nothing of what it compiles is
executed: which modules the next one imports is read off its bytecode.  What it misses, the probe compiles itself.
"""

from __future__ import annotations

import contextlib
import dis
import json
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any

_IMPORT, _EXTENDED, _CONSTANT, _NAME = (
    dis.opmap[name] for name in ("IMPORT_NAME", "EXTENDED_ARG", "LOAD_CONST", "LOAD_NAME")
)


class Module:
    """A module that was found: its name, its file, and the folder of its own modules."""

    def __init__(self, name: str, file: str | None, folder: str | None) -> None:
        self.name = name
        self.file = file
        self.folder = folder


class Finder:
    """Finds modules by name as the import system does, in folders alone."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders
        self._found: dict[str, Module | None] = {}
        self._names: dict[str, frozenset[str]] = {}

    def find(self, name: str) -> Module | None:
        """The module of a name, None where it has no source."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> Module | None:
        parent, _, last = name.rpartition(".")
        folders = self._folders
        if parent:
            package = self.find(parent)
            folders = [package.folder] if package is not None and package.folder is not None else []
        for folder in folders:
            names, path = self._listed(folder), os.path.join(folder, last)
            if last in names and "__init__.py" in self._listed(path):
                return Module(name, os.path.join(path, "__init__.py"), path)
            if last + ".py" in names:
                return Module(name, path + ".py", None)
            if last in names and self._listed(path):
                return Module(name, None, path)  # a namespace package
        return None

    def _listed(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]


class Compiler:
    """Compiles modules and what they import, in the order of the imports."""

    def __init__(self, finder: Finder, until: str, later: list[str]) -> None:
        self._finder = finder
        self._until = until
        self._later = frozenset(later)
        self._seen: set[str] = set()
        self._put_off: dict[str, list[str]] = {name: [] for name in later}

    def run(self, roots: list[str]) -> None:
        """Compile what the roots lead to; the packages that the probe begins with come last, their last one first."""
        self._follow(roots)
        later, self._later = list(self._put_off), frozenset()
        for package in reversed(later):
            self._follow([package, *self._put_off[package]])

    def whole(self, package: str) -> None:
        """Compile every module of a package but its tests."""
        module = self._finder.find(package)
        for folder, below, names in os.walk(module.folder) if module is not None and module.folder else ():
            below[:] = sorted(name for name in below if name not in ("tests", "__pycache__"))
            for name in sorted(names):
                if os.path.exists(self._until):
                    return
                if name.endswith(".py"):
                    compiled("", os.path.join(folder, name))

    def _follow(self, roots: list[str]) -> None:
        pending = list(reversed(roots))
        while pending and not os.path.exists(self._until):
            name = pending.pop()
            if name in self._seen:
                continue
            package = name.partition(".")[0]
            if package in self._later:
                self._put_off[package].append(name)
                continue
            self._seen.add(name)
            module = self._finder.find(name)
            if module is not None and module.file is not None:
                pending.extend(self._compile(module))

    def _compile(self, module: Module) -> Iterator[str]:
        assert module.file is not None
        code = compiled(module.name, module.file)
        if code is not None:
            package = module.name if module.folder is not None else module.name.rpartition(".")[0]
            yield from imports(code, package)


def compiled(name: str, file: str) -> CodeType | None:
    """The code of a module, kept as bytecode from now on; None where its source is faulty."""
    loader = SourceFileLoader(name, file)
    _adopt(loader, file)
    try:
        return loader.get_code(name)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None


def _adopt(loader: SourceFileLoader, file: str) -> None:
    """Take over the bytecode that an installation keeps beside the source; whether it fits is tested like any."""
    prefix, sys.pycache_prefix = sys.pycache_prefix, None
    beside = cache_from_source(file)
    sys.pycache_prefix = prefix
    target = cache_from_source(file)
    if os.path.exists(beside) and not os.path.exists(target):
        with contextlib.suppress(OSError):
            loader.set_data(target, loader.get_data(beside))


def imports(code: CodeType, package: str) -> Iterator[str]:
    """The names that the top level of a module may import: every ``import`` in its own code, not in functions.

    Args:
        code: of the module.
        package: the package that relative imports start from.
    """
    passed_over = list(_for_type_checkers(code))
    for at in _places(code.co_code, _IMPORT):
        if not any(at in places for places in passed_over):
            with contextlib.suppress(IndexError, TypeError):  # another layout than that of Python 3.8 to 3.14
                yield from _named(code, at, package)


def _places(raw: bytes, operation: int) -> Iterator[int]:
    """Where an operation stands: every instruction is two bytes."""
    at = raw.find(operation)
    while at >= 0:
        if at % 2 == 0:
            yield at
        at = raw.find(operation, at + 1)


def _for_type_checkers(code: CodeType) -> Iterator[range]:
    """The blocks below ``if TYPE_CHECKING:``, each of which ends where a jump goes to."""
    if "TYPE_CHECKING" not in code.co_names:
        return
    targets = sorted(dis.findlabels(code.co_code))  # type: ignore[arg-type]
    for at in _places(code.co_code, _NAME):
        _, number, _ = _instruction(code.co_code, at)
        if code.co_names[number : number + 1] == ("TYPE_CHECKING",):
            yield range(at, next((target for target in targets if target > at), at))


def _named(code: CodeType, at: int, package: str) -> Iterator[str]:
    """The modules of one import: ``level`` and ``fromlist`` are the two constants that are loaded before it."""
    _, number, before = _instruction(code.co_code, at)
    module: str = code.co_names[number]
    load, number, before = _instruction(code.co_code, before)
    items = code.co_consts[number] if load == _CONSTANT else None
    load, number, _ = _instruction(code.co_code, before)
    level = code.co_consts[number] if load == _CONSTANT else number  # LOAD_SMALL_INT, from 3.14 on
    if level:
        parents = package.split(".")
        module = ".".join([*parents[: len(parents) - level + 1], *([module] if module else [])])
    parts = module.split(".")
    yield from (".".join(parts[: number + 1]) for number in range(len(parts)))
    yield from (f"{module}.{item}" for item in items or () if item != "*")


def _instruction(raw: bytes, at: int) -> tuple[int, int, int]:
    """Operation, argument, and the place of the instruction before."""
    argument, shift, before = raw[at + 1], 8, at - 2
    while before >= 0 and raw[before] == _EXTENDED:
        argument |= raw[before + 1] << shift
        shift, before = shift + 8, before - 2
    return raw[at], argument, before


def main() -> None:
    """Read the job and compile."""
    with open(sys.argv[1], encoding="utf-8") as file:
        job: dict[str, Any] = json.load(file)
    if getattr(sys, "pycache_prefix", None) is None:  # Python 3.7 would write beside the sources
        return
    for path in job.get("files", ()):
        compiled("", path)
    if "roots" in job:
        compiler = Compiler(Finder([*sys.path, *job["folders"]]), job["until"], job["later"])
        compiler.run(job["roots"])
        for package in job["whole"]:
            compiler.whole(package)


if __name__ == "__main__":
    main()
