"""Python files, parsed and never run."""

from __future__ import annotations

import ast
import posixpath
import sys
import warnings
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 20
"""Bytes of a Python file that are parsed."""

_MAGIC = lazy_pattern(r"^[ \t]*(?:%{1,2}[A-Za-z]\w*|![A-Za-z.~/]|\?[A-Za-z]|dbutils\.library\.)")
"""Lines of a notebook that no file can have, or that end its process: ``%pip install``, ``!ls``, ``%%time``, ``?name``."""


def is_later(python: tuple[int, ...] | None) -> bool:
    """Whether a release of Python is later than ours: what it reads may be no fault, though we cannot parse it."""
    return python is not None and python[:2] > sys.version_info[:2]


class Fault(Record):
    """Why a file is no Python."""

    line: int
    column: int
    message: str
    is_magic: bool = False
    """Whether the line is a command of a notebook."""


class Parsed(Record):
    """A file, as far as it could be parsed."""

    tree: ast.Module | None
    fault: Fault | None
    lines: tuple[str, ...]
    """The text, line by line, without line ends."""


def parse(content: bytes) -> Parsed:
    """Parse a Python file, in the encoding that it declares; what it makes this Python warn of is not said."""
    lines = tuple(content.decode("utf-8", "replace").removeprefix("\ufeff").splitlines())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Parsed(ast.parse(content), None, lines)
    except SyntaxError as error:
        line = error.lineno or 1
        text = lines[line - 1] if line <= len(lines) else ""
        magic = _MAGIC.match(text) is not None
        return Parsed(None, Fault(line, error.offset or 1, error.msg or "invalid syntax", magic), lines)
    except ValueError as error:  # a NUL, or an encoding that is none
        return Parsed(None, Fault(1, 1, str(error)), lines)
    except (RecursionError, MemoryError):
        return Parsed(None, None, lines)


def dotted(node: ast.expr) -> str:
    """A name and the attributes behind it, ``mlflow.models.set_model``; the empty text for any other expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


class Import(Record):
    """A module that an import statement names."""

    module: str
    """Dotted, absolute."""
    line: int
    column: int


def imports(tree: ast.Module, file: str = "") -> Iterator[Import]:
    """The imports that run whatever happens when the file is imported: not those in functions, in branches, or that may
    fail.  ``file`` is the path by which relative ones are resolved, from the folder on ``sys.path`` on (``code/a/b.py``)."""
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for module in _modules(node, file):
                yield Import(module, node.lineno, node.col_offset + 1)
        elif isinstance(node, ast.ClassDef) or (isinstance(node, ast.Try) and not node.handlers):
            pending.extend(reversed(node.body))


def named(node: ast.Import | ast.ImportFrom, file: str) -> Iterator[str]:
    """Every name that an import statement may take for a module: those of :func:`imports`, and what is taken out of them."""
    yield from _modules(node, file)
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules(node: ast.Import | ast.ImportFrom, file: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif not node.level:
        if node.module:
            yield node.module
    else:
        package = posixpath.dirname(file).split("/")[1:]
        base = package[: len(package) - node.level + 1]
        for alias in node.names:
            yield ".".join([*base, *([node.module] if node.module else []), alias.name])
