"""Which arguments are harmless for the functions that honest pickles call, and that could do harm with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles import behavior
from mlmodel.pickles.allowlist import (
    CLASSES,
    Permission,
    effect_of,
    is_attribute,
    is_data_class,
    is_method,
    is_plain_method,
    is_reviewed,
    is_word,
    known,
    may_be_held,
    rule_of,
)
from mlmodel.pickles.argument_forms import is_class, is_literal, maker_name, may_be_class, target_of
from mlmodel.pickles.operands import is_cut
from mlmodel.pickles.plain_values import TAKE_OBJECTS, is_plain, read_by
from mlmodel.pickles.symbols import CallResult, Global, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.pickles.symbols import Call


_SHOWN = 80


def fault(rule: str, call: Call, imports: tuple[str, ...]) -> str | None:
    """What is wrong with the arguments of a call, None where they are harmless.

    Args:
        rule: what ``spec/annex/reviewed.json`` names under ``arguments``.
        call: the call.
        imports: the modules that calls in the same stream import (``subimport``).
    """
    if call.arguments is None:
        return "its arguments are computed"
    if rule == "attribute":
        return _attribute(call.arguments, imports)
    if rule in _RULES:
        return _RULES[rule](call.arguments)
    from mlmodel.pickles import class_arguments

    return class_arguments.RULES[rule](call.arguments)


def is_known_attribute(call: Call) -> bool:
    """Whether a ``getattr`` gets a method that libraries themselves have called."""
    if not call.arguments or len(call.arguments) < 2:
        return False
    owner, name = call.arguments[0].value, call.arguments[1].value
    target = owner.target if isinstance(owner, Global) else None
    return target is not None and isinstance(name, str) and is_attribute(".".join(target), name)


_OF_NAMES = frozenset({"Symbol", "Dummy", "Wild", "Float", "Integer", "Rational", "RealNumber", "Str"})
"""Classes of SymPy that take a text as it is, and do not evaluate it."""


def builds_expression(call: Call) -> bool:
    """Whether a call makes an expression of SymPy from others, from numbers or from a name: what a class is given as text it evaluates."""
    module, name = target_of(call.callee)
    if module.partition(".")[0] != "sympy" or call.arguments is None:
        return False
    return all(_is_expression(item, texts=name in _OF_NAMES) for item in call.arguments)


def _is_expression(value: Value, *, texts: bool) -> bool:
    if isinstance(value.value, CallResult):
        by = value.value.by
        return (target_of(by)[0].partition(".")[0] == "sympy" and value.value.opcode != "REDUCE") or is_plain(
            value.value
        )
    if isinstance(value.value, tuple):
        return all(_is_expression(item, texts=texts) for item in value.value)
    return value.kind in ("int", "float", "bool", "None", "tuple") or (
        texts and value.kind in ("str", "dict")
    )


def takes_objects(call: Call) -> bool:
    """Whether what takes plain values is given an object of a class, or what nobody knows."""
    target = target_of(call.callee)
    if target not in TAKE_OBJECTS:
        return False
    if call.arguments is None:
        return True
    given = call.arguments[read_by(*target)]
    return any(isinstance(item.value, CallResult) and not is_plain(item.value) for item in given)


_KEEP = frozenset(
    "types.SimpleNamespace types.MappingProxyType builtins.property builtins.classmethod builtins.staticmethod builtins.slice"
    " itertools.repeat dataclasses.Field thinc.model.Model spacy.language.Language".split()
)
"""What only keeps what it is given, as all does that makes code by value."""


def calls_methods(module: str, name: str) -> bool:
    """Whether what makes values may call methods of what it is given, and does not only keep it, or read arrays and tensors from it."""
    top = module.partition(".")[0]
    if top in ("numpy", "torch"):
        return module.startswith("numpy.random.")
    return f"{module}.{name}" not in _KEEP and top not in ("cloudpickle", "dill")


def hands_over(call: Call) -> bool:
    """Whether what libraries call with plain values is handed an object whose attributes the stream sets: a namespace, or an object of
    another library, whose methods it would then call."""
    module, name = target_of(call.callee)
    top = module.partition(".")[0]
    if not calls_methods(module, name) or (module, name) in TAKE_OBJECTS:
        return False
    return any(_is_open(item, top) for item in call.arguments or ())


def _is_open(value: Value, top: str) -> bool:
    if isinstance(value.value, tuple):
        return value.kind == "tuple" and any(_is_open(item, top) for item in value.value)
    if not isinstance(value.value, CallResult):
        return False
    module, name = target_of(value.value.by)
    if f"{module}.{name}" in ("types.SimpleNamespace", "argparse.Namespace") or name == "methodcaller":
        return True
    return (
        value.value.opcode in ("NEWOBJ", "NEWOBJ_EX")
        and module.partition(".")[0] not in (top, "dateutil", "pytz")
        and known(module, name).permission is Permission.CLASS
        and is_reviewed(module)
    )


def _is_nameable(module: str, name: str) -> bool:
    permission = known(module, name).permission
    return permission in _NAMEABLE or (permission is Permission.UNKNOWN and not is_word(name))


_NAMEABLE = CLASSES | {Permission.FUNCTION, Permission.STANDARD}
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
    if name in _OF_TYPES and target_of(owner.value)[0] == "builtins" and is_class(owner):
        return None  # enumerations and named tuples by value
    if name.startswith("__") or "." in name:
        return f"{name} is not for getting"
    if isinstance(owner.value, CallResult):
        maker = maker_name(owner.value)
        if maker == "subimport" and all(_is_nameable(module, name) for module in imports):
            return None
        if maker in _GIVES_ANYTHING:
            return "of what another call gave"
        return _method_fault(owner.value, name)
    if owner.kind in ("str", "bytes", "int", "float", "bool", "list", "dict", "set", "tuple"):
        return f"{name} looks up what its text says" if name in ("format", "format_map") else None
    module, cls = target_of(owner.value)
    permission = known(module, cls).permission if cls else None
    if permission in (Permission.UNKNOWN, Permission.LOCAL, Permission.DOTTED):
        return "that is no name of a method" if is_word(name) else None
    if not is_class(owner):
        return "of what is neither an object nor a class that is known"
    inner = f"{cls}.{name}"
    if (
        may_be_held(module, inner)
        or is_attribute(f"{module}.{cls}", name)
        or known(module, inner).permission in CLASSES
    ):
        return None
    return f"it fetches {module}.{inner}, which is none of the functions that only compute"


def _method_fault(owner: CallResult, name: str) -> str | None:
    """What is wrong with a method of an object: of Python's own and of libraries that were read one by one it must be one that
    only computes, of arrays and of others none that has the name of more."""
    module, cls = target_of(owner.by)
    of_array = module.partition(".")[0] == "numpy" and owner.opcode == "REDUCE"
    if not cls or of_array or not is_reviewed(module):
        return "that reads, writes or calls what it is given" if _ACTS.match(name) or is_word(name) else None
    if module.startswith("pathlib") and name in ("rename", "replace"):
        return f"its {name} moves files"
    if is_plain_method(name) or is_method(f"{module}.{cls}", name) or may_be_held(module, f"{cls}.{name}"):
        return None
    return f"its {name} is none of the methods that are known to only compute"


_OF_TYPES = frozenset(
    "__new__ __init__ __repr__ __str__ __format__ __hash__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__".split()
)
"""Methods of Python's own types that classes by value take over."""
_ACTS = lazy_pattern(
    r"(?:to_(?!numpy|list|dense|array|cs[rc]|coo|dict|frame|records|series|timestamp|period|datetime|flat|cpu|python)"
    r"|save|write|dump|load|open|eval|exec|query|pipe|apply|map|agg|read|connect|run|tofile|store|export|persist|system|call)"
)
"""Methods that read, write, or call what they are given, whatever the object is."""


