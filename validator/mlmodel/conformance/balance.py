"""The balanced score: errors found and valid directories accepted count the same, and so does every rule.

Most cases are valid, so that the plain share of right answers says little: a program that accepts everything has most of
them right.  A case therefore carries a weight.  Among the cases that must be refused, and again among those that must be
accepted, each rule has the weight 1, shared by its cases; cases about no rule share one by the area and the release that
saved them.  The score is the mean of the two weighted shares, and what always gives the same answer has at most one half.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.conformance.results import Level, Result


class Balance(Record):
    """Weighted shares from 0 to 1; None where there is no such case."""

    found: float | None
    """Of what must be refused."""
    accepted: float | None
    """Of what must be accepted."""

    @property
    def score(self) -> float | None:
        """The mean of both; None where one is missing, because a half says nothing about the whole."""
        return None if self.found is None or self.accepted is None else (self.found + self.accepted) / 2


def weights(results: Iterable[Result]) -> dict[str, float]:
    """The weight of each case among these, by its id."""
    every = list(results)
    count = Counter((result.refusal, result.subject) for result in every)
    return {result.case: 1 / count[result.refusal, result.subject] for result in every}


def balance(results: Iterable[Result], level: Level) -> Balance:
    """The shares of cases whose answers are right at a level."""
    every = list(results)
    weight = weights(every)

    def share(refusal: bool) -> float | None:
        those = [result for result in every if result.refusal is refusal]
        total = sum(weight[result.case] for result in those)
        right = sum(weight[result.case] for result in those if result.level >= level)
        return right / total if those else None

    return Balance(share(refusal=True), share(refusal=False))


def by_chapter(results: Iterable[Result], level: Level) -> dict[str, Balance]:
    """The same for each chapter of the standard, by the name of its file."""
    chapters: dict[str, list[Result]] = {}
    for result in results:
        chapters.setdefault(result.section, []).append(result)
    return {section: balance(chapters[section], level) for section in sorted(chapters)}


def percent(share: float | None) -> str:
    """A share for people, rounded down, so that only what is complete is 100 %."""
    return "-" if share is None else f"{int(share * 1000 + 1e-6) / 10:g} %"
