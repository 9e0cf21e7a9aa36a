"""Which arguments are harmless for the functions that honest pickles call, and that could do harm with others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.pickles.catalogue import CLASSES, Standing, effect_of, is_attribute, known
from mlmodel.pickles.recorder import is_plain
from mlmodel.pickles.symbols import Global, Made, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.pickles.symbols import Call


def fault(rule: str, call: Call, imports: tuple[str, ...]) -> str | None:
    """What is wrong with the arguments of a call, None where they are harmless.

    Args:
        rule: what ``data/reviewed.json`` names under ``arguments``.
        call: the call.
        imports: the modules that calls in the same stream import (``subimport``).
    """
    if call.arguments is None:
        return "its arguments are computed"
    if rule == "attribute":
        return _attribute(call.arguments, imports)
    return _RULES[rule](call.arguments)


def is_known_attribute(call: Call) -> bool:
    """Whether a ``getattr`` gets a method that libraries themselves have called."""
    if not call.arguments or len(call.arguments) < 2:
        return False
    owner, name = call.arguments[0].value, call.arguments[1].value
    target = owner.target if isinstance(owner, Global) else None
    return target is not None and isinstance(name, str) and is_attribute(".".join(target), name)


def takes_objects(call: Call) -> bool:
    """Whether what takes plain values is given an object of a class, or what nobody knows."""
    if ".".join(_target(call.callee)) not in _TAKE_OBJECTS:
        return False
    if call.arguments is None:
        return True
    given = call.arguments[1:] if _target(call.callee)[1] == "defaultdict" else call.arguments
    return any(isinstance(item.value, Made) and not is_plain(item.value) for item in given)


def _target(symbol: object) -> tuple[str, str]:
    target = symbol.target if isinstance(symbol, Global) else None
    return target or ("", "")


_TAKE_OBJECTS = frozenset(
    [
        f"builtins.{name}"
        for name in "list tuple set frozenset dict bytes bytearray str int float complex bool range".split()
    ]
    + [f"collections.{name}" for name in "OrderedDict Counter deque defaultdict ChainMap".split()]
    + [f"itertools.{name}" for name in "chain cycle repeat count".split()]
    + ["array.array"]
)


def _is_class(value: Value) -> bool:
    if isinstance(value.value, Made):
        return _maker(value.value) in (
            "_make_skeleton_class",
            "_make_skeleton_enum",
            "type",
            "_builtin_type",
            "_create_type",
            "_load_type",
        )
    target = value.value.target if isinstance(value.value, Global) else None
    if target is None:
        return False
    found = known(*target)
    return (
        found.standing in CLASSES
        or found.standing is Standing.LOCAL
        or (found.standing is Standing.ARGUMENTS and found.detail in ("no text", "no file"))
    )


def _maker(made: Made) -> str | None:
    return made.by.name if isinstance(made.by, Global) else None


_NAMEABLE = CLASSES | {Standing.FUNCTION, Standing.STANDARD}
"""What may be named, whichever module it is fetched from."""
_GIVES_ANYTHING = frozenset(
    {"subimport", "getattr", "getitem", "_getattribute", "_import_module", "_get_attr", "_ufunc_reconstruct"}
)


def _attribute(given: tuple[Value, ...], imports: tuple[str, ...]) -> str | None:
    """``getattr``: a method of an object or of a class, as Python itself pickles bound methods; or a name in a module,
    as cloudpickle pickles what stands there under another name."""
    if len(given) not in (2, 3) or given[1].kind != "str":
        return "the name is computed"
    owner, name = given[0], str(given[1].value)
    if name == "__new__" and _target(owner.value)[0] == "builtins" and _is_class(owner):
        return None  # enumerations and named tuples by value
    if name.startswith("__") or "." in name:
        return f"{name} is not for getting"
    if isinstance(owner.value, Made):
        maker = _maker(owner.value)
        if maker == "subimport" and all(known(module, name).standing in _NAMEABLE for module in imports):
            return None
        return "of what another call gave" if maker in _GIVES_ANYTHING else None
    if owner.kind in ("str", "bytes", "int", "float", "bool", "list", "dict", "set", "tuple"):
        return None
    return None if _is_class(owner) else "of what is neither an object nor a class that is known"


def _type(given: tuple[Value, ...]) -> str | None:
    return None if len(given) == 1 else "these are no arguments of type"


def _callable(given: tuple[Value, ...]) -> str | None:
    if not given or given[0].kind not in ("global", "result"):
        return "of what is no function"
    inner = given[0].value
    if isinstance(inner, Made) and _maker(inner) in _GIVES_ANYTHING:
        return "of what another call gave"
    return None


def _item(given: tuple[Value, ...]) -> str | None:
    if len(given) != 2:
        return "these are no arguments of getitem"
    owner = given[0].value
    if isinstance(owner, Made):
        return None if _is_class(given[0]) else "of what another call gave"
    if isinstance(owner, Global):
        return (
            None
            if _is_class(given[0]) or (owner.target or ("",))[0] in ("typing", "collections.abc")
            else "of what is no class"
        )
    return None if given[0].kind in ("dict", "list", "tuple", "str") else "of what is not known"


def _encode(given: tuple[Value, ...]) -> str | None:
    if len(given) not in (1, 2) or given[0].kind != "str":
        return "of what is no text"
    codec = given[1].value if len(given) == 2 else "utf-8"
    return None if codec in ("latin1", "latin-1", "utf-8", "utf8", "ascii") else f"by the codec {codec}"


_MADE_CLASSES = frozenset(
    {"_make_skeleton_class", "_make_skeleton_enum", "_rehydrate_skeleton_class", "_create_type"}
)
_MADE_FUNCTIONS = frozenset({"_make_function", "_make_skel_func", "_fill_function", "_create_function"})


def _own_class(given: tuple[Value, ...]) -> str | None:
    """What completes a class by value, and sets attributes of whatever it is given."""
    first = given[0].value if given else None
    own = isinstance(first, Made) and _maker(first) in _MADE_CLASSES
    return None if own else "it changes what the stream did not make"


def _own_function(given: tuple[Value, ...]) -> str | None:
    """As :func:`_own_class`, of functions."""
    first = given[0].value if given else None
    own = isinstance(first, Made) and _maker(first) in _MADE_FUNCTIONS
    return None if own else "it changes what the stream did not make"


def _metaclass(given: tuple[Value, ...]) -> str | None:
    """What makes a class, and calls its first argument for that."""
    first = given[0].value if given else None
    known_type = _target(first) in (
        ("builtins", "type"),
        ("abc", "ABCMeta"),
        ("enum", "EnumMeta"),
        ("enum", "EnumType"),
    )
    return None if known_type or (given and _is_class(given[0])) else "it calls what is no class of classes"


def _rebuilt(given: tuple[Value, ...]) -> str | None:
    """What calls its first argument, which must itself be what tensors or arrays are made by."""
    module, name = _target(given[0].value) if given else ("", "")
    fine = (
        module.partition(".")[0] in ("torch", "numpy")
        and known(module, name).standing is Standing.CONSTRUCTOR
    )
    return (
        None
        if fine and name not in ("_rebuild_from_type", "_rebuild_from_type_v2")
        else "it calls its argument"
    )


def _ufunc(given: tuple[Value, ...]) -> str | None:
    """What imports a module and gets a name from it."""
    if len(given) != 2 or any(item.kind != "str" for item in given):
        return "the name is computed"
    module, name = str(given[0].value), str(given[1].value)
    fine = (
        module.partition(".")[0] in ("numpy", "scipy") and known(module, name).standing is Standing.FUNCTION
    )
    return None if fine and not name.startswith("__") else "that is no function of arrays"


def _nested(given: tuple[Value, ...]) -> str | None:
    """What loads pickles from some of its arguments; those are judged as what they are."""
    return (
        "its arguments are computed"
        if any(item.kind in ("unknown", "persistent") for item in given)
        else None
    )


_MATHEMATICS = frozenset(
    "abs absolute arcsin arccos arctan arcsinh cbrt ceil clip cos cosh exp exp2 expm1 fabs floor isfinite isnan log log10"
    " log1p log2 maximum minimum mod multiply power reciprocal round sign sin sinh sqrt square tan tanh where".split()
)
_CALLED = re.compile(r"([\w.]*)\s*\(")
_BUILTINS = frozenset(
    "__import__ breakpoint compile delattr dir eval exec exit getattr globals help input iter locals map memoryview next"
    " object open print quit setattr type vars".split()
)


def formula_fault(call: Call) -> str | None:
    """What is wrong with the formula that the state of a model has, and that is evaluated when it is read; None where
    there is none, or where it is harmless.

    statsmodels (``ModelData.__setstate__``) has patsy or formulaic evaluate it, calls of any function included.
    """
    if call.arguments is None:
        return "its state is not known"
    keys = [item.value if item.kind == "str" else None for item in call.arguments[::2]]
    if None in keys:
        return "its state is not known"
    if "formula" not in keys:
        return None
    formula = call.arguments[2 * keys.index("formula") + 1]
    if formula.kind == "None":
        return None
    text = str(formula.value) if formula.kind == "str" else None
    if text is None or keys.count("formula") > 1:
        return "its formula is computed"
    if "__" in text or "lambda" in text:
        return f"the formula {text[:80]!r} reaches for more than columns"
    for name in _CALLED.findall(text):
        root, _, last = name.rpartition(".")
        if (root and not (root in ("np", "numpy") and last in _MATHEMATICS)) or last in _BUILTINS:
            return f"the formula {text[:80]!r} calls {name}"
    return None


def _union(given: tuple[Value, ...]) -> str | None:
    """``functools.reduce`` of ``|`` over types: how Python 3.10 to 3.13 pickle ``int | str``."""
    if len(given) != 2 or _target(given[0].value) not in (("_operator", "or_"), ("operator", "or_")):
        return "it calls its argument"
    types = given[1].value if given[1].kind == "tuple" and isinstance(given[1].value, tuple) else ()
    fine = all(item.kind == "None" or _is_class(item) or _is_type(item) for item in types)
    return None if types and fine else "of what are no types"


def _is_type(value: Value) -> bool:
    """Whether it is something of ``typing``, or was made by it."""
    made = value.value
    while isinstance(made, Made):
        made = made.by
    return _target(made)[0] in ("typing", "types")


def _rename(given: tuple[Value, ...]) -> str | None:
    """``setattr``: dill gives the classes that it carries their qualified name with it."""
    fine = (
        len(given) == 3
        and _own_class(given) is None
        and given[1].value == "__qualname__"
        and given[2].kind == "str"
    )
    return None if fine else "it changes an object"


def _no_file(given: tuple[Value, ...]) -> str | None:
    """What opens the file that an argument names."""
    files = [item for item in given if item.kind == "str"]
    return "it opens the file" if given and given[0].kind != "None" and files else None


def _no_text(given: tuple[Value, ...]) -> str | None:
    """What reads a model from the file that any argument may name."""
    return "it opens the file" if any(item.kind in ("str", "result", "unknown") for item in given) else None


def _class_and_base(given: tuple[Value, ...]) -> str | None:
    """``copyreg._reconstructor``: it makes an object by its second argument, which must be a type of Python's own."""
    if len(given) != 3 or not _is_class(given[0]):
        return "of what is not known as a class"
    module, name = _target(given[1].value)
    fine = (
        module in ("builtins", "collections", "datetime") and known(module, name).standing is Standing.VALUE
    )
    return None if fine or _same(given[0], given[1]) else "by what is no type of Python's own"