def _index(given: tuple[Value, ...]) -> str | None:
    """``_new_Index`` of pandas: it calls the ``__new__`` of its first argument with what the second holds."""
    fine = len(given) == 2 and is_data_class(*target_of(given[0].value))
    return None if fine else "it calls a class that is no index of pandas"


def _array_class(given: tuple[Value, ...]) -> str | None:
    """``_reconstruct`` of NumPy: of arrays, and classes that are made from them."""
    return (
        None
        if given and (may_be_class(given[0]) or is_data_class(*target_of(given[0].value)))
        else "of what is no class of arrays"
    )


def _library_class(given: tuple[Value, ...]) -> str | None:
    """``newObj``: it calls the ``__new__`` of its argument."""
    module, name = target_of(given[0].value) if len(given) == 1 else ("", "")
    return (
        None
        if module.startswith("sklearn.") and known(module, name).permission in CLASSES
        else "of what is no class of the library"
    )


def _plain(given: tuple[Value, ...]) -> str | None:
    return None if all(map(is_literal, given)) else "it calls methods of its argument"


def _attribute_names(given: tuple[Value, ...]) -> str | None:
    """``attrgetter``: of attributes that are no private ones, each by its name."""
    for item in given:
        if item.kind != "str" or is_cut(item):
            return "the name is computed"
        for part in str(item.value).split("."):
            if part.startswith("_") or is_word(part):
                return f"{str(item.value)[:_SHOWN]} is not for getting"
    return None


