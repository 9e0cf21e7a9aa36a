"""Regular expressions that are compiled when they are first used.

A check of one model meets few of those that its modules name, and compiling one takes up to half a millisecond.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, AnyStr, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


def lazy_pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` gives, compiled when the first of its methods is asked for.

    For names of modules; it is no ``re.Pattern`` to ``isinstance``.

    Raises:
        re.error: on the first use, where the text is no regular expression.
    """
    return cast("re.Pattern[AnyStr]", _LazyPattern(text, flags))


class _LazyPattern:
    __slots__ = (*_METHODS, "flags", "pattern")

    def __init__(self, text: str | bytes, flags: int) -> None:
        self.pattern = text
        self.flags = flags

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method that was not asked for yet.

        Raises:
            AttributeError: compiled patterns have no such method.
        """
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self.flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return cast("Callable[..., Any]", getattr(compiled, name))
