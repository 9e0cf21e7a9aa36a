"""One model directory -> :class:`Report`: runs the checks, grades what they find."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from mlmodel import checks
from mlmodel.common.records import Record
from mlmodel.findings import Finding, Location, Report, Severity, Verdict
from mlmodel.model.model import Model
from mlmodel.sources.base import UnopenedError, UnreadableError
from mlmodel.sources.opening import is_remote, open_source
from mlmodel.standard import releases
from mlmodel.standard.rules import catalogue, new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from mlmodel.findings import Digests, Facts, LoadReport
    from mlmodel.runtime.load_options import LoadOptions

_MAX_FINDINGS_OF_CHECK = 10_000
"""Most findings taken from one check (or ``max_findings``, if that is larger).  The check is then stopped and MLM903 reported."""


class Options(Record):
    """What to report about a model.

    Rule ids only; :func:`mlmodel.standard.rules.matching_any` turns prefixes and names into ids.
    """

    select: frozenset[str] | None = None
    """Rules to report, None for all that are not optional."""
    ignore: frozenset[str] = frozenset()
    """Rules not to report."""
    severity: Mapping[str, Severity] = {}
    """Severities that differ from the catalogue's."""
    per_path_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    """Pairs of a glob and the rules not to report for model directories, or files in them, that match it."""
    max_findings: int = 1000
    """Findings reported for one model at most; the rest is counted in :attr:`Report.truncated`."""
    resolve: str | None = None
    """The platform for which the package index is asked whether the environment can be installed (a key of
    :data:`mlmodel.resolution.index.PLATFORMS`); None to stay offline."""
    today: date | None = None
    """The day for which to judge what is still maintained; the current day (UTC) when not given."""
    load: LoadOptions | None = None
    """How to load the model and predict with it (:mod:`mlmodel.runtime`), which runs its code; None not to."""
    targets: tuple[str, ...] = ()
    """The readers and products that the model is for, each as ``NAME`` or ``NAME==VERSION`` (:mod:`mlmodel.targets`)."""
    trust: frozenset[str] = frozenset()
    """Modules, and classes by their full names, whose objects are accepted as data, though nobody has reviewed them."""
    facts: bool = False
    """Tell, too, what the model says of itself (:attr:`mlmodel.findings.Report.facts`)."""
    digests: bool = False
    """Whether :attr:`Report.digests` is wanted, for which every file is read whole, before it is judged and after that."""
    debug: bool = False
    """Let an exception of a check through, and do not turn it into a finding."""


def validate(path: str | os.PathLike[str], options: Options | None = None) -> Report:
    """Judge the model directory ``path`` without running, importing or fetching anything of it.

    Args:
        path: the directory that holds the ``MLmodel`` file, or an archive of it (zip, tar); or the address of either,
            such as ``s3://bucket/model``, ``https://host/model.zip`` or ``models:/name@alias``.
        options: what to report; everything when not given.

    Returns:
        The findings, in the order of files and lines, and the verdict.  Invalid input is never an exception.

    Raises:
        NotADirectoryError: ``path`` is neither a directory nor an archive.
        AddressError: what reads the address is not installed, or it is none (:mod:`mlmodel.sources.addresses`).
        MissingToolError: :attr:`Options.resolve` is set, and uv is not installed (:mod:`mlmodel.resolution.uv`).
    """
    options = options or Options()
    given = os.fspath(path)
    start = time.monotonic()
    try:
        source = open_source(given)
    except UnopenedError as error:
        return _unopened(_shown(given), error, options)
    given = _shown(given)
    model = Model(source, options.today, options.trust)
    try:
        return replace(_report(model, given, options), seconds=time.monotonic() - start)
    finally:
        model.clear()


def _shown(given: str) -> str:
    """A path as reports show it: an address without what may be secret."""
    if not is_remote(given):
        return given
    from mlmodel.sources.addresses import shown

    return shown(given)


