"""Reports -> text, in the formats of ``mlmodel validate --format``.

A reporter is told of one report after the other and gives back pieces of text, so that ten thousand models pass through
in flat memory, and through several reporters at once.
Imports ``findings``, ``standard`` and ``common``, and for the page ``description`` and ``inspection``.  A new format is a
module here, and a name in :data:`FORMATS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from mlmodel.common.records import Record
from mlmodel.findings import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.findings import Finding, Report

FORMATS = ("text", "json", "jsonl", "markdown", "html", "sarif", "junit", "github", "gitlab")
"""The formats; each is the module ``<name>_format`` of this package."""


class Style(Record):
    """How a report is to look."""

    color: bool = False
    verbosity: int = 0
    """-1 quiet: nothing but findings; 0 normal; 1 verbose: infos too, and models without findings."""
    root: str | None = None
    """The absolute path of the repository, to which the formats for services make paths relative; None to leave
    paths as they were given."""
    statistics: bool = False
    """Whether to count the findings of each rule."""


class Reporter(Protocol):
    """One output in the making: each method gives back the text that is due, in pieces."""

    def begin(self) -> Iterator[str]:
        """What comes before the first report."""

    def add(self, report: Report) -> Iterator[str]:
        """What one more report adds."""

    def end(self) -> Iterator[str]:
        """What comes after the last report."""


class RuleCount(Record):
    """How often a rule was broken."""

    rule: str
    name: str
    severity: Severity
    """The highest of its findings."""
    findings: int
    models: int


class Tally:
    """Counts over all reports that went by."""

    def __init__(self) -> None:
        self.models = 0
        self.invalid = 0
        self.unjudged = 0
        self.errors = 0
        self.warnings = 0
        self.infos = 0
        self.suppressed = 0
        self._rules: dict[str, RuleCount] = {}

    def add(self, report: Report) -> None:
        """Count one more report."""
        self.models += 1
        self.invalid += report.verdict is Verdict.INVALID
        self.unjudged += report.verdict is Verdict.UNJUDGED
        self.errors += report.count(Severity.ERROR)
        self.warnings += report.count(Severity.WARNING)
        self.infos += report.count(Severity.INFO)
        self.suppressed += len(report.suppressed)
        seen: set[str] = set()
        for finding in report.findings:
            known = self._rules.get(finding.rule)
            self._rules[finding.rule] = RuleCount(
                finding.rule,
                finding.name,
                max(finding.severity, known.severity) if known else finding.severity,
                known.findings + 1 if known else 1,
                (known.models if known else 0) + (finding.rule not in seen),
            )
            seen.add(finding.rule)

    @property
    def valid(self) -> int:
        """Models that conform."""
        return self.models - self.invalid - self.unjudged

    @property
    def rules(self) -> list[RuleCount]:
        """The rules that were broken, the most severe and most frequent first."""
        return sorted(self._rules.values(), key=lambda count: (-count.severity, -count.findings, count.rule))


def is_shown(finding: Finding, style: Style) -> bool:
    """Whether a format for people shows a finding: notes only when verbose."""
    return finding.severity is not Severity.INFO or style.verbosity >= 1


def new_reporter(format_: str, style: Style) -> Reporter:
    """A reporter of a format; only the module of the chosen one is imported."""
    make: Callable[[Style], Reporter] = import_module(f"mlmodel.reporters.{format_}_format").REPORTER
    return make(style)
