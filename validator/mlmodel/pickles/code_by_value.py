"""Code that a pickle carries by value, and modules that it imports by a call: what cloudpickle and dill write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles.symbols import Code

if TYPE_CHECKING:
    from mlmodel.pickles.symbols import Global, Value

_CLOUDPICKLE = (
    "cloudpickle.cloudpickle",
    "cloudpickle.cloudpickle_fast",
    "cloudpickle",
    "mlflow.utils._cloudpickle",
)
_CODE = {
    ("types", "CodeType"),
    ("builtins", "code"),
    ("dill._dill", "_create_code"),
    ("dill.dill", "_create_code"),
}
_CLASSES = {"_make_skeleton_class", "_make_skeleton_enum", "_rehydrate_skeleton_class", "_make_typevar"}
_FUNCTIONS = {"_make_function", "_make_skel_func", "_fill_function", "_create_function"}
_IMPORTERS = {
    ("importlib", "import_module"),
    ("builtins", "__import__"),
    ("__builtin__", "__import__"),
    ("dill._dill", "_import_module"),
    ("dill.dill", "_import_module"),
}
_FORMS = {18: (8, ">=3.11"), 16: (8, ">=3.8,<3.11"), 15: (7, "<3.8")}
"""By the number of arguments of a code object: where the names stand, and the Python releases that write it."""


def role(symbol: Global) -> str | None:
    """What a global has to do with code by value."""
    module, name = symbol.module, symbol.name
    if module in _CLOUDPICKLE:
        if name in ("_builtin_type", "subimport"):
            return name.lstrip("_")
        if name in _CLASSES:
            return "class"
        if name in _FUNCTIONS:
            return "function"
    if (module, name) in _CODE:
        return "code"
    if (module, name) in _IMPORTERS:
        return "subimport"
    if module == "dill._dill" and name in ("_create_function", "_create_type", "_load_type"):
        return {"_create_function": "function", "_create_type": "class"}.get(name, "builtin_type")
    return None


def carried(role: str, arguments: tuple[Value, ...] | None, offset: int) -> tuple[Code | None, str | None]:
    """The code that a call makes, or the module that it imports; at most one of them is there."""
    if role in ("code", "made by builtin_type"):
        return _code(arguments, offset, certain=role == "code"), None
    if role == "class":
        name = arguments[1].value if arguments is not None and len(arguments) > 1 else None
        return Code("class", name if isinstance(name, str) else None, offset), None
    if role == "subimport" and arguments and isinstance(arguments[0].value, str):
        return None, arguments[0].value
    return None, None


def _code(arguments: tuple[Value, ...] | None, offset: int, *, certain: bool) -> Code | None:
    """A code object; a result of ``_builtin_type`` may also be another type, with fewer arguments."""
    form = _FORMS.get(len(arguments)) if arguments is not None else None
    if arguments is None or form is None:
        return Code("code", None, offset) if certain else None
    first, python = form
    constants, names, _variables, filename, name = arguments[first - 1 : first + 4]
    return Code(
        "code",
        name.value if isinstance(name.value, str) else None,
        offset,
        filename.value if isinstance(filename.value, str) else None,
        _strings(names),
        _strings(constants),
        python,
    )


def _strings(value: Value) -> tuple[str, ...]:
    items = value.value if isinstance(value.value, tuple) else ()
    return tuple(item.value for item in items if item.kind == "str" and isinstance(item.value, str))
