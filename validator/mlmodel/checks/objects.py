"""Chapter 5, the environment files: the releases of libraries that the model's objects need, against the pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.environment import module_history, object_versions, pickle_imports, recorded, saved_versions
from mlmodel.environment.module_history import Era
from mlmodel.findings import Location
from mlmodel.standard.data import table
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.environment.pickle_imports import Stream
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_MAPPED_BY_READ_PICKLE = "pandas"
"""The library whose own reader maps the names of its old classes (``pandas.compat.pickle_compat``)."""


def releases(model: Model) -> Iterator[Finding]:
    """MLM496: the pinned releases have what the objects name."""
    environment = recorded.of(model)
    for streams, artifacts in ((environment.pickles, False), (pickle_imports.artifacts(model), True)):
        seen: set[tuple[str, str]] = set()
        for stream in streams:
            yield from _of_stream(model, stream, seen, artifacts=artifacts)


def _written(module: str, name: str) -> Era | None:
    """The series whose writers put a name into a pickle that earlier ones have, too."""
    found = table("pickle-generations.json")["written-since"].get(f"{module}:{name}")
    return Era(found["series"], None) if found is not None else None


def _of_stream(
    model: Model, stream: Stream, seen: set[tuple[str, str]], *, artifacts: bool
) -> Iterator[Finding]:
    for module, name, _ in stream.globals:
        distribution = module_history.holder(module)
        if distribution is None or module.startswith("numpy._core") or (stream.file, distribution) in seen:
            continue
        era = _written(module, name) or module_history.era(module, name)
        if era is None or (artifacts and era.since is None and distribution == _MAPPED_BY_READ_PICKLE):
            continue
        for text, pinned in recorded.of(model).pins(distribution):
            if module_history.has(distribution, era, text) is False:
                seen.add((stream.file, distribution))
                message = (
                    f"{stream.file} needs {module}.{name}, which {distribution} has {era}, and {pinned.place.label}"
                    f" installs {text}"
                )
                yield new_finding("MLM496", message, pinned.place, _hint(model, distribution, era))
                break


def _hint(model: Model, distribution: str, era: Era) -> str:
    saved = saved_versions.version_of(model, distribution)
    if saved is not None and module_history.has(distribution, era, saved):
        return f"write {distribution}=={saved}, which saved the model"
    series = era.until or era.since
    return f"pin the release that saved the object, one of {series}.x or {'before' if era.until else 'later'}"


def betrayed(model: Model) -> Iterator[Finding]:
    """MLM497: the release that an object says it was written by is the recorded one."""
    told: set[tuple[str, str]] = set()
    for file, distribution, version in object_versions.of(model):
        said = _recorded(model, distribution)
        if said is None or (file, distribution) in told:
            continue
        text, where = said
        if saved_versions.agree(version, text) or saved_versions.same_series(version, text):
            continue
        told.add((file, distribution))
        message = f"{quoted(file)} was written by {distribution} {version}, and {where} says {text}"
        yield new_finding(
            "MLM497",
            message,
            Location(file),
            f"pin {distribution}=={version}, if the object is the right one",
        )


def _recorded(model: Model, distribution: str) -> tuple[str, str] | None:
    """The version of a distribution that the MLmodel file records, or else the files pin, and where."""
    for saved in saved_versions.of(model):
        if saved.distribution == distribution:
            return saved.public, str(saved.pointer[-1])
    pins = list(recorded.of(model).pins(distribution))
    return (pins[0][0], pins[0][1].place.label) if len(pins) == 1 else None


CHECKS = (releases, betrayed)
