"""Model directories for tests: the base model with a few changes.

The changes are the fenced blocks of rule pages and spec chapters, and the tests' own.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE = Path(__file__).parent / "base"

_FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """One fenced block: its language, its ``key=value`` words, and its text."""

    language: str
    words: dict[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    body: str = ""

    @property
    def executable(self) -> bool:
        """Whether the block changes a model directory."""
        return self.language == "setup" or "file" in self.words


def fences(markdown: str) -> list[Fence]:
    """The fenced blocks of a Markdown text, in order."""
    found = []
    for match in _FENCE.finditer(markdown):
        language, *rest = match["info"].split()
        words = dict(word.split("=", 1) for word in rest if "=" in word)
        found.append(Fence(language, words, frozenset(w for w in rest if "=" not in w), match["body"]))
    return found


def make_model(target: Path, blocks: list[Fence] | None = None) -> Path:
    """A copy of the base model at ``target``, changed by the executable blocks."""
    shutil.copytree(BASE, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return change(target, blocks or ())


def change(target: Path, blocks: Iterable[Fence]) -> Path:
    """Change a directory by the executable blocks."""
    for block in blocks:
        if "file" in block.words:
            path = target / block.words["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8", newline="\n")
        elif block.language == "setup":
            for line in block.body.splitlines():
                if line.strip():
                    apply(target, line)
    return target


def apply(target: Path, line: str) -> None:
    """One line of a ``setup`` block."""
    command, _, rest = line.strip().partition(" ")
    name, _, argument = rest.strip().partition(" ")
    path = target / name
    match command:
        case "rm":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        case "mkdir":
            path.mkdir(parents=True)
        case "mv":
            path.rename(target / argument)
        case "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            kind, _, content = argument.partition(":")
            decoded = base64.b64decode(content) if kind == "base64" else _unescape(content)
            path.write_bytes(decoded)
        case "symlink":
            path.symlink_to(argument)
        case "chmod":
            (target / argument).chmod(int(name, 8))
        case "fifo":
            os.mkfifo(path)
        case "set":
            pointer, _, value = argument.partition(" ")
            _edit(path, pointer, yaml.safe_load(value), remove=False)
        case "unset":
            _edit(path, argument.strip(), None, remove=True)
        case "replace":
            old, new = shlex.split(argument)
            text = path.read_text(encoding="utf-8")
            assert _unescape(old).decode() in text, f"{name} has no {old!r}"
            path.write_bytes(text.encode().replace(_unescape(old), _unescape(new)))
        case _:
            raise AssertionError(f"unknown setup command: {line}")


def _unescape(text: str) -> bytes:
    return text.replace("\\n", "\n").replace("\\t", "\t").encode()


def _edit(path: Path, pointer: str, value: Any, *, remove: bool) -> None:
    """Change one value of a YAML file at a JSON Pointer; what is not on the way stays as it is."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    *way, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    place = data
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    key: Any = int(last) if isinstance(place, list) else last
    if remove:
        del place[key]
    else:
        place[key] = value
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8", newline="\n")
