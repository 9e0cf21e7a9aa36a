"""The page of a rule for a reader: its examples as files look, not as the changes that tests apply to a model."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import shlex
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.texts import pointer_steps
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.standard.rules import Rule

_FENCE = lazy_pattern(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_MOST_LINES = 30
"""Lines of one file that are shown."""
_LANGUAGES = {"yaml": "yaml", "yml": "yaml", "json": "json", "py": "python", "MLmodel": "yaml"}


def readable(rule: Rule) -> str:
    """The Markdown text of a rule's page; what a fence does to a model is shown as what the files then hold."""
    return _FENCE.sub(_shown, rules.page(rule))


def section(rule: Rule, heading: str) -> str:
    """The Markdown text under a heading of :func:`readable`, empty where the page has no such heading."""
    match = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", readable(rule), re.MULTILINE | re.DOTALL
    )
    return match[1].strip() if match else ""


def plain(markdown: str) -> str:
    """A Markdown paragraph without links and fences, its lines joined."""
    text = re.sub(r"^```.*?^```$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return " ".join(re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text).split())


def _shown(match: re.Match[str]) -> str:
    language, *words = match["info"].split()
    named = next((word.removeprefix("file=") for word in words if word.startswith("file=")), None)
    if named is not None:
        return f"`{named}`:\n\n```{language}\n{match['body']}```"
    if language != "setup":
        return match[0]
    lines = [line for line in match["body"].splitlines() if line.strip()]
    return "\n\n".join(text for line in lines for text in _change(line))


def _change(line: str) -> Iterator[str]:
    """What one line of a ``setup`` fence makes, for a reader."""
    command, _, rest = line.strip().partition(" ")
    name, _, argument = rest.strip().partition(" ")
    if command == "set":
        pointer, _, value = argument.partition(" ")
        yield f"`{name}`:"
        yield _fenced("yaml", "\n".join(_nested(pointer, value)))
    elif command == "unset":
        yield f"`{name}` has no `{'.'.join(pointer_steps(argument.strip()))}`."
    elif command == "replace":
        old, new = map(_unescaped, shlex.split(argument))
        yield f"`{name}`:"
        yield _fenced("diff", "\n".join(_compared(old, new)))
    elif command == "write":
        yield from _written(name, argument)
    else:
        texts = {
            "rm": f"There is no `{name}`.",
            "mkdir": f"`{name}` is a directory.",
            "mv": f"`{name}` is called `{argument}`.",
            "symlink": f"`{name}` is a link to `{argument}`.",
            "chmod": f"`{argument}` has the permissions {name}.",
            "fifo": f"`{name}` is a named pipe.",
        }
        yield texts[command]


def _nested(pointer: str, value: str) -> Iterator[str]:
    """The lines of YAML that hold nothing but a value at a JSON Pointer."""
    *way, last = pointer_steps(pointer)
    indent = ""
    for step in way:
        yield f"{indent}{_key(step)}"
        indent = "  " if indent == "- " else indent + "  "
    item = _key(last)
    yield f"{indent}{item} {value}" if item != "-" else f"{indent[:-2]}- {value}"


def _key(step: str) -> str:
    if step.isdigit():
        return "-"
    return f"{step}:" if re.fullmatch(r"[\w.-]+", step) else f"{json.dumps(step, ensure_ascii=False)}:"


def _compared(old: str, new: str) -> Iterator[str]:
    from difflib import ndiff

    for line in ndiff(old.splitlines(), new.splitlines()):
        if not line.startswith("?"):
            yield line[:1] + line[2:]


def _written(name: str, argument: str) -> Iterator[str]:
    kind, _, content = argument.partition(":")
    data = base64.b64decode(content) if kind == "base64" else _unescaped(content).encode()
    if not data:
        yield f"`{name}` is empty."
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text and not data.startswith(b"\x80"):
        yield f"`{name}`:"
        yield _fenced(_LANGUAGES.get(name.rpartition(".")[2].rpartition("/")[2], "text"), text)
        return
    listing = _disassembled(data)
    if listing is not None:
        yield f"`{name}`, as `python -m pickletools` shows it:"
        yield _fenced("text", listing)
    else:
        yield f"`{name}`, {len(data):,} bytes:"
        yield _fenced("text", "\n".join(_dumped(data)))


def _dumped(data: bytes) -> Iterator[str]:
    """Bytes as ``xxd`` shows them."""
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}: {binascii.hexlify(row, ' ', 2).decode():<39}  {letters}"


def _disassembled(data: bytes) -> str | None:
    """The opcodes of a pickle, None of anything else."""
    import pickletools

    out = io.StringIO()
    stream = io.BytesIO(data)
    if not data.startswith(b"\x80"):
        return None
    try:
        pickletools.dis(stream, out)
        if rest := len(data) - stream.tell():
            out.write(f"{rest:,} more bytes: {binascii.hexlify(stream.read(16), ' ').decode()}\n")
    except Exception:  # noqa: BLE001 - broken on purpose, which is the example
        if not out.getvalue():
            return None
    return out.getvalue()


def _fenced(language: str, text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"... and {len(lines) - _MOST_LINES} more lines"]
    return "\n".join([f"```{language}", *lines, "```"])


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")
