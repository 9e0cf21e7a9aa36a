"""The rules for arguments of what makes a class, completes one that the stream made, or takes one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles.allowlist import Permission, known, may_be_held
from mlmodel.pickles.argument_forms import is_class, is_literal, maker_name, may_be_class, target_of
from mlmodel.pickles.symbols import CallResult, Value

if TYPE_CHECKING:
    from collections.abc import Callable


def class_maker(given: tuple[Value, ...]) -> str | None:
    """``type`` and ``ABCMeta``: a class whose body holds nothing but plain data."""
    if len(given) == 1:
        return None
    if (
        len(given) != 3
        or given[0].kind != "str"
        or given[2].kind != "dict"
        or not isinstance(given[2].value, tuple)
    ):
        return "it makes a class of what is not known"
    items = given[2].value
    for key, value in zip(items[::2], items[1::2], strict=False):
        if key.kind != "str" or not (is_literal(value) and not isinstance(value.value, CallResult)):
            return f"it makes a class with {key.value or 'a name'} that is no plain data, and making a class runs such things"
    return None


_OF_CLASSES = frozenset(
    "__module__ __slots__ __dict__ __weakref__ __doc__ __qualname__ __orig_bases__ __firstlineno__ __static_attributes__".split()
)
"""What cloudpickle gives a class when it makes it; all else follows later."""


_RUN_WITH_THE_CLASS = frozenset(
    "__init_subclass__ __set_name__ __del__ __class_getitem__ __prepare__ __annotations__ __annotate__".split()
)


def enumeration(given: tuple[Value, ...]) -> str | None:
    """``_make_skeleton_enum`` of cloudpickle: the members are names and values."""
    if len(given) < 4:
        return "these are no arguments of an enumeration"
    items = given[3].value if isinstance(given[3].value, tuple) else ()
    for key, value in zip(items[::2], items[1::2], strict=False):
        if key.kind != "str" or str(key.value).startswith("__") or value.kind == "global":
            return f"it has the member {key.value}, which making the class runs"
    return None


_MADE_CLASSES = frozenset(
    {"_make_skeleton_class", "_make_skeleton_enum", "_rehydrate_skeleton_class", "_create_type"}
)


_MADE_FUNCTIONS = frozenset({"_make_function", "_make_skel_func", "_fill_function", "_create_function"})


def own_class(given: tuple[Value, ...]) -> str | None:
    """What completes a class by value, and sets attributes of whatever it is given."""
    first = given[0].value if given else None
    own = isinstance(first, CallResult) and maker_name(first) in _MADE_CLASSES
    return None if own else "it changes what the stream did not make"


def own_function(given: tuple[Value, ...]) -> str | None:
    """As :func:`own_class`, of functions."""
    first = given[0].value if given else None
    own = isinstance(first, CallResult) and (maker_name(first) in _MADE_FUNCTIONS or _is_of_type(first))
    return None if own else "it changes what the stream did not make"


def _is_of_type(made: CallResult) -> bool:
    """Whether it was made by a type that cloudpickle named (``_builtin_type``): before 2.1, functions by value are."""
    return isinstance(made.by, CallResult) and maker_name(made.by) == "_builtin_type"


def metaclass(given: tuple[Value, ...]) -> str | None:
    """What makes a class, and calls its first argument for that."""
    first = given[0].value if given else None
    if not given or not (".".join(target_of(first)) in _CLASSES_OF_CLASSES or _is_metaclass(given[0])):
        return "it calls what is no class of classes"
    body = given[3] if len(given) > 3 else None
    items = body.value if body is not None and isinstance(body.value, tuple) else ()
    of_dill = len(given) == 4
    for key, value in zip(items[::2], items[1::2], strict=False):
        fine = key.value in _OF_CLASSES or (
            of_dill and (key.value not in _RUN_WITH_THE_CLASS or _is_code(value))
        )
        if key.kind != "str" or not fine:
            return f"it gives the class {key.value or 'a name'} as it is made, and so may run it"
    return None


_CLASSES_OF_CLASSES = frozenset(
    "builtins.type abc.ABCMeta enum.EnumMeta enum.EnumType typing.NamedTupleMeta typing._ProtocolMeta typing._TypedDictMeta typing.GenericMeta typing_extensions._TypedDictMeta"
    " pydantic._internal._model_construction.ModelMetaclass pydantic.main.ModelMetaclass dspy.signatures.signature.SignatureMeta"
    " dspy.primitives.module.ProgramMeta dspy.primitives.program.ProgramMeta typing_extensions._ProtocolMeta".split()
)


def _is_metaclass(value: Value) -> bool:
    if isinstance(value.value, CallResult):
        return is_class(value)
    module, name = target_of(value.value)
    return bool(name) and known(module, name).permission in (
        Permission.LOCAL,
        Permission.UNKNOWN,
        Permission.CLASS,
    )


def _is_code(value: Value) -> bool:
    return is_literal(value) or (
        isinstance(value.value, CallResult) and maker_name(value.value) in _MADE_FUNCTIONS
    )


def renaming(given: tuple[Value, ...]) -> str | None:
    """``setattr``: dill gives the classes that it carries their qualified name with it."""
    fine = (
        len(given) == 3
        and own_class(given) is None
        and given[1].value == "__qualname__"
        and given[2].kind == "str"
    )
    return None if fine else "it changes an object"


def class_and_base(given: tuple[Value, ...]) -> str | None:
    """``copyreg._reconstructor``: it makes an object by its second argument, which must be a type of Python's own."""
    if len(given) != 3 or not may_be_class(given[0]):
        return "of what is not known as a class"
    module, name = target_of(given[1].value)
    fine = (
        module in ("builtins", "collections", "datetime")
        and known(module, name).permission is Permission.VALUE
    )
    return None if fine or _same(given[0], given[1]) else "by what is no type of Python's own"


