"""What restoring an object of a class runs, as ``spec/annex/behavior/`` has it: read from libraries by ``tools/behavior.py``.

A class that is not there may be one of a release that was not read, or named by another module than the one that defines it: then what
counts is what all classes of that name in its library do.
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from typing import Any

from mlmodel.common.records import Record
from mlmodel.standard import data


class Hook(Record):
    """A method that restoring or dropping an object runs."""

    name: str
    """Of the implementation: module, class and method."""
    kind: str
    """``plain``, ``cython``, ``names``, ``native`` or ``acts``: see ``tools/behavior.py``."""
    methods: frozenset[str] = frozenset()
    """The methods of its object that it calls, which the object's state could replace."""

    @property
    def method(self) -> str:
        """``__setstate__`` or ``__del__``."""
        return self.name.rpartition(".")[2]


class Behavior(Record):
    """What is known of a class."""

    marks: str = ""
    hooks: tuple[Hook, ...] = ()
    exact: bool = True
    """Whether it is known by this very name."""


@cache
def libraries() -> frozenset[str]:
    """The top-level modules whose classes are known."""
    return frozenset(
        name[:-5]
        for name in os.listdir(os.path.join(data.tree("annex"), "behavior"))
        if name.endswith(".json")
    )


@lru_cache(maxsize=64)
def _library(top: str) -> dict[str, Any]:
    if top not in libraries():
        return {}
    found = data.annex(f"behavior/{top}.json")
    hooks = []
    for name, line in found["hooks"].items():
        kind, *methods = line.split()
        hooks.append(Hook(name, kind, frozenset(methods)))
    found["hooks"] = hooks
    found["ufuncs"] = {part: frozenset(line.split()) for part, line in found["ufuncs"].items()}
    return found


def _behavior(entry: str, hooks: list[Hook]) -> tuple[str, Behavior]:
    name, _, rest = entry.partition(":")
    marks, _, places = rest.partition(":")
    return name, Behavior(marks, tuple(hooks[int(place)] for place in places.split(",") if place))


@lru_cache(maxsize=1024)
def _module(module: str) -> dict[str, Behavior]:
    """The classes of a module, by name."""
    library = _library(module.partition(".")[0])
    line = library.get("classes", {}).get(module, "")
    return dict(_behavior(entry, library["hooks"]) for entry in line.split())


@lru_cache(maxsize=4096)
def _by_name(top: str, name: str) -> Behavior | None:
    """What all classes of a name in a library do."""
    library = _library(top)
    entry = re.compile(rf"(?:^| )(?:\w+\.)*({re.escape(name)}(?::\S*)?)(?= |$)")
    found = [
        _behavior(match, library["hooks"])[1]
        for line in library.get("classes", {}).values()
        for match in (entry.findall(line) if name in line else ())
    ]
    if not found:
        return None
    marks = "".join(sorted({mark for item in found for mark in item.marks}))
    return Behavior(marks, tuple(dict.fromkeys(hook for item in found for hook in item.hooks)), exact=False)


def of(module: str, name: str) -> Behavior | None:
    """What restoring an object of a class runs; None where the class is not known."""
    top = module.partition(".")[0]
    if top not in libraries():
        return None
    return _module(module).get(name) or _by_name(top, name.rpartition(".")[2])


def is_ufunc(module: str, name: str) -> bool:
    """Whether a name is that of a universal function, which computes element by element, and calls nothing."""
    ufuncs = _library(module.partition(".")[0]).get("ufuncs")
    if not ufuncs:
        return False
    known = module in ufuncs["modules"] or module.replace("numpy.core.", "numpy._core.") in ufuncs["modules"]
    return known and name in ufuncs["names"]


def is_pure(module: str, name: str) -> bool:
    """Whether a name is that of a function of a reviewed family, as the module defines it."""
    line: str = _library(module.partition(".")[0]).get("functions", {}).get(module, "")
    return name in line.split()
