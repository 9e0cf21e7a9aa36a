"""The serialized objects of a model: each file is read once, for all who ask what it imports or calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.model import paths
from mlmodel.model.model import fact
from mlmodel.sources.directory import Kind, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.model import Model
    from mlmodel.model.paths import PathUse
    from mlmodel.pickles import Found

MAX_OTHERS = 2_000
"""Files that no path key leads to and that are looked into."""

_TEXTS = (".yaml", ".yml", ".txt", ".json", ".py", ".md", ".toml", ".lock", ".csv", ".ubj", ".parquet")
"""Suffixes of files that are read as something else, when a path key leads to the folder around them."""
_DOCUMENTS = frozenset(
    {
        "MLmodel",
        "conda.yaml",
        "python_env.yaml",
        "requirements.txt",
        "input_example.json",
        "serving_input_example.json",
        "serving_input_payload.json",
        "registered_model_meta",
    }
)
"""Files that are read as text by whoever reads them."""
_ASIDE = frozenset({"env", "code", "artifacts", "saved_input_example_info", "model_code_path"})


@fact
def of(model: Model) -> Serialized:
    """The files of a model that hold serialized objects."""
    return Serialized(model)


class Serialized:
    """The files of one model, and what was found in them."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._found: dict[str, tuple[Found, ...]] = {}

    def named(self) -> Iterator[tuple[str, tuple[Found, ...]]]:
        """The files that path keys of the MLmodel file lead to, with what is in them; not free-form artifacts.

        Raises:
            UnreadableError: one of them cannot be read.
        """
        for file in self._named:
            yield file, self.scan(file)

    def others(self) -> Iterator[tuple[str, tuple[Found, ...]]]:
        """The other files that begin like a serialized object, whatever they are called.  What cannot be read, and what
        is one file too many, is :class:`mlmodel.pickles.Unreadable`."""
        from mlmodel.pickles import Unreadable

        count = 0
        for path, entry in self._model.directory.entries.items():
            if entry.kind is not Kind.FILE or path in _DOCUMENTS or path.endswith(".py") or not entry.size:
                continue
            if path in self._named_set:
                continue
            count += 1
            if count > MAX_OTHERS:
                yield path, (Unreadable(path, f"there are more than {MAX_OTHERS:,} files"),)
                return
            try:
                yield path, self.scan(path)
            except UnreadableError as error:
                yield path, (Unreadable(path, error.reason),)

    def scan(self, file: str) -> tuple[Found, ...]:
        """What is in a file.

        Raises:
            UnreadableError: it cannot be read.
        """
        if file not in self._found:
            from mlmodel import pickles
            from mlmodel.pickles.judgement import is_watched

            found = pickles.scan(self._model.directory, file, watch=is_watched, calls=False)
            self._found[file] = tuple(found)
        return self._found[file]

    def is_chosen(self, file: str) -> bool:
        """Whether a path key names this very file, and not only the folder around it."""
        return file in self._chosen

    @cached_property
    def _chosen(self) -> frozenset[str]:
        look = self._model.directory.look
        return frozenset(look(use.value).path for use in self._uses if use.kind == "file")

    @cached_property
    def _named(self) -> list[str]:
        found = (self.behind(use) for use in self._uses if use.kind != "basename")
        return sorted(set().union(*found))

    @cached_property
    def _uses(self) -> tuple[PathUse, ...]:
        """The paths that lead to serialized objects, and can be used."""
        return tuple(
            use
            for use in paths.of(self._model)
            if _ASIDE.isdisjoint(use.pointer) and paths.fault(use.value) is None
        )

    def behind(self, use: PathUse) -> set[str]:
        """The files that a path leads to."""
        directory = self._model.directory
        entry = directory.look(use.value)
        if entry.kind is Kind.FILE:
            return {entry.path}
        if entry.kind is not Kind.DIRECTORY or not entry.path:
            return set()
        inside = entry.path + "/"
        return {
            path
            for path, known in directory.entries.items()
            if known.kind is Kind.FILE and path.startswith(inside) and not path.endswith(_TEXTS)
        }

    @cached_property
    def _named_set(self) -> frozenset[str]:
        return frozenset(self._named)
