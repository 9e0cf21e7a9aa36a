"""Whether a model may be loaded into this process, by what the validator says of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlmodel.findings import Severity
from mlmodel.loading.errors import LoadError
from mlmodel.model import own_code
from mlmodel.model.model import Model
from mlmodel.sources.directory import ModelDirectory
from mlmodel.standard.rules import catalogue
from mlmodel.validation import validate

if TYPE_CHECKING:
    from mlmodel.findings import Finding, Report

_MOST = 3
"""Findings that are told in one line."""
_ASIDE = frozenset({"MLM616", "MLM621"})
"""Rules of serialized objects that say nothing of code, as of a tensor of another device, or what is said here anyway."""


def judge(path: str, *, trust: bool) -> Model:
    """Let through what can be loaded, and runs nothing of its author or is trusted; the model, as the validator reads it.

    Nothing confines what is loaded here, other than with ``mlmodel-validate --load``: so without trust, doubt counts
    against a model, and so does code that runs only when the model predicts.

    Raises:
        NotADirectoryError: ``path`` is not a directory.
        LoadError: it is not let through.
    """
    report = validate(path)
    errors = [f for f in report.findings if f.severity is Severity.ERROR]
    invalid = [f for f in errors if not _is_about_code(f)]
    if invalid:
        raise LoadError(f"{path} is not loaded, since it is not valid: {_told(invalid)}", report)
    model = Model(ModelDirectory(os.path.abspath(path)))
    if trust:
        return model
    doubts = [f for f in report.findings if _is_about_code(f)]
    if doubts:
        raise _untrusted(path, _told(sorted(doubts, key=lambda f: -f.severity)), report)
    own = own_code.of(model)
    if own:
        raise _untrusted(path, f"it brings code of its own: {', '.join(own[:_MOST])}", report)
    return model


def _untrusted(path: str, why: str, report: Report) -> LoadError:
    return LoadError(
        f"{path} is not loaded, since it may run code of its author: {why}; "
        "if you trust where it is from, pass trust=True",
        report,
    )


def _is_about_code(finding: Finding) -> bool:
    rule = catalogue()[finding.rule]
    return rule.chapter == "serialized-objects" and finding.rule not in _ASIDE


def _told(findings: list[Finding]) -> str:
    said = "; ".join(f"{f.rule} {f.location.label}: {f.message}".replace("\n", " ") for f in findings[:_MOST])
    more = len(findings) - _MOST
    return f"{said}; and {more:,} more" if more > 0 else said
