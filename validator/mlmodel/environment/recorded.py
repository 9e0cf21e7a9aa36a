"""The recorded environment of a model: every file that says what to install, read once."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.common.records import Record
from mlmodel.environment import markers, requirements
from mlmodel.environment.conda import CondaFile, ItemOrigin
from mlmodel.environment.python_env import PythonEnvFile
from mlmodel.environment.pythons import Recorded
from mlmodel.environment.requirements import Form
from mlmodel.findings import Location
from mlmodel.model import paths
from mlmodel.model.model import fact
from mlmodel.sources.directory import Kind, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.environment.conda import Package
    from mlmodel.environment.pickle_imports import Stream
    from mlmodel.environment.requirements import Entry, Origin
    from mlmodel.model.model import Model

REQUIREMENTS = "requirements.txt"
MAX_FILES = 50
"""Requirements files that include each other and are read at most."""
MAX_BYTES = 1024 * 1024
"""Bytes of an included requirements file that are read at most."""


_CONFLICT = ("<<<<<<<", ">>>>>>>")


_HEAVY = (Form.URL, Form.PATH, Form.EDITABLE, Form.INVALID, Form.OPTION)
_INCLUDING = (Form.INCLUDE, Form.CONSTRAINTS)


class _FirstLine(Record):
    """The beginning of a file."""

    file: str

    def place(self, line: int, column: int) -> Location:
        return Location(self.file, line, column)


class MissingInclude(Record):
    """A ``-r`` or ``-c`` that leads to no file."""

    entry: Entry
    reason: str
    cycle: bool = False


class RequirementList(Record):
    """One list of requirements, with the lists that it includes."""

    label: str
    """What to call it in a message."""
    file: str
    origin: Origin
    """Where the list begins."""
    entries: tuple[Entry, ...]
    """Its own lines and those of the files it includes with ``-r``."""
    constraints: tuple[Entry, ...] = ()
    """The lines of the files it includes with ``-c``."""
    faults: tuple[MissingInclude, ...] = ()
    includes: frozenset[str] = frozenset()
    """The files that it includes."""

    @property
    def start(self) -> Location:
        """The place that lacks what the list lacks."""
        return self.origin.place(1, 1)

    def named(self, name: str) -> tuple[Entry, ...]:
        """The requirements, not the constraints, for a distribution."""
        return tuple(entry for entry in self.entries if entry.name == name)


@fact
def of(model: Model) -> Environment:
    """The environment that a model records."""
    return Environment(model)


class Environment:
    """What the files of one model record about where it can run."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._parsed: dict[str, tuple[Entry, ...] | None] = {}
        self.unresolved: set[str] = set()
        """Files in which a merge conflict was left."""

    # -- the files -------------------------------------------------------------------------------

    @property
    def conda_file(self) -> str:
        """conda.yaml, or the file that the model names instead of it."""
        return self._name("conda", "conda.yaml")

    @property
    def python_env_file(self) -> str:
        """python_env.yaml, or the file that the model names instead of it."""
        return self._name("virtualenv", "python_env.yaml")

    @cached_property
    def conda(self) -> CondaFile | None:
        """What :attr:`conda_file` says; None where it is no mapping."""
        document = self._model.yaml(self.conda_file)
        return document.view(CondaFile) if document is not None and isinstance(document.data, dict) else None

    @cached_property
    def python_env(self) -> PythonEnvFile | None:
        """What :attr:`python_env_file` says; None where it is no mapping."""
        document = self._model.yaml(self.python_env_file)
        return (
            document.view(PythonEnvFile) if document is not None and isinstance(document.data, dict) else None
        )

    def _name(self, key: str, default: str) -> str:
        """The file that ``python_function.env`` names for an environment manager.  A string is the conda file."""
        env = self._model.flavors.get("python_function", {}).get("env")
        named = env if isinstance(env, str) and key == "conda" else None
        if isinstance(env, dict):
            named = env.get(key)
        return named if isinstance(named, str) and named and paths.fault(named) is None else default

    # -- lists of requirements -------------------------------------------------------------------

    @cached_property
    def requirements(self) -> RequirementList | None:
        """requirements.txt and what it includes; None where there is none."""
        entries = self.file(REQUIREMENTS)
        if entries is None or REQUIREMENTS in self.unresolved:
            return None
        return self._listing(REQUIREMENTS, REQUIREMENTS, _FirstLine(REQUIREMENTS), entries)

    @cached_property
    def conda_pip(self) -> RequirementList | None:
        """The pip requirements of conda.yaml; None where it has no such list."""
        if self.conda is None or self.conda.pip is None:
            return None
        file = self.conda.file
        return self._listing(f"the pip list of {file}", file, self.conda.pip_origin, self.conda.pip)

    @cached_property
    def virtualenv(self) -> RequirementList | None:
        """The dependencies of python_env.yaml and what they include; None where there is no such file."""
        if self.python_env is None:
            return None
        file = self.python_env.file
        return self._listing(file, file, self.python_env.dependencies_origin, self.python_env.dependencies)

    @cached_property
    def listings(self) -> tuple[RequirementList, ...]:
        """The lists there are, the one that most readers use first."""
        found = (self.requirements, self.conda_pip, self.virtualenv)
        return tuple(listing for listing in found if listing is not None)

    @cached_property
    def build(self) -> tuple[Entry, ...]:
        """What python_env.yaml installs before everything else."""
        return self.python_env.build if self.python_env is not None else ()

    @cached_property
    def special_lines(self) -> tuple[Entry, ...]:
        """Those of :attr:`own_lines` that are more than a name and versions, which are all that most models have."""
        return tuple(
            [
                entry
                for entry in self.own_lines
                if entry.target or entry.options or entry.only_pip or entry.form in _HEAVY
            ]
        )

    @cached_property
    def own_lines(self) -> tuple[Entry, ...]:
        """Every line of every file, each once: what the files say by themselves."""
        lines = list(self.python_env.build + self.python_env.dependencies) if self.python_env else []
        if self.conda is not None and self.conda.pip is not None:
            lines.extend(self.conda.pip)
        for listing in self.listings:  # reads the included files
            del listing
        for entries in self._parsed.values():
            lines.extend(entries or ())
        return tuple(lines)

    def file(self, path: str) -> tuple[Entry, ...] | None:
        """The entries of a requirements file of the directory, parsed once; None where there is no such file."""
        if path not in self._parsed:
            self._parsed[path] = None
            directory = self._model.directory
            if len(self._parsed) <= MAX_FILES and directory.look(path).kind is Kind.FILE:
                text, _ = requirements.decode(directory.read(path, MAX_BYTES))
                entries = requirements.parse_file(text, path)
                if any(entry.text.startswith(_CONFLICT) for entry in entries):
                    self.unresolved.add(path)  # MLM403; which of its lines count, nobody knows
                    entries = ()
                self._parsed[path] = entries
        return self._parsed[path]

    def _listing(self, label: str, file: str, origin: Origin, entries: tuple[Entry, ...]) -> RequirementList:
        if not any(entry.form in _INCLUDING for entry in entries):
            return RequirementList(label, file, origin, entries)
        found = _Included([], [], [], set())
        self._include(entries, file, (file,), found, constraints=False)
        return RequirementList(
            label,
            file,
            origin,
            tuple(found.entries),
            tuple(found.constraints),
            tuple(found.faults),
            frozenset(found.files),
        )

    def _include(
        self,
        entries: tuple[Entry, ...],
        file: str,
        chain: tuple[str, ...],
        found: _Included,
        *,
        constraints: bool,
    ) -> None:
        for entry in entries:
            (found.constraints if constraints else found.entries).append(entry)
            if entry.form not in _INCLUDING:
                continue
            target = self._target(entry, file, found)
            if target is None:
                continue
            if target in chain:
                found.faults.append(MissingInclude(entry, " -> ".join([*chain, target]), cycle=True))
            elif target not in found.files:
                found.files.add(target)
                below = self.file(target) or ()
                wanted = constraints or entry.form is Form.CONSTRAINTS
                self._include(below, target, (*chain, target), found, constraints=wanted)

    def _target(self, entry: Entry, file: str, found: _Included) -> str | None:
        """The file of the directory that an entry includes; where there is none, the fault is noted."""
        named = entry.target or ""
        if "://" in named or "${" in named:
            return None  # not in the directory, and nothing is fetched
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), named.replace("\\", "/")))
        if paths.fault(named) is paths.Fault.ABSOLUTE or paths.fault(path) is not None:
            found.faults.append(MissingInclude(entry, "is not inside the model directory"))
            return None
        try:
            there = self.file(path) is not None
        except UnreadableError as error:
            found.faults.append(MissingInclude(entry, error.reason))
            return None
        if not there:
            found.faults.append(MissingInclude(entry, "is not in the model directory"))
            return None
        return path

    # -- Python ----------------------------------------------------------------------------------

    @cached_property
    def pythons(self) -> tuple[Recorded, ...]:
        """The Python of the MLmodel file, of python_env.yaml and of conda.yaml, those that are recorded."""
        return tuple(self._pythons())

    def _pythons(self) -> Iterator[Recorded]:
        saved = self._model.flavors.get("python_function", {}).get("python_version")
        document = self._model.mlmodel
        if isinstance(saved, str) and document is not None:
            yield Recorded(saved, ItemOrigin(document, ("flavors", "python_function", "python_version")))
        if self.python_env is not None and self.python_env.python is not None:
            yield Recorded(self.python_env.python, ItemOrigin(self.python_env.document, ("python",)))
        python = self.conda.python if self.conda is not None else None
        if python is not None and python.version:
            yield Recorded(python.pin or python.version, python.origin)

    @cached_property
    def python(self) -> tuple[int, ...] | None:
        """The Python that an environment manager installs: python_env.yaml's, else conda.yaml's, else the
        saved one; None where none is a version."""
        saved = [python for python in self.pythons if python.file == "MLmodel"]
        others = [python for python in self.pythons if python.file != "MLmodel"]
        return next((python.numbers for python in (*others, *saved) if python.numbers), None)

    def applies(self, entry: Entry) -> bool:
        """Whether the marker of a requirement may hold with the recorded Python."""
        return entry.marker is None or markers.holds(entry.marker, self.python) is not False

    def pins(self, name: str) -> Iterable[tuple[str, Entry | Package]]:
        """The versions that the files pin a distribution to, and the line that does; of equal ones the first.

        A line with a marker counts where the marker holds whatever the system is.
        """
        return self._pins.get(name, {}).items()

    @cached_property
    def _pins(self) -> dict[str, dict[str, Entry | Package]]:
        """By distribution and version, the line that pins it."""
        found: dict[str, dict[str, Entry | Package]] = {}
        for listing in self.listings:
            for entry in (*listing.entries, *listing.constraints):
                if entry.pin is None or entry.name is None:
                    continue
                if entry.marker is None or markers.holds(entry.marker, self.python):
                    found.setdefault(entry.name, {}).setdefault(entry.pin, entry)
        for package in self.conda.packages if self.conda is not None else ():
            if package.pin is not None:
                found.setdefault(package.distribution, {}).setdefault(package.pin, package)
        return found

    @cached_property
    def pickles(self) -> tuple[Stream, ...]:
        """The pickles that loading the model reads, and what they import."""
        from mlmodel.environment.pickle_imports import streams

        return tuple(streams(self._model))

    # -- all together ----------------------------------------------------------------------------

    @cached_property
    def names(self) -> frozenset[str]:
        """The distributions that any of the files lists, Conda packages by their name on PyPI."""
        found = {entry.name for listing in self.listings for entry in listing.entries if entry.name}
        found.update(entry.name for entry in self.build if entry.name)
        if self.conda is not None:
            found.update(package.distribution for package in self.conda.packages)
        return frozenset(found)


class _Included(Record):
    """What following the includes of a list has gathered."""

    entries: list[Entry]
    constraints: list[Entry]
    faults: list[MissingInclude]
    files: set[str]
