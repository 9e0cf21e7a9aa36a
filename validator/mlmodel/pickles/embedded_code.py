"""Code by value under judgement: what a pickle carries, and whether reading runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles import classes_by_value
from mlmodel.pickles.observations import Kind, Remark
from mlmodel.pickles.symbols import CallResult, Global

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.symbols import Code, Stream

ENUM_MAKERS = frozenset({"cloudpickle._make_skeleton_enum"})
CLASS_MAKERS = ENUM_MAKERS | {
    "cloudpickle._make_skeleton_class",
    "cloudpickle._rehydrate_skeleton_class",
    "dill._dill._create_namedtuple",
    "dill._dill._create_type",
    "builtins.type",
}
CODE_MAKERS = CLASS_MAKERS | {
    "cloudpickle._make_function",
    "cloudpickle._make_skel_func",
    "cloudpickle._fill_function",
    "dill._dill._create_function",
    "types.FunctionType",
    "types.LambdaType",
    "builtins.function",
}
_RUN_WITHOUT_A_CALL = frozenset(
    {
        "__setstate__",
        "__new__",
        "__del__",
        "__set_name__",
        "__init_subclass__",
        "__setattr__",
        "__getattribute__",
    }
)
"""Methods that reading or dropping an object of a class by value runs."""
_LATER = frozenset({"__hash__", "__eq__", "_missing_", "__init_subclass__"})
"""Methods that only some uses of an object run."""
_NEW = frozenset({"NEWOBJ", "NEWOBJ_EX"})
_CALLS = frozenset({"REDUCE", "INST", "OBJ"})


def maker_of(made: CallResult) -> str:
    """The function that gave a result, by its module and name; empty where that is not known."""
    target = made.by.target if isinstance(made.by, Global) else None
    if target is None:
        return ""
    module, name = target
    return f"cloudpickle.{name}" if "cloudpickle" in module else f"{module}.{name}"


def remarks(stream: Stream) -> Iterator[Remark]:
    """What is to be said of the code that a pickle carries, and of the methods that reading it runs."""
    carried: tuple[Code, ...] = stream.code
    methods = stream.methods
    if "__setstate__" in methods:
        message = "has a __setstate__ of its own, which reading runs"
        yield Remark(Kind.RUNS_CODE if carried else Kind.EXECUTES, message, stream.start)
    if not carried:
        return
    later = _LATER if stream.slots else _LATER | {"__setattr__"}
    new = {use.callee for use in stream.uses if use.opcode in _NEW}
    for code in carried:
        if code.name in _RUN_WITHOUT_A_CALL - later and any(isinstance(callee, CallResult) for callee in new):
            yield Remark(
                Kind.RUNS_CODE,
                f"makes an object of a class that it carries, and so runs its {code.name}",
                code.offset,
            )
    makers = {maker_of(callee) for callee in new if isinstance(callee, CallResult)}
    # Enumerations and named tuples by value have a __new__, which calls that of object or tuple.
    fetched = any(
        call.arguments is not None and len(call.arguments) == 2 and call.arguments[1].value == "__new__"
        for call in stream.calls
        if isinstance(call.callee, Global) and call.callee.name == "getattr"
    )
    of_enums = ("__new__",) if fetched else ()
    if makers - ENUM_MAKERS:
        for name in sorted(
            (methods & _RUN_WITHOUT_A_CALL)
            - {code.name for code in carried}
            - {"__setstate__", *later, *of_enums}
        ):
            message = f"makes an object of a class that it carries, and so runs its {name}"
            yield Remark(Kind.RUNS_CODE, message, stream.start)
    if stream.hashes and methods & {"__hash__", "__eq__"}:
        message = "has an object of a class that it carries as a key, and so runs its __hash__ or __eq__"
        yield Remark(Kind.RUNS_CODE, message, stream.start)
    for message, offset in dict.fromkeys(classes_by_value.runs(stream)):
        yield Remark(Kind.RUNS_CODE, message, offset)
    yield Remark(Kind.CODE, _described(carried), carried[0].offset)


def _described(carried: tuple[Code, ...]) -> str:
    """What code there is, and what it uses."""
    names = [code.name for code in carried if code.name]
    shown = ", ".join(dict.fromkeys(names)) or "without a name"
    used = dict.fromkeys(name for code in carried for name in code.names)
    text = f"carries code by value: {_cut(shown)}"
    return text + (f"; it uses {_cut(', '.join(used))}" if used else "")


_MOST = 200


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else text[:_MOST] + " ..."
