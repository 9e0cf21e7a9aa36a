"""What is to be said of a pickle: by what restoring its objects runs, by what they hold, and by its form.

A class is accepted where restoring it is known to run nothing but what a rule explains (:mod:`mlmodel.pickles.states`); a function may be
held only if it is known to compute (:mod:`mlmodel.pickles.references`); what is called must have been reviewed
(:mod:`mlmodel.pickles.allowlist`).  Nothing that the model says of itself counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles import (
    argument_forms,
    arguments,
    behavior,
    classes_by_value,
    embedded_code,
    references,
    states,
    stream_anomalies,
)
from mlmodel.pickles.allowlist import OWN_INIT, OWN_NEW, Known, Permission, is_reviewed, known
from mlmodel.pickles.call_repr import named, spelled
from mlmodel.pickles.embedded_code import CLASS_MAKERS, CODE_MAKERS, ENUM_MAKERS, maker_of
from mlmodel.pickles.observations import Kind, Remark
from mlmodel.pickles.references import VERBS as _VERBS
from mlmodel.pickles.scan_options import OBJECTS
from mlmodel.pickles.symbols import CallResult, Global

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.containers import DeclaredClasses
    from mlmodel.pickles.symbols import Call, State, Stream, Use, Value


def is_watched(symbol: Global) -> bool | str:
    """Whether the arguments of calls of a name matter; ``OBJECTS`` where only those do that are objects."""
    target = symbol.target
    if target is None:
        return True
    permission = known(*target).permission
    if permission not in _HARMLESS or permission is Permission.COMPILED or states.is_watched(*target):
        return True
    return OBJECTS if permission in _MAKES_VALUES and arguments.calls_methods(*target) else False


_HARMLESS = frozenset({Permission.VALUE, Permission.CONSTRUCTOR, Permission.CLASS, Permission.COMPILED})
_MAKES_VALUES = frozenset({Permission.VALUE, Permission.CONSTRUCTOR})
_CALLS = frozenset({"REDUCE", "INST", "OBJ"})
_NEW = frozenset({"NEWOBJ", "NEWOBJ_EX"})
_CHANGES = frozenset({"BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"})


def judge(
    stream: Stream,
    *,
    marked: bool = True,
    local: frozenset[str] = frozenset(),
    trusted: frozenset[str] = frozenset(),
) -> Iterator[Remark]:
    """Everything to say of a pickle, of the pickles in it, and of what other readers take it for.

    Args:
        stream: the pickle.
        marked: whether it begins like one (see :attr:`mlmodel.pickles.Pickled.marked`).  Of what may as well be a
            text, only what no text says by chance is reported.
        local: the top-level modules that the model brings along.
        trusted: modules, and classes by their full names, whose classes the user accepts as data.
    """
    for one in _all(stream):
        for remark in _Judge(one, local, trusted).remarks():
            if marked or one.complete or remark.kind in (Kind.EXECUTES, Kind.REFERS):
                yield remark


def judge_document(found: DeclaredClasses) -> Iterator[Remark]:
    """Everything to say of a document in an archive, whose reader imports the classes that it names."""
    from mlmodel.pickles.document_judgement import judge_document as judged

    return judged(found)


def _all(stream: Stream) -> Iterator[Stream]:
    yield stream
    for inner in (*stream.nested, *stream.alternatives):
        yield from _all(inner)


class _Judge:
    """One stream under judgement."""

    def __init__(self, stream: Stream, local: frozenset[str], trusted: frozenset[str]) -> None:
        self._stream = stream
        self._local = local
        self._trusted = trusted
        self._accepted: dict[str, None] = {}
        """What is accepted because the user trusts it."""
        self._strange: dict[str, list[Global]] = {}
        """What is made or held of libraries that nobody has read, by their top-level modules."""
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
            elif isinstance(use.callee, CallResult):
                yield from self._of_result(use, use.callee)
            elif use.opcode in ("PERSID", "BINPERSID") and not self._of_torch:
                yield Remark(Kind.ODD, "leaves an object to its reader (a persistent id)", use.offset)
        for symbol in self._stream.globals:
            if symbol not in self._said:
                yield from self._of_reference(symbol)
        yield from self._of_states()
        for top, symbols in self._strange.items():
            yield self._of_library(top, symbols)
        if self._accepted:
            message = f"has objects of what is trusted by configuration: {_listed([*self._accepted])}"
            yield Remark(Kind.TRUSTED, message, self._stream.start)
        yield from embedded_code.remarks(self._stream)
        yield from stream_anomalies.remarks(self._stream)

    def _known(self, module: str, name: str) -> Known:
        found = known(module, name)
        if found.permission in _STRANGE and module.partition(".")[0] in self._local:
            return Known(Permission.LOCAL)
        if (
            found.permission in _TRUSTABLE
            and self._trusted
            and references.is_trusted(module, name, self._trusted)
        ):
            self._accepted[f"{module}.{name}"] = None
            return Known(Permission.LOCAL)
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
        match found.permission:
            case Permission.VALUE | Permission.CONSTRUCTOR | Permission.COMPILED:
                if found.permission is Permission.COMPILED:
                    yield from self._of_dropped(use, symbol)
                yield from self._of_handed(use, symbol)
            case Permission.ARGUMENTS:
                calls = self._calls.get((symbol, use.opcode), [])
                if len(calls) < use.times:
                    yield self._executes(use, f"calls {name} more often than can be looked into")
                for call in calls:
                    if use.opcode in _NEW and call.arguments == ():
                        continue  # an object without more, as of a frozen distribution
                    wrong = arguments.fault(found.detail, call, self._stream.imports)
                    if wrong is not None:
                        self._said.add(symbol)
                        yield Remark(Kind.EXECUTES, f"calls {spelled(call)}: {wrong}", call.offset)
            case _ if found.permission is Permission.ACTIVE or found.detail == OWN_INIT:
                self._said.add(symbol)
                yield self._executes(
                    use,
                    f"calls {self._call(use, symbol)}, a class that opens, connects to or runs something when it is made",
                )
            case Permission.CLASS | Permission.NEW | Permission.LOCAL:
                self._said.add(symbol)
                calls = self._calls.get((symbol, use.opcode), [])
                if found.permission is not Permission.LOCAL and any(
                    call.arguments is None or not all(map(_is_explained, call.arguments)) for call in calls
                ):
                    yield self._executes(
                        use, f"calls {self._call(use, symbol)} at load, with what its own code may then call"
                    )
                elif found.permission is not Permission.LOCAL and not _is_called_by_picklers(symbol):
                    yield self._executes(
                        use,
                        f"calls {self._call(use, symbol)} at load, which no pickler does: its __init__ then runs with these",
                    )
                else:
                    yield self._unexplained(
                        use, f"calls {self._call(use, symbol)}, a class whose own code then runs"
                    )
            case Permission.UNKNOWN | Permission.DOTTED if self._is_given_active_text(use, symbol):
                self._said.add(symbol)
                yield self._executes(
                    use,
                    f"calls {self._call(use, symbol)} with a text that may be code, a path or an address: what it does with"
                    " that nobody has reviewed",
                )
            case Permission.UNKNOWN | Permission.DOTTED if self._is_made_plainly(use, symbol):
                self._said.add(symbol)
                self._strange.setdefault((symbol.module or "").partition(".")[0], []).append(symbol)
            case Permission.EFFECT:
                self._said.add(symbol)
                yield self._executes(use, f"calls {self._call(use, symbol)}, {_VERBS[found.detail]}")
            case _:
                self._said.add(symbol)
                yield self._executes(use, f"calls {self._call(use, symbol)}, which nobody has reviewed")

    def _of_new(self, use: Use, symbol: Global, name: str, found: Known) -> Iterator[Remark]:
        match found.permission:
            case Permission.EFFECT:
                self._said.add(symbol)
                yield self._executes(use, f"makes {self._call(use, symbol)}, {_VERBS[found.detail]}")
            case Permission.ARGUMENTS:
                calls = self._calls.get((symbol, use.opcode), [])
                if len(calls) < use.times or any(call.arguments is None or call.arguments for call in calls):
                    yield from self._of_call(use, symbol, name, found)
            case Permission.CLASS | Permission.NEW | Permission.ACTIVE | Permission.COMPILED:
                calls = self._calls.get((symbol, use.opcode), [])
                for call in calls:
                    given = call.arguments
                    if arguments.builds_expression(call):
                        continue
                    if (
                        found.detail == OWN_NEW
                        and not is_reviewed(name)
                        and given
                        and all(map(_is_explained, given))
                    ):
                        self._said.add(symbol)
                        message = f"makes {spelled(call)}, whose __new__ nobody has reviewed"
                        yield Remark(Kind.UNEXPLAINED, message, call.offset)
                        break
                    if (
                        given is None
                        or (given and found.detail == OWN_NEW)
                        or not all(map(_is_explained, given))
                    ):
                        self._said.add(symbol)
                        message = f"makes {spelled(call)} at load, and so runs its __new__ with these"
                        yield Remark(Kind.EXECUTES, message, call.offset)
                        break
                yield from self._of_dropped(use, symbol)
            case Permission.VALUE | Permission.CONSTRUCTOR:
                yield from self._of_handed(use, symbol)
            case Permission.FUNCTION | Permission.STANDARD if any(
                states.made_faults(*(symbol.target or ("", "")))
            ):
                self._said.add(symbol)
                yield from self._of_dropped(use, symbol)
            case Permission.FUNCTION | Permission.STANDARD:
                self._said.add(symbol)
                yield self._unexplained(use, f"makes an object of {name}, which nobody has reviewed")
            case Permission.UNKNOWN if references.is_suspicious(*(symbol.target or ("", ""))):
                self._said.add(symbol)
                yield self._executes(
                    use, f"makes an object of {name}, which has the name of what runs, opens or imports"
                )
            case Permission.UNKNOWN if self._is_given_active_text(use, symbol):
                self._said.add(symbol)
                yield self._executes(
                    use,
                    f"makes {self._call(use, symbol)} with a text that may be code, a path or an address: what its __new__ does"
                    " with that nobody has reviewed",
                )
            case Permission.UNKNOWN:
                self._said.add(symbol)
                yield from self._of_dropped(use, symbol)
                self._strange.setdefault((symbol.module or "").partition(".")[0], []).append(symbol)
            case Permission.DOTTED:
                self._said.add(symbol)
                if self._is_nested_class(symbol):
                    self._strange.setdefault((symbol.module or "").partition(".")[0], []).append(symbol)
                else:
                    yield self._executes(use, f"makes an object of {name}, a path that may lead anywhere")
            case _:
                return

    def _of_handed(self, use: Use, symbol: Global) -> Iterator[Remark]:
        """Objects that are given to what takes plain values, and calls their methods."""
        for call in self._calls.get((symbol, use.opcode), []):
            if arguments.takes_objects(call) or arguments.hands_over(call):
                yield self._executes(
                    use, f"calls {spelled(call)}, and so methods of the object that it gives"
                )
                return

    def _of_dropped(self, use: Use, symbol: Global) -> Iterator[Remark]:
        """What objects of a class run when they are dropped."""
        for wrong, certain in states.made_faults(*(symbol.target or ("", ""))):
            message = f"makes an object of {'.'.join(symbol.target or ())}, which {wrong}"
            yield self._executes(use, message) if certain else self._unexplained(use, message)

    def _is_made_plainly(self, use: Use, symbol: Global) -> bool:
        """Whether a class of a library that nobody has read is called with plain data only, as that of an enumeration."""
        module, name = symbol.target or ("", "")
        if not argument_forms.is_class_form(name) or references.is_suspicious(module, name):
            return False
        calls = self._calls.get((symbol, use.opcode), [])
        return len(calls) >= min(use.times, 1) and all(
            call.arguments is not None and all(map(argument_forms.is_literal, call.arguments))
            for call in calls
        )

    def _is_given_active_text(self, use: Use, symbol: Global) -> bool:
        """Whether a text that may be code, a path or an address is among the arguments of a call; an exception's only tells of it."""
        if _EXCEPTION.search(symbol.name or "") is not None:
            return False
        calls = self._calls.get((symbol, use.opcode), [])
        return any(argument_forms.has_active_text(value) for call in calls for value in call.arguments or ())

    def _is_nested_class(self, symbol: Global) -> bool:
        """Whether a dotted name may be that of a class inside a class of a library that nobody has read."""
        module, name = symbol.target or ("", "")
        return (
            known(module, name.partition(".")[0]).permission is Permission.UNKNOWN
            and all(map(argument_forms.is_class_form, name.split(".")[:-1]))
            and not references.is_suspicious(module, name)
        )

    @staticmethod
    def _of_library(top: str, symbols: list[Global]) -> Remark:
        """What is made or held of one library that nobody has read."""
        names = list(dict.fromkeys(".".join(symbol.target or ()) for symbol in symbols))
        message = f"has objects of {top}, which nobody has reviewed: {_listed(names)}"
        return Remark(Kind.UNEXPLAINED, message, symbols[0].offset)

    def _of_result(self, use: Use, made: CallResult) -> Iterator[Remark]:
        """What is done with what a call gave."""
        maker = maker_of(made)
        if use.opcode in _CHANGES:
            if maker in _HANDLES:
                yield self._executes(use, f"changes what {maker} gave")
            elif use.opcode != "BUILD" and self._is_no_container(made):
                yield self._executes(
                    use,
                    f"puts items into {named(made.by)}, which is no container: its {_ITEMS[use.opcode]} then runs",
                )
            elif classes_by_value.is_object(made):
                return  # said of the classes that it carries
            elif use.opcode in _METHODS and maker not in _CONTAINERS and self._holds:
                method = _METHODS[use.opcode]
                yield self._executes(
                    use, f"calls the {method} of what {maker or 'a call'} gave, which the stream may have set"
                )
        elif use.opcode in _NEW:
            if maker not in CLASS_MAKERS and not (maker in _ATTRIBUTES and self._is_own_attribute(made)):
                yield self._executes(use, f"makes an object of what {maker or 'a call'} gave")
            elif maker in CLASS_MAKERS:
                yield from self._of_own_class(use)
        elif use.opcode in _CALLS:
            if maker in ENUM_MAKERS:
                return
            if maker in _TYPE_NAMES:
                yield from self._of_named_type(use, made)
                return
            if maker in _ATTRIBUTES and all(
                arguments.is_known_attribute(call) for call in self._calls.get((made.by, made.opcode), [])
            ):
                return
            if maker in _ATTRIBUTES and self._is_own_attribute(made):
                yield self._unexplained(use, "calls what it got from a class that nobody has reviewed")
            elif classes_by_value.is_class(made):
                yield from self._of_own_class(use)
            elif maker in CODE_MAKERS:
                yield Remark(
                    Kind.RUNS_CODE, f"calls what {maker} made: code in the pickle itself", use.offset
                )
            else:
                yield self._executes(use, f"calls what {maker or 'a call'} gave")

    def _of_named_type(self, use: Use, made: CallResult) -> Iterator[Remark]:
        """A call of a type that a text names.  What it is given is judged by itself, but for the body of a class."""
        makers = self._calls.get((made.by, made.opcode), [])
        names = {call.arguments[0].value if call.arguments else None for call in makers}
        if not names & _TYPES_OF_CLASSES:
            return
        for call in self._calls.get((made, use.opcode), []):
            wrong = arguments.fault("class maker", call, self._stream.imports)
            if wrong is not None:
                yield self._executes(use, f"calls type by its name: {wrong}")
                return

    @staticmethod
    def _is_no_container(made: CallResult) -> bool:
        """Whether it is an object of a class that is known, and no list, dictionary or set."""
        target = _class_of(made)
        found = behavior.of(*target) if target is not None else None
        return (
            target is not None
            and found is not None
            and found.exact
            and "c" not in found.marks
            and known(*target).permission in (Permission.CLASS, Permission.NEW, Permission.ACTIVE)
        )

    def _of_own_class(self, use: Use) -> Iterator[Remark]:
        """An object of a class that the stream makes: what the classes of libraries run from which it is derived."""
        called = use.opcode in _CALLS
        calls = self._calls.get((use.callee, use.opcode), [])
        given = len(calls) < use.times or any(call.arguments is None or call.arguments for call in calls)
        for base in sorted(self._bases):
            permission, detail = self._known(*base)
            if given and (detail == OWN_NEW or (called and permission is Permission.ACTIVE)):
                yield self._executes(
                    use,
                    f"makes an object of a class derived from {'.'.join(base)}, whose own code runs with its arguments",
                )
            elif (
                called
                and permission is Permission.CLASS
                and "r" not in (behavior.of(*base) or _NOTHING).marks
            ):
                yield self._unexplained(
                    use, f"calls a class derived from {'.'.join(base)}, whose own code then runs"
                )
            for wrong, certain in states.made_faults(*base):
                message = f"makes an object of a class derived from {'.'.join(base)}, which {wrong}"
                yield self._executes(use, message) if certain else self._unexplained(use, message)

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
            held = symbol in self._stream.values
            found = self._known(*target)
            if (
                found.permission in _STRANGE
                and not references.is_suspicious(*target)
                and (found.permission is Permission.UNKNOWN or self._is_nested_class(symbol))
            ):
                self._strange.setdefault(target[0].partition(".")[0], []).append(symbol)
                return
            remark = references.remark(
                *target, found, held=held, code=bool(self._stream.code), offset=symbol.offset
            )
            if remark is not None:
                yield remark

    def _is_own_attribute(self, made: CallResult) -> bool:
        """Whether all that ``getattr`` fetches is of classes of the user or of a library that nobody has read."""
        calls = self._calls.get((made.by, made.opcode), [])
        return bool(calls) and all(
            call.arguments is not None
            and len(call.arguments) > 1
            and isinstance(call.arguments[0].value, Global)
            and call.arguments[0].value.target is not None
            and self._known(*call.arguments[0].value.target).permission
            in (Permission.UNKNOWN, Permission.LOCAL)
            for call in calls
        )

    @cached_property
    def _holds(self) -> bool:
        """Whether there is a function, or a way to one, that could be put where a method is looked for."""
        return bool(self._stream.code) or any(
            symbol.target is None or known(*symbol.target).permission not in _HARMLESS
            for symbol in self._stream.globals
        )

    @property
    def _of_torch(self) -> bool:
        return any(
            (symbol.module or "").partition(".")[0] in ("torch", "__torch__")
            for symbol in self._stream.globals
        )

    def _of_states(self) -> Iterator[Remark]:
        """What objects are restored from."""
        said: set[tuple[str, str]] = set()
        old = self._stream.protocol < 2
        for use in self._stream.uses:
            for target in self._classes_of(use.callee) if use.opcode == "BUILD" else ():
                if target in said:
                    continue
                for wrong, certain in states.restored_faults(*target):
                    said.add(target)
                    message = f"restores {'.'.join(target)}, which {wrong}"
                    yield self._executes(use, message) if certain else self._unexplained(use, message)
        for call in self._stream.calls:
            for target in self._classes_of(call.callee) if call.opcode == "BUILD" else ():
                wrong_state = (
                    states.keys_fault(*target, call.arguments, strict=True) if target not in said else None
                )
                if wrong_state is not None:
                    unknown = old and wrong_state == "its state is not known"
                    kind = Kind.UNEXPLAINED if unknown else Kind.EXECUTES
                    yield Remark(kind, f"restores {'.'.join(target)}: {wrong_state}", call.offset)
        for state in self._stream.states:
            yield from self._of_state(state, old=old)

    def _classes_of(self, callee: object) -> tuple[tuple[str, str], ...]:
        """The class of an object, or those from which its class is derived, where the stream makes that."""
        target = _class_of(callee)
        if target is not None:
            return (target,)
        return tuple(sorted(self._bases)) if classes_by_value.is_object(callee) else ()

    @cached_property
    def _bases(self) -> frozenset[tuple[str, str]]:
        return classes_by_value.bases_of(self._stream)

    def _of_state(self, state: State, *, old: bool) -> Iterator[Remark]:
        target = _class_of(state.callee)
        name = named(state.callee)
        if target is None:
            if state.kind == "slots" and state.keys is not None and "__class__" in state.keys:
                yield Remark(Kind.EXECUTES, f"restores {name}: sets its __class__ at load", state.offset)
            return
        found = behavior.of(*target)
        if state.kind == "object" and found is not None and states.acts_on_state(found):
            message = f"restores {name} at load from an object, whose methods its __setstate__ calls"
            yield Remark(Kind.EXECUTES, message, state.offset)
        elif state.kind == "slots" and (
            found is not None or not self._made_by_library(target) or "__class__" in (state.keys or ())
        ):
            wrong = states.slots_fault(*target, state.keys)
            if wrong is not None:
                # Of a library whose releases were not read one by one, another release may have slots.
                doubt = (old and state.keys is None) or (
                    found is not None and not is_reviewed(target[0]) and "__" not in wrong
                )
                kind = Kind.UNEXPLAINED if doubt else Kind.EXECUTES
                yield Remark(kind, f"restores {name}, and {wrong}", state.offset)
        elif state.kind == "tuple" and not old and found is not None and not states.acts_on_state(found):
            message = f"restores {name} from a tuple that it made before, which no pickler does"
            yield Remark(Kind.ODD, message, state.offset)

    @staticmethod
    def _made_by_library(target: tuple[str, str]) -> bool:
        """Whether a reviewed function makes objects, whose classes take a pair as their state."""
        return known(*target).permission in (Permission.CONSTRUCTOR, Permission.ARGUMENTS)

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


