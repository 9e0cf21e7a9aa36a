"""Classes that a pickle makes from what it carries (cloudpickle, dill), and which of their methods reading it runs.

One opcode makes the class, and a later call gives it its attributes (``_class_setstate``).  However many classes a stream makes, they
are one symbol: what is known of one of them is said of all, but only attributes that were given before a class is made count for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.pickles.symbols import CallResult, Global

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.symbols import Call, Stream, Value

MAKERS = frozenset({"_make_skeleton_class", "_make_skeleton_enum", "_create_type"})
_SETTERS = frozenset({"_class_setstate", "_rehydrate_skeleton_class"})
_FUNCTIONS = frozenset({"_make_function", "_make_skel_func", "_fill_function", "_create_function"})
_OF_METACLASSES = (
    "__new__", "__init__", "__prepare__", "__setattr__", "__getattr__", "__getattribute__", "mro", "__instancecheck__",
)  # fmt: skip
_OF_BASES = ("__init_subclass__", "__mro_entries__", "__set_name__")
_OF_MEMBERS = ("__new__", "__init__", "_generate_next_value_", "__set_name__", "__init_subclass__")
"""What the class of an enumeration runs of its bases while its members are made."""
_OF_ITEMS = {
    "SETITEM": ("__setitem__",),
    "SETITEMS": ("__setitem__",),
    "APPEND": ("append",),
    "APPENDS": ("extend", "append"),
    "ADDITEMS": ("update", "add"),
}
"""The methods of an object that opcodes call."""
_OF_CALLS = ("__new__", "__init__", "__call__", "__post_init__")
_HASHING = frozenset({"set", "frozenset", "dict", "OrderedDict", "Counter", "fromkeys"})
_NEW = frozenset({"NEWOBJ", "NEWOBJ_EX"})
_CALLED = frozenset({"REDUCE", "INST", "OBJ"})


class _Body(Record):
    """Attributes that a class is given."""

    offset: int
    names: frozenset[str] | None
    """None where they are not known."""
    functions: frozenset[str]
    """Those that are functions by value."""


def runs(stream: Stream) -> Iterator[tuple[str, int]]:
    """What reading runs of the code of classes by value, beyond ``__setstate__`` and its like; with the offset."""
    bodies = [body for call in stream.calls for body in _body_of(call)]
    code = frozenset(item.name for item in stream.code if item.name)

    def first(names: tuple[str, ...], before: int | None = None) -> str | None:
        """The first of these methods that the classes have."""
        given = [body for body in bodies if before is None or body.offset < before]
        for name in names:
            if any(body.names is None or name in body.names for body in given):
                return name
        # Attributes that were set in another way.
        return next((name for name in names if not given and bodies == [] and name in code), None)

    for call in stream.calls:
        if _name(call.callee) in MAKERS and call.arguments is not None:
            for names in _run_by_making(call):
                name = first(names, call.offset)
                if name is not None:
                    yield f"makes a class by one that it carries, and so runs its {name}", call.offset
    for use in stream.uses:
        made = use.callee
        name = None
        if use.opcode == "BUILD" and is_object(made):
            name = first(("__getattr__",))
        elif use.opcode in _OF_ITEMS and is_object(made):
            name = first(_OF_ITEMS[use.opcode])
        elif use.opcode in _CALLED and is_class(made) and not is_enumeration(made):
            name = first(_OF_CALLS)
        if name is not None:
            yield f"restores an object of a class that it carries, and so runs its {name}", use.offset
    yield from _of_enumerations(stream, bodies)
    yield from _of_slots(stream, bodies)
    yield from _of_hashes(stream, first(("__hash__", "__eq__")))


def _run_by_making(call: Call) -> Iterator[tuple[str, ...]]:
    """Methods of other classes of the stream that making a class runs, where they have them."""
    given = call.arguments or ()
    place = 0 if _name(call.callee) == "_make_skeleton_enum" else 2
    bases = given[place].value if len(given) > place else None
    if not isinstance(bases, tuple) or any(isinstance(base.value, CallResult) for base in bases):
        yield _OF_BASES if place else _OF_MEMBERS
    if place and isinstance(given[0].value, CallResult):
        yield _OF_METACLASSES


def _of_enumerations(stream: Stream, bodies: list[_Body]) -> Iterator[tuple[str, int]]:
    """What a call of an enumeration with a value runs: ``__new__``, and ``_missing_`` where no member has the value."""
    members: set[object] = set()
    for call in stream.calls:
        if (
            _name(call.callee) == "_make_skeleton_enum"
            and call.arguments is not None
            and len(call.arguments) > 3
        ):
            items = call.arguments[3].value
            members.update(_key(value) for value in (items[1::2] if isinstance(items, tuple) else ()))
    for call in stream.calls:
        if call.opcode not in _CALLED or not is_enumeration(call.callee):
            continue
        known = call.arguments is not None and len(call.arguments) == 1 and _key(call.arguments[0]) in members
        names = ("__new__",) if known else ("__new__", "_missing_")
        for name in names:
            if any(name in body.functions for body in bodies):
                yield f"calls an enumeration that it carries, and so runs its {name}", call.offset
                return


def _of_slots(stream: Stream, bodies: list[_Body]) -> Iterator[tuple[str, int]]:
    """States that are set attribute by attribute, where the class has a property of that name."""
    attributes = frozenset().union(*(body.names or () for body in bodies)) if bodies else frozenset()
    for state in stream.states:
        if state.kind == "slots" and is_object(state.callee):
            name = next((key for key in state.keys or () if key in attributes), None)
            if name is not None:
                yield (
                    f"sets {name} of an object of a class that it carries, and so runs what the class has there",
                    state.offset,
                )


def _of_hashes(stream: Stream, method: str | None) -> Iterator[tuple[str, int]]:
    """Lists of objects that become a set, or the keys of a dictionary."""
    if method is None or not any(use.opcode in _NEW and is_class(use.callee) for use in stream.uses):
        return
    for call in stream.calls:
        if call.opcode in _CALLED and _name(call.callee) in _HASHING and _has_list(call.arguments):
            yield (
                f"makes a {_name(call.callee)} of a list of objects, and so runs the {method} of a class that it carries",
                call.offset,
            )
            return


def _has_list(arguments: tuple[Value, ...] | None) -> bool:
    return arguments is None or any(
        item.kind in ("list", "unknown")
        or (isinstance(item.value, tuple) and any(is_object(part.value) for part in item.value))
        for item in arguments
    )


def _body_of(call: Call) -> Iterator[_Body]:
    name, given = _name(call.callee), call.arguments
    if name in _SETTERS:
        state = given[1] if given is not None and len(given) > 1 else None
        if name == "_class_setstate" and state is not None and state.kind == "tuple":
            parts = state.value if isinstance(state.value, tuple) else ()
            state = parts[0] if parts else None
        yield _body(state, call.offset)
    elif name == "_create_type" and given is not None and len(given) > 3:
        yield _body(given[3], call.offset)


def _body(state: Value | None, offset: int) -> _Body:
    items = state.value if state is not None and state.kind == "dict" else None
    if not isinstance(items, tuple):
        return _Body(offset, None, frozenset())
    pairs = list(zip(items[::2], items[1::2], strict=False))
    names = frozenset(str(key.value) for key, _ in pairs if key.kind == "str")
    functions = frozenset(str(key.value) for key, value in pairs if _is_function(value))
    return _Body(offset, names, functions)


def _is_function(value: Value) -> bool:
    """Whether it is a function by value, or made from one (``classmethod``)."""
    made = value.value
    if not isinstance(made, CallResult):
        return False
    return _name(made.by) in _FUNCTIONS | {
        "classmethod",
        "staticmethod",
        "property",
        "FunctionType",
        "LambdaType",
    }


def _key(value: Value) -> object:
    return (value.kind, value.value) if value.kind in ("str", "int", "float", "bool", "None") else object()


def _name(symbol: object) -> str | None:
    return symbol.name if isinstance(symbol, Global) else None


def is_class(symbol: object) -> bool:
    """Whether it is a class that the stream makes."""
    return isinstance(symbol, CallResult) and _name(symbol.by) in MAKERS | {
        "_rehydrate_skeleton_class",
        "_create_namedtuple",
    }


def is_enumeration(symbol: object) -> bool:
    """Whether it is an enumeration that the stream makes."""
    return isinstance(symbol, CallResult) and _name(symbol.by) == "_make_skeleton_enum"


def is_object(symbol: object) -> bool:
    """Whether it is an object of a class that the stream makes."""
    return isinstance(symbol, CallResult) and is_class(symbol.by)


def bases_of(stream: Stream) -> frozenset[tuple[str, str]]:
    """The classes that others define, from which the classes of the stream are derived."""
    found: set[tuple[str, str]] = set()
    for call in stream.calls:
        name, given = _name(call.callee), call.arguments
        if name not in MAKERS or given is None:
            continue
        place = 0 if name == "_make_skeleton_enum" else 2
        bases = given[place].value if len(given) > place else ()
        for base in bases if isinstance(bases, tuple) else ():
            target = base.value.target if isinstance(base.value, Global) else None
            if target is not None:
                found.add(target)
    return frozenset(found)
