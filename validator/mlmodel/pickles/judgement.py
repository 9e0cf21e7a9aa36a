"""What is to be said of a pickle: by an allow-list of names, by what is done with them, and by its form.

A class is accepted where it is defined in the reviewed distribution that its name points to, and is only made an
object of; anything else that is called must have been reviewed (:mod:`mlmodel.pickles.catalogue`).  Nothing that the
model says of itself counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.pickles import arguments, carried, form
from mlmodel.pickles.carried import CLASS_MAKERS, CODE_MAKERS, ENUM_MAKERS, maker_of
from mlmodel.pickles.catalogue import CLASSES, Known, Standing, known
from mlmodel.pickles.remarks import Kind, Remark
from mlmodel.pickles.spelling import named, spelled
from mlmodel.pickles.symbols import Global, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.containers import Named
    from mlmodel.pickles.symbols import Call, Stream, Use


def is_watched(symbol: Global) -> bool:
    """Whether the arguments of calls of a name matter."""
    target = symbol.target
    return target is None or known(*target).standing not in _HARMLESS


_HARMLESS = frozenset({Standing.VALUE, Standing.CONSTRUCTOR, Standing.CLASS, Standing.COMPILED})
_OBJECTS = _HARMLESS | {Standing.STATE}
_CALLS = frozenset({"REDUCE", "INST", "OBJ"})
_NEW = frozenset({"NEWOBJ", "NEWOBJ_EX"})
_CHANGES = frozenset({"BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"})
_VERBS = {
    "executes": "which runs code or commands",
    "imports": "which imports modules",
    "opens": "which opens files",
    "deletes": "which changes or deletes files",
    "connects": "which reaches into the network",
}


def judge(stream: Stream, *, marked: bool = True, local: frozenset[str] = frozenset()) -> Iterator[Remark]:
    """Everything to say of a pickle, of the pickles in it, and of what other readers take it for.

    Args:
        stream: the pickle.
        marked: whether it begins like one (see :attr:`mlmodel.pickles.Pickled.marked`).  Of what may as well be a
            text, only what no text says by chance is reported.
        local: the top-level modules that the model brings along.
    """
    for one in _all(stream):
        for remark in _Judge(one, local).remarks():
            if marked or one.complete or remark.kind in (Kind.EXECUTES, Kind.REFERS):
                yield remark


def judge_document(found: Named) -> Iterator[Remark]:
    """Everything to say of a document in an archive, whose reader imports the classes that it names."""
    for module, name in found.names:
        if found.form == "keras" and name == "Lambda":
            message = "has a Lambda layer: code of the author, which loading or predicting runs"
            yield Remark(Kind.RUNS_CODE, message, 0)
            continue
        what = known(module, name)
        if what.standing is Standing.EFFECT:
            yield Remark(Kind.EXECUTES, f"names {module}.{name}, {_VERBS[what.detail]}", 0)
        elif what.standing is Standing.UNKNOWN and module.partition(".")[0] not in _OF_KERAS:
            yield Remark(Kind.UNEXPLAINED, f"names {module}.{name}, which nobody has reviewed", 0)


_OF_KERAS = frozenset({"keras", "tf_keras", "builtins"})


def _all(stream: Stream) -> Iterator[Stream]:
    yield stream
    for inner in (*stream.nested, *stream.others):
        yield from _all(inner)


class _Judge:
    """One stream under judgement."""

    def __init__(self, stream: Stream, local: frozenset[str]) -> None:
        self._stream = stream
        self._local = local
        self._calls: dict[tuple[object, str], list[Call]] = {}
        for call in stream.calls:
            self._calls.setdefault((call.callee, call.opcode), []).append(call)
        self._said: set[Global] = set()
        """Globals of which something was said already."""

    def remarks(self) -> Iterator[Remark]:
        """What is to be said, calls first."""
        for use in self._stream.uses:
            if isinstance(use.callee, Global):
                yield from self._of_global(use, use.callee)
            elif isinstance(use.callee, Made):
                yield from self._of_result(use, use.callee)
            elif use.opcode in ("PERSID", "BINPERSID") and not self._of_torch:
                yield Remark(Kind.ODD, "leaves an object to its reader (a persistent id)", use.offset)
        for symbol in self._stream.globals:
            if symbol not in self._said:
                yield from self._of_reference(symbol)
        yield from self._of_states()
        yield from carried.remarks(self._stream)
        yield from form.remarks(self._stream)

    def _known(self, module: str, name: str) -> Known:
        found = known(module, name)
        if found.standing is Standing.UNKNOWN and module.partition(".")[0] in self._local:
            return Known(Standing.LOCAL)
        return found

    # -- what is done with names

    def _of_global(self, use: Use, symbol: Global) -> Iterator[Remark]:
        if symbol.target is None:
            return  # said of the name
        found = self._known(*symbol.target)
        name = ".".join(symbol.target)
        if use.opcode in _CHANGES:
            self._said.add(symbol)
            yield self._executes(use, f"changes {name} itself")
        elif use.opcode in _CALLS:
            yield from self._of_call(use, symbol, name, found)
        elif use.opcode in _NEW:
            yield from self._of_new(use, symbol, name, found)

    def _of_call(self, use: Use, symbol: Global, name: str, found: Known) -> Iterator[Remark]:
        match found.standing:
            case Standing.VALUE | Standing.CONSTRUCTOR | Standing.COMPILED:
                for call in self._calls.get((symbol, use.opcode), []):
                    if arguments.takes_objects(call):
                        yield self._executes(
                            use, f"calls {spelled(call)}, and so methods of the object that it gives"
                        )
                        return
            case Standing.ARGUMENTS:
                calls = self._calls.get((symbol, use.opcode), [])
                if len(calls) < use.times:
                    yield self._executes(use, f"calls {name} more often than can be looked into")
                for call in calls:
                    wrong = arguments.fault(found.detail, call, self._stream.imports)
                    if wrong is not None:
                        self._said.add(symbol)
                        yield Remark(Kind.EXECUTES, f"calls {spelled(call)}: {wrong}", call.offset)
            case Standing.ACTIVE:
                self._said.add(symbol)
                yield self._executes(
                    use,
                    f"calls {self._call(use, symbol)}, a class that opens, connects to or runs something when it is made",
                )
            case Standing.CLASS | Standing.NEW | Standing.LOCAL:
                self._said.add(symbol)
                yield self._unexplained(
                    use, f"calls {self._call(use, symbol)}, a class whose own code then runs"
                )
            case Standing.EFFECT:
                self._said.add(symbol)
                yield self._executes(use, f"calls {self._call(use, symbol)}, {_VERBS[found.detail]}")
            case _:
                self._said.add(symbol)
                yield self._executes(use, f"calls {self._call(use, symbol)}, which nobody has reviewed")

    def _of_new(self, use: Use, symbol: Global, name: str, found: Known) -> Iterator[Remark]:
        match found.standing:
            case Standing.EFFECT:
                self._said.add(symbol)
                yield self._executes(use, f"makes {self._call(use, symbol)}, {_VERBS[found.detail]}")
            case Standing.NEW:
                calls = self._calls.get((symbol, use.opcode), [])
                if any(call.arguments is None or len(call.arguments) > 1 for call in calls):
                    yield self._unexplained(use, f"makes {self._call(use, symbol)}, whose own code then runs")
            case Standing.STANDARD | Standing.FUNCTION | Standing.UNKNOWN:
                self._said.add(symbol)
                yield self._unexplained(use, f"makes an object of {name}, which nobody has reviewed")
            case Standing.DOTTED:
                self._said.add(symbol)
                yield self._executes(use, f"makes an object of {name}, a path that may lead anywhere")
            case _:
                return

    def _of_result(self, use: Use, made: Made) -> Iterator[Remark]:
        """What is done with what a call gave."""
        maker = maker_of(made)
        if use.opcode in _CHANGES:
            if maker in _HANDLES:
                yield self._executes(use, f"changes what {maker} gave")
            elif use.opcode in _METHODS and maker not in _CONTAINERS and self._holds:
                method = _METHODS[use.opcode]
                yield self._executes(
                    use, f"calls the {method} of what {maker or 'a call'} gave, which the stream may have set"
                )
        elif use.opcode in _NEW:
            if maker not in CLASS_MAKERS:
                yield self._executes(use, f"makes an object of what {maker or 'a call'} gave")
        elif use.opcode in _CALLS:
            if maker in _TYPE_NAMES or maker in ENUM_MAKERS:
                return
            if maker in _ATTRIBUTES and all(
                arguments.is_known_attribute(call) for call in self._calls.get((made.by, made.opcode), [])
            ):
                return
            if maker in CODE_MAKERS:
                yield Remark(
                    Kind.RUNS_CODE, f"calls what {maker} made: code in the pickle itself", use.offset
                )
            else:
                yield self._executes(use, f"calls what {maker or 'a call'} gave")

    # -- what is only named

    def _of_reference(self, symbol: Global) -> Iterator[Remark]:
        target = symbol.target
        if symbol.extension is not None:
            yield Remark(
                Kind.ODD,
                f"names extension {symbol.extension} of copyreg, which only the reading process knows",
                symbol.offset,
            )
        elif target is None:
            yield Remark(Kind.EXECUTES, "imports a name that it computes", symbol.offset)
        else:
            name = ".".join(target)
            found = self._known(*target)
            if found.standing is Standing.EFFECT and (
                not self._stream.code or _COMMANDS.fullmatch(f"{target[0]} {target[1]}")
            ):
                yield Remark(Kind.REFERS, f"refers to {name}, {_VERBS[found.detail]}", symbol.offset)
            elif found.standing is Standing.DOTTED and not _is_method(*target):
                yield Remark(Kind.EXECUTES, f"imports {name}, a path that may lead anywhere", symbol.offset)
            elif found.standing is Standing.UNKNOWN:
                yield Remark(Kind.UNEXPLAINED, f"imports {name}, which nobody has reviewed", symbol.offset)

    @cached_property
    def _holds(self) -> bool:
        """Whether there is a function, or a way to one, that could be put where a method is looked for."""
        return bool(self._stream.code) or any(
            symbol.target is None or known(*symbol.target).standing not in _OBJECTS
            for symbol in self._stream.globals
        )

    @property
    def _of_torch(self) -> bool:
        return any(
            (symbol.module or "").partition(".")[0] in ("torch", "__torch__")
            for symbol in self._stream.globals
        )

    def _of_states(self) -> Iterator[Remark]:
        """States of which a part is evaluated."""
        if not any(
            symbol.target is not None and known(*symbol.target).standing is Standing.STATE
            for symbol in self._stream.globals
        ):
            return
        for call in self._stream.calls:
            if call.opcode == "BUILD":
                wrong = arguments.formula_fault(call)
                if wrong == "its state is not known" and not self._has_formula(call.callee):
                    continue
                if wrong is not None:
                    old = self._stream.protocol < 2 and wrong == "its state is not known"
                    kind = Kind.UNEXPLAINED if old else Kind.EXECUTES
                    yield Remark(kind, f"restores {named(call.callee)}, and {wrong}", call.offset)

    @staticmethod
    def _has_formula(symbol: object) -> bool:
        target = symbol.by.target if isinstance(symbol, Made) and isinstance(symbol.by, Global) else None
        return target is not None and known(*target).standing is Standing.STATE

    # -- wording

    def _call(self, use: Use, symbol: Global) -> str:
        calls = self._calls.get((symbol, use.opcode))
        return spelled(calls[0]) if calls else ".".join(symbol.target or ())

    @staticmethod
    def _executes(use: Use, message: str) -> Remark:
        return Remark(Kind.EXECUTES, message, use.offset)

    @staticmethod
    def _unexplained(use: Use, message: str) -> Remark:
        return Remark(Kind.UNEXPLAINED, message, use.offset)


_METHODS = {"APPEND": "append", "APPENDS": "extend", "ADDITEMS": "add"}
"""What these opcodes call, where the container is none of Python's own."""
_CONTAINERS = frozenset(
    {
        "builtins.list",
        "builtins.set",
        "builtins.bytearray",
        "collections.deque",
        "array.array",
        "array._array_reconstructor",
    }
)
_COMMANDS = re.compile(
    r"(?:os|posix|nt) (?:system|popen\w*|exec\w*|spawn\w*|posix_spawnp?|startfile)|subprocess \w+|pty \w+|commands \w+"
    r"|builtins (?:eval|exec|compile|__import__|breakpoint)|(?:_?pickle|cPickle|marshal|dill\S*|cloudpickle\S*) loads?"
    r"|(?:runpy|code|codeop|pdb|timeit|ctypes|_ctypes|_posixsubprocess|pkgutil|importlib|pip|torch\.hub)\S* \w+"
)
"""What is never named by code by value without being said: a function there may name whatever it uses."""
_HANDLES = frozenset(
    {
        "logging.getLogger",
        "numpy._core._ufunc_reconstruct",
        "numpy.core._ufunc_reconstruct",
        "dill._dill._get_attr",
        "dill._dill._import_module",
        "dill._dill._load_type",
        "builtins.getattr",
        "operator.getitem",
        "_operator.getitem",
        "cloudpickle.subimport",
        "cloudpickle._builtin_type",
    }
)
"""What gives something that was there before: changing that changes the reading process."""
_ATTRIBUTES = frozenset({"builtins.getattr"})
_TYPE_NAMES = frozenset({"cloudpickle._builtin_type", "dill._dill._load_type"})


def _is_method(module: str, name: str) -> bool:
    """Whether a dotted name is a method of a class that may be named."""
    owner, _, attribute = name.rpartition(".")
    if "." in owner or (attribute.startswith("__") and attribute not in ("__init__", "__new__", "__call__")):
        return False
    return known(module, owner).standing in CLASSES
