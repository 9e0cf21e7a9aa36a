"""SARIF 2.1.0 (OASIS), which code scanning services and editors read."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlmodel.common.version import __version__
from mlmodel.findings import Severity
from mlmodel.reporters import Style, Tally, path_of, unicode_text
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, Report

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(reports: Iterable[Report], style: Style) -> Iterator[str]:
    """One run: the results as they come, then the rules that they name, so that nothing is held back."""
    del style  # everything is in the data; who reads it chooses
    # Columns are counted in code points; SARIF would take them for UTF-16 units otherwise (3.14.17).
    yield f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{"columnKind": "unicodeCodePoints", "results": ['
    tally = Tally()
    used: dict[str, int] = {}
    separator = "\n"
    for report in reports:
        tally.add(report)
        for finding in report.findings:
            index = used.setdefault(finding.rule, len(used))
            yield separator + json.dumps(_result(report, finding, index))
            separator = ",\n"
    driver = {
        "name": "mlmodel-validate",
        "version": __version__,
        "rules": [_rule(rules.catalogue()[rule]) for rule in used],
    }
    # What could not be judged is no result: the run did not do what it was asked for (3.20.14).
    invocations = [{"executionSuccessful": not tally.unjudged}]
    yield f'\n], "tool": {json.dumps({"driver": driver})}, "invocations": {json.dumps(invocations)}}}]}}\n'


def _rule(rule: rules.Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.summary, "markdown": rules.page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.chapter]},
    }


def _result(report: Report, finding: Finding, index: int) -> dict[str, Any]:
    place = finding.location
    path = path_of(report, finding)
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
    if place.line:
        location["region"] = {"startLine": place.line, "startColumn": place.column or 1}
    text = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    # The same finding keeps its fingerprint when lines move: it is known by what it is about.
    about = "\0".join([finding.rule, path, place.pointer or finding.message])
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": unicode_text(text)},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"about/v1": hashlib.sha256(unicode_text(about).encode()).hexdigest()},
    }


def _uri(path: str) -> str:
    """A URI reference, relative where the path is: services resolve it against the root of the repository."""
    return Path(path).as_uri() if os.path.isabs(path) else quote(os.fsencode(path))
