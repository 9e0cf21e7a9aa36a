"""The outcome of a validation as frozen data: findings, reports, and what came of loading a model."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.common.texts import unicode_text

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Location(Record):
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
    offset: int | None = None
    """The byte of the file at which it is, from 0, in a file that is no text."""

    @property
    def label(self) -> str:
        """The location in a message, ``conda.yaml:7:5``."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


def page_of(rule: str, name: str) -> str:
    """The path of a rule's page from the root of the repository."""
    return f"spec/rules/{rule}-{name}.md"


def _text(text: str | None) -> str | None:
    return None if text is None else unicode_text(text)


class Finding(Record):
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

    def __str__(self) -> str:
        """One line, as the text report has it: ``MLmodel:4:1: error MLM202: ...``."""
        place = f"{self.location.label}: " if self.location.label else ""
        return f"{place}{self.severity.label} {self.rule} {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """As the JSON report has it."""
        place = self.location
        return {
            "rule": self.rule,
            "name": self.name,
            "severity": self.severity.label,
            "message": _text(self.message),
            "file": _text(place.file),
            "line": place.line,
            "column": place.column,
            "pointer": _text(place.pointer),
            "hint": _text(self.hint),
            "help": page_of(self.rule, self.name),
            **({"offset": place.offset} if place.offset is not None else {}),
        }


class Frame(Record):
    """One line of a traceback."""

    file: str
    line: int
    function: str
    source: str
    own: bool
    """Whether it is code of the model's author, not of a library."""


class Failure(Record):
    """An exception that ended a phase."""

    type: str
    message: str
    module: str | None = None
    """The module that could not be imported."""
    errno: int | None = None
    frames: tuple[Frame, ...] = ()
    traceback: str = ""
    causes: tuple[tuple[str, str, str | None], ...] = ()
    """Type, text and missing module of the exceptions that it came from, the nearest first."""
    origin: Frame | None = None
    """The innermost line of the author's own code, in this exception or in one that it came from."""
    raised: Frame | None = None
    """The line that raised the exception that all of it came from."""
    home: bool = False
    """Whether a file of the home folder was not there."""

    @property
    def text(self) -> str:
        """Type and first line of the message."""
        first = next((line.strip() for line in self.message.splitlines() if line.strip()), "")
        return f"{self.type}: {first}" if first else self.type


class CapturedWarning(Record):
    """A warning that a phase raised or logged."""

    category: str
    message: str


