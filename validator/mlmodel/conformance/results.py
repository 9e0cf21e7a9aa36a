"""What came out: one result a case and role, and what an implementation may claim with them."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlmodel.conformance.adapters import About


class Level(IntEnum):
    """How much of an answer is right; each includes those before."""

    NONE = 0
    VERDICTS = 1
    """The verdict, or the answer as a whole for what has no findings."""
    RULES = 2
    """The ids of the rules, too."""
    POINTERS = 3
    """The files and JSON Pointers, too."""

    @property
    def label(self) -> str:
        """The level's name."""
        return self.name.lower()


class Outcome(Enum):
    """How a case went, at the level that was asked for."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    ERROR = "error"
    """It crashed, hung or answered rubbish."""
    SKIP = "skip"
    """It says that it cannot, or this system cannot make the case.  Never a pass."""
    XFAIL = "xfail"
    """It failed, as it was said to."""
    XPASS = "xpass"
    """It passed, though it was said to fail."""


class Result(Record):
    """One case, one role."""

    case: str
    role: str
    outcome: Outcome
    level: Level
    """The highest that holds."""
    reason: str
    """Why not higher."""
    rules: tuple[str, ...]
    """The rules that the case is about."""
    seconds: float
    noise: int = 0
    lacks: tuple[str, ...] = ()
    """Features of the case that the implementation says it has not; then it was not asked."""
    title: str = ""
    """What the directory is."""
    section: str = ""
    """The chapter that the case is about, a file name."""
    subject: str = ""
    """What shares a weight with it: its rule, or where it comes from."""
    refusal: bool = False
    """Whether the right answer is that something is wrong: the directory invalid, the request refused."""
    expected: tuple[str, ...] = ()
    """What must be answered: a verdict or outcome, then each finding with its place."""
    found: tuple[str, ...] = ()
    """What was answered, in the same form; empty where no answer came."""


class Summary(Record):
    """All results, and what they are worth."""

    about: About
    asked: Level
    results: tuple[Result, ...]
    seconds: float

    @property
    def judged(self) -> tuple[Result, ...]:
        """The cases that it was asked about."""
        return tuple(result for result in self.results if not result.lacks)

    @property
    def without(self) -> tuple[str, ...]:
        """What a claim must say is left out: the features of cases that it has not."""
        return tuple(sorted({feature for result in self.results for feature in result.lacks}))

    def count(self, outcome: Outcome) -> int:
        """How many cases went so."""
        return sum(result.outcome is outcome for result in self.results)

    def reached(self, level: Level) -> int:
        """How many cases hold at a level."""
        return sum(result.level >= level for result in self.results)

    @property
    def holds(self) -> bool:
        """Whether the claim at the level asked for holds: every case passes but those of :attr:`without`."""
        return bool(self.judged) and all(result.outcome is Outcome.PASS for result in self.judged)

    @property
    def expected(self) -> bool:
        """Whether everything went as it was said to go; without a list of failures the same as :attr:`holds`."""
        good = (Outcome.PASS, Outcome.XFAIL)
        return bool(self.judged) and all(result.outcome in good for result in self.judged)


def by_rule(results: Iterable[Result]) -> dict[str, tuple[int, int]]:
    """For each rule, how many of its cases passed, and how many there are."""
    counts: dict[str, list[int]] = {}
    for result in results:
        for rule in result.rules:
            count = counts.setdefault(rule, [0, 0])
            count[0] += result.outcome in (Outcome.PASS, Outcome.XPASS)
            count[1] += 1
    return {rule: (passed, total) for rule, (passed, total) in sorted(counts.items())}
