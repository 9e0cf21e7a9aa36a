"""Releases as comparable numbers, and ranges of them (``>=3.9,<3.13``).

The general form of ranges, with pre-releases and wildcards, is :mod:`packaging`'s; importing it takes longer than all
that the tables and profiles of the standard ask for.
"""

from __future__ import annotations

import operator
from functools import cache
from typing import TYPE_CHECKING

from mlmodel.common.caching import bounded_cache
from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.standard import data

if TYPE_CHECKING:
    from collections.abc import Callable

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


_COMPARISONS: dict[str, Callable[[Release, Release], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@bounded_cache(256)
def clauses(specifier: str) -> tuple[tuple[str, Release], ...]:
    """The operators and releases of a range.

    Raises:
        ValueError: it has another form.
    """
    found = []
    for part in map(str.strip, specifier.split(",")):
        comparison = part[:2] if part[1:2] == "=" else part[:1]
        numbers = part[len(comparison) :].strip().split(".")
        if comparison not in _COMPARISONS or not all(map(str.isdecimal, numbers)):
            raise ValueError(f"{specifier!r} is no range of releases")
        found.append((comparison, tuple(map(int, numbers))))
    return tuple(found)


def contains(specifier: str, release: Release) -> bool:
    """Whether a release is in a range; releases are compared as long as they are, padded with zeros."""
    return all(_compare(comparison, release, limit) for comparison, limit in clauses(specifier))


def _compare(comparison: str, release: Release, limit: Release) -> bool:
    length = max(len(release), len(limit))
    padded = (*release, *(0,) * (length - len(release)))
    return _COMPARISONS[comparison](padded, (*limit, *(0,) * (length - len(limit))))


def exact(specifier: str) -> str | None:
    """The one release that a range means, None where it means several."""
    found = clauses(specifier)
    return ".".join(map(str, found[0][1])) if len(found) == 1 and found[0][0] == "==" else None


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
