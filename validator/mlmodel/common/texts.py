"""Values and texts as messages show them: shortened, quoted, without control characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    import re


def shortened(text: str, limit: int = 60) -> str:
    """A text, or its first ``limit`` characters and three dots where it is longer."""
    return text if len(text) <= limit else text[:limit] + "..."


def unicode_text(text: str) -> str:
    r"""A text that is Unicode: bytes of a file name that are none, which Python holds as surrogates, as ``\udcff``."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


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


# C0 (the tab aside), DEL, C1, marks that reorder or hide text, line and paragraph separators, lone surrogates.
_CONTROL = lazy_pattern(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
# What build servers obey: GitHub's "::error ..." at the beginning of a line, and anywhere in one Azure's "##vso[...]",
# TeamCity's "##teamcity[...]" and the older "##[error]" of the first two.
_COMMAND = lazy_pattern(r"^(\s*):(?=:)|#(?=#\w*\[)")


# What build servers obey: GitHub's "::error ..." at the beginning of a line, and anywhere in one Azure's "##vso[...]",
# TeamCity's "##teamcity[...]" and the older "##[error]" of the first two.
_COMMAND = lazy_pattern(r"^(\s*):(?=:)|#(?=#\w*\[)")


def printable(text: str) -> str:
    """A text that cannot move the cursor, change colors, reorder what a person reads or give a build server an order."""
    if not (text.isascii() and text.isprintable()):
        text = _CONTROL.sub(_escaped, text)
    if "::" in text or "##" in text:
        text = _COMMAND.sub(_disarmed, text)
    return text


def _disarmed(match: re.Match[str]) -> str:
    return match[1] + r"\x3a" if match[1] is not None else r"\x23"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def pointer_steps(pointer: str) -> list[str]:
    """The steps of a JSON Pointer (RFC 6901), unescaped: ``/a~1b/0`` -> ``["a/b", "0"]``."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
