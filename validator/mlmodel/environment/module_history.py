"""Which modules and classes the series of a distribution have: from ``spec/annex/module-history/``, made of real releases.

The tables are searched as bytes, so that asking for one name costs a read of 40 kB and no more.
"""

from __future__ import annotations

import os
from functools import cache

from mlmodel.common.caching import bounded_cache
from mlmodel.common.records import Record
from mlmodel.environment import versions
from mlmodel.standard import data

_LONGEST = 200
"""Characters of a module or a class that is looked for."""
_HOLDERS = {
    "category_encoders": "category-encoders",
    "cloudpickle": "cloudpickle",
    "imblearn": "imbalanced-learn",
    "joblib": "joblib",
    "lightgbm": "lightgbm",
    "numpy": "numpy",
    "pandas": "pandas",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "statsmodels": "statsmodels",
}
"""By top-level module: the distribution whose table has it."""


class Era(Record):
    """The series that have a name: ``1.4`` is all of 1.4.x."""

    since: str | None
    """The first; None where it is the first that was looked at."""
    until: str | None
    """The last; None where it is the last that was looked at."""

    def __str__(self) -> str:
        """As a message says it."""
        if self.since is None:
            return f"up to {self.until}"
        return f"from {self.since} on" if self.until is None else f"from {self.since} to {self.until}"


def holder(module: str) -> str | None:
    """The distribution whose table may have a module, None for most."""
    return _HOLDERS.get(module.partition(".")[0])


@bounded_cache(4096)
def _era(distribution: str, name: str) -> Era | None:
    text = _table(distribution)
    start = text.find(b"\n" + name.encode("utf-8", "replace") + b"\t")
    if start < 0:
        return None
    _, since, until = text[start + 1 : text.index(b"\n", start + 1)].decode().split("\t")
    return Era(None if since == "-" else since, None if until == "-" else until)


def era(module: str, name: str) -> Era | None:
    """The series of its distribution that have a module, or else the name in it; None where all have, or nothing is known."""
    distribution = holder(module)
    if (
        distribution is None
        or len(module) + len(name) > _LONGEST
        or "\t" in module + name
        or "\n" in module + name
    ):
        return None
    return _era(distribution, module) or _era(distribution, f"{module}:{name.partition('.')[0]}")


def has(distribution: str, found: Era, version: str) -> bool | None:
    """Whether a release has what an era tells of; None where its series, or its neighbors, do not say."""
    return _has(distribution, found, version) if len(version) <= _LONGEST else None


@bounded_cache(maxsize=4096)
def _has(distribution: str, found: Era, version: str) -> bool | None:
    numbers = versions.release(versions.public(version))
    if numbers is None:
        return None
    wanted = (*numbers, 0)[:2]
    known = _series(distribution)
    if wanted in known:
        return _within(found, wanted)
    below = [one for one in known if one < wanted]
    above = [one for one in known if one > wanted]
    if not below:
        return None  # older than all that was looked at
    answers = {_within(found, one) for one in (below[-1], *above[:1])}
    return answers.pop() if len(answers) == 1 else None


def _within(found: Era, wanted: tuple[int, ...]) -> bool:
    return (found.since is None or wanted >= _numbers(found.since)) and (
        found.until is None or wanted <= _numbers(found.until)
    )


def _numbers(series: str) -> tuple[int, ...]:
    return tuple(map(int, series.split(".")))


@cache
def _series(distribution: str) -> tuple[tuple[int, ...], ...]:
    """The series that were looked at, in order."""
    text = _table(distribution)
    start = text.index(b"\nseries\t") + len(b"\nseries\t")
    return tuple(_numbers(one.decode()) for one in text[start : text.index(b"\n", start)].split(b" "))


@cache
def _table(distribution: str) -> bytes:
    with open(os.path.join(data.tree("annex"), "module-history", f"{distribution}.tsv"), "rb") as file:
        return b"\n" + file.read()
