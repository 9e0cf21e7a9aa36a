"""Values and texts as messages show them: shortened, quoted, without control characters."""

from __future__ import annotations

from typing import Any


def shortened(text: str, limit: int = 60) -> str:
    """A text, or its first ``limit`` characters and three dots where it is longer."""
    return text if len(text) <= limit else text[:limit] + "..."


def describe(value: Any) -> str:
    """A value as a message shows it: its kind, and its text where that is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"[:60]
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "a mapping" if value else "an empty mapping"


def quoted(text: Any, limit: int = 60) -> str:
    """A text as a Python string literal of at most ``limit`` characters, so without control characters."""
    literal = repr(str(text)[: limit + 1])
    return literal if len(literal) <= limit + 2 else literal[:limit] + "...'"
