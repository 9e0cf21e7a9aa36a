"""conda.yaml as a value: channels, Conda packages, pip requirements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.common.records import Record
from mlmodel.environment import requirements, versions
from mlmodel.standard.data import table

if TYPE_CHECKING:
    from mlmodel.documents import Document
    from mlmodel.findings import Location


class ItemOrigin(Record):
    """An item of a list in a YAML file."""

    document: Document
    pointer: tuple[str | int, ...]
    key: bool = False
    """Whether the key of the item is meant."""

    @property
    def file(self) -> str:
        """The file."""
        return self.document.path

    def place(self, line: int, column: int) -> Location:
        """The location of the item; an item of several lines is one place."""
        from mlmodel.documents import location_of

        del line, column
        return location_of(self.document, self.pointer, key=self.key)


def listed(
    document: Document, pointer: tuple[str | int, ...], items: object
) -> tuple[requirements.Entry, ...]:
    """The entries of a list of requirements at ``pointer`` of a YAML file; what is no string is left out."""
    found: list[requirements.Entry] = []
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            found.extend(requirements.parse(item, ItemOrigin(document, (*pointer, index))))
    return tuple(found)


class Package(Record):
    """A Conda package as an environment file names it (a match spec)."""

    name: str
    text: str
    version: str
    """The constraint as written, ``=1.2``, ``==1.2.3``, ``>=1,<2``; empty for any."""
    build: str | None
    channel: str | None
    origin: ItemOrigin

    @property
    def place(self) -> Location:
        """Where the package stands."""
        return self.origin.place(1, 1)

    @property
    def pin(self) -> str | None:
        """The version that ``=`` (at its precision) or ``==`` gives."""
        match = re.fullmatch(_EXACT, self.version)
        return match[1] if match else None

    @property
    def distribution(self) -> str:
        """The name on PyPI of what the package holds."""
        name = versions.normal(self.name)
        known: dict[str, str] = table("conda-names.json")["distributions"]
        return known.get(name, name)


_EXACT = r"={1,2}\s*([0-9][0-9A-Za-z.!+_]*?)(?:\.\*)?"
_MAX_SPEC = 300
"""Characters of a match spec that is read."""
_PLAIN = r"([A-Za-z0-9_.-]+)((?:[<>=!]=|[<>=])[0-9.]+|)"
_SPEC = (
    r"(?:(?P<channel>[^\s:\[]+)::)?(?P<name>[A-Za-z0-9_.-]+)\s*"
    r"(?P<version>(?:[=<>!~]=?|(?<=\s)(?=[0-9]))[^\s=\[]*(?:\s*,\s*[<>=!~]{1,2}\s*[^\s,=]+)*)?"
    r"(?:(?:\s*=|\s+)\s*(?P<build>[^\s=\[\]]+))?\s*(?P<rest>\[.*\])?"
)
_BRACKETS = r"(version|build)\s*=\s*['\"]?([^'\",\]]+(?:,[^'\"\]=]+)*)"


def parse_package(text: str, origin: ItemOrigin) -> Package | None:
    """Read a match spec, None where it is none."""
    if len(text) > _MAX_SPEC:
        return None
    plain = re.fullmatch(_PLAIN, text)
    if plain is not None:
        return Package(plain[1], text, plain[2], None, None, origin)
    match = re.fullmatch(_SPEC, text.split("#", 1)[0].strip())
    if match is None:
        return None
    version, build = match["version"] or "", match["build"]
    if version and version[0].isdigit():
        version = "=" + version  # "numpy 1.26" of the command line
    for key, value in re.findall(_BRACKETS, match["rest"] or ""):
        version, build = (value, build) if key == "version" else (version, value)
    if build and build.strip("*") == "":
        build = None
    return Package(match["name"], text, version.replace(" ", ""), build, match["channel"], origin)


_MLFLOW_LINE = r"(python|pip|setuptools|wheel)(<=|>=|==|!=|=|<|>)?([\d.]+)?"


def mlflow_python(text: str) -> tuple[str | None, str | None] | None:
    """The operator and version of the Python that MLflow reads from a line, None where it sees no Python in it.

    Only without python_env.yaml does MLflow read conda.yaml so (``get_dependencies_from_conda_yaml``).
    """
    match = re.fullmatch(_MLFLOW_LINE, text)
    return (match[2], match[3]) if match and match[1] == "python" else None


class CondaFile:
    """A readable conda.yaml; what has another shape than the standard wants is left out."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def file(self) -> str:
        """The file."""
        return self.document.path

    @cached_property
    def channels(self) -> tuple[tuple[str, ItemOrigin], ...]:
        """The channels, in order."""
        given = self.document.data.get("channels")
        return tuple(
            (channel, ItemOrigin(self.document, ("channels", index)))
            for index, channel in enumerate(given if isinstance(given, list) else ())
            if isinstance(channel, str)
        )

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """The Conda packages."""
        found = []
        for index, item in enumerate(self._items):
            if isinstance(item, str):
                spec = parse_package(item, ItemOrigin(self.document, ("dependencies", index)))
                if spec is not None:
                    found.append(spec)
        return tuple(found)

    @property
    def python(self) -> Package | None:
        """The Python that Conda installs."""
        return next((package for package in self.packages if package.name == "python"), None)

    @cached_property
    def pip(self) -> tuple[requirements.Entry, ...] | None:
        """The pip requirements, None without such a list; of two, readers keep the last."""
        if self._pip_index is None:
            return None
        items = self.document.data["dependencies"][self._pip_index]["pip"]
        return listed(self.document, ("dependencies", self._pip_index, "pip"), items)

    @property
    def pip_origin(self) -> ItemOrigin:
        """Where the list of pip requirements stands, or should."""
        if self._pip_index is None:
            return ItemOrigin(self.document, ("dependencies",), key=True)
        return ItemOrigin(self.document, ("dependencies", self._pip_index, "pip"), key=True)

    @property
    def _items(self) -> list[object]:
        items = self.document.data.get("dependencies")
        return items if isinstance(items, list) else []

    @cached_property
    def _pip_index(self) -> int | None:
        found = [
            index
            for index, item in enumerate(self._items)
            if isinstance(item, dict) and isinstance(item.get("pip"), list)
        ]
        return found[-1] if found else None
