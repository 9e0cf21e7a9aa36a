"""What an argument of a call is: a literal, a class, the result of another call."""

from __future__ import annotations

from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles.allowlist import CLASSES, Permission, is_word, known
from mlmodel.pickles.plain_values import is_plain
from mlmodel.pickles.symbols import CallResult, Global, Value


def target_of(symbol: object) -> tuple[str, str]:
    """The module and the name of a global; empty texts for anything else."""
    target = symbol.target if isinstance(symbol, Global) else None
    return target or ("", "")


def is_class(value: Value) -> bool:
    """Whether it is a class that is known, or one that the stream makes."""
    if isinstance(value.value, CallResult):
        return maker_name(value.value) in (
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
        found.permission in CLASSES
        or found.permission is Permission.LOCAL
        or (found.permission is Permission.ARGUMENTS and found.detail in ("no text", "no file"))
    )


def may_be_class(value: Value) -> bool:
    """As :func:`is_class`, or something of a library that nobody has read, of which something else is said."""
    if is_class(value):
        return True
    module, name = target_of(value.value)
    return (bool(name) and not is_word(name) and known(module, name).permission is Permission.UNKNOWN) or (
        bool(_CLASS_FORM.fullmatch(name.rpartition(".")[2]))
        and known(module, name).permission is Permission.DOTTED
    )


_CLASS_FORM = lazy_pattern(r"_*[A-Z]\w*")


def is_class_form(name: str) -> bool:
    """Whether a name is written like that of a class."""
    return _CLASS_FORM.fullmatch(name.rpartition(".")[2]) is not None


def is_literal(value: Value) -> bool:
    """Whether a value is written out, or made by Python or NumPy, and no object whose methods could be called."""
    if value.kind in ("global", "unknown", "persistent"):
        return False
    if isinstance(value.value, CallResult):
        return is_plain(value.value)
    if isinstance(value.value, tuple):
        return all(map(is_literal, value.value))
    return True


_WORDS = lazy_pattern(r"(?:[\w .,:+*#%@^!?'&°-]|(?<=[\w ])/(?=[\w ])|(?:^|(?<= ))\([\w ,/&%+°-]*\))*")
"""Names, numbers, sentences, dates, units, time zones; no code, addresses or templates."""
_PATH = lazy_pattern(r"/.*\.\w")


def has_active_text(value: Value) -> bool:
    """Whether a text, or one in a tuple, may be code, a template, a path, an address or a command line."""
    if isinstance(value.value, tuple):
        return any(map(has_active_text, value.value))
    text = value.value
    return isinstance(text, str) and (_WORDS.fullmatch(text) is None or _PATH.search(text) is not None)


def maker_name(made: CallResult) -> str | None:
    """The name of the global that gave a result; None where something else did."""
    return made.by.name if isinstance(made.by, Global) else None
