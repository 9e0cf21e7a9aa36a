"""What is known of the names that pickles ask for: reviewed by hand, or classes of reviewed distributions.

``data/reviewed.json`` is the review; ``data/classes/`` has the classes that reviewed distributions define, which
``tools/classes.py`` reads from their source.  What neither knows is not trusted, whatever the model's own files say of
it: their author wrote those, too.
"""

from __future__ import annotations

import os
import re
from enum import Enum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from mlmodel.standard.standard_library import is_standard

_DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


class Standing(Enum):
    """What may be done with a name."""

    VALUE = "value"
    """It may be named and called: it makes a plain value."""
    CONSTRUCTOR = "constructor"
    """As :attr:`VALUE`: what libraries have their objects made by."""
    ARGUMENTS = "arguments"
    """It may be called with some arguments only; :attr:`Known.detail` names which."""
    CLASS = "class"
    """A class that is defined in the distribution it is named by; it may be named, and made an object of without
    arguments that its own code would see."""
    NEW = "class with __new__"
    """As :attr:`CLASS`, but code of its own runs when an object is made."""
    ACTIVE = "class that does something"
    """As :attr:`CLASS`, but making one opens files, connects, or runs something."""
    STATE = "class with a formula"
    """As :attr:`CLASS`, but a part of its state is evaluated."""
    COMPILED = "compiled class"
    """A compiled type, which has itself called by its own ``__reduce__``; or an enumeration."""
    FORM = "class by its form"
    """Something that is named like a class, of a distribution that is known but not indexed."""
    FUNCTION = "function"
    """Anything else in a reviewed distribution: it may be named and not called."""
    STANDARD = "standard library"
    """Something of the standard library that nobody has reviewed: it may be named and not called."""
    EFFECT = "effect"
    """Its very purpose is dangerous here; :attr:`Known.detail` says what it does."""
    DOTTED = "dotted"
    """A path through attributes: it may end anywhere."""
    LOCAL = "local"
    """Of the script that saved the model."""
    UNKNOWN = "unknown"


class Known(NamedTuple):
    """What is known of a name."""

    standing: Standing
    detail: str = ""


CLASSES = frozenset(
    {
        Standing.VALUE,
        Standing.CONSTRUCTOR,
        Standing.CLASS,
        Standing.NEW,
        Standing.ACTIVE,
        Standing.STATE,
        Standing.COMPILED,
        Standing.FORM,
    }
)
"""What is a class, or called like one."""

_CLOUDPICKLE = re.compile(
    r"(?:cloudpickle|(?:numba|joblib\.externals|pyspark|ray)\.cloudpickle|mlflow\.utils\._cloudpickle)"
    r"(?:\.cloudpickle(?:_fast)?)?"
)
"""The copies of cloudpickle that other distributions bring along."""
_FORM = re.compile(r"_*[A-Z]\w*")


def _load(*path: str) -> dict[str, Any]:
    import json  # a file without any name needs none of this

    with open(os.path.join(_DATA, *path), encoding="utf-8") as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


@cache
def _reviewed() -> dict[str, Any]:
    review = _load("reviewed.json")
    known = {name: Known(Standing.VALUE) for name in review["values"]}
    known.update({name: Known(Standing.CONSTRUCTOR) for name in review["constructors"]})
    known.update({name: Known(Standing.ARGUMENTS, rule) for name, rule in review["arguments"].items()})
    return {
        "known": known,
        "effects": {name: effect for effect, names in review["effects"].items() for name in names},
        "aliases": review["aliases"],
        "exceptions": frozenset(review["exceptions"]),
        "active": frozenset(review["active"]),
        "state": frozenset(review["state"]),
        "attributes": frozenset(tuple(pair.split(" ")) for pair in review["attributes"]),
        "classes": frozenset(review["classes"]),
        "by form": frozenset(review["by_form"]),
    }


@lru_cache(maxsize=64)
def _modules(top: str) -> dict[str, str]:
    """The modules below a top-level one, and the names of their classes."""
    return _load("classes", f"{top}.json")


_MARKS = {"": Standing.CLASS, "*": Standing.COMPILED, "!": Standing.NEW}


@lru_cache(maxsize=1024)
def _classes(module: str) -> dict[str, Known]:
    """The classes of a module, by name."""
    found = {}
    for entry in _modules(module.partition(".")[0]).get(module, "").split():
        name = entry.rstrip("*!")
        found[name] = Known(_MARKS[entry[len(name) :]])
    return found


_MAX_NAME = 500
"""Characters of a name that is looked up."""


def known(module: str, name: str) -> Known:
    """What is known of a name; of hostile ones nothing is remembered."""
    if len(module) + len(name) > _MAX_NAME:
        return Known(Standing.UNKNOWN)
    return _known(module, name)


@lru_cache(maxsize=8192)
def _known(module: str, name: str) -> Known:
    review = _reviewed()
    if _CLOUDPICKLE.fullmatch(module):
        module = "cloudpickle.cloudpickle"
    module = review["aliases"].get(module, module)
    full = f"{module}.{name}"
    found: Known | None = review["known"].get(full)
    if found is not None:
        return found
    effect = effect_of(full)
    if effect is not None:
        return Known(Standing.EFFECT, effect)
    if "." in name:
        return Known(Standing.DOTTED)
    if full in review["state"]:
        return Known(Standing.STATE)
    if full in review["active"]:
        return Known(Standing.ACTIVE)
    top = module.partition(".")[0]
    if top in ("__main__", "__mp_main__"):
        return Known(Standing.LOCAL)
    if top == "__torch__":
        return Known(Standing.VALUE)  # the archive's own TorchScript
    if top in review["classes"]:
        if name.startswith("__pyx_unpickle_") and module in _modules(top):
            return Known(Standing.CONSTRUCTOR)  # what Cython makes for each of its classes
        return _classes(module).get(name) or Known(Standing.FUNCTION)
    if top in review["by form"]:
        return Known(Standing.FORM if _FORM.fullmatch(name) else Standing.FUNCTION)
    return Known(Standing.STANDARD if is_standard(top) else Standing.UNKNOWN)


def effect_of(full: str) -> str | None:
    """What a dotted name, or what it stands in, does that is dangerous."""
    review = _reviewed()
    while full:
        if full in review["exceptions"]:
            return None
        effect: str | None = review["effects"].get(full)
        if effect is not None:
            return effect
        full = full.rpartition(".")[0]
    return None


def is_attribute(owner: str, name: str) -> bool:
    """Whether libraries have this attribute of a class fetched, and then called."""
    return (owner, name) in _reviewed()["attributes"]
