"""JUnit's XML, which build servers show as test results."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from mlmodel.common.texts import printable
from mlmodel.conformance.results import Outcome

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary

_ELEMENTS = {
    Outcome.FAIL: "failure",
    Outcome.XPASS: "failure",
    Outcome.ERROR: "error",
    Outcome.SKIP: "skipped",
    Outcome.XFAIL: "skipped",
}


def render(summary: Summary) -> str:
    """One suite with a case a result."""
    failures = summary.count(Outcome.FAIL) + summary.count(Outcome.XPASS)
    skipped = summary.count(Outcome.SKIP) + summary.count(Outcome.XFAIL)
    rest = f'errors="{summary.count(Outcome.ERROR)}" skipped="{skipped}" time="{summary.seconds:.3f}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name="mlmodel conformance" tests="{len(summary.results)}" failures="{failures}" {rest}>',
    ]
    for result in summary.results:
        head = f'  <testcase classname={quoteattr(result.role)} name={quoteattr(result.case)} time="{result.seconds:.4f}"'
        element = _ELEMENTS.get(result.outcome)
        message = printable(f"{result.title}: {result.reason}" if result.title else result.reason)
        if element is None:
            lines.append(head + "/>")
        else:
            lines.append(f"{head}><{element} message={quoteattr(message)}/></testcase>")
    return "\n".join([*lines, "</testsuite>"]) + "\n"
