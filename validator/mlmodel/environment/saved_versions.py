"""The versions of libraries that the MLmodel file records, and what is known of other versions reading the model."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.environment import distributions, recorded, versions
from mlmodel.model import paths
from mlmodel.model.model import fact
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.standard import schemas
from mlmodel.standard.data import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.model import Model

    Pointer = tuple[str | int, ...]


class Saved(Record):
    """The version of one distribution that a flavor records."""

    distribution: str
    version: str
    pointer: Pointer
    """Where it stands in the MLmodel file."""

    @property
    def public(self) -> str:
        """The version that an index has: no local label, and no ``.dev0``, which MLflow strips from pyspark's."""
        version = versions.public(self.version)
        return version.split(".dev")[0] if ".dev" in version else version


@fact
def of(model: Model) -> tuple[Saved, ...]:
    """The versions that the flavors of a model record."""
    found = []
    for flavor, conf in model.flavors.items():
        if flavor in schemas.flavor_names():
            for value in schemas.annotated(f"flavors/{flavor}.schema.json", "x-version-of", conf):
                if isinstance(value.value, str):
                    name = value.subschema["x-version-of"]
                    found.append(Saved(name, value.value, ("flavors", flavor, *value.pointer)))
    return tuple(found)


def version_of(model: Model, distribution: str) -> str | None:
    """The version of a distribution that the MLmodel file records, without its local label; None where it records none."""
    for saved in of(model):
        if saved.distribution == distribution:
            return saved.public
    release = model.config.get("mlflow_version")
    if distribution in distributions.MLFLOW and isinstance(release, str) and ".dev" not in release:
        return release
    return None


class Risk(Enum):
    """What comes of reading the model with another series of a library than the one that saved it."""

    BREAKS = "breaks"
    UNKNOWN = "unknown"
    READS = "reads"
    """The format is one that later releases read."""


class Verdict(Record):
    """A risk, and why."""

    risk: Risk
    why: str | None = None


def agree(one: str, other: str) -> bool:
    """Whether two versions are the same at the precision of the shorter."""
    return versions.begins(one, other) or versions.begins(other, one)


def same_series(one: str, other: str) -> bool:
    """Whether two versions differ in the third number at most."""
    return one.split(".")[:2] == other.split(".")[:2]


def risk(model: Model, saved: Saved, installed: str) -> Verdict:
    """What is known of an installed version that is not the saved one."""
    known = table("series-breaks.json")["by-hand"]
    name = saved.distribution
    if name in known["exact"]:
        return Verdict(Risk.BREAKS, known["exact"][name])
    if name in known["majors"] and saved.public.split(".")[0] != installed.split(".", maxsplit=1)[0]:
        return Verdict(Risk.BREAKS, known["majors"][name])
    if name == "scikit-learn":
        why = _of_estimators(model, saved.public, installed)
        return Verdict(Risk.BREAKS, why) if why else Verdict(Risk.UNKNOWN)
    legacy = known["legacy-binary"].get(name)
    if legacy is not None and _is_at_least(installed, legacy[0]) and _has_legacy_binary(model, saved):
        return Verdict(Risk.BREAKS, legacy[1])
    if (
        name in known["later-reads"]
        and _is_at_least(installed, saved.public)
        and not _is_pickled(model, saved)
    ):
        return Verdict(Risk.READS)
    return Verdict(Risk.UNKNOWN)


def _is_at_least(version: str, other: str) -> bool:
    one, two = versions.release(versions.public(version)), versions.release(versions.public(other))
    return one is not None and two is not None and one >= two


def _heads(model: Model, saved: Saved) -> Iterator[bytes]:
    """The first bytes of the files that the flavor's keys name."""
    for use in paths.of(model):
        if use.pointer[:2] == saved.pointer[:2] and use.kind == "file" and paths.fault(use.value) is None:
            try:
                entry = model.directory.look(use.value)
                if entry.kind is Kind.FILE:
                    yield model.directory.head(entry.path, 8)
            except UnreadableError:
                continue


def _has_legacy_binary(model: Model, saved: Saved) -> bool:
    return any(head.startswith((b"binf", b"bs64")) for head in _heads(model, saved))


def _is_pickled(model: Model, saved: Saved) -> bool:
    return any(head.startswith((b"\x80", b"\x1f\x8b", b"PK", b"x\x9c")) for head in _heads(model, saved))


def _of_estimators(model: Model, saved: str, installed: str) -> str | None:
    """What failed when estimators of the saved series were read by the installed one; None where nothing did."""
    known: dict[str, Any] = table("series-breaks.json")["scikit-learn"]
    failures = known.get("failures", {})
    if not failures:
        return None
    makers, readers = (_nearest(known["releases"], version) for version in (saved, installed))
    pairs = [(maker, reader) for maker in makers for reader in readers]
    if not pairs or any(maker == reader for maker, reader in pairs):
        return None
    for stream in recorded.of(model).pickles:
        for module, name, _ in stream.globals:
            by_maker: dict[str, dict[str, str]] = failures.get(f"{module}:{name}", {})
            said = [by_maker.get(maker, {}).get(reader) for maker, reader in pairs]
            if said[0] is not None and None not in said:
                maker, reader = pairs[0]
                return f"{name} of {maker} fails in {reader}: {said[0]}"
    return None


def _nearest(releases: dict[str, str], version: str) -> list[str]:
    """The series of a version, or those before and after it, among the series that were tried."""
    numbers = versions.release(versions.public(version))
    if numbers is None:
        return []
    wanted = (*numbers, 0)[:2]
    tried = sorted((tuple(map(int, series.split("."))), series) for series in releases)
    exact = [series for numbers, series in tried if numbers == wanted]
    before = [series for numbers, series in tried if numbers < wanted]
    after = [series for numbers, series in tried if numbers > wanted]
    return exact or [*before[-1:], *after[:1]]