def _unopened(given: str, error: UnopenedError, options: Options) -> Report:
    """The report for an archive that nothing can be read of."""
    finding = _grade(new_finding(error.rule, str(error), Location()), given, options)
    findings = () if finding is None else (finding,)
    verdict = Verdict.UNJUDGED if catalogue()[error.rule].unjudged else _verdict([*findings], None, options)
    return Report(path=given, verdict=verdict, findings=findings)


def _report(model: Model, given: str, options: Options) -> Report:
    digests, found = _digests(model) if options.digests else (None, [])
    found += run_checks(model, options)
    load = None
    failure = model.directory.failure
    if failure is not None:  # what was found of a part says nothing of the model
        return Report(given, Verdict.UNJUDGED, (new_finding("MLM902", failure, Location()),))
    if options.load is not None and _is_readable(model):
        more, load = _load(model, found, options.load, options)
        found = [_disproven(finding, load) for finding in found] + more
    if digests is not None:
        again, more = _digests(model)
        found += more
        if again is not None and again != digests:
            changed = sorted(set(again.files.items()) ^ set(digests.files.items()))
            found.append(new_finding("MLM902", "it changed while it was judged", Location(changed[0][0])))
            digests = None
    found = _without_explained(_without_new(found, model))
    found = sorted({*found}, key=lambda finding: finding.sort_key)
    graded = [graded for finding in found if (graded := _grade(finding, given, options))]
    kept = graded
    if len(graded) > options.max_findings:
        worst = sorted(graded, key=lambda finding: -finding.severity)[: options.max_findings]
        kept = sorted(worst, key=lambda finding: finding.sort_key)
    version = model.config.get("mlflow_version") if _is_readable(model) else None
    return Report(
        path=given,
        # Being unable to judge outweighs every finding, and no option can hide it.
        verdict=Verdict.UNJUDGED
        if any(catalogue()[f.rule].unjudged for f in found)
        else _verdict(graded, load, options),
        findings=tuple(kept),
        mlflow_version=version if isinstance(version, str) else None,
        flavors=tuple(sorted(model.flavors)) if _is_readable(model) else (),
        truncated=len(graded) - len(kept),
        load=load,
        facts=_facts(model, options) if options.facts else None,
        digests=digests,
    )


def _facts(model: Model, options: Options) -> Facts:
    from mlmodel.environment import identity
    from mlmodel.findings import Facts

    try:
        return identity.of(model)
    except Exception:
        if options.debug:
            raise
        return Facts()  # the check that met the same has said so


def _digests(model: Model) -> tuple[Digests | None, list[Finding]]:
    """The digests of the files, or why there are none."""
    from mlmodel.model import digests

    try:
        return digests.of_directory(model.directory), []
    except UnreadableError as error:
        return None, [new_finding("MLM902", error.reason, Location(error.path))]


def _load(
    model: Model, found: list[Finding], load_options: LoadOptions, options: Options
) -> tuple[list[Finding], LoadReport]:
    """What comes of loading the model, after what the checks found in it."""
    from mlmodel.runtime.stage import LoadStage

    stage = LoadStage(load_options, found)
    more: list[Finding] = []
    _run(stage, model, options, more)
    return more, stage.load


def _without_new(found: list[Finding], model: Model) -> list[Finding]:
    """The findings; what is unknown in a model of a release newer than those covered is one, and no error."""
    unknown = [finding for finding in found if catalogue()[finding.rule].unknown]
    if not unknown or not _is_readable(model) or not releases.is_newer(model.release):
        return found
    said = "; ".join(finding.message for finding in unknown[:3])
    more = f"; and {len(unknown) - 3:,} more" if len(unknown) > 3 else ""
    message = (
        f"MLflow {model.config['mlflow_version']} is newer than this validator knows ({releases.covered().newest}), "
        f"and so may be what it does not know: {said}{more}"
    )
    rest = [finding for finding in found if not catalogue()[finding.rule].unknown]
    return [*rest, model.finding("MLM336", message, model.mlmodel, ("mlflow_version",))]