def _same(one: Value, other: Value) -> bool:
    return (
        one.kind == "global"
        and _target(one.value) == _target(other.value)
        and known(*_target(one.value)).standing in (Standing.COMPILED, Standing.CONSTRUCTOR)
    )


def _class(given: tuple[Value, ...]) -> str | None:
    if not given:
        return "of nothing"
    return None if _is_class(given[0]) else "of what is not known as a class"


_IMPORT_RUNS = (
    "this",
    "antigravity",
    "__hello__",
    "__phello__",
    "idlelib",
    "test",
    "turtledemo",
    "pip",
    "lib2to3",
    "ensurepip",
)


def _module(given: tuple[Value, ...]) -> str | None:
    """``subimport``: of a module that code by value uses."""
    if len(given) != 1 or given[0].kind != "str":
        return "the module is computed"
    name = str(given[0].value)
    if not all(part.isidentifier() for part in name.split(".")):
        return "that is no module"
    return "importing it does something" if name.partition(".")[0] in _IMPORT_RUNS else None


def _path(given: tuple[Value, ...]) -> str | None:
    """``_import_module`` of dill: of a module, or of a name in one."""
    wrong = _module(given)
    if wrong is None and "." in str(given[0].value):
        effect = effect_of(str(given[0].value))
        return f"it {effect}" if effect is not None else None
    return wrong


