"""Passwords and tokens in URLs: they are found, and never repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY_FORMS = r"(?:gh[pousr]_|github_pat_|glpat-|pypi-|dapi[0-9a-f]{8}|AKIA)[A-Za-z0-9_-]*|[0-9a-f]{32,}|[A-Za-z0-9]{40,}"
_VARIABLE = r"\$\{[A-Z0-9_]+\}|\$[A-Z0-9_]+|%[A-Z0-9_]+%|<[^<>]*>|\*+|\{[^{}]*\}|\{\{[^{}]*\}\}"
_LONGEST = 300
"""Characters of a password that are looked at: whether it is the name of a variable."""


def _user_infos(text: str) -> Iterator[tuple[int, int]]:
    """Where the user information of each URL in a text begins and ends: what stands before its ``@``."""
    start = text.find("://")
    while start >= 0:
        start += 3
        end = min(at for at in (*(text.find(mark, start) for mark in "/ \t?#\"'"), len(text)) if at >= 0)
        last = text.rfind("@", start, end)
        if last >= 0:
            yield start, last
        start = text.find("://", end)


def credential(text: str) -> str | None:
    """What kind of secret a text holds in a URL, None where it holds none."""
    if "://" not in text or "@" not in text:
        return None
    for start, end in _user_infos(text):
        user, _, password = text[start:end].partition(":")
        if re.sub(_VARIABLE, "", password[:_LONGEST]):
            return "a password"
        if re.fullmatch(_KEY_FORMS, user[:_LONGEST]):
            return "a token"
    return None


def masked(text: str) -> str:
    """A text without the secrets in it: what a report repeats, its readers know."""
    if credential(text) is None:
        return text
    pieces, done = [], 0
    for start, end in _user_infos(text):
        pieces += [text[done:start], "***"]
        done = end
    return "".join([*pieces, text[done:]])
