"""What is known of the names that pickles ask for: reviewed by hand, or classes of libraries whose behavior was read.

``spec/annex/reviewed.json`` is the review; :mod:`mlmodel.pickles.behavior` has the classes of libraries, and what restoring them
runs.  What neither knows is not trusted, whatever the model's own files say of it: their author wrote those, too.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.pickles import behavior
from mlmodel.standard import data
from mlmodel.standard.standard_library import is_standard


class Permission(Enum):
    """What may be done with a name."""

    VALUE = "value"
    """It may be named and called: it makes a plain value."""
    CONSTRUCTOR = "constructor"
    """As :attr:`VALUE`: what libraries have their objects made by."""
    ARGUMENTS = "arguments"
    """It may be called with some arguments only; :attr:`Known.detail` names which."""
    CLASS = "class"
    """A class that its library defines; it may be named, and made an object of without arguments that its own code would see."""
    NEW = "class with __new__"
    """As :attr:`CLASS`, but code of its own runs when an object is made."""
    ACTIVE = "class that does something"
    """As :attr:`CLASS`, but calling it opens files, connects, or runs something."""
    COMPILED = "compiled class"
    """A compiled type, which has itself called by its own ``__reduce__``; or an enumeration."""
    FUNCTION = "function"
    """Anything else in a library that was read: it may not be called."""
    STANDARD = "standard library"
    """Something of the standard library that nobody has reviewed: it may not be called."""
    EFFECT = "effect"
    """Its very purpose is dangerous here; :attr:`Known.detail` says what it does."""
    DOTTED = "dotted"
    """A path through attributes: it may end anywhere."""
    LOCAL = "local"
    """Of the script that saved the model, of a module that the model brings along, or of one that the user trusts."""
    UNKNOWN = "unknown"


OWN_NEW = "__new__"
"""Details of a class whose own code runs when an object is made of it."""
OWN_INIT = "__init__"
"""Details of a class of a library that nobody has read, of which it is known that calling it opens, connects or runs something."""


class Known(Record):
    """What is known of a name."""

    permission: Permission
    detail: str = ""


CLASSES = frozenset(
    {
        Permission.VALUE,
        Permission.CONSTRUCTOR,
        Permission.CLASS,
        Permission.NEW,
        Permission.ACTIVE,
        Permission.COMPILED,
    }
)
"""What is a class, or called like one."""

_CLOUDPICKLE = lazy_pattern(
    r"(?:cloudpickle|(?:numba|joblib\.externals|pyspark|ray)\.cloudpickle|mlflow\.utils\._cloudpickle)"
    r"(?:\.cloudpickle(?:_fast)?)?"
)
"""The copies of cloudpickle that other distributions bring along."""


@cache
def _reviewed() -> dict[str, Any]:
    review = data.annex("reviewed.json")
    known = {name: Known(Permission.VALUE) for name in review["values"]}
    known.update({name: Known(Permission.CONSTRUCTOR) for name in review["constructors"]})
    known.update({name: Known(Permission.ARGUMENTS, rule) for name, rule in review["arguments"].items()})
    return {
        "known": known,
        "effects": {name: effect for effect, names in review["effects"].items() for name in names},
        "aliases": review["aliases"],
        "exceptions": frozenset(review["exceptions"]),
        "active": frozenset(review["active"]),
        "attributes": frozenset(tuple(pair.split(" ")) for pair in review["attributes"]),
        "functions": frozenset(review["functions"]),
        "numpy": frozenset(review["numpy functions"].split()),
        "methods": review["method_families"],
        "values": review["value_families"],
        "classes": review["reference_classes"],
        "new": frozenset(review["new"]),
        "words": frozenset(review["words"]),
        "reviewed": frozenset(review["reviewed"]),
        "called": frozenset(review["plain_methods"]),
        "hooks": review["hooks"],
        "dangers": review["dangers"],
        "own methods": review["methods"],
        "methods of": {owner: frozenset(line.split()) for owner, line in review["object_methods"].items()},
        "uses": _by_last_name(review["uses"]),
        "texts": _by_last_name(review["texts"]),
    }


def _by_last_name(names: dict[str, str]) -> dict[tuple[str, str], str]:
    """What is said of classes, by the library and the last part of the name: other modules of it name them, too."""
    return {_library_and_name(full): said for full, said in names.items()}


def _library_and_name(full: str) -> tuple[str, str]:
    return full.partition(".")[0], full.rpartition(".")[2]


@cache
def _family(key: str) -> re.Pattern[str]:
    """The names of a list of expressions of the review; compiled when first asked for: few files need any of them."""
    return re.compile("|".join(f"(?:{expression})" for expression in _reviewed()[key]))


@cache
def _hooks(library: str) -> list[tuple[re.Pattern[str], str]]:
    """The expressions for methods of a library, each with its rule; those that begin with a group are for several."""
    begins = (f"{library}\\.", "(")
    rules = _reviewed()["hooks"].items()
    return [(re.compile(line), rule) for rule, lines in rules for line in lines if line.startswith(begins)]


_MAX_NAME = 500
"""Characters of a name that is looked up."""


def known(module: str, name: str) -> Known:
    """What is known of a name; of hostile ones nothing is remembered."""
    if len(module) + len(name) > _MAX_NAME:
        return Known(Permission.UNKNOWN)
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
        return Known(Permission.EFFECT, effect)
    top = module.partition(".")[0]
    if top in ("__main__", "__mp_main__"):
        return Known(Permission.LOCAL)
    if top == "__torch__":
        return Known(Permission.VALUE)  # the archive's own TorchScript
    if top in behavior.libraries():
        if name.startswith("__pyx_unpickle_"):
            return Known(Permission.CONSTRUCTOR)  # what Cython makes for each of its classes
        return _of_class(full, module, name)
    if "." in name:
        return Known(Permission.DOTTED)
    if full in review["active"]:
        return Known(Permission.UNKNOWN, OWN_INIT)
    return Known(Permission.STANDARD if is_standard(top) else Permission.UNKNOWN)


def _of_class(full: str, module: str, name: str) -> Known:
    found = behavior.of(module, name)
    if found is None:
        return Known(Permission.DOTTED if "." in name else Permission.FUNCTION)
    marks = set(found.marks)
    makes = bool(marks & {"!", "n"}) and not marks & {"t", "*", "e"} and full not in _reviewed()["new"]
    if full in _reviewed()["active"] or "i" in marks:
        return Known(Permission.ACTIVE, OWN_NEW if makes else "")
    if makes:
        return Known(Permission.NEW, OWN_NEW)
    return Known(Permission.COMPILED if marks & {"*", "e"} else Permission.CLASS)


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


class Rule(Record):
    """What holds for a method that restoring or dropping an object runs."""

    rule: str
    """``data``: any literal state; ``names``: no key replaces a method that it calls; ``booster``, ``nodes``, ``template``,
    ``formula``, ``optimizer``, ``nested``, ``resource``: see :mod:`mlmodel.pickles.states`; ``unknown``: nobody has reviewed it."""
    methods: frozenset[str] = frozenset()
    does: str = ""
    """What it does that is dangerous."""


@lru_cache(maxsize=4096)
def rule_of(hook: behavior.Hook) -> Rule:
    """The rule for a method."""
    review = _reviewed()
    danger = review["dangers"].get(hook.name)
    if danger is not None:
        return Rule("unknown", does=danger)
    for expression, rule in _hooks(hook.name.partition(".")[0]):
        if expression.fullmatch(hook.name) or expression.fullmatch(f"{hook.name} {hook.kind}"):
            own = review["own methods"].get(hook.name, "")
            return Rule(rule, hook.methods.union(own.split()))
    if hook.kind in ("plain", "cython"):
        return Rule("data")
    return Rule("names", hook.methods) if hook.kind == "names" else Rule("unknown")


def use_of(module: str, name: str) -> str | None:
    """What methods of a class that a model calls when it predicts do with the state of their object, where that is dangerous."""
    use: str | None = _reviewed()["uses"].get(_library_and_name(f"{module}.{name}"))
    return use


def text_of(module: str, name: str) -> tuple[str, str] | None:
    """The attribute of a class whose text is evaluated when it predicts, and as what: ``formula``, ``query``, ``none``."""
    found = _reviewed()["texts"].get(_library_and_name(f"{module}.{name}"))
    if found is None:
        return None
    attribute, kind = found.split()
    return attribute, kind


_NUMPY = lazy_pattern(r"numpy(\._?core(\.\w+)?|\.lib(\.\w+)?)?")


def may_be_held(module: str, name: str) -> bool:
    """Whether an object may hold a function, or another value, to use it later: it only computes from what it is given."""
    review = _reviewed()
    full = f"{module}.{name}"
    if full in review["functions"] or _family("values").fullmatch(full):
        return True
    if _family("methods").fullmatch(f"{module} {name}"):
        return True
    if name in review["numpy"] and _NUMPY.fullmatch(module):
        return True
    return "." not in name and (behavior.is_ufunc(module, name) or behavior.is_pure(module, name))


def is_data_class(module: str, name: str) -> bool:
    """Whether a class with a constructor of its own may be held: it makes an array, an index, a scalar or a type of these."""
    return _family("classes").fullmatch(f"{module}.{name}") is not None


def is_word(name: str) -> bool:
    """Whether a part of a name is that of something that runs, opens or imports, wherever it stands."""
    words = _reviewed()["words"]
    return any(part in words for part in name.split("."))


def is_reviewed(module: str) -> bool:
    """Whether the functions and methods of a library were looked at one by one, so that the others are known to be none that
    honest objects need; Python's own were."""
    top = module.partition(".")[0]
    return top in _reviewed()["reviewed"] or is_standard(top)


def is_method(owner: str, name: str) -> bool:
    """Whether a method of Python's own classes may be fetched: it only computes."""
    return name in _reviewed()["methods of"].get(owner, ())


def is_plain_method(name: str) -> bool:
    """Whether a method may be called by its name on whatever comes: it only computes, on all types of data."""
    return name in _reviewed()["called"]


def is_attribute(owner: str, name: str) -> bool:
    """Whether libraries have this attribute of a class fetched, and then called."""
    return (owner, name) in _reviewed()["attributes"]
