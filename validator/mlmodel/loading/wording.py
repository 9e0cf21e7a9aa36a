"""Words of messages: what somebody gave, and what they perhaps meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence


def a_type(value: object) -> str:
    """What to call a value, with its article: ``a list``, ``a pandas.DataFrame``."""
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    return (
        "None"
        if value is None
        else article(kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}")
    )


def article(word: str) -> str:
    """A word with its article."""
    return f"an {word}" if word[0].lower() in "aeio" else f"a {word}"


def meant(missing: object, given: Sequence[object]) -> str | None:
    """Which of the names was perhaps meant: one that differs in case or spaces, else a similar one."""
    word, known = str(missing), [str(name) for name in given]
    plain = word.strip().lower()
    return next((name for name in known if name.strip().lower() == plain), None) or nearest(word, known, 0.6)
