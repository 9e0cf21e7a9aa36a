"""What restoring an object with a state does: the rules for the methods of its class that are given the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles import behavior
from mlmodel.pickles.allowlist import is_reviewed, rule_of, text_of, use_of
from mlmodel.pickles.operands import is_cut
from mlmodel.pickles.plain_values import is_plain
from mlmodel.pickles.symbols import CallResult, Global

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.behavior import Behavior
    from mlmodel.pickles.symbols import Value

_BY_KEYS = frozenset({"names", "booster", "nodes", "template", "formula", "optimizer", "nested", "resource"})
_FORMULAS = frozenset({"formula", "design_info", "model_spec"})
"""What statsmodels has evaluated where it is a text."""
_WHEN = {"__setstate__": "at load", "__del__": "when the object is dropped"}


_LAZY = lazy_pattern(r"_?Lazy\w*(?:Module|Loader|Import)\w*")
"""Stand-ins for modules, whose ``__getattr__`` imports what they stand for: looking for ``__setstate__`` does so."""


def is_watched(module: str, name: str) -> bool:
    """Whether every state that objects of a class are given has to be looked into."""
    found = behavior.of(module, name)
    return text_of(module, name) is not None or (
        found is not None and any(rule_of(hook).rule in _BY_KEYS for hook in found.hooks)
    )


def made_faults(module: str, name: str) -> Iterator[tuple[str, bool]]:
    """What is wrong with objects of a class, whatever their state, since they act on it when they are dropped, or used; and whether
    this is certain, or only not known of a library whose methods nobody looked at one by one."""
    if _LAZY.fullmatch(name):
        yield "imports the module that its state names", True
    use = use_of(module, name)
    if use is not None:
        yield use, True
    yield from _unknown(
        module, name, "__del__", "runs code of its own when it is dropped, which nobody has reviewed"
    )


def restored_faults(module: str, name: str) -> Iterator[tuple[str, bool]]:
    """What is wrong with giving objects of a class a state, whatever is in it; as :func:`made_faults`."""
    yield from _unknown(
        module, name, "__setstate__", "runs code of its own at load (__setstate__), which nobody has reviewed"
    )


def _unknown(module: str, name: str, method: str, otherwise: str) -> Iterator[tuple[str, bool]]:
    found = behavior.of(module, name)
    for hook in found.hooks if found is not None else ():
        rule = rule_of(hook)
        if rule.rule == "unknown" and hook.method == method:
            yield rule.does or otherwise, bool(rule.does) or is_reviewed(module)


def acts_on_state(found: Behavior) -> bool:
    """Whether a class has a ``__setstate__`` of its own."""
    return any(hook.method == "__setstate__" for hook in found.hooks)


def keys_fault(module: str, name: str, items: tuple[Value, ...] | None, *, strict: bool = True) -> str | None:
    """What is wrong with a state that is a dictionary.

    Args:
        module: of the class.
        name: of the class.
        items: keys and values in turn; None where they are not known.
        strict: whether a state that is not known counts as wrong.
    """
    wrong = _text_fault(module, name, items)
    if wrong is not None:
        return wrong
    found = behavior.of(module, name)
    for hook in found.hooks if found is not None else ():
        rule = rule_of(hook)
        if rule.rule not in _BY_KEYS:
            continue
        if items is None:
            if strict:
                return "its state is not known"
            continue
        keys = [item.value if item.kind == "str" else None for item in items[::2]]
        if None in keys and strict:
            return "its state has keys that are computed"
        for key, value in zip(keys, items[1::2], strict=False):
            if key in rule.methods:
                return f"calls {key} {_WHEN[hook.method]}, which its state replaces"
            wrong = _value_fault(rule.rule, key, value)
            if wrong is not None:
                return wrong
    return None


def _text_fault(module: str, name: str, items: tuple[Value, ...] | None) -> str | None:
    """What is wrong with the text that an object of a class has evaluated when it is used."""
    found = text_of(module, name)
    if found is None:
        return None
    attribute, kind = found
    if items is None:
        return f"evaluates its {attribute} when it predicts, which is not known"
    if len(items) == 2 and items[0].kind in ("None", "dict") and items[1].kind == "dict":
        # A pair: what goes into __dict__, and what is set attribute by attribute.
        parts = [item.value for item in items if item.kind == "dict"]
        if any(not isinstance(part, tuple) for part in parts):
            return f"evaluates its {attribute} when it predicts, which is not known"
        items = tuple(item for part in parts if isinstance(part, tuple) for item in part)
    for key, value in zip(items[::2], items[1::2], strict=False):
        if key.kind != "str":
            return f"evaluates its {attribute} when it predicts, and its state has keys that are computed"
        if key.value != attribute or value.kind in ("None", "dict", "list", "int", "float", "bool"):
            continue
        if value.kind != "str" or kind == "none" or is_cut(value):
            return f"evaluates its {attribute} when it predicts"
        from mlmodel.pickles import formulas  # few objects hold any

        faults = {"formula": formulas.formula_fault, "query": formulas.query_fault}
        wrong = faults[kind](str(value.value))
        if wrong is not None:
            return f"evaluates its {attribute} when it predicts: {wrong}"
    return None


def _value_fault(rule: str, key: object, value: Value) -> str | None:
    if rule == "template" and key == "_parse_arg_template":
        if value.kind != "str" or is_cut(value):
            return "its _parse_arg_template is executed at load, and is computed"
        from mlmodel.pickles import formulas  # few objects hold any

        return formulas.template_fault(str(value.value))
    if rule == "formula" and key in _FORMULAS and value.kind != "None":
        if value.kind != "str":
            return "its formula is evaluated at load, and is computed" if key == "formula" else None
        from mlmodel.pickles import formulas  # few objects hold any

        if is_cut(value):
            return f"its {key} is evaluated, and is longer than formulas are"
        wrong = formulas.formula_fault(str(value.value))
        when = "at load" if key == "formula" else "when it predicts"
        return f"evaluates its {key} {when}: {wrong}" if wrong is not None else None
    if rule == "nodes" and key == "nodes" and _is_made(value) and not _is_array(value):
        return "calls the astype of its nodes at load, which are no array"
    if rule == "optimizer" and key in ("param_groups", "state", "defaults") and _is_foreign(value):
        return f"calls methods of its {key} at load, which is neither a list nor a dictionary"
    if rule == "nested" and key == "__cuda_dependent_attributes__" and value.kind != "bytes":
        return "unpickles bytes at load that are computed"
    if rule == "resource":
        if key == "name" and value.kind != "None":
            return "deletes the file that its state names when the object is dropped"
        if key in ("prefix", "suffix") and (
            value.kind != "str" or "/" in str(value.value) or "\\" in str(value.value)
        ):
            return f"writes a file at load whose place its {key} says"
    if (
        rule == "booster"
        and key in ("handle", "_handle")
        and value.kind not in ("bytes", "str", "None")
        and not _is_array(value)
    ):
        return "hands its handle to the native library, and that is no serialized model"
    return None


def _is_foreign(value: Value) -> bool:
    """Whether it is no value of Python's own."""
    return _is_made(value) and not (isinstance(value.value, CallResult) and is_plain(value.value))


def _is_made(value: Value) -> bool:
    return value.kind in ("result", "global", "persistent")


def _is_array(value: Value) -> bool:
    made = value.value
    by = made.by if isinstance(made, CallResult) else None
    return isinstance(by, Global) and (by.module or "").partition(".")[0] in (
        "numpy",
        "joblib",
        "sklearn",
        "builtins",
        "_codecs",
        "__builtin__",
    )


def slots_fault(module: str, name: str, keys: tuple[str | None, ...] | None) -> str | None:
    """What is wrong with a state that is set attribute by attribute (a pair whose second part is a dictionary)."""
    found = behavior.of(module, name)
    if found is not None and acts_on_state(found):
        return None  # its __setstate__ is given the pair
    if keys is None or None in keys:
        return "sets attributes of it at load that are computed"
    special = next((key for key in keys if key is not None and key.startswith("__")), None)
    if special is not None:
        return f"sets its {special} at load, and so what it does"
    if keys and found is not None and found.exact and "s" not in found.marks:
        return f"sets its {keys[0]} at load as if it had slots, and so runs what is behind"
    return None
