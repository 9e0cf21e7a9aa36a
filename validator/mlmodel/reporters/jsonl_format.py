"""For programs that read a line at a time: each is a model, as ``#/definitions/model`` of the report's schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Report
    from mlmodel.reporters import Style


class JsonLinesReporter:
    """One line of JSON for each model, and nothing else."""

    def __init__(self, style: Style) -> None:
        del style  # everything is in the data; who reads it chooses

    def begin(self) -> Iterator[str]:
        """Nothing."""
        yield from ()

    def add(self, report: Report) -> Iterator[str]:
        """A line."""
        yield json.dumps(report.to_dict()) + "\n"

    def end(self) -> Iterator[str]:
        """Nothing."""
        yield from ()


REPORTER = JsonLinesReporter
