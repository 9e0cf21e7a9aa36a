"""JUnit's XML, which build servers show as test results: a suite for each model, a case for each error."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from mlmodel.findings import Severity, Verdict
from mlmodel.reporters import Style, path_of
from mlmodel.reporters.text_format import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Finding, Report


def render(reports: Iterable[Report], style: Style) -> Iterator[str]:
    """A suite for each model, as they come.

    An error fails a case of its own.  Whether the model could be judged is a case that every suite has; its
    output has the warnings and, when verbose, the notes.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mlmodel-validate">\n'
    for report in reports:
        yield from _suite(report, style)
    yield "</testsuites>\n"


def _suite(report: Report, style: Style) -> Iterator[str]:
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    lowest = Severity.INFO if style.verbosity >= 1 else Severity.WARNING
    others = [finding for finding in report.findings if lowest <= finding.severity < Severity.ERROR]
    unjudged = report.verdict is Verdict.UNJUDGED
    name = _attribute(report.path)
    failures = 0 if unjudged else len(errors)
    yield (
        f'  <testsuite name={name} tests="{failures + 1}" failures="{failures}" errors="{int(unjudged)}">\n'
        f'    <testcase classname={name} name="judged">\n'
    )
    if unjudged:
        # What stood in the way is among the errors.
        text = "\n".join(_line(report, finding) for finding in errors)
        yield f'      <error message="could not be judged">{_text(text)}</error>\n'
    if others:
        yield f"      <system-out>{_text(chr(10).join(_line(report, finding) for finding in others))}</system-out>\n"
    yield "    </testcase>\n"
    for finding in errors if not unjudged else ():
        case = _attribute(f"{finding.rule} {finding.name}")
        yield (
            f"    <testcase classname={name} name={case}>\n"
            f"      <failure type={_attribute(finding.rule)} message={_attribute(finding.message)}>"
            f"{_text(_line(report, finding))}</failure>\n"
            "    </testcase>\n"
        )
    yield "  </testsuite>\n"


def _line(report: Report, finding: Finding) -> str:
    place = finding.location
    where = ":".join(str(part) for part in (path_of(report, finding), place.line, place.column) if part)
    hint = f"\n    hint: {finding.hint}" if finding.hint else ""
    return f"{where}: {finding.severity.label} {finding.rule} {finding.message} [{finding.name}]{hint}"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))


def _text(text: str) -> str:
    # XML 1.0 has no way to write most control characters.
    return escape("\n".join(printable(line) for line in text.split("\n")))