def _named_tuple(given: tuple[Value, ...]) -> str | None:
    """``_create_namedtuple`` of dill: it imports the module, and gets or makes the class (``collections.namedtuple``, which
    takes identifiers only)."""
    if len(given) not in (3, 4) or given[0].kind != "str" or given[2].kind != "str":
        return "the name is computed"
    return _path((Value("str", f"{given[2].value}.{given[0].value}"),))


_TYPES = frozenset(
    "ClassType CodeType FunctionType LambdaType ModuleType MappingProxyType GenericAlias UnionType NoneType EllipsisType"
    " NotImplementedType CellType SimpleNamespace PartialType MethodType BuiltinFunctionType GeneratorType TracebackType FrameType"
    " type object int float complex bool str bytes bytearray list tuple dict set frozenset range slice property"
    " staticmethod classmethod super enumerate zip map filter reversed memoryview BaseException Exception ValueError TypeError"
    " KeyError IndexError AttributeError RuntimeError NotImplementedError StopIteration AssertionError ImportError OSError"
    " UserWarning DeprecationWarning FutureWarning RuntimeWarning Warning"
    " WrapperDescriptorType MethodWrapperType MethodDescriptorType GetSetDescriptorType MemberDescriptorType".split()
)


def _type_name(given: tuple[Value, ...]) -> str | None:
    if len(given) != 1 or given[0].kind != "str":
        return "the type is computed"
    return None if given[0].value in _TYPES else f"{given[0].value} is no type that is known"


def _pickle(given: tuple[Value, ...]) -> str | None:
    """What loads a pickle from bytes; the bytes themselves are judged as what they are."""
    if len(given) == 1 and isinstance(given[0].value, Made) and _maker(given[0].value) == "encode":
        return None  # of protocol 2: the text is looked into instead
    return None if len(given) == 1 and given[0].kind == "bytes" else "the bytes are computed"


def _code(given: tuple[Value, ...]) -> str | None:
    """Code by value, of which another remark tells."""
    del given
    return None


_RULES: dict[str, Callable[[tuple[Value, ...]], str | None]] = {
    "type": _type,
    "callable": _callable,
    "item": _item,
    "encode": _encode,
    "class": _class,
    "module": _module,
    "path": _path,
    "named tuple": _named_tuple,
    "typename": _type_name,
    "pickle": _pickle,
    "code": _code,
    "own class": _own_class,
    "own function": _own_function,
    "metaclass": _metaclass,
    "rebuilt": _rebuilt,
    "ufunc": _ufunc,
    "nested": _nested,
    "union": _union,
    "rename": _rename,
    "no file": _no_file,
    "no text": _no_text,
    "class and base": _class_and_base,
}
