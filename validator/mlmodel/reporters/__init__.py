"""Reports -> text.  Every reporter is a pure function from an iterable of reports to pieces of text.

They take an iterable and yield pieces, so that ten thousand models pass through in flat memory.
Imports ``findings``, ``standard`` and ``common``.  A new format is a module here, and a choice of ``--format`` in
``cli.validate``.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mlmodel.findings import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, Report


class Style(NamedTuple):
    """How a report is to look."""

    color: bool = False
    verbosity: int = 0
    """-1 quiet: nothing but findings; 0 normal; 1 verbose: infos too, and models without findings."""


class Render(Protocol):
    """What every reporter offers as ``render``."""

    def __call__(self, reports: Iterable[Report], style: Style) -> Iterator[str]:
        """The pieces of the output, in order."""


class Tally:
    """Counts over all reports that went by."""

    def __init__(self) -> None:
        self.models = 0
        self.invalid = 0
        self.unjudged = 0
        self.errors = 0
        self.warnings = 0
        self.infos = 0

    def add(self, report: Report) -> None:
        """Count one more report."""
        self.models += 1
        self.invalid += report.verdict is Verdict.INVALID
        self.unjudged += report.verdict is Verdict.UNJUDGED
        self.errors += report.count(Severity.ERROR)
        self.warnings += report.count(Severity.WARNING)
        self.infos += report.count(Severity.INFO)

    @property
    def valid(self) -> int:
        """Models that conform."""
        return self.models - self.invalid - self.unjudged


def path_of(report: Report, finding: Finding) -> str:
    """The file that a finding is about, else the model directory, as the user named it; with forward slashes."""
    return "/".join(part for part in (report.path.replace(os.sep, "/"), finding.location.file) if part)


def unicode_text(text: str) -> str:
    r"""A text that is Unicode: bytes of a file name that are none, which Python holds as surrogates, as ``\udcff``."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def reporter(name: str) -> Render:
    """The reporter of a format; only the chosen one is imported."""
    render: Render = import_module(f"mlmodel.reporters.{name}_format").render
    return render
