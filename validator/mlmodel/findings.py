"""What a validation says: frozen data, no behaviour beyond sorting and counting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mlmodel.runtime.stage import Load


class Severity(IntEnum):
    """How much a finding matters; ordered, so that severities compare."""

    INFO = 1
    """Worth knowing."""
    WARNING = 2
    """It depends on the reader, the data or the release."""
    ERROR = 3
    """A reader will fail, or is endangered."""

    @property
    def label(self) -> str:
        """The word that users read and write: ``info``, ``warning`` or ``error``."""
        return self.name.lower()


class Verdict(IntEnum):
    """The outcome for one model directory; a larger value overrides a smaller one."""

    VALID = 0
    INVALID = 1
    UNJUDGED = 2
    """Something could not be read or judged, whatever else was found."""

    @property
    def label(self) -> str:
        """The word of the JSON report."""
        return self.name.lower()


class Location(NamedTuple):
    """Where a finding is.

    ``file`` is relative to the model directory, with forward slashes; None for the directory itself.
    ``line`` and ``column`` count from 1, in characters.  ``pointer`` is an RFC 6901 JSON Pointer, which
    continues into the JSON that a string of the MLmodel file holds.
    """

    file: str | None = None
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    source: str | None = None
    """The text of that line."""

    @property
    def label(self) -> str:
        """The location in a message, ``conda.yaml:7:5``."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class Finding(NamedTuple):
    """One thing that a rule found."""

    rule: str
    """The rule's id, ``MLM202``."""
    name: str
    """The rule's name, ``loader-module-missing``."""
    severity: Severity
    message: str
    """What is wrong: names the offending value and what was expected."""
    location: Location
    hint: str | None = None
    """What to do about it."""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Findings read in the order of the files, lines and rules."""
        place = self.location
        return (place.file or "", place.line or 0, place.column or 0, self.rule, self.message)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome for one model directory."""

    path: str
    """The directory, as it was given."""
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    mlflow_version: str | None = None
    """As recorded in the MLmodel file."""
    flavors: tuple[str, ...] = ()
    truncated: int = 0
    """How many findings were left out because there were more than ``max_findings``."""
    load: Load | None = None
    """What came of loading the model, where that was asked for."""

    def count(self, severity: Severity) -> int:
        """How many findings have exactly this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def at_least(self, severity: Severity) -> bool:
        """Whether a finding is at or above this severity."""
        return any(finding.severity >= severity for finding in self.findings)
