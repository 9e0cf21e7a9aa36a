"""HTML of texts: escaping, and the Markdown of rule pages.

Everything is ASCII with character references, so that the page is what it says in whatever encoding a system writes it.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.texts import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def escaped(text: object) -> str:
    """A text as HTML shows it: nothing in it is markup, and no letter is outside ASCII."""
    shown = html.escape(printable(str(text)))
    return shown if shown.isascii() else shown.encode("ascii", "xmlcharrefreplace").decode("ascii")


def table(head: Iterable[str], rows: Iterable[Iterable[str]], caption: str) -> str:
    """A table of cells that are HTML already; the first cell of a row is its heading."""
    columns = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if index == 0 else f"<td>{cell}</td>"
            for index, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    # A table may be wider than a phone: it scrolls by itself, with the keyboard too.
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escaped(caption)}"><table>'
        f"<caption>{escaped(caption)}</caption><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )


_BLOCK = lazy_pattern(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def from_markdown(text: str, level: int, links: str) -> str:
    """HTML of a rule's page: headings, paragraphs, lists, tables, fences, code and links; nothing else is markup.

    Args:
        text: the Markdown text.
        level: the level of its first heading in the page.
        links: the address that relative links start from.
    """
    parts: list[str] = []
    end = 0
    for match in _BLOCK.finditer(text):
        parts += _blocks(text[end : match.start()], level, links)
        end = match.end()
        label = escaped(match["info"].split(" ")[0] or "text")
        parts.append(
            f'<pre tabindex="0" role="group" aria-label="{label}"><code>{escaped_lines(match["body"])}</code></pre>'
        )
    parts += _blocks(text[end:], level, links)
    return "\n".join(parts)


def escaped_lines(text: str) -> str:
    """Several lines, escaped one by one, for a ``pre`` element."""
    return "\n".join(escaped(line) for line in text.rstrip("\n").split("\n"))


def _blocks(text: str, level: int, links: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.split("\n") if line.strip()]
        while lines and (match := re.match(r"(#+) (.*)", lines[0])):
            depth = min(level + len(match[1]) - 1, 6)
            yield f"<h{depth}>{_inline(match[2], links)}</h{depth}>"
            del lines[0]
        if not lines:
            continue
        if lines[0].startswith("|"):
            yield _table(lines, links)
        elif lines[0].startswith("- "):
            yield from _list(lines, links)
        else:
            yield f"<p>{_inline(' '.join(lines), links)}</p>"


def _list(lines: list[str], links: str) -> Iterator[str]:
    items: list[str] = []
    for line in lines:
        if line.startswith("- "):
            items.append(line[2:])
        else:
            items[-1] += f" {line.strip()}"
    yield "<ul>" + "".join(f"<li>{_inline(item, links)}</li>" for item in items) + "</ul>"


def _table(lines: list[str], links: str) -> str:
    rows = [[_inline(cell.strip(), links) for cell in line.strip().strip("|").split("|")] for line in lines]
    return table(rows[0], rows[2:], "Table of the rule")


_INLINE = lazy_pattern(
    r"`(?P<code>[^`]+)`|\[(?P<text>(?:[^\]`]|`[^`]*`)+)\]\((?P<target>[^)\s]+)\)|\*\*(?P<strong>[^*]+)\*\*"
)


def _inline(text: str, links: str) -> str:
    parts: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        parts.append(escaped(text[end : match.start()]))
        end = match.end()
        if match["code"] is not None:
            parts.append(f"<code>{escaped(match['code'])}</code>")
        elif match["strong"] is not None:
            parts.append(f"<strong>{escaped(match['strong'])}</strong>")
        else:
            target = match["target"]
            address = target if target.startswith(("https://", "http://")) else links + target
            parts.append(f'<a href="{escaped(address)}">{_inline(match["text"], links)}</a>')
    parts.append(escaped(text[end:]))
    return "".join(parts)