def _method(given: tuple[Value, ...]) -> str | None:
    """``methodcaller``: of a method that only computes, with plain arguments."""
    if not given or given[0].kind != "str":
        return "the name is computed"
    if not is_plain_method(str(given[0].value)):
        return f"it calls the {given[0].value} of whatever it is given"
    return None if all(map(is_literal, given[1:])) else "its arguments are no plain data"


def _distribution(given: tuple[Value, ...]) -> str | None:
    """``rv_frozen``: it calls methods of its first argument, which must be a distribution."""
    made = given[0].value if given else None
    by = made.by if isinstance(made, CallResult) else None
    target = by.target if isinstance(by, Global) else None
    found = behavior.of(*target) if target is not None else None
    fine = found is not None and any(rule_of(hook).rule == "template" for hook in found.hooks)
    if target is not None and known(*target).permission in (Permission.LOCAL, Permission.UNKNOWN):
        fine = True  # something is said of that
    return None if fine else "it calls methods of its argument, which is no distribution"


def _of_numba(given: tuple[Value, ...]) -> str | None:
    """``custom_rebuild``: it calls a method of what the other function of numba loads."""
    fine = (
        len(given) == 1
        and isinstance(given[0].value, CallResult)
        and maker_name(given[0].value) == "_unpickle__CustomPickled"
    )
    return None if fine else "it calls a method of its argument"


def _traceback(given: tuple[Value, ...]) -> str | None:
    """``unpickle_traceback`` of tblib: it makes the traceback of a frame that it was given, by raising an exception of its own."""
    made = given[0].value if len(given) == 3 else None
    by = made.by if isinstance(made, CallResult) else None
    return None if target_of(by) == ("tblib", "Frame") else "of what is no frame"


def _callable(given: tuple[Value, ...]) -> str | None:
    if not given or given[0].kind not in ("global", "result"):
        return "of what is no function"
    inner = given[0].value
    if isinstance(inner, CallResult) and maker_name(inner) in _GIVES_ANYTHING - {"getattr"}:
        return "of what another call gave"
    if (
        isinstance(inner, CallResult)
        and maker_name(inner) == "methodcaller"
        and not all(map(is_literal, given[1:]))
    ):
        return "it calls a method of its argument"
    target = inner.target if isinstance(inner, Global) else None
    if target is not None and known(*target).permission in (
        Permission.FUNCTION,
        Permission.STANDARD,
        Permission.EFFECT,
        Permission.ACTIVE,
    ):
        full = ".".join(target)
        doubted = not is_reviewed(full) and not is_word(full)  # of which something else is said
        if not (doubted or may_be_held(*target) or is_data_class(*target)):
            return "that is none of the functions that only compute"
    return None


def _item(given: tuple[Value, ...]) -> str | None:
    if len(given) != 2:
        return "these are no arguments of getitem"
    owner = given[0].value
    if isinstance(owner, CallResult):
        return None if is_class(given[0]) else "of what another call gave"
    if isinstance(owner, Global):
        return (
            None
            if is_class(given[0]) or (owner.target or ("",))[0] in ("typing", "collections.abc")
            else "of what is no class"
        )
    return None if given[0].kind in ("dict", "list", "tuple", "str") else "of what is not known"


def _encode(given: tuple[Value, ...]) -> str | None:
    if len(given) not in (1, 2) or given[0].kind != "str":
        return "of what is no text"
    codec = given[1].value if len(given) == 2 else "utf-8"
    return None if codec in ("latin1", "latin-1", "utf-8", "utf8", "ascii") else f"by the codec {codec}"