class Phase(Record):
    """One step of the probe."""

    name: str
    about: str | None
    outcome: str
    """``passed``, ``failed``, ``skipped``, or ``died`` where the process ended in it."""
    seconds: float | None = None
    peak_bytes: int | None = None
    """The most memory the process had had when the phase ended."""
    failure: Failure | None = None
    warnings: tuple[CapturedWarning, ...] = ()
    detail: dict[str, Any] = {}  # noqa: RUF012 -- never changed

    @property
    def label(self) -> str:
        """The phase in a sentence."""
        words = {
            "versions": "asking for versions",
            "import": f"importing {self.about}",
            "read": "reading the files",
            "resolve": "looking up classes",
            "load": f"loading with {self.about}",
            "example": "reading the stored example",
            "predict": "predicting",
            "output": "writing the prediction as JSON",
            "one-row": "predicting for one row",
            "again": "predicting again",
            "serve": "predicting for the stored request",
        }
        return words.get(self.name, self.name)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON report has it."""
        failure = self.failure
        return {
            "name": _text(self.name),
            "about": _text(self.about),
            "outcome": self.outcome,
            "seconds": self.seconds,
            "peak_bytes": self.peak_bytes,
            "error": None
            if failure is None
            else {
                "type": _text(failure.type),
                "message": _text(failure.message),
                "traceback": _text(failure.traceback),
            },
            "warnings": [
                {"category": _text(warned.category), "message": _text(warned.message)}
                for warned in self.warnings
            ],
            "detail": self.detail,
        }


class LoadEnvironment(Record):
    """The environment in which a model was loaded."""

    python: str
    """The interpreter."""
    version: str | None = None
    """Of the interpreter; None until it says so."""
    recorded: str | None = None
    """The version that the model records."""
    source: str | None = None
    """The file that the requirements were from; None where nothing was installed."""
    as_of: str | None = None
    """The moment as of which they were resolved; None for now."""
    packages: int | None = None
    made: bool = False
    """Whether it was installed for this run; else it was there."""
    seconds: float = 0.0
    """For resolving and installing."""
    folder: str | None = None
    """Of an environment of ours."""


class Attempt(Record):
    """Something that a confined process must not be able to do, tried."""

    protects: str
    """The word of :attr:`LoadReport.enforced` that it is for."""
    name: str
    attempt: str
    """In words, as they go on after "to"."""
    refused: bool


class LoadReport(Record):
    """What came of loading a model: the part of the report that is about it."""

    outcome: str
    """``predicted``, ``loaded``, ``failed``, or ``unproven`` where nothing could be found out."""
    mode: str
    """``current`` or ``recreate``."""
    environment: LoadEnvironment | None = None
    enforced: tuple[str, ...] = ()
    """What the confinement kept the model from."""
    open: tuple[str, ...] = ()
    """What it could not keep the model from here."""
    phases: tuple[Phase, ...] = ()
    seconds: float = 0.0
    """For everything."""
    layers: tuple[str, ...] = ()
    """The mechanisms of the system that confined it."""
    tried: tuple[Attempt, ...] = ()
    """What was tried in the confined process before the model was loaded."""

    def to_dict(self) -> dict[str, Any]:
        """As the JSON report has it."""
        environment = self.environment
        predict = next((phase for phase in self.phases if phase.name == "predict"), None)
        return {
            "outcome": self.outcome,
            "mode": self.mode,
            "seconds": round(self.seconds, 3),
            "environment": None
            if environment is None
            else {
                "python": _text(environment.python),
                "python_version": _text(environment.version),
                "recorded_python": _text(environment.recorded),
                "source": _text(environment.source),
                "as_of": environment.as_of,
                "packages": environment.packages,
                "made": environment.made,
                "seconds": round(environment.seconds, 3),
            },
            "layers": list(self.layers),
            "enforced": list(self.enforced),
            "not_enforced": list(self.open),
            "tried": [attempt._asdict() for attempt in self.tried],
            "phases": [phase.to_dict() for phase in self.phases],
            "predictions": predict.detail.get("output") if predict is not None else None,
        }


class Suppressed(Record):
    """A finding that is not reported, though its rule is: somebody said so, and why."""

    finding: Finding
    kind: str
    """``baseline``: it was there when the baseline was written.  ``accepted``: the configuration names it.
    ``unchanged``: the revision that ``--diff`` names has it too."""
    reason: str | None = None
    """What the configuration says about it."""

    def to_dict(self) -> dict[str, Any]:
        """As the JSON report has it."""
        return {"kind": self.kind, "reason": _text(self.reason), "finding": self.finding.to_dict()}


class Facts(Record):
    """What a model says of itself, for whoever counts many of them (:attr:`mlmodel.validation.Options.facts`)."""

    python: str | None = None
    """The Python of its recorded environment, ``3.11.7``."""
    created: str | None = None
    """When it was saved, as the MLmodel file has it: ``utc_time_created``."""
    run_id: str | None = None
    model_id: str | None = None
    digest: str | None = None
    """SHA-256, in hexadecimal digits, of the names and sizes of its files, and of the content of those up to 64 KiB, of
    4 MiB of them at most: what changes one of the documents changes it."""


class Digests(Record):
    """SHA-256 of what was judged, in hexadecimal digits."""

    directory: str
    """Of the names and digests of all files (:func:`mlmodel.model.digests.of_directory`)."""
    files: Mapping[str, str]
    """By the path of each file."""

    def to_dict(self) -> dict[str, Any]:
        """As the JSON report has it."""
        files = {_text(path): digest for path, digest in self.files.items()}
        return {"algorithm": "sha256", "directory": self.directory, "files": files}


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
    load: LoadReport | None = None
    """What came of loading the model, where that was asked for."""
    suppressed: tuple[Suppressed, ...] = ()
    """What a baseline, an entry of the configuration or a comparison keeps quiet; no part of the verdict."""
    facts: Facts | None = None
    """What the model says of itself, where :attr:`mlmodel.validation.Options.facts` asked for it."""
    digests: Digests | None = None
    """Of the files that were judged, where that was asked for."""
    seconds: float = field(default=0.0, compare=False)
    """Time that the validation took; 0 for a verdict that was kept."""

    def count(self, severity: Severity) -> int:
        """How many findings have exactly this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def at_least(self, severity: Severity) -> bool:
        """Whether a finding is at or above this severity."""
        return any(finding.severity >= severity for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """As ``--format json`` has it, and ``schemas/report.schema.json`` defines it: JSON values only."""
        return {
            "path": _text(self.path.replace(os.sep, "/")),
            "verdict": self.verdict.label,
            "mlflow_version": _text(self.mlflow_version),
            "flavors": list(self.flavors),
            "findings": [finding.to_dict() for finding in self.findings],
            "truncated": self.truncated > 0,
            **({"load": self.load.to_dict()} if self.load is not None else {}),
            **({"digests": self.digests.to_dict()} if self.digests is not None else {}),
            **({"suppressed": [item.to_dict() for item in self.suppressed]} if self.suppressed else {}),
        }

    def _repr_html_(self) -> str:
        """A table, for notebooks."""
        from html import escape

        rows = "".join(
            f"<tr><td>{found.severity.label}</td><td>{found.rule}</td><td>{escape(found.location.label)}</td>"
            f"<td>{escape(found.message)}{'<br>' + escape(found.hint) if found.hint else ''}</td></tr>"
            for found in self.findings
        )
        head = f"<p><b>{escape(self.path)}</b>: {self.verdict.label}</p>"
        return f"{head}<table>{rows}</table>" if rows else head
