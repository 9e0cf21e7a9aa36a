"""Version specifiers of the profiles (``>=3.9,<3.13``), on release numbers only.

The general form, with pre-releases and wildcards, is :mod:`packaging`'s; importing it takes longer than all targets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.caching import bounded_cache
from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

Release = tuple[int, ...]

_CLAUSE = lazy_pattern(r"(==|>=|<=|<|>|!=)\s*(\d+(?:\.\d+)*)$")
_TESTS: dict[str, Callable[[Release, Release], bool]] = {
    "==": lambda release, limit: release == limit,
    "!=": lambda release, limit: release != limit,
    ">=": lambda release, limit: release >= limit,
    "<=": lambda release, limit: release <= limit,
    ">": lambda release, limit: release > limit,
    "<": lambda release, limit: release < limit,
}


@bounded_cache(256)
def clauses(specifier: str) -> tuple[tuple[str, Release], ...]:
    """The operators and releases of a specifier.

    Raises:
        ValueError: it has another form.
    """
    found = []
    for part in specifier.split(","):
        match = _CLAUSE.match(part.strip())
        if match is None:
            raise ValueError(f"{specifier!r} is no range of releases")
        found.append((match[1], tuple(map(int, match[2].split(".")))))
    return tuple(found)


def contains(specifier: str, release: Release) -> bool:
    """Whether a release is in the range; releases are compared as long as they are, padded with zeros."""
    return all(_compare(operator, release, limit) for operator, limit in clauses(specifier))


def _compare(operator: str, release: Release, limit: Release) -> bool:
    length = max(len(release), len(limit))
    padded = (*release, *(0,) * (length - len(release)))
    return _TESTS[operator](padded, (*limit, *(0,) * (length - len(limit))))


def exact(specifier: str) -> str | None:
    """The one release that a specifier means, None where it means several."""
    found = clauses(specifier)
    return ".".join(map(str, found[0][1])) if len(found) == 1 and found[0][0] == "==" else None