_LOST = frozenset({"MLM007", "MLM010", "MLM011", "MLM012"})
"""Rules of files that are gone, empty, replaced by something else, or cut."""


def _without_explained(found: list[Finding]) -> list[Finding]:
    """The findings; that the directory has become smaller (MLM127) is one only where none says what it has lost."""
    if not any(finding.rule in _LOST for finding in found):
        return found
    return [finding for finding in found if finding.rule != "MLM127"]


def _is_readable(model: Model) -> bool:
    try:
        return model.mlmodel is not None
    except Exception:  # noqa: BLE001 - every check has said so
        return False


def _verdict(findings: list[Finding], load: LoadReport | None, options: Options) -> Verdict:
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Verdict.INVALID
    if options.load is not None and (load is None or load.outcome == "unproven"):
        return Verdict.UNJUDGED  # it was to be loaded, and was not, for whatever reason
    return Verdict.VALID


_DISPROVABLE = frozenset({"MLM431"})
"""Rules that say of the recorded environment that the model may not load in it."""


def _disproven(finding: Finding, load: LoadReport) -> Finding:
    """A finding that loading has shown to be no more than a risk, since it loads and predicts in that environment."""
    if finding.rule not in _DISPROVABLE or (load.mode, load.outcome) != ("recreate", "predicted"):
        return finding
    message = f"{finding.message}; it loads so, and predicts on its example"
    return finding._replace(severity=Severity.WARNING, message=message)


def _checks(options: Options) -> Iterator[checks.Check]:
    yield from checks.ALL
    if options.resolve is not None:
        from mlmodel.resolution import index

        yield index.checking(options.resolve)
    if options.targets:
        from mlmodel.targets import checking

        yield checking.checking(options.targets)


def run_checks(model: Model, options: Options) -> list[Finding]:
    """Every finding of every check; a check that raises costs its own findings only."""
    found: list[Finding] = []
    for check in _checks(options):
        if not _run(check, model, options, found):
            break
    return found


def _run(check: checks.Check, model: Model, options: Options, found: list[Finding]) -> bool:
    """Add the findings of one check; whether others may find more: not where the MLmodel file, or the directory, cannot be
    read."""
    try:
        for count, finding in enumerate(check(model)):
            if count >= _MAX_FINDINGS_OF_CHECK and count >= options.max_findings:
                most = max(_MAX_FINDINGS_OF_CHECK, options.max_findings)
                message = f"check {_name(check)} stopped after {most:,} findings; nothing beyond is judged"
                found.append(new_finding("MLM903", message, Location()))
                break
            found.append(finding)
    except UnreadableError as error:
        rule = "MLM903" if error.limit else "MLM902"
        found.append(new_finding(rule, error.reason, Location(None if error.path == "." else error.path)))
        return error.path not in ("MLmodel", ".")
    except OSError as error:  # the directory itself went away, or its disk
        found.append(new_finding("MLM902", error.strerror or str(error), Location()))
    except Exception as error:
        if options.debug:
            raise
        message = f"check {_name(check)} failed: {type(error).__name__}: {error}"[:300]
        found.append(new_finding("MLM901", message, Location()))
    return True


def _name(check: checks.Check) -> str:
    name = getattr(check, "__name__", type(check).__name__)
    return f"{check.__module__.rpartition('.')[2]}.{name}"


def _grade(finding: Finding, given: str, options: Options) -> Finding | None:
    """The finding as the options want it, None when they do not want it."""
    if not catalogue()[finding.rule].unjudged:
        if options.select is not None and finding.rule not in options.select:
            return None
        if options.select is None and _is_off(finding.rule, options):
            return None
        if finding.rule in options.ignore or _ignored_here(finding, given, options):
            return None
    severity = options.severity.get(finding.rule)
    if severity is None or severity is finding.severity:
        return finding
    return Finding(finding.rule, finding.name, severity, finding.message, finding.location, finding.hint)


def _is_off(rule: str, options: Options) -> bool:
    known = catalogue().get(rule)
    return known is not None and known.optional and rule not in options.severity


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
