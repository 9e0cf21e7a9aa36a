"""What the Python files of a model import, without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.findings import Location
from mlmodel.model import python_files
from mlmodel.sources.directory import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.model.model import Model

_MAX_FILES = 200
"""Python files that are read at most; what lies beyond is not judged."""


class Import(Record):
    """One import that runs when its file is imported."""

    module: str
    """Dotted, absolute."""
    place: Location


class Code:
    """The Python modules that a model directory brings."""

    def __init__(self, model: Model, named: str | None) -> None:
        """Look into the folder that a flavor names."""
        self._model = model
        folder = named.strip("/") + "/" if named is not None and named.strip("/") else None
        self._files = [
            path
            for path, entry in model.directory.entries.items()
            if folder and path.startswith(folder) and entry
        ]
        # MLflow puts the folder and, in some releases, the folders in it on sys.path: any depth is accepted.
        self._names = {
            part.split(".")[0] for path in self._files for part in path[len(folder or "") :].split("/")
        }
        self.read: list[str] = []
        """The files that :meth:`reached` read, in order."""

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
        if self._model.directory.look(file).kind is not Kind.FILE:
            return
        self.read.append(file)
        parsed = python_files.parsed(self._model, file)
        if parsed.tree is None:
            return  # of another Python, or not for reading
        from mlmodel.documents import python_source

        for found in python_source.imports(parsed.tree, file):
            line = parsed.lines[found.line - 1] if found.line <= len(parsed.lines) else None
            yield Import(found.module, Location(file, found.line, found.column, None, line))
