"""Chapter 5, the environment files: the versions they name, against each other and against the MLmodel file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.documents import location_of
from mlmodel.environment import distributions, markers, misnamed, recorded, saved_versions, versions
from mlmodel.environment.conda import Package
from mlmodel.environment.requirements import Form
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.environment.recorded import Environment, RequirementList
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def unpinned(model: Model) -> Iterator[Finding]:
    """MLM430: nothing keeps a later release of a package out."""
    seen: set[str] = set()
    environment = recorded.of(model)
    wrong = {found.name for found in misnamed.any_of(environment.names, environment.python)}  # MLM465-MLM467
    for listing in environment.listings:
        held = {entry.name for entry in listing.constraints if versions.bounded(entry.clauses)}
        for entry in listing.entries:
            name = entry.name
            if entry.form is not Form.REQUIREMENT or name is None or name in seen:
                continue
            seen.add(name)
            if (
                entry.pin is not None
                or entry.target
                or name in wrong
                or name in held
                or name in distributions.tools()
                or versions.bounded(entry.clauses)
            ):
                continue
            saved = saved_versions.version_of(model, name)
            yield new_finding(
                "MLM430",
                f"{quoted(entry.safe)}: the next release of {name} is installed as soon as there is one",
                entry.place,
                f"write {name}=={saved}" if saved else f"write {name}==VERSION, the one that saved the model",
            )
    conda = recorded.of(model).conda
    for package in conda.packages if conda is not None else ():
        known = (
            package.distribution in seen
            or package.distribution in distributions.tools()
            or package.name == "python"
        )
        if known or package.version.startswith(("=", "~")) or "<" in package.version:
            continue
        message = (
            f"{quoted(package.text)}: the next release of {package.name} is installed as soon as there is one"
        )
        yield new_finding("MLM430", message, package.place)


_RULES = {
    saved_versions.Risk.BREAKS: "MLM431",
    saved_versions.Risk.UNKNOWN: "MLM498",
    saved_versions.Risk.READS: "MLM499",
}


def flavor_versions(model: Model) -> Iterator[Finding]:
    """MLM431, MLM462, MLM498, MLM499: what saved the model is what will load it."""
    document = model.mlmodel
    if document is None:
        return
    for saved in saved_versions.of(model):
        for text, pinned in recorded.of(model).pins(saved.distribution):
            if not saved_versions.agree(saved.public, text):
                yield _other_version(model, document, saved, text, pinned)


def _other_version(
    model: Model, document: Document, saved: saved_versions.Saved, text: str, pinned: Entry | Package
) -> Finding:
    where, place = location_of(document, saved.pointer), pinned.place
    message = f"{saved.pointer[-1]} is {saved.version} ({where.label}), but {place.label} installs {saved.distribution} {text}"
    verdict = saved_versions.risk(model, saved, text)
    rule = _RULES[verdict.risk]
    if saved.pointer[1] == "python_function" or (
        verdict.risk is not saved_versions.Risk.BREAKS and saved_versions.same_series(saved.public, text)
    ):
        rule, verdict = "MLM462", saved_versions.Verdict(saved_versions.Risk.UNKNOWN)
    if verdict.why:
        message += f"; {verdict.why}"
    elif rule == "MLM498":
        message += "; whether that reads what was saved, nobody promises"
    hint = f"write {saved.distribution}=={saved.public}" if rule != "MLM499" else None
    if isinstance(pinned, Package):
        hint = hint and f"write {pinned.name}={saved.public}"
    return new_finding(rule, message, place, hint)


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
    for name in distributions.MLFLOW:
        for text, pinned in recorded.of(model).pins(name):
            if not any(saved_versions.agree(one, text) for one in accepted):
                saved, place = location_of(document, ("mlflow_version",)), pinned.place
                message = (
                    f"mlflow_version is {version} ({saved.label}), but {place.label} installs {name} {text}"
                )
                yield new_finding("MLM432", message, place)


_NAMED = 20
"""Differences that one message names."""


def lists_disagree(model: Model) -> Iterator[Finding]:
    """MLM433: requirements.txt and conda.yaml install the same; one finding for all that differs."""
    environment = recorded.of(model)
    one, other = environment.requirements, environment.conda_pip
    conda = environment.conda
    if one is None or conda is None:
        return
    packages = {
        package.distribution: package for package in conda.packages if package.distribution != "python"
    }
    found = [] if other is None else [*_differences(environment, one, other, packages)]
    for entry in one.entries:
        package = packages.get(entry.name or "")
        if package is None or not entry.pin or not package.pin or not environment.applies(entry):
            continue
        if not versions.begins(entry.pin, package.pin):
            text = f"{quoted(entry.safe)} ({entry.place.label}) is {quoted(package.text)} in {package.place.label}"
            found.append((text, entry))
    if found:
        texts = [text for text, _ in found]
        count = f"{len(texts)} requirements differ: " if len(texts) > 1 else ""
        more = f"; and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
        place = next((entry for _, entry in found if entry.origin.file == one.file), found[0][1]).place
        yield new_finding("MLM433", f"{count}{'; '.join(texts[:_NAMED])}{more}", place)


def _differences(
    environment: Environment, one: RequirementList, other: RequirementList, packages: dict[str, Package]
) -> Iterator[tuple[str, Entry]]:
    """What differs, as a text, and the line that it is about."""
    if one.faults or other.faults:
        return  # what they include is not known
    if _texts(one) == _texts(other) and not one.constraints and not other.constraints:
        return
    first, second = _by_subject(environment, one), _by_subject(environment, other)
    for subject in [*first, *(subject for subject in second if subject not in first)]:
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
            yield f"{quoted(near.safe)} ({near.place.label}) is {quoted(far.safe)} in {far.place.label}", near
        elif here:
            entry = next(iter(here.values()))
            if entry.name not in packages:  # what Conda installs, pip need not
                yield _lacking(entry, other), entry
        else:
            entry = next(iter(there.values()))
            yield _lacking(entry, one), entry


def _texts(listing: RequirementList) -> set[str]:
    return {entry.text for entry in listing.entries}


def _lacking(entry: Entry, listing: RequirementList) -> str:
    return (
        f"{quoted(entry.safe)} ({entry.place.label}) is missing from {listing.label} ({listing.start.label})"
    )


def _by_subject(
    environment: Environment, listing: RequirementList
) -> dict[tuple[str, ...], dict[tuple[object, ...], Entry]]:
    """The lines of a list by what they are about, then by what they say; included files count as their lines.

    A line whose marker excludes the recorded Python says nothing, and a marker that holds with it adds nothing.
    """
    found: dict[tuple[str, ...], dict[tuple[object, ...], Entry]] = {}
    for kind, entries in (("requirement", listing.entries), ("constraint", listing.constraints)):
        for entry in entries:
            if entry.form is Form.INCLUDE:
                continue
            meaning = entry.meaning
            if entry.marker is not None:
                holds = markers.holds(entry.marker, environment.python)
                if holds is False:
                    continue
                meaning = entry._replace(marker=None).meaning if holds else meaning
            found.setdefault((kind, entry.name or entry.text), {}).setdefault(meaning, entry)
    return found


def conflicts(model: Model) -> Iterator[Finding]:
    """MLM441, MLM442: one distribution twice in what is installed together."""
    environment = recorded.of(model)
    for listing in environment.listings:
        if not listing.constraints and len({entry.name for entry in listing.entries}) == len(listing.entries):
            continue
        named: dict[str, list[Entry]] = {}
        for entry in listing.entries:
            if (
                entry.form is Form.REQUIREMENT
                and entry.name
                and markers.holds(entry.marker, environment.python)
                and entry.target is None
            ):
                named.setdefault(entry.name, []).append(entry)
        limits: dict[str, list[Entry]] = {}
        for entry in listing.constraints:
            if entry.name in named and markers.holds(entry.marker, environment.python):
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
    seen: set[tuple[str | None, str | None]] = set()
    for listing in recorded.of(model).listings:
        labeled = [entry for entry in listing.entries if entry.pin is not None and "+" in entry.pin]
        if not labeled or any(name in _SOURCES for entry in listing.entries for name, _ in entry.options):
            continue
        for entry in labeled:
            if entry.form is Form.REQUIREMENT and (entry.name, entry.pin) not in seen:
                seen.add((entry.name, entry.pin))
                yield new_finding(
                    "MLM443",
                    f"{quoted(entry.safe)}: PyPI takes no version with a label after +, so pip finds none there",
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
    if environment.names & distributions.of_mlflow() or any(
        "mlflow" in entry.text for entry in environment.own_lines
    ):
        return
    installed = distributions.reach(environment)
    if not installed.open and not installed.names & distributions.of_mlflow():
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
