"""Chapter 5, the environment files: the versions they name, against each other and against the MLmodel file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.documents import location_of
from mlmodel.environment import distributions, recorded, versions
from mlmodel.environment.requirements import Form
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.environment.conda import Package
    from mlmodel.environment.recorded import Listing
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_MLFLOW = frozenset({"mlflow", "mlflow-skinny", "mlflow-tracing"})
_TOOLS = frozenset({"pip", "setuptools", "wheel"})


def unpinned(model: Model) -> Iterator[Finding]:
    """MLM430: nothing keeps a later release of a package out."""
    seen: set[str] = set()
    for listing in recorded.of(model).listings:
        held = {entry.name for entry in listing.constraints if versions.bounded(entry.clauses)}
        for entry in listing.entries:
            name = entry.name
            if entry.form is not Form.REQUIREMENT or name is None or name in seen:
                continue
            seen.add(name)
            if (
                entry.pin is not None
                or entry.target
                or name in held
                or name in _TOOLS
                or versions.bounded(entry.clauses)
            ):
                continue
            saved = _saved_version(model, name)
            yield new_finding(
                "MLM430",
                f"{quoted(entry.safe)}: the next release of {name} is installed as soon as there is one",
                entry.place,
                f"write {name}=={saved}" if saved else f"write {name}==VERSION, the one that saved the model",
            )
    conda = recorded.of(model).conda
    for package in conda.packages if conda is not None else ():
        known = package.distribution in seen or package.distribution in _TOOLS or package.name == "python"
        if known or package.version.startswith(("=", "~")) or "<" in package.version:
            continue
        message = (
            f"{quoted(package.text)}: the next release of {package.name} is installed as soon as there is one"
        )
        yield new_finding("MLM430", message, package.place)


def _saved_version(model: Model, name: str) -> str | None:
    """The version of a distribution that the MLmodel file records."""
    for distribution, version, _ in saved_versions(model):
        if distribution == name:
            return versions.public(version)
    recorded = model.config.get("mlflow_version")
    if name in _MLFLOW and isinstance(recorded, str) and ".dev" not in recorded:
        return recorded
    return None


def saved_versions(model: Model) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """The distributions whose version a flavor records, the version, and where it stands."""
    for flavor, conf in model.flavors.items():
        if flavor in schemas.flavor_names():
            for found in schemas.annotated(f"flavors/{flavor}.schema.json", "x-version-of", conf):
                if isinstance(found.value, str):
                    pointer = ("flavors", flavor, *found.pointer)
                    yield found.subschema["x-version-of"], found.value, pointer


def flavor_versions(model: Model) -> Iterator[Finding]:
    """MLM431, MLM462: what saved the model is what will load it."""
    document = model.mlmodel
    if document is None:
        return
    for name, version, pointer in saved_versions(model):
        for text, pinned in _pins(model, name):
            if not _agrees(version, text):
                saved, place = location_of(document, pointer), pinned.place
                message = (
                    f"{pointer[-1]} is {version} ({saved.label}), but {place.label} installs {name} {text}"
                )
                rule = (
                    "MLM462" if pointer[1] == "python_function" or _same_series(version, text) else "MLM431"
                )
                yield new_finding(rule, message, place, f"write {name}=={versions.public(version)}")


def _pins(model: Model, name: str) -> Iterator[tuple[str, Entry | Package]]:
    """The versions that the environment files pin a distribution to, and what does; of equal ones the first."""
    seen = set()
    for listing in recorded.of(model).listings:
        for entry in (*listing.entries, *listing.constraints):
            if (
                entry.name == name
                and entry.pin is not None
                and entry.marker is None
                and entry.pin not in seen
            ):
                seen.add(entry.pin)
                yield entry.pin, entry
    conda = recorded.of(model).conda
    for package in conda.packages if conda is not None else ():
        if package.distribution == name and package.pin is not None and package.pin not in seen:
            seen.add(package.pin)
            yield package.pin, package


def _same_series(one: str, other: str) -> bool:
    """Whether two versions differ in the third number at most."""
    return one.split(".")[:2] == other.split(".")[:2]


def _agrees(one: str, other: str) -> bool:
    return versions.begins(one, other) or versions.begins(other, one)


_DEV = r"(\d+)\.(\d+)\.(\d+)\.?dev\d+"


def mlflow_version(model: Model) -> Iterator[Finding]:
    """MLM432: the MLflow that saved the model is the one that is installed."""
    document = model.mlmodel
    version = model.config.get("mlflow_version")
    if document is None or not isinstance(version, str):
        return
    accepted = [version]
    match = re.match(_DEV, version) if "dev" in version else None
    if match is not None and int(match[3]):
        # A development version is on no index: MLflow pins the release before it.
        accepted.append(f"{match[1]}.{match[2]}.{int(match[3]) - 1}")
    for name in ("mlflow", "mlflow-skinny"):
        for text, pinned in _pins(model, name):
            if not any(_agrees(one, text) for one in accepted):
                saved, place = location_of(document, ("mlflow_version",)), pinned.place
                message = (
                    f"mlflow_version is {version} ({saved.label}), but {place.label} installs {name} {text}"
                )
                yield new_finding("MLM432", message, place)


def lists_disagree(model: Model) -> Iterator[Finding]:
    """MLM433: requirements.txt and conda.yaml install the same."""
    environment = recorded.of(model)
    one, other = environment.requirements, environment.conda_pip
    conda = environment.conda
    if one is None or conda is None:
        return
    packages = {package.distribution: package for package in conda.packages}
    if other is not None:
        yield from _differences(one, other, packages)
    for entry in one.entries:
        package = packages.get(entry.name or "")
        if package is not None and entry.pin and package.pin and not versions.begins(entry.pin, package.pin):
            yield new_finding(
                "MLM433",
                f"{quoted(entry.safe)} ({entry.place.label}) is {quoted(package.text)} in {package.place.label}",
                entry.place,
            )


def _differences(one: Listing, other: Listing, packages: dict[str, Package]) -> Iterator[Finding]:
    if one.faults or other.faults:
        return  # what they include is not known
    if _texts(one) == _texts(other) and not one.constraints and not other.constraints:
        return
    first, second = _by_subject(one), _by_subject(other)
    for subject in first.keys() | second.keys():
        here, there = first.get(subject, {}), second.get(subject, {})
        if here.keys() == there.keys():
            continue
        if here and there:
            near = next(
                (entry for meaning, entry in here.items() if meaning not in there), next(iter(here.values()))
            )
            far = next(
                (entry for meaning, entry in there.items() if meaning not in here), next(iter(there.values()))
            )
            message = f"{quoted(near.safe)} ({near.place.label}) is {quoted(far.safe)} in {far.place.label}"
            yield new_finding("MLM433", message, near.place)
        elif here:
            entry = next(iter(here.values()))
            if entry.name not in packages:  # what Conda installs, pip need not
                yield _lacking(entry, other)
        else:
            yield _lacking(next(iter(there.values())), one)


def _texts(listing: Listing) -> set[str]:
    return {entry.text for entry in listing.entries}


def _lacking(entry: Entry, listing: Listing) -> Finding:
    what = (
        f"{quoted(entry.safe)} ({entry.place.label}) is missing from {listing.label} ({listing.start.label})"
    )
    return new_finding("MLM433", what, entry.place)


def _by_subject(listing: Listing) -> dict[tuple[str, ...], dict[tuple[object, ...], Entry]]:
    """The lines of a list by what they are about, then by what they say; included files count as their lines."""
    found: dict[tuple[str, ...], dict[tuple[object, ...], Entry]] = {}
    for kind, entries in (("requirement", listing.entries), ("constraint", listing.constraints)):
        for entry in entries:
            if entry.form is not Form.INCLUDE:
                found.setdefault((kind, entry.name or entry.text), {}).setdefault(entry.meaning, entry)
    return found


def conflicts(model: Model) -> Iterator[Finding]:
    """MLM441, MLM442: one distribution twice in what is installed together."""
    for listing in recorded.of(model).listings:
        if not listing.constraints and len({entry.name for entry in listing.entries}) == len(listing.entries):
            continue
        named: dict[str, list[Entry]] = {}
        for entry in listing.entries:
            if (
                entry.form is Form.REQUIREMENT
                and entry.name
                and entry.marker is None
                and entry.target is None
            ):
                named.setdefault(entry.name, []).append(entry)
        limits: dict[str, list[Entry]] = {}
        for entry in listing.constraints:
            if entry.name in named and entry.marker is None:
                limits.setdefault(entry.name, []).append(entry)
        for name, entries in named.items():
            first, *again = entries
            for other in again:
                if _exclude(first, other):
                    yield _conflict(first, other)
                else:
                    message = f"{name} stands here again, after {first.place.label}"
                    yield new_finding("MLM442", message, other.place)
            for limit in limits.get(name, ()):
                if _exclude(first, limit):
                    yield _conflict(first, limit)


def _conflict(one: Entry, other: Entry) -> Finding:
    first, second = (f"{quoted(entry.safe)} ({entry.place.label})" for entry in (one, other))
    return new_finding("MLM441", f"{first} and {second} exclude each other", other.place)


def _exclude(one: Entry, other: Entry) -> bool:
    if one.pin is not None and other.pin is not None:
        return not versions.same(one.pin, other.pin)
    if one.pin is not None and other.clauses:
        return not versions.allows(other.clauses, one.pin)
    return other.pin is not None and bool(one.clauses) and not versions.allows(one.clauses, other.pin)


def local_labels(model: Model) -> Iterator[Finding]:
    """MLM443: ``+cpu``, ``+cu118``: builds that the usual index does not have."""
    for listing in recorded.of(model).listings:
        labeled = [entry for entry in listing.entries if entry.pin is not None and "+" in entry.pin]
        if not labeled or any(name in _SOURCES for entry in listing.entries for name, _ in entry.options):
            continue
        for entry in labeled:
            if entry.form is Form.REQUIREMENT:
                yield new_finding(
                    "MLM443",
                    f"{quoted(entry.safe)}: PyPI takes no version with a label after +, so pip finds none",
                    entry.place,
                    f"write {entry.name}=={versions.public(entry.pin or '')}, or name the index that has this build",
                )


_SOURCES = frozenset({"index-url", "pypi-url", "extra-index-url", "find-links"})


def impossible_python(model: Model) -> Iterator[Finding]:
    """MLM439: a release that says itself that it does not run on the recorded Python."""
    python = recorded.of(model).python
    if python is None:
        return
    for listing in recorded.of(model).listings:
        for entry in listing.entries:
            if entry.pin is None or entry.marker is not None or entry.name is None:
                continue
            wanted = distributions.requires_python(entry.name, entry.pin)
            if wanted is not None and not distributions.python_fits(wanted, python):
                stated = next(
                    known for known in reversed(recorded.of(model).pythons) if known.numbers == python
                )
                message = f"{quoted(entry.safe)} wants Python {wanted}, but {stated.place.label} records {stated.text}"
                yield new_finding("MLM439", message, entry.place)


def platform_only(model: Model) -> Iterator[Finding]:
    """MLM440: distributions that exist for Windows or macOS only."""
    if not distributions.needs_a_word(recorded.of(model).names):
        return
    for listing in recorded.of(model).listings:
        for entry in listing.entries:
            system = distributions.only_for(entry.name or "")
            if system and entry.marker is None:
                yield new_finding(
                    "MLM440",
                    f"{quoted(entry.safe)} is for {system} only: no other system can install it",
                    entry.place,
                    distributions.instead_of(entry.name or ""),
                )


def development(model: Model) -> Iterator[Finding]:
    """MLM449: tools of the author that no model needs."""
    if not distributions.needs_a_word(recorded.of(model).names):
        return
    for listing in recorded.of(model).listings:
        found = [
            entry for entry in listing.entries if entry.name and distributions.is_development(entry.name)
        ]
        if found:
            names = ", ".join(sorted({entry.name for entry in found if entry.name})[:10])
            message = f"tools for development, not for serving: {names}"
            yield new_finding("MLM449", message, found[0].place)
            return


def system_libraries(model: Model) -> Iterator[Finding]:
    """MLM461: distributions that need more than pip installs."""
    if not distributions.needs_a_word(recorded.of(model).names):
        return
    for listing in recorded.of(model).listings:
        for entry in listing.entries:
            library = distributions.system_library(entry.name or "")
            if library:
                message = f"{entry.name} needs {library}, which slim images lack"
                yield new_finding("MLM461", message, entry.place)
        return  # the other lists say the same


def mlflow_absent(model: Model) -> Iterator[Finding]:
    """MLM454: nothing installs MLflow, which loads the model."""
    environment = recorded.of(model)
    if "python_function" not in model.flavors or not (environment.listings or environment.conda):
        return
    if environment.names & _MLFLOW or any("mlflow" in entry.text for entry in environment.own_lines):
        return
    world = distributions.reach(environment)
    if not world.open and not world.names & _MLFLOW:
        place = environment.listings[0].start if environment.listings else None
        message = "nothing installs mlflow, and the loader of the model is part of it"
        yield (
            new_finding("MLM454", message, place)
            if place
            else model.finding("MLM454", message, file="conda.yaml")
        )


CHECKS = (
    unpinned,
    flavor_versions,
    mlflow_version,
    lists_disagree,
    conflicts,
    local_labels,
    impossible_python,
    platform_only,
    development,
    system_libraries,
    mlflow_absent,
)
