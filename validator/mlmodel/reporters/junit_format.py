"""JUnit's XML, which build servers show as test results: a suite for each model, a case for each error."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from mlmodel.common.texts import printable
from mlmodel.findings import Severity, Verdict
from mlmodel.reporters.places import finding_path, model_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding, Report
    from mlmodel.reporters import Style


class JUnitReporter:
    """A suite for each model, as they come.

    An error fails a case of its own.  Whether the model could be judged is a case that every suite has; its
    output has the warnings and, when verbose, the notes.  The text is ASCII, so that it is what it says in whatever
    encoding a system writes its standard output.
    """

    def __init__(self, style: Style) -> None:
        self._root = style.root
        self._lowest = Severity.INFO if style.verbosity >= 1 else Severity.WARNING

    def begin(self) -> Iterator[str]:
        """The root element's start."""
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mlmodel-validate">\n'

    def add(self, report: Report) -> Iterator[str]:
        """A suite."""
        errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
        others = [f for f in report.findings if self._lowest <= f.severity < Severity.ERROR]
        unjudged = report.verdict is Verdict.UNJUDGED
        folder = model_path(report, self._root)
        name = _attribute(folder)
        failures = 0 if unjudged else len(errors)
        yield (
            f'  <testsuite name={name} tests="{failures + 1}" failures="{failures}" errors="{int(unjudged)}"'
            f' skipped="0" time="{report.seconds:.3f}">\n'
            f'    <testcase classname={name} name="judged" file={_attribute(_joined(folder, "MLmodel"))}'
            f' time="{report.seconds:.3f}">\n'
        )
        if unjudged:
            # What stood in the way is among the errors.
            text = "\n".join(self._line(report, finding) for finding in errors)
            yield f'      <error message="could not be judged">{_text(text)}</error>\n'
        if others:
            text = "\n".join(self._line(report, finding) for finding in others)
            yield f"      <system-out>{_text(text)}</system-out>\n"
        yield "    </testcase>\n"
        if not unjudged:
            yield from self._failures(report, errors, name)
        yield "  </testsuite>\n"

    def end(self) -> Iterator[str]:
        """The root element's end."""
        yield "</testsuites>\n"

    def _failures(self, report: Report, errors: list[Finding], name: str) -> Iterator[str]:
        seen: dict[str, int] = {}
        for finding in errors:
            place = finding.location
            # The pointer stays when lines move, so that a build server knows a case again.
            where = f"{place.file} {place.pointer}" if place.file and place.pointer else place.label
            case = " ".join(part for part in (finding.rule, finding.name, where) if part)
            # GitLab takes the class and the name for what tells cases apart, and drops all but the first.
            seen[case] = count = seen.get(case, 0) + 1
            case += f" ({count})" if count > 1 else ""
            line = f' line="{place.line}"' if place.line else ""
            file = finding_path(report, finding, self._root)
            yield (
                f"    <testcase classname={name} name={_attribute(case)} file={_attribute(file)}{line}"
                f' time="0.000">\n'
                f"      <failure type={_attribute(finding.rule)} message={_attribute(finding.message)}>"
                f"{_text(self._line(report, finding))}</failure>\n"
                "    </testcase>\n"
            )

    def _line(self, report: Report, finding: Finding) -> str:
        place = finding.location
        path = finding_path(report, finding, self._root)
        where = ":".join(str(part) for part in (path, place.line, place.column) if part)
        hint = f"\n    hint: {finding.hint}" if finding.hint else ""
        return f"{where}: {finding.severity.label} {finding.rule} {finding.message} [{finding.name}]{hint}"


REPORTER = JUnitReporter


def _joined(folder: str, file: str) -> str:
    return file if folder == "." else f"{folder}/{file}"


def _attribute(text: str) -> str:
    return _ascii(quoteattr(printable(text)))


def _text(text: str) -> str:
    # XML 1.0 has no way to write most control characters.
    return _ascii(escape("\n".join(printable(line) for line in text.split("\n"))))


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")
