"""SARIF 2.1.0 (OASIS), which code scanning services and editors read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mlmodel.common.texts import unicode_text
from mlmodel.common.version import __version__
from mlmodel.findings import Severity
from mlmodel.reporters import Style, Tally
from mlmodel.reporters.places import Fingerprints, finding_path
from mlmodel.reporters.rule_pages import plain, readable, section
from mlmodel.sources.opening import is_remote
from mlmodel.standard import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding, Report, Suppressed

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "%SRCROOT%"
_LONGEST = 1_000
"""Characters of a text that GitHub shows of a rule's description."""
_SECURITY = {
    "executes": "9.3",  # loading the model runs code of its author
    "MLM450": "8.8",  # a command in a requirement, run where the environment is made
    "MLM453": "7.5",  # passwords and tokens
    "MLM452": "7.4",  # an index without TLS
    "MLM004": "7.1",  # paths and links that lead out of the directory
    "MLM005": "7.1",
    "MLM611": "7.1",
    "MLM013": "5.5",  # files that anybody can change
    "MLM015": "5.5",  # files that hold secrets
    "MLM451": "5.3",
}
"""Rules about security, with a score after CVSS's scale: GitHub calls 9 and more critical, 7 and more high."""


class SarifReporter:
    """One run: the results as they come, then the rules that they name, so that nothing is held back."""

    def __init__(self, style: Style) -> None:
        self._root = style.root
        self._tally = Tally()
        self._used: dict[str, int] = {}
        self._separator = "\n"

    def begin(self) -> Iterator[str]:
        """The run as far as its results."""
        base = {_BASE: {"description": {"text": "The root of the repository."}}}
        # Columns are counted in code points; SARIF would take them for UTF-16 units otherwise (3.14.17).
        yield (
            f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{"columnKind": "unicodeCodePoints", '
            f'"originalUriBaseIds": {json.dumps(base)}, "results": ['
        )

    def add(self, report: Report) -> Iterator[str]:
        """The results of a model; findings that are known already are among them, as suppressed."""
        self._tally.add(report)
        fingerprints = Fingerprints()
        for finding in report.findings:
            yield self._piece(report, finding, fingerprints)
        for item in report.suppressed:
            yield self._piece(report, item.finding, fingerprints, item)

    def end(self) -> Iterator[str]:
        """The rules, and whether the run did what it was asked for."""
        driver = {
            "name": "mlmodel-validate",
            "version": __version__,
            "semanticVersion": __version__,
            "informationUri": rules.REPOSITORY,
            "rules": [_rule(rules.catalogue()[rule]) for rule in self._used],
        }
        # What could not be judged is no result (3.20.14).
        invocations = [{"executionSuccessful": not self._tally.unjudged}]
        yield f'\n], "tool": {json.dumps({"driver": driver})}, "invocations": {json.dumps(invocations)}}}]}}\n'

    def _piece(
        self, report: Report, finding: Finding, fingerprints: Fingerprints, item: Suppressed | None = None
    ) -> str:
        path = finding_path(report, finding, self._root)
        result = {
            "ruleId": finding.rule,
            "ruleIndex": self._used.setdefault(finding.rule, len(self._used)),
            "level": _LEVELS[finding.severity],
            "message": {"text": _sentence(finding)},
            "locations": [{"physicalLocation": _place(path, finding)}],
            # GitHub takes the first for an alert's identity, and else hashes the text of the line.
            "partialFingerprints": {
                "primaryLocationLineHash": f"{(mark := fingerprints.of(path, finding))[:16]}:1",
                "about/v2": mark,
            },
        }
        if item is not None:
            reason = unicode_text(item.reason or f"known: {item.kind}")
            result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
        piece = self._separator + json.dumps(result)
        self._separator = ",\n"
        return piece


REPORTER = SarifReporter


def _rule(rule: rules.Rule) -> dict[str, Any]:
    what = plain(section(rule, "What it checks").partition("**Location**")[0])[:_LONGEST]
    score = _SECURITY.get(rule.id) or (_SECURITY["executes"] if rule.executes else None)
    tags = [rule.chapter, *(["security"] if score else [])]
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": what or rule.summary},
        "help": {"text": f"{rule.summary} {plain(section(rule, 'How to fix'))}", "markdown": readable(rule)},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": tags,
            "precision": "very-high" if rule.severity is Severity.ERROR else "high",
            "problem.severity": {"info": "recommendation"}.get(rule.severity.label, rule.severity.label),
            **({"security-severity": score} if score else {}),
        },
    }


def _sentence(finding: Finding) -> str:
    text = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    return unicode_text(text)


def _place(path: str, finding: Finding) -> dict[str, Any]:
    place = finding.location
    # The byte of a file that is no text says nothing about its lines, nor they about it (3.30.4); services want a line.
    region: dict[str, Any] = {"startLine": place.line or 1, "startColumn": place.column or 1}
    if place.source is not None:
        region["snippet"] = {"text": unicode_text(place.source[:_LONGEST])}
    if place.offset is not None:
        region |= {"byteOffset": place.offset, "byteLength": 1}
    artifact = {"uri": _uri(path)}
    if not os.path.isabs(path) and not is_remote(path):
        artifact["uriBaseId"] = _BASE
    return {"artifactLocation": artifact, "region": region}


def _uri(path: str) -> str:
    """A URI reference, relative where the path is: services resolve it against the root of the repository."""
    if is_remote(path):
        return quote(path, safe="/:@%")
    return Path(path).as_uri() if os.path.isabs(path) else quote(os.fsencode(path))
