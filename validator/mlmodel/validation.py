"""One model directory -> :class:`Report`: runs the checks, grades what they find."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlmodel import checks
from mlmodel.directory import ModelDirectory, UnreadableError
from mlmodel.findings import Finding, Location, Report, Severity, Verdict
from mlmodel.model import Model, make

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNJUDGED = frozenset({"MLM901", "MLM902", "MLM903"})


@dataclass(frozen=True, slots=True)
class Options:
    """What to report about a model.

    Rule ids only; :func:`mlmodel.rules.matching_any` turns prefixes and names into ids.
    """

    select: frozenset[str] | None = None
    """Rules to report, None for all."""
    ignore: frozenset[str] = frozenset()
    """Rules not to report."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """Severities that differ from the catalogue's."""
    per_path_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    """Pairs of a glob and the rules not to report for model directories, or files in them, that match it."""
    max_findings: int = 1000
    """Findings reported for one model at most; the rest is counted in :attr:`Report.truncated`."""
    debug: bool = False
    """Let an exception of a check through, and do not turn it into a finding."""


def validate(path: str | os.PathLike[str], options: Options | None = None) -> Report:
    """Judge the model directory ``path`` without running, importing or fetching anything of it.

    Args:
        path: the directory that holds the ``MLmodel`` file.
        options: what to report; everything when not given.

    Returns:
        The findings, in the order of files and lines, and the verdict.  Invalid input is never an exception.

    Raises:
        NotADirectoryError: ``path`` is not a directory.
    """
    options = options or Options()
    given = os.fspath(path)
    if not os.path.isdir(given):
        raise NotADirectoryError(f"{given} is not a directory")
    model = Model(ModelDirectory(given))
    found = sorted({*_run(model, options)}, key=lambda finding: finding.sort_key)
    graded = [graded for finding in found if (graded := _grade(finding, given, options))]
    kept = graded[: options.max_findings]
    version = model.config.get("mlflow_version") if _is_readable(model) else None
    return Report(
        path=given,
        # Being unable to judge outweighs every finding, and no option can hide it.
        verdict=Verdict.UNJUDGED if any(f.rule in _UNJUDGED for f in found) else _verdict(graded),
        findings=tuple(kept),
        mlflow_version=version if isinstance(version, str) else None,
        flavors=tuple(sorted(model.flavors)) if _is_readable(model) else (),
        truncated=len(graded) - len(kept),
    )


def _is_readable(model: Model) -> bool:
    try:
        return model.mlmodel is not None
    except UnreadableError:
        return False


def _verdict(findings: list[Finding]) -> Verdict:
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    return Verdict.INVALID if errors else Verdict.VALID


def _run(model: Model, options: Options) -> Iterator[Finding]:
    """Every finding of every check; a check that raises costs its own findings only."""
    for check in checks.ALL:
        try:
            yield from check(model)
        except UnreadableError as error:
            rule = "MLM903" if error.limit else "MLM902"
            yield make(rule, error.reason, Location(None if error.path == "." else error.path))
            if error.path in ("MLmodel", "."):
                return
        except Exception as error:
            if options.debug:
                raise
            name = f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
            yield make("MLM901", f"check {name} failed: {type(error).__name__}: {error}"[:300], Location())


def _grade(finding: Finding, given: str, options: Options) -> Finding | None:
    """The finding as the options want it, None when they do not want it."""
    if finding.rule not in _UNJUDGED:
        if options.select is not None and finding.rule not in options.select:
            return None
        if finding.rule in options.ignore or _ignored_here(finding, given, options):
            return None
    severity = options.severity.get(finding.rule)
    if severity is None or severity is finding.severity:
        return finding
    return Finding(
        finding.rule, finding.name, severity, finding.message, finding.location, finding.hint
    )


def _ignored_here(finding: Finding, given: str, options: Options) -> bool:
    if not options.per_path_ignores:
        return False
    from fnmatch import fnmatch

    directory = given.replace(os.sep, "/").removeprefix("./").rstrip("/")
    file = f"{directory}/{finding.location.file or ''}".rstrip("/")
    return any(
        finding.rule in rules and (fnmatch(directory, glob) or fnmatch(file, glob))
        for glob, rules in options.per_path_ignores
    )
