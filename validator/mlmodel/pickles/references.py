"""Functions and classes that an object holds, and that may be called later: at predict, or by whatever calls what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles import behavior, states
from mlmodel.pickles.allowlist import (
    CLASSES,
    OWN_NEW,
    Permission,
    is_data_class,
    is_reviewed,
    is_word,
    known,
    may_be_held,
)
from mlmodel.pickles.observations import Kind, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.allowlist import Known
    from mlmodel.pickles.symbols import Value

VERBS = {
    "executes": "which runs code or commands",
    "imports": "which imports modules",
    "opens": "which opens files",
    "deletes": "which changes or deletes files",
    "connects": "which reaches into the network",
}
_COMMANDS = lazy_pattern(
    r"(?:os|posix|nt) (?:system|popen\w*|exec\w*|spawn\w*|posix_spawnp?|startfile)|subprocess \w+|pty \w+|commands \w+"
    r"|builtins (?:eval|exec|compile|__import__|breakpoint)|(?:_?pickle|cPickle|marshal|dill\S*|cloudpickle\S*) loads?"
    r"|(?:runpy|code|codeop|pdb|timeit|ctypes|_ctypes|_posixsubprocess|pkgutil|importlib|pip|torch\.hub)\S* \w+"
)
"""What is never named by code by value without being said: a function there may name whatever it uses."""
_CLASS = lazy_pattern(r"_*[A-Z]\w*")


_ACTS = lazy_pattern(
    r"(?:\w*_)?(?:load|loads|read|save|write|dump|dumps|unpickle|pickle|eval|exec|execute|open|import|fetch|download|urlopen|system|connect"
    r"|compile|call_command|run|sql)(?:_\w*)?|(?:to|from)_(?:csv|pickle|sql|json|parquet|feather|excel|hdf|html|file|url|disk|path|pretrained)"
)
"""Functions of any library that read, write, evaluate or connect, by their names."""


def is_trusted(module: str, name: str, trusted: frozenset[str]) -> bool:
    """Whether the user accepts a class as data: it, its module, or a package around that is named."""
    full = f"{module}.{name}"
    while full:
        if full in trusted:
            return True
        full = full.rpartition(".")[0]
    return False


def is_suspicious(module: str, name: str) -> bool:
    """Whether a name, wherever it stands, is that of something that runs, opens or imports: an ``os`` inside another module."""
    return is_word(name) or is_word(module.rpartition(".")[2]) or _SPAWNS.search(name) is not None


_SPAWNS = lazy_pattern(r"Popen|Subprocess|Spawn(?![a-z])")
"""What classes that run commands have in their names."""


def remark(module: str, name: str, found: Known, *, held: bool, code: bool, offset: int = 0) -> Remark | None:
    """What is to be said of a name.

    Args:
        module: where it stands.
        name: the name.
        found: what is known of it.
        held: whether something holds it, so that it may be called later; or it is only imported, made an object of, or called,
            which is judged by itself.
        code: whether the same pickle carries code by value, which may use whatever it likes.
        offset: of the name.
    """
    full = f"{module}.{name}"
    if found.permission is Permission.EFFECT:
        if not code or _COMMANDS.fullmatch(f"{module} {name}"):
            return Remark(Kind.REFERS, f"refers to {full}, {VERBS[found.detail]}", offset)
        return None
    if found.permission is Permission.DOTTED:
        if may_be_held(module, name):
            return None
        owner = known(module, name.rpartition(".")[0])
        if owner.permission in CLASSES and not is_word(name.rpartition(".")[0]):
            return None if code or not held else _refers(full, offset)
        return Remark(Kind.EXECUTES, f"imports {full}, a path that may lead anywhere", offset)
    if found.permission is Permission.UNKNOWN:
        if is_suspicious(module, name):
            return Remark(
                Kind.REFERS, f"refers to {full}, which has the name of what runs, opens or imports", offset
            )
        return Remark(Kind.UNEXPLAINED, f"imports {full}, which nobody has reviewed", offset)
    if not held or code or found.permission in (Permission.LOCAL, Permission.VALUE):
        return None
    if may_be_held(module, name):
        return None
    if found.permission is Permission.ARGUMENTS and not _CLASS.fullmatch(name):
        message = (
            f"holds {full}, to be called at predict or later, which is harmless with some arguments only"
        )
        return Remark(Kind.REFERS, message, offset)
    if is_data_class(module, name):
        return None
    if found.permission in (Permission.CLASS, Permission.COMPILED, Permission.CONSTRUCTOR):
        for wrong, certain in (*states.made_faults(module, name), *states.restored_faults(module, name)):
            return Remark(
                Kind.REFERS if certain else Kind.UNEXPLAINED, f"holds {full}, which {wrong}", offset
            )
        return None
    if found.permission in (Permission.NEW, Permission.ACTIVE):
        does = (
            "opens, connects to or runs something"
            if found.permission is Permission.ACTIVE
            else "runs code of its own"
        )
        kind = Kind.REFERS if is_reviewed(module) or is_word(full) else Kind.UNEXPLAINED
        return Remark(kind, f"holds {full}, a class that {does} when it is called", offset)
    if found.permission is Permission.STANDARD and _CLASS.fullmatch(name):
        return Remark(Kind.UNEXPLAINED, f"holds {full}, a class that nobody has reviewed", offset)
    if (
        found.permission is Permission.FUNCTION
        and behavior.of(module, name) is None
        and _CLASS.fullmatch(name)
        and not is_word(name)
    ):
        return Remark(Kind.UNEXPLAINED, f"holds {full}, which nobody has reviewed", offset)
    return _refers(full, offset)


def _refers(full: str, offset: int) -> Remark:
    if _ACTS.fullmatch(full.rpartition(".")[2]):
        message = f"holds {full}, to be called at predict or later, which has the name of what reads, writes, runs or connects"
        return Remark(Kind.REFERS, message, offset)
    if not is_reviewed(full) and not is_word(full):
        message = f"holds {full}, to be called at predict or later, which nobody has reviewed"
        return Remark(Kind.UNEXPLAINED, message, offset)
    message = f"holds {full}, to be called at predict or later, which is none of the functions that are known to only compute"
    return Remark(Kind.REFERS, message, offset)


# -- for documents that name functions and classes, and are no pickles


def judge_reference(module: str, name: str) -> Iterator[Remark]:
    """Everything to say of a name that a document has its reader keep as a value (a function to call later, a type)."""
    found = remark(module, name, known(module, name), held=True, code=False)
    if found is not None:
        yield found


def judge_object(
    module: str,
    name: str,
    arguments: tuple[Value, ...] = (),
    state: tuple[Value, ...] | None = (),
) -> Iterator[Remark]:
    """Everything to say of an object that a document has its reader make, and give a state.

    Args:
        module: where the class stands.
        name: of the class.
        arguments: those of ``__new__``.
        state: keys and values in turn, of the dictionary that goes to ``__setstate__`` or into the object's own; empty without one,
            None where it is not known, or no dictionary.
    """
    found = known(module, name)
    full = f"{module}.{name}"
    if found.permission not in CLASSES and found.permission is not Permission.LOCAL:
        said = remark(module, name, found, held=True, code=False)
        if said is not None:
            yield said
        return
    if found.detail == OWN_NEW and arguments:
        yield Remark(
            Kind.EXECUTES, f"makes {full} at load with arguments, and so runs its __new__ with these", 0
        )
    for wrong, certain in states.made_faults(module, name):
        yield Remark(
            Kind.EXECUTES if certain else Kind.UNEXPLAINED, f"makes an object of {full}, which {wrong}", 0
        )
    if state == ():
        return
    for wrong, certain in states.restored_faults(module, name):
        yield Remark(Kind.EXECUTES if certain else Kind.UNEXPLAINED, f"restores {full}, which {wrong}", 0)
    fault = states.keys_fault(module, name, state)
    if fault is not None:
        yield Remark(Kind.EXECUTES, f"restores {full}: {fault}", 0)
