"""What a parser's complaint about the indentation means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.model.outline.nodes import KEY_LINE, LINES, kind_of_text

if TYPE_CHECKING:
    import re


def indentation_fault(text: str, line: int) -> str | None:
    """Why a key cannot stand at its indentation, in words; None where nothing is wrong with it."""
    lines = text.split("\n", LINES)[:LINES]
    if len(lines) < line:
        return None
    blanks = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
    if "\t" in blanks:
        return "YAML does not indent with tabs: put blanks in their place"
    match = KEY_LINE.match(lines[line - 1].rstrip())
    if match is None:
        return None
    indents: list[tuple[int, re.Match[str], int]] = []
    for number, above in enumerate(lines[: line - 1], 1):
        key = KEY_LINE.match(above.rstrip())
        if key is not None:
            while indents and indents[-1][0] > len(key[1]):
                indents.pop()
            indents.append((len(key[1]), key, number))
    deeper = [entry for entry in indents if entry[0] > len(match[1])]
    level = [entry for entry in indents if entry[0] == len(match[1])]
    above_it = [entry for entry in indents if entry[0] < len(match[1])]
    if deeper and not level:
        return f"no key above has its indentation; {deeper[0][1][2]!r} (line {deeper[0][2]}) has more"
    if above_it and not level and kind_of_text(above_it[-1][1][3] or "") == "scalar":
        key, number = above_it[-1][1], above_it[-1][2]
        return f"{key[2]!r} (line {number}) has a value already, so nothing can be indented below it"
    return None
