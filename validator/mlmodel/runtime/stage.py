"""The stage that loads and predicts: environment, confined run, findings."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from mlmodel.common import scratch
from mlmodel.common.cache_folder import default_root
from mlmodel.findings import Attempt, LoadEnvironment, LoadReport, Location, Severity
from mlmodel.resolution.uv import ToolFailedError, UnansweredError, find_uv
from mlmodel.runtime import diagnosis, environments, install_plan, interpreters, probe_runner, store
from mlmodel.runtime.confinement import disk, promises
from mlmodel.runtime.confinement.watching import UnconfinedError
from mlmodel.runtime.load_options import report_progress
from mlmodel.runtime.probe_job import job
from mlmodel.runtime.speculative_install import SpeculativeEnvironment
from mlmodel.sources.base import UnreadableError
from mlmodel.sources.copying import local_folder
from mlmodel.standard.rules import catalogue, new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.runtime.bytecode import Bytecode
    from mlmodel.runtime.install_plan import InstallPlan
    from mlmodel.runtime.load_options import LoadOptions


class LoadNotPossible(Exception):  # noqa: N818 -- no error: nothing is wrong with the model
    """It cannot be found out here; its finding says why."""

    def __init__(self, rule: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.finding = new_finding(rule, message, Location(), hint)


class LoadStage:
    """Loads one model as the user wishes; a check like the static ones, which leaves :attr:`load` behind."""

    def __init__(self, options: LoadOptions, found: Sequence[Finding] = ()) -> None:
        self.options = options
        self.load = LoadReport("unproven", self._mode)
        self._found = found
        self._folder = ""
        """The folder with the files of the model."""

    @property
    def _mode(self) -> str:
        return "recreate" if self.options.recreate else "current"

    def __call__(self, model: Model) -> Iterator[Finding]:
        """MLM701, MLM710-MLM745, MLM904, MLM905: it loads and predicts, in the environment that it records."""
        started = time.monotonic()
        scratch.sweep(remove=disk.remove)
        try:
            work = self._accepted(model)
            with local_folder(model.directory) as self._folder:
                yield from self._run(model, work)
        except LoadNotPossible as why:
            yield why.finding
        except ToolFailedError as error:
            yield new_finding("MLM905", f"the environment cannot be made here: {error}", Location())
        except UnansweredError as error:
            yield new_finding("MLM904", f"the environment cannot be made: {error}", Location())
        except UnreadableError as error:
            yield new_finding("MLM905", f"not loaded: it cannot be fetched: {error.reason}", Location())
        except OSError as error:
            yield new_finding("MLM905", f"not loaded: {described(error)}", Location(), _hint(error))
        finally:
            report_progress(self.options, "")
            self.load = self.load._replace(seconds=time.monotonic() - started)

    def _accepted(self, model: Model) -> dict[str, Any]:
        """The job of the probe, for a model that can be loaded and is not refused."""
        runs = [f for f in self._found if catalogue()[f.rule].executes and f.severity is Severity.ERROR]
        if runs and not self.options.trust:
            message = (
                f"not loaded: {runs[0].location.file or 'it'} runs code when it is loaded ({runs[0].rule})"
            )
            raise LoadNotPossible("MLM701", message, "--trust loads it all the same, confined")
        work = job(model)
        if work["native"] is None and not work["pyfunc"]:
            raise LoadNotPossible(
                "MLM905", "no flavor of it is one that can be loaded here: it has no python_function"
            )
        return work

    def _run(self, model: Model, work: dict[str, Any]) -> Iterator[Finding]:
        if not self.options.recreate:
            environment = LoadEnvironment(os.path.abspath(self.options.python or sys.executable))
            if not os.access(environment.python, os.X_OK):
                raise LoadNotPossible("MLM905", f"{environment.python} is no program")
            yield from self._probe(model, work, environment)
            return
        yield from install_plan.notes(model)
        kept = store.Store()
        kept.check()
        builder = environments.EnvironmentBuilder(find_uv("--load=recreate"), self.options, kept)
        wanted = install_plan.plan(model, self.options.as_of)
        if wanted is None:
            raise LoadNotPossible("MLM905", "no file of it says what to install")
        python = self._python(wanted, builder)
        if not python.exact and wanted.python is not None:
            recorded = ".".join(map(str, wanted.python))
            yield new_finding(
                "MLM711", f"Python {recorded} is not here: Python {python.label} stands in for it", Location()
            )
        speculative = SpeculativeEnvironment(builder, wanted, python, work)
        with speculative:
            yield from self._recreated(model, work, wanted, python, builder, speculative)

    def _recreated(
        self,
        model: Model,
        work: dict[str, Any],
        wanted: InstallPlan,
        python: interpreters.Interpreter,
        builder: environments.EnvironmentBuilder,
        speculative: SpeculativeEnvironment,
    ) -> Iterator[Finding]:
        started = time.monotonic()
        found = builder.resolve(wanted, python)
        if found.lock is None:
            yield from _unsolved(model, wanted, found.text)
            return
        yield from _told(wanted, found)
        with builder.environment(found.lock, python) as (folder, made):
            environment = LoadEnvironment(
                environments.interpreter(folder),
                recorded=".".join(map(str, wanted.python)) if wanted.python else None,
                source=wanted.source,
                as_of=None if found.undated or found.newer else wanted.as_of,
                packages=len(found.installed),
                made=made or speculative.of(folder) is not None,
                seconds=time.monotonic() - started,
                folder=folder,
            )
            yield from self._probe(model, work, environment, speculative.of(folder))
        if self.options.as_of == "today" and self.load.outcome in ("failed", "loaded") and self._is_broken:
            yield from self._with_older(model, work, wanted, python, builder, found)

    @property
    def _is_broken(self) -> bool:
        """Whether loading or predicting failed."""
        return any(
            phase.name in ("load", "predict") and phase.outcome in ("failed", "died")
            for phase in self.load.phases
        )

    def _with_older(
        self,
        model: Model,
        work: dict[str, Any],
        wanted: InstallPlan,
        python: interpreters.Interpreter,
        builder: environments.EnvironmentBuilder,
        today: environments.Resolution,
    ) -> Iterator[Finding]:
        """MLM745: it loads with the releases of the day on which it was saved; nothing where that cannot be found out."""
        then = install_plan.plan(model)
        if then is None or then.as_of is None:
            return
        try:
            older = builder.resolve(then, python)
            if older.lock is None or older.newer or older.undated or older.installed == today.installed:
                return
            with builder.environment(older.lock, python) as (folder, _):
                result = self._ran(model, work, environments.interpreter(folder), folder)
        except (UnansweredError, LoadNotPossible):
            return
        run = result.run
        example_is_answered = run.passed("predict") or not any(p.name == "predict" for p in run.phases)
        if not (run.done and run.passed("load") and example_is_answered):
            return
        differing = [
            f"{name} {version} (now {today.installed.get(name, 'not installed')})"
            for name, version in sorted(older.installed.items())
            if today.installed.get(name) != version
        ]
        more = f"; and {len(differing) - 12} more" if len(differing) > 12 else ""
        what = "predicts" if run.passed("predict") else "loads"
        message = f"it {what} with the releases of {then.as_of[:10]}: {', '.join(differing[:12])}{more}"
        yield new_finding("MLM745", message, wanted.place, "pin these versions")

    def _python(
        self, wanted: InstallPlan, builder: environments.EnvironmentBuilder
    ) -> interpreters.Interpreter:
        python = interpreters.find(wanted.python, builder.uv)
        if python is None:
            minor = ".".join(map(str, (wanted.python or sys.version_info)[:2]))
            message = f"there is no Python {minor} on this machine, so that nothing is proven"
            raise LoadNotPossible(
                "MLM905", message, f"install it, for instance with `uv python install {minor}`"
            )
        return python

    def _ran(
        self,
        model: Model,
        work: dict[str, Any],
        python: str,
        folder: str | None,
        libraries: Bytecode | None = None,
    ) -> probe_runner.Result:
        """One run of the probe.

        Raises:
            LoadNotPossible: it cannot be confined here.
        """
        report_progress(self.options, "loading and predicting")
        size = sum(entry.size for entry in model.directory.entries.values())
        try:
            return probe_runner.run(work, self._folder, size, python, folder, self.options, libraries)
        except UnconfinedError as error:
            hint = "--allow-weak-sandbox loads it all the same" if error.missing else None
            raise LoadNotPossible(
                "MLM905", f"not loaded, because it cannot be confined: {error}", hint
            ) from None

    def _probe(
        self,
        model: Model,
        work: dict[str, Any],
        environment: LoadEnvironment,
        libraries: Bytecode | None = None,
    ) -> Iterator[Finding]:
        result = self._ran(model, work, environment.python, environment.folder, libraries)
        run = result.run
        if run.python is None and result.end.limit is None:
            last = next((line for line in reversed(result.output.splitlines()) if line.strip()), "")
            why = f": {last.strip()[:200]}" if last else ""
            hint = "Python 3.7 or later is needed"
            raise LoadNotPossible("MLM905", f"{environment.python} does not start the probe{why}", hint)
        environment = environment._replace(version=run.python)
        outcome = "failed"
        if run.done and run.passed("load"):
            outcome = "predicted" if run.passed("predict") else "loaded"
        findings = list(
            diagnosis.diagnose(
                diagnosis.ProbeCase(
                    model, run, result.end, recreated=self.options.recreate, python=run.python
                )
            )
        )
        if outcome == "failed" and any(
            finding.rule in ("MLM741", "MLM742", "MLM905") for finding in findings
        ):
            outcome = "unproven"
        self.load = LoadReport(
            outcome,
            self._mode,
            environment,
            result.enforced,
            result.open,
            run.phases,
            layers=result.layers,
            tried=_attempts(result.tried),
        )
        if result.open:
            yield new_finding("MLM743", f"loaded without protection of: {', '.join(result.open)}", Location())
        yield from findings


def _attempts(tried: tuple[tuple[str, bool], ...]) -> tuple[Attempt, ...]:
    promised = {promise.name: promise for promise in promises.PROMISES}
    return tuple(
        Attempt(promised[name].protects, name, promised[name].tried, refused) for name, refused in tried
    )


def described(error: OSError) -> str:
    """What of this machine failed, with the path."""
    path = error.filename2 or error.filename
    return f"{error.strerror or error}{f': {path}' if path else ''}"


def _hint(error: OSError) -> str | None:
    """The setting for the folder that a path is in."""
    path = str(error.filename2 or error.filename or "")
    if path.startswith(default_root()):
        return "MLMODEL_CACHE names another folder for environments"
    if error.filename and path.startswith(tempfile.gettempdir()):
        return "TMPDIR names another folder for what is temporary"
    return None


def _told(wanted: InstallPlan, found: environments.Resolution) -> Iterator[Finding]:
    """What of the resolution is worth knowing."""
    if found.older_setuptools is not None:
        message = (
            f"no version of setuptools is recorded, and setuptools {found.older_setuptools}, which would be installed,"
            f" has no pkg_resources, which mlflow {found.installed.get('mlflow')} imports: proven with setuptools "
            f"{found.installed.get('setuptools')}"
        )
        yield new_finding(
            "MLM712", message, wanted.place, "write setuptools<82 under build_dependencies of python_env.yaml"
        )
    if found.newer is not None:
        message = f"requirements were released after the model says that it was saved ({wanted.as_of}): {found.newer}"
        yield new_finding("MLM713", message, wanted.place)


def _unsolved(model: Model, wanted: InstallPlan, text: str) -> Iterator[Finding]:
    """MLM470-MLM475 where the reason is one of those, else MLM710."""
    from mlmodel.resolution import index

    found = []
    platform = index.this_platform()
    if platform is not None:
        asker = index.Asker(find_uv(), platform, time.monotonic() + index.TIMEOUT)
        found = [f for f in index.check(model, asker) if f.rule != "MLM476"]
    yield from found
    if not any(finding.severity is Severity.ERROR for finding in found):
        why = index.explanation(text)[:500] or text.strip()[-300:]
        as_of = f" as of {wanted.as_of}" if wanted.as_of else ""
        yield new_finding(
            "MLM710", f"the recorded environment cannot be installed{as_of}: {why}", wanted.place
        )