def _same(one: Value, other: Value) -> bool:
    return (
        one.kind == "global"
        and target_of(one.value) == target_of(other.value)
        and known(*target_of(one.value)).permission in (Permission.COMPILED, Permission.CONSTRUCTOR)
    )


def class_(given: tuple[Value, ...]) -> str | None:
    """What makes an object of its first argument."""
    if not given:
        return "of nothing"
    return None if may_be_class(given[0]) else "of what is not known as a class"


_TYPES = frozenset(
    "ClassType CodeType FunctionType LambdaType ModuleType MappingProxyType GenericAlias UnionType NoneType EllipsisType"
    " NotImplementedType CellType SimpleNamespace PartialType MethodType BuiltinFunctionType GeneratorType TracebackType FrameType"
    " type object int float complex bool str bytes bytearray list tuple dict set frozenset range slice property"
    " staticmethod classmethod super enumerate zip map filter reversed memoryview BaseException Exception ValueError TypeError"
    " KeyError IndexError AttributeError RuntimeError NotImplementedError StopIteration AssertionError ImportError OSError"
    " UserWarning DeprecationWarning FutureWarning RuntimeWarning Warning"
    " WrapperDescriptorType MethodWrapperType MethodDescriptorType GetSetDescriptorType MemberDescriptorType".split()
)


def type_name(given: tuple[Value, ...]) -> str | None:
    """What gives the type that a text names."""
    if len(given) != 1 or given[0].kind != "str":
        return "the type is computed"
    return None if given[0].value in _TYPES else f"{given[0].value} is no type that is known"


_OF_EXCEPTIONS = frozenset("__dict__ args errno strerror filename filename2 winerror".split())


def exception(given: tuple[Value, ...]) -> str | None:
    """``unpickle_exception`` and ``unpickle_exception_with_attrs`` of tblib: they make an exception of their first argument, with what the
    second holds: arguments, or attributes."""
    target = target_of(given[0].value) if given else ("", "")
    if not _EXCEPTION.search(target[1]) or not (may_be_class(given[0]) or may_be_held(*target)):
        return "of what is no exception"
    if len(given) < 4:
        return "these are no arguments for making an exception"
    items = given[1].value if isinstance(given[1].value, tuple) else ()
    if given[1].kind == "dict":
        wrong = next((key for key in items[::2] if key.value not in _OF_EXCEPTIONS), None)
        if wrong is not None:
            return f"it sets {wrong.value or 'a name'} of it"
    plain = given[1].kind in ("dict", "tuple") and all(map(is_literal, items))
    return None if plain else "with what is no plain data"


_EXCEPTION = lazy_pattern(r"(?:Error|Warning|Exception|Exit|Interrupt|Iteration)$")


def reconstructed(given: tuple[Value, ...]) -> str | None:
    """``_type_reconstructor`` of numba: it calls its first argument, which is that of ``copyreg`` for objects without ``__reduce__``."""
    if len(given) != 3 or given[1].kind != "tuple" or not isinstance(given[1].value, tuple):
        return "these are no arguments for making a type"
    module, name = target_of(given[0].value)
    if module != "copyreg" or name not in ("_reconstructor", "__newobj__"):
        return "it calls its argument"
    inner = given[1].value
    if not inner or target_of(inner[0].value)[0].partition(".")[0] != "numba":
        return "of what is no type of numba"
    return class_and_base(inner) if name == "_reconstructor" else class_(inner)


RULES: dict[str, Callable[[tuple[Value, ...]], str | None]] = {
    "class maker": class_maker,
    "enumeration": enumeration,
    "exception": exception,
    "reconstructed": reconstructed,
    "class": class_,
    "typename": type_name,
    "own class": own_class,
    "own function": own_function,
    "metaclass": metaclass,
    "rename": renaming,
    "class and base": class_and_base,
}
"""By what ``spec/annex/reviewed.json`` names under ``arguments``."""
