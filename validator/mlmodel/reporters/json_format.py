"""For programs: ``schemas/report.schema.json`` defines the output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlmodel.common.version import SPEC_VERSION, __version__
from mlmodel.reporters import Style, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlmodel.findings import Report


def render(reports: Iterable[Report], style: Style) -> Iterator[str]:
    """One JSON object; the models one by one, the summary last, so that nothing is held back."""
    del style  # everything is in the data; who reads it chooses
    head = {
        "report_version": 1,
        "tool": {"name": "mlmodel", "version": __version__},
        "spec_version": SPEC_VERSION,
    }
    yield json.dumps(head)[:-1] + ', "models": ['
    tally = Tally()
    for report in reports:
        yield (",\n" if tally.models else "\n") + json.dumps(report.to_dict())
        tally.add(report)
    summary = {
        "models": tally.models,
        "valid": tally.valid,
        "invalid": tally.invalid,
        "unjudged": tally.unjudged,
        "errors": tally.errors,
        "warnings": tally.warnings,
        "infos": tally.infos,
    }
    yield '\n], "summary": ' + json.dumps(summary) + "}\n"
