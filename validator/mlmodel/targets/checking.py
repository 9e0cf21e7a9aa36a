"""The check of the targets that a user named: what each of them will do with the model."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import shortened
from mlmodel.documents import location_of
from mlmodel.findings import Finding, Location, Severity
from mlmodel.standard import releases
from mlmodel.standard import targets as profiles
from mlmodel.standard.rules import MAX_MESSAGE, catalogue
from mlmodel.standard.targets import MLFLOW, Requirement, Target
from mlmodel.targets import releases as reading
from mlmodel.targets.needs import gaps, is_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlmodel.model.model import Model
    from mlmodel.targets.needs import Gap
    from mlmodel.targets.releases import Unread

_RELEASES = "the MLflow wheels of these releases"


class Reason(Record):
    """Why a target does not take a model as it is, or what it makes of it."""

    rule: str
    severity: Severity
    what: str
    """What is there, and what is asked for."""
    effect: str
    """What the target does."""
    remedy: str
    source: str
    """Where that is known from."""
    location: Location
    requirement: str | None = None
    """The id of the requirement; None where the schemas say it."""


@lru_cache(maxsize=16)
def checking(words: tuple[str, ...]) -> Callable[[Model], Iterator[Finding]]:
    """The check for the targets that words name, like those of :mod:`mlmodel.checks`.

    Raises:
        mlmodel.standard.target_errors.TargetError: a word names none.
    """
    asked = tuple(dict.fromkeys(map(profiles.parse, words)))

    def targets(model: Model) -> Iterator[Finding]:
        """MLM801-MLM820: what the targets need, and the model has not."""
        if model.mlmodel is None or not model.config:
            return
        told: dict[Reason, list[str]] = {}
        for target in asked:
            for reason in reasons(target, model):
                told.setdefault(reason, []).append(target.label)
            if target.profile.is_old(model.today):
                told.setdefault(_aged(target), []).append(target.label)
        for reason, labels in told.items():
            yield _finding(reason, labels)

    return targets


def reasons(target: Target, model: Model) -> Iterator[Reason]:
    """What a target needs and the model has not.

    Args:
        target: the target.
        model: a model whose MLmodel file is a mapping.
    """
    if target.name == MLFLOW:
        for unread in reading.applying(reading.unread(model), target.version):
            yield _by_schema(unread, f"{unread.what} is for {unread.bounds}")
        return
    for requirement in target.requirements:
        if requirement.when and not is_asked(requirement.when, model):
            continue
        if requirement.need == MLFLOW:
            yield from _bundled(requirement, target.version, reading.unread(model))
            continue
        for gap in gaps(requirement.need, requirement.wants, model):
            yield Reason(
                requirement.rule,
                requirement.severity,
                gap.text,
                requirement.effect,
                requirement.remedy,
                str(requirement.source),
                _place(gap, model),
                requirement.id,
            )


def _bundled(requirement: Requirement, own: str, unread: tuple[Unread, ...]) -> Iterator[Reason]:
    """Why no release of MLflow that the target brings or allows loads the model."""
    specifier, loads = requirement.wants["range"], requirement.wants.get("load", True)
    specifier = f"=={own}" if specifier == "same" else specifier
    found_by_newest: list[Unread] = []
    for version in _allowed(specifier):
        worst = [
            each
            for each in reading.applying(unread, version)
            if each.rule == reading.READ or (loads and each.rule == reading.LOAD)
        ]
        if not worst:
            return
        found_by_newest = found_by_newest or worst
    for each in found_by_newest:
        found = _by_schema(
            each, f"{each.what} is for {each.bounds}, and MLflow {specifier} is what reads it here"
        )
        yield found._replace(source=f"{requirement.source}; {found.source}", requirement=requirement.id)


def _allowed(specifier: str) -> Iterator[str]:
    """The releases that a range allows, newest first, of those that were read; the one it means, where it means one."""
    one = releases.exact(specifier)
    if one is not None:
        yield one
        return
    for version in reversed(profiles.profile(MLFLOW).versions):
        if releases.contains(specifier, releases.parse(version) or ()):
            yield version


def _by_schema(unread: Unread, what: str) -> Reason:
    location = location_of(unread.document, unread.pointer, key=unread.key)
    return Reason(unread.rule, unread.severity, what, unread.effect, unread.remedy, _RELEASES, location)


def _aged(target: Target) -> Reason:
    read = target.profile.read
    return Reason(
        "MLM820",
        Severity.INFO,
        f"the profile was read on {read}, more than a year ago",
        "the target may need something else by now",
        "update mlmodel",
        f"spec/targets/{target.name}.json",
        Location(),
    )


def _place(gap: Gap, model: Model) -> Location:
    document = gap.document or model.mlmodel
    if gap.line is not None:
        return Location(gap.file, gap.line, gap.column)
    if gap.pointer is not None and document is not None:
        return location_of(document, gap.pointer, key=gap.key)
    return Location(gap.file)


def _finding(reason: Reason, labels: Iterable[str]) -> Finding:
    message = shortened(f"{', '.join(labels)}: {reason.what}: {reason.effect}", MAX_MESSAGE)
    hint = shortened(f"{reason.remedy} (known from {reason.source})", MAX_MESSAGE)
    name: Any = catalogue()[reason.rule].name
    return Finding(reason.rule, name, reason.severity, message, reason.location, hint)
