"""python_env.yaml as a value: a Python, what builds, what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.environment.conda import ItemOrigin, listed

if TYPE_CHECKING:
    from mlmodel.documents import Document
    from mlmodel.environment.requirements import Entry


class PythonEnvFile:
    """A readable python_env.yaml; what has another shape than the standard wants is left out."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def file(self) -> str:
        """The file."""
        return self.document.path

    @property
    def python(self) -> str | None:
        """The version of Python, where it is a string."""
        version = self.document.data.get("python")
        return version if isinstance(version, str) else None

    @cached_property
    def build(self) -> tuple[Entry, ...]:
        """What is installed before the rest."""
        return listed(self.document, ("build_dependencies",), self.document.data.get("build_dependencies"))

    @cached_property
    def dependencies(self) -> tuple[Entry, ...]:
        """What is installed, usually ``-r requirements.txt``."""
        return listed(self.document, ("dependencies",), self.document.data.get("dependencies"))

    @property
    def dependencies_origin(self) -> ItemOrigin:
        """Where the list of dependencies stands, or should."""
        return ItemOrigin(self.document, ("dependencies",), key=True)
