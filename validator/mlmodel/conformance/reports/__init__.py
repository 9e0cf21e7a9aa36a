"""A summary as text, JSON, JUnit's XML, a page or a badge; each a pure function."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlmodel.conformance.results import Summary


class Render(Protocol):
    """What every report offers as ``render``."""

    def __call__(self, summary: Summary) -> str:
        """The whole report."""


def report(name: str) -> Render:
    """The report of a format; only the chosen one is imported."""
    render: Render = import_module(f"mlmodel.conformance.reports.{name}_report").render
    return render
