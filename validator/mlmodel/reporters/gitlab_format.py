"""GitLab's Code Quality report, which merge requests show: a JSON array of issues, after Code Climate's form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlmodel.common.texts import unicode_text
from mlmodel.findings import Severity
from mlmodel.reporters.places import Fingerprints, finding_path
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Report
    from mlmodel.reporters import Style

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


class GitLabReporter:
    """Every finding, notes too; an error of a rule about what loading runs is ``critical``."""

    def __init__(self, style: Style) -> None:
        self._root = style.root
        self._separator = "\n"

    def begin(self) -> Iterator[str]:
        """The array's bracket."""
        yield "["

    def add(self, report: Report) -> Iterator[str]:
        """An issue for each finding."""
        fingerprints = Fingerprints()
        for finding in report.findings:
            path = finding_path(report, finding, self._root)
            rule = rules.catalogue()[finding.rule]
            severity = _SEVERITIES[finding.severity]
            if rule.executes and finding.severity is Severity.ERROR:
                severity = "critical"
            hint = f"\n{finding.hint}" if finding.hint else ""
            issue = {
                "type": "issue",
                "check_name": f"{finding.rule} {finding.name}",
                "description": unicode_text(f"{finding.message}{hint}"),
                "content": {"body": rule.summary},
                "categories": ["Security"] if rule.executes else ["Compatibility"],
                "severity": severity,
                "fingerprint": fingerprints.of(path, finding),
                "location": {"path": unicode_text(path), "lines": {"begin": finding.location.line or 1}},
            }
            yield self._separator + json.dumps(issue)
            self._separator = ",\n"

    def end(self) -> Iterator[str]:
        """The other bracket."""
        yield "\n]\n"


REPORTER = GitLabReporter