_ITEMS = {
    "APPEND": "append",
    "APPENDS": "extend",
    "SETITEM": "__setitem__",
    "SETITEMS": "__setitem__",
    "ADDITEMS": "update",
}
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
_STRANGE = frozenset({Permission.UNKNOWN, Permission.DOTTED})
_TRUSTABLE = _STRANGE | {Permission.FUNCTION, Permission.STANDARD}
_MOST_NAMES = 6


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


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
_TYPES_OF_CLASSES = frozenset({"type", "TypeType", "ClassType", None})
_TYPE_NAMES = frozenset({"cloudpickle._builtin_type", "dill._dill._load_type"})


def _is_called_by_picklers(symbol: Global) -> bool:
    """Whether objects of a class may be pickled as a call of it: it says so itself (``__reduce__``), and nobody has looked at its library
    one by one; or it is an exception."""
    module, name = symbol.target or ("", "")
    found = behavior.of(module, name)
    if found is None:
        return False
    return "r" in found.marks and (not is_reviewed(module) or _EXCEPTION.search(name) is not None)


_NOTHING = behavior.Behavior()
_EXCEPTION = lazy_pattern(r"(?:Error|Warning|Exception)$")


def _class_of(made: object) -> tuple[str, str] | None:
    """The class whose object a result is, where a class was called or made an object of."""
    by = made.by if isinstance(made, CallResult) else None
    return by.target if isinstance(by, Global) else None


def _is_explained(value: Value) -> bool:
    """Whether an argument is plain data, or made by a call that was judged by itself, and no object with attributes of its own."""
    if value.kind in ("unknown", "persistent"):
        return False
    if isinstance(value.value, CallResult):
        return ".".join(_class_of(value.value) or ()) not in _OPEN
    if isinstance(value.value, tuple):
        return all(map(_is_explained, value.value))
    return True


_OPEN = frozenset({"types.SimpleNamespace", "argparse.Namespace", "functools.partial"})
"""Classes whose objects take any attributes, or are called: what calls methods of its arguments calls these."""
