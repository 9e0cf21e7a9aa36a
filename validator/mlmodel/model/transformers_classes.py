"""Which classes a release of transformers has at its top level: what it has not, MLflow takes from code of the model."""

from __future__ import annotations

from functools import cache

from mlmodel.standard import data


def has(version: str, name: str) -> bool:
    """Whether ``hasattr(transformers, name)``: in the latest release that is known and not after ``version``, or the
    earliest for one before all of them; in the newest where the version cannot be read."""
    from mlmodel.standard.releases import parse

    numbers = parse(version) if version and len(version) <= 100 else None
    chosen: frozenset[str] = frozenset()
    for release, names in _releases():
        if not chosen or numbers is None or release[:2] <= numbers[:2]:
            chosen = names
    return name in chosen


@cache
def _releases() -> tuple[tuple[tuple[int, ...], frozenset[str]], ...]:
    found = []
    names: frozenset[str] = frozenset()
    for release in data.annex("transformers-classes.json")["releases"]:
        names = (names - set(release["gone"].split())) | set(release["new"].split())
        found.append((tuple(int(part) for part in release["version"].split(".")), names))
    return tuple(found)
