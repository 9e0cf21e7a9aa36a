"""The profiles of ``spec/targets/`` as values, and the words that name them: ``mlserver``, ``mlflow==2.9.2``."""

from __future__ import annotations

import json
import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.findings import Severity
from mlmodel.standard import data, releases

if TYPE_CHECKING:
    from datetime import date

MLFLOW = "mlflow"
"""The target that the schemas answer."""
_VERSION = lazy_pattern(r"\d{1,5}(\.\d{1,5}){0,3}((a|b|rc)\d+|\.(dev|post)\d+)*")
OLD = 365
"""Days after which a profile counts as old."""


class Source(Record):
    """A file that a requirement was read from."""

    repository: str
    path: str
    revision: str
    date: str

    def __str__(self) -> str:
        where = self.repository.removeprefix("https://").rstrip("/")
        return f"{where} {self.path}, {self.revision}"


class Requirement(Record):
    """One thing that a target needs, as ``schemas/target.schema.json`` defines it."""

    id: str
    rule: str
    severity: Severity
    need: str
    """The kind of need: the one key of ``needs``."""
    wants: Any
    """What stands below that key."""
    when: dict[str, Any]
    effect: str
    remedy: str
    source: Source
    since: str | None = None
    until: str | None = None

    def concerns(self, version: str) -> bool:
        """Whether this version of the target has it."""
        release = releases.parse(version)
        if release is None:
            return True  # a revision of a repository: the only one that was read
        since, until = self.since, self.until
        return (since is None or releases.at_least(release, since)) and (
            until is None or releases.at_most(release, until)
        )


class Profile(Record):
    """One file of ``spec/targets/``."""

    name: str
    title: str
    description: str
    read: str
    """The day on which its sources were read, YYYY-MM-DD."""
    versions: tuple[str, ...]
    """The versions that were read, oldest first."""
    includes: tuple[tuple[str, str | None], ...]
    """Names and versions of the targets that it is made of."""
    sources: dict[str, Source]
    own: tuple[Requirement, ...]
    """Its requirements, without those of the targets that it includes."""

    @property
    def newest(self) -> str:
        """The version that is meant where none is named."""
        return self.versions[-1]

    def is_old(self, today: date) -> bool:
        """Whether it was read more than a year before a day."""
        from datetime import date as day

        return (today - day.fromisoformat(self.read)).days > OLD


class Target(Record):
    """A profile in one version."""

    name: str
    version: str
    named: bool = False
    """Whether the version was named, and is not the newest one for want of another."""

    @property
    def profile(self) -> Profile:
        """What is known of it."""
        return profile(self.name)

    @property
    def label(self) -> str:
        """What a message calls it."""
        return f"{self.name}=={self.version}" if self.named or self.name == MLFLOW else self.name

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What it needs in this version, what the targets that it includes need among it."""
        found = [requirement for requirement in self.profile.own if requirement.concerns(self.version)]
        for name, version in self.profile.includes:
            found += Target(name, version or profile(name).newest).requirements
        return tuple(found)

    def needed(self, need: str) -> str | None:
        """What it wants of one kind, as text: the range of Python, or of MLflow; None where it wants nothing."""
        for requirement in self.requirements:
            if requirement.need == need and requirement.severity is not Severity.INFO:
                wants = requirement.wants
                found = str(wants["range"]) if isinstance(wants, dict) else str(wants)
                return f"=={self.version}" if found == "same" else found
        return None


@cache
def names() -> tuple[str, ...]:
    """The names of all targets, in order."""
    found = (name for name in os.listdir(data.tree("targets")) if name.endswith(".json"))
    return tuple(sorted(name.removesuffix(".json") for name in found))


@cache
def profile(name: str) -> Profile:
    """A profile, read once.

    Raises:
        OSError: there is none of that name.
    """
    raw = json.loads(data.read("targets", f"{name}.json"))
    sources = {
        key: Source(each["repository"], each["path"], each["revision"], each["date"])
        for key, each in raw["sources"].items()
    }
    return Profile(
        raw["name"],
        raw["title"],
        raw["description"],
        raw["read"],
        tuple(raw["versions"]),
        tuple((each["target"], each.get("version")) for each in raw.get("includes", ())),
        sources,
        tuple(_requirement(each, sources) for each in raw["requirements"]),
    )


def _requirement(raw: dict[str, Any], sources: dict[str, Source]) -> Requirement:
    ((need, wants),) = raw["needs"].items()
    return Requirement(
        raw["id"],
        raw["rule"],
        Severity[raw["severity"].upper()],
        need,
        wants,
        raw.get("when", {}),
        raw["effect"],
        raw["remedy"],
        sources[raw["source"]],
        raw.get("since"),
        raw.get("until"),
    )


def every() -> tuple[Target, ...]:
    """All targets in their newest versions."""
    return tuple(Target(name, profile(name).newest) for name in names())


@lru_cache(maxsize=64)
def parse(word: str) -> Target:
    """The target that ``NAME`` or ``NAME==VERSION`` means.

    Raises:
        mlmodel.standard.target_errors.TargetError: there is none of that name, or its versions do not go back so far.
    """
    name, separator, version = (part.strip() for part in word.partition("=="))
    try:
        found = profile(name) if name.replace("-", "").isalnum() else None
    except FileNotFoundError:
        found = None
    if found is None or found.name != name:  # some file systems take other letters for the same
        from mlmodel.standard.target_errors import unknown_target

        raise unknown_target(name, names())
    if not separator:
        return Target(name, found.newest)
    if version in found.versions:
        return Target(name, version, named=True)
    release, oldest = (
        releases.parse(text) if _VERSION.fullmatch(text) else None for text in (version, found.versions[0])
    )
    if release is None or oldest is None:
        from mlmodel.standard.target_errors import unknown_version

        raise unknown_version(name, version, found.versions)
    if padded(release) < padded(oldest):
        from mlmodel.standard.target_errors import too_old

        raise too_old(name, version, found.versions[0])
    return Target(name, version, named=True)


def padded(release: tuple[int, ...]) -> tuple[int, ...]:
    """A release with at least three numbers: ``2.9`` is 2.9.0, as pip takes it."""
    return (*release, *(0,) * (3 - len(release)))
