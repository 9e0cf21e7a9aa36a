"""MLflow releases as comparable numbers."""

from __future__ import annotations

from functools import cache

from mlmodel.common.caching import bounded_cache
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.standard import data

Release = tuple[int, ...]

_RELEASE = lazy_pattern(r"v?(\d+(?:\.\d+)*)")


@bounded_cache(1024)
def parse(version: str) -> Release | None:
    """The release segment of a version (PEP 440), ``2.9.2.dev0`` -> ``(2, 9, 2)``; None for other texts.

    Development and pre-releases count as the release they lead to: MLflow writes them from its main branch.
    """
    match = _RELEASE.match(version.strip())
    if match is None:
        return None
    return tuple(int(part[:9]) for part in match[1].split("."))


def at_most(release: Release | None, version: str) -> bool:
    """Whether a recorded release is ``version`` or older, at the precision that was recorded.

    ``2.4`` may be any 2.4.x, so it is at most ``2.4.0`` only by doubt, and the answer is no.  An unknown
    release is never at most anything.
    """
    if release is None:
        return False
    limit = parse(version)
    assert limit is not None, version
    if len(release) < len(limit) and limit[: len(release)] == release:
        return False
    return release <= limit


def at_least(release: Release | None, version: str) -> bool:
    """Whether a recorded release is ``version`` or newer; an unknown one is not."""
    limit = parse(version)
    assert limit is not None, version
    return release is not None and release >= limit


class Covered(Record):
    """The releases that this version of the standard covers (``schemas/releases.json``)."""

    oldest: str
    newest: str
    writer: str
    """The release that the writer records where none is installed whose forms it writes."""
    tested: list[str]
    """Those that the marked tests run with."""
    predictions: list[str]
    """Those whose models and predictions are cases of the suite."""
    results: list[str]
    """Those whose results with the suite are kept."""
    wheels: dict[str, str]
    """Releases whose parts are not on every index, each with the release over whose parts its wheel is installed."""


@cache
def covered() -> Covered:
    """The releases covered."""
    import json

    stated = json.loads(data.read("schemas", "releases.json"))
    return Covered(**{name: stated[name] for name in Covered._fields})


def is_newer(release: Release | None) -> bool:
    """Whether a recorded release is newer than the newest covered: it may write what is unknown here."""
    newest = parse(covered().newest)
    return release is not None and newest is not None and release > newest
