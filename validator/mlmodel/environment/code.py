"""What the Python files of a model import, without running them."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from mlmodel.findings import Location
from mlmodel.sources.directory import Kind, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.model.model import Model

_MAX_FILES = 200
"""Python files that are read at most; what lies beyond is not judged."""
_MAX_BYTES = 1024 * 1024


class Import(NamedTuple):
    """One import that runs when its file is imported."""

    module: str
    """Dotted, absolute."""
    place: Location


class Code:
    """The Python modules that a model directory brings."""

    def __init__(self, model: Model, named: str | None) -> None:
        """Look into the folder that a flavor names."""
        self._directory = model.directory
        folder = named.strip("/") + "/" if named is not None and named.strip("/") else None
        self._files = [
            path
            for path, entry in self._directory.entries.items()
            if folder and path.startswith(folder) and entry
        ]
        # MLflow puts the folder and, in some releases, the folders in it on sys.path: any depth is accepted.
        self._names = {
            part.split(".")[0] for path in self._files for part in path[len(folder or "") :].split("/")
        }

    def has(self, module: str) -> bool:
        """Whether a top-level module may be one of the model's own."""
        return module in self._names

    def reached(self, modules: Iterable[str], files: Iterable[str] = ()) -> Iterator[Import]:
        """The imports that importing these modules, or running these files, leads to."""
        pending = [*files, *(file for module in modules for file in self._found(module))]
        seen: set[str] = set()
        while pending and len(seen) < _MAX_FILES:
            file = pending.pop()
            if file in seen:
                continue
            seen.add(file)
            for found in self._imports(file):
                yield found
                if self.has(found.module.split(".")[0]):
                    pending.extend(self._found(found.module))

    def _found(self, module: str) -> list[str]:
        """The files of a module and of the packages around it."""
        parts = module.split(".")
        ends = set()
        for count in range(1, len(parts) + 1):
            stem = "/".join(parts[:count])
            ends |= {f"/{stem}.py", f"/{stem}/__init__.py"}
        return [path for path in self._files if any(path.endswith(end) for end in ends)]

    def _imports(self, file: str) -> Iterator[Import]:
        if self._directory.look(file).kind is not Kind.FILE:
            return
        try:
            content = self._directory.read(file, _MAX_BYTES)
            tree = ast.parse(content)
        except (UnreadableError, SyntaxError, ValueError, RecursionError, MemoryError):
            return  # of another Python, or not for reading
        lines = content.decode("utf-8", "replace").splitlines()
        for node in _certain(tree.body):
            source = lines[node.lineno - 1] if node.lineno <= len(lines) else None
            place = Location(file, node.lineno, node.col_offset + 1, None, source)
            for module in _modules(node, file):
                yield Import(module, place)


def _certain(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements that run whatever happens: not those in functions, in branches, or that may fail."""
    pending = list(reversed(body))
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.ClassDef) or (isinstance(node, ast.Try) and not node.handlers):
            pending.extend(reversed(node.body))


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