def _rebuilt(given: tuple[Value, ...]) -> str | None:
    """What calls its first argument, which must itself be what tensors or arrays are made by."""
    module, name = target_of(given[0].value) if given else ("", "")
    fine = (
        module.partition(".")[0] in ("torch", "numpy")
        and known(module, name).permission is Permission.CONSTRUCTOR
    )
    return (
        None
        if fine and name not in ("_rebuild_from_type", "_rebuild_from_type_v2")
        else "it calls its argument"
    )


def _curry(given: tuple[Value, ...]) -> str | None:
    """``_restore_curry`` of toolz: it imports the function that ``module:name`` names, and holds it."""
    if len(given) < 2 or target_of(given[0].value)[1] != "curry":
        return "these are no arguments of a curried function"
    if given[1].kind == "str":
        module, _, name = str(given[1].value).partition(":")
        return (
            None
            if may_be_held(module, name)
            else f"{given[1].value} is none of the functions that only compute"
        )
    return _callable(given[1:])


def _ufunc(given: tuple[Value, ...]) -> str | None:
    """What imports a module and gets a name from it."""
    if len(given) != 2 or any(item.kind != "str" for item in given):
        return "the name is computed"
    module, name = str(given[0].value), str(given[1].value)
    fine = (
        module.partition(".")[0] in ("numpy", "scipy")
        and known(module, name).permission is Permission.FUNCTION
    )
    return None if fine and not name.startswith("__") else "that is no function of arrays"


def _nested(given: tuple[Value, ...]) -> str | None:
    """What loads pickles from some of its arguments; those are judged as what they are."""
    return (
        "its arguments are computed"
        if any(item.kind in ("unknown", "persistent") for item in given)
        else None
    )


def _union(given: tuple[Value, ...]) -> str | None:
    """``functools.reduce`` of ``|`` over types: how Python 3.10 to 3.13 pickle ``int | str``."""
    if len(given) != 2 or target_of(given[0].value) not in (("_operator", "or_"), ("operator", "or_")):
        return "it calls its argument"
    types = given[1].value if given[1].kind == "tuple" and isinstance(given[1].value, tuple) else ()
    fine = all(item.kind == "None" or is_class(item) or _is_type(item) for item in types)
    return None if types and fine else "of what are no types"


def _is_type(value: Value) -> bool:
    """Whether it is something of ``typing``, or was made by it."""
    made = value.value
    while isinstance(made, CallResult):
        made = made.by
    return target_of(made)[0] in ("typing", "types")


def _no_file(given: tuple[Value, ...]) -> str | None:
    """What opens the file that an argument names."""
    files = [item for item in given if item.kind == "str"]
    return "it opens the file" if given and given[0].kind != "None" and files else None


def _no_text(given: tuple[Value, ...]) -> str | None:
    """What reads a model from the file that any argument may name."""
    return "it opens the file" if any(item.kind in ("str", "result", "unknown") for item in given) else None


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


def _pickle(given: tuple[Value, ...]) -> str | None:
    """What loads a pickle from bytes; the bytes themselves are judged as what they are."""
    if len(given) == 1 and isinstance(given[0].value, CallResult) and maker_name(given[0].value) == "encode":
        return None  # of protocol 2: the text is looked into instead
    return None if len(given) == 1 and given[0].kind == "bytes" else "the bytes are computed"


def _code(given: tuple[Value, ...]) -> str | None:
    """Code by value, of which another remark tells."""
    del given
    return None


_RULES: dict[str, Callable[[tuple[Value, ...]], str | None]] = {
    "index": _index,
    "array class": _array_class,
    "library class": _library_class,
    "plain": _plain,
    "attribute names": _attribute_names,
    "method": _method,
    "distribution": _distribution,
    "of numba": _of_numba,
    "callable": _callable,
    "traceback": _traceback,
    "item": _item,
    "encode": _encode,
    "module": _module,
    "path": _path,
    "named tuple": _named_tuple,
    "pickle": _pickle,
    "code": _code,
    "rebuilt": _rebuilt,
    "curry": _curry,
    "ufunc": _ufunc,
    "nested": _nested,
    "union": _union,
    "no file": _no_file,
    "no text": _no_text,
}
