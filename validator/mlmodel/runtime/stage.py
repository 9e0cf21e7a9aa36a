"""The stage that loads and predicts: environment, confined run, findings."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from mlmodel.findings import LoadEnvironment, LoadReport, Location, Severity
from mlmodel.resolution.uv import UnansweredError, find_uv
from mlmodel.runtime import diagnosis, environments, pythons, recipe, running, store
from mlmodel.runtime.confinement.parent import UnconfinedError
from mlmodel.runtime.guess import Guess
from mlmodel.runtime.job import job
from mlmodel.runtime.wish import tell
from mlmodel.standard.rules import catalogue, new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.runtime.bytecode import Bytecode
    from mlmodel.runtime.recipe import Recipe
    from mlmodel.runtime.wish import Wish


class Unproven(Exception):  # noqa: N818 -- no error: nothing is wrong with the model
    """It cannot be found out here; its finding says why."""

    def __init__(self, rule: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.finding = new_finding(rule, message, Location(), hint)


class Stage:
    """Loads one model as the user wishes; a check like the static ones, which leaves :attr:`load` behind."""

    def __init__(self, wish: Wish, found: Sequence[Finding] = ()) -> None:
        self.wish = wish
        self.load = LoadReport("unproven", self._mode)
        self._found = found

    @property
    def _mode(self) -> str:
        return "recreate" if self.wish.recreate else "current"

    def __call__(self, model: Model) -> Iterator[Finding]:
        """MLM701, MLM710-MLM743, MLM904, MLM905: it loads and predicts, in the environment that it records."""
        started = time.monotonic()
        try:
            work = self._accepted(model)
            yield from self._run(model, work)
        except Unproven as why:
            yield why.finding
        except UnansweredError as error:
            yield new_finding("MLM904", f"the environment cannot be made: {error}", Location())
        finally:
            tell(self.wish, "")
            self.load = self.load._replace(seconds=time.monotonic() - started)

    def _accepted(self, model: Model) -> dict[str, Any]:
        """The job of the probe, for a model that can be loaded and is not refused."""
        runs = [f for f in self._found if catalogue()[f.rule].executes and f.severity is Severity.ERROR]
        if runs and not self.wish.trust:
            message = (
                f"not loaded: {runs[0].location.file or 'it'} runs code when it is loaded ({runs[0].rule})"
            )
            raise Unproven("MLM701", message, "--trust loads it all the same, confined")
        work = job(model)
        if work["native"] is None and not work["pyfunc"]:
            raise Unproven(
                "MLM905", "no flavor of it is one that can be loaded here: it has no python_function"
            )
        return work

    def _run(self, model: Model, work: dict[str, Any]) -> Iterator[Finding]:
        if not self.wish.recreate:
            environment = LoadEnvironment(os.path.abspath(self.wish.python or sys.executable))
            if not os.access(environment.python, os.X_OK):
                raise Unproven("MLM905", f"{environment.python} is no program")
            yield from self._probe(model, work, environment)
            return
        yield from recipe.notes(model)
        maker = environments.Maker(find_uv("--load=recreate"), self.wish, store.Store())
        wanted = recipe.recipe(model, self.wish.as_of)
        if wanted is None:
            raise Unproven("MLM905", "no file of it says what to install")
        python = self._python(wanted, maker)
        if not python.exact and wanted.python is not None:
            recorded = ".".join(map(str, wanted.python))
            yield new_finding(
                "MLM711", f"Python {recorded} is not here: Python {python.label} stands in for it", Location()
            )
        guess = Guess(maker, wanted, python, work)
        with guess:
            yield from self._recreated(model, work, wanted, python, maker, guess)

    def _recreated(
        self,
        model: Model,
        work: dict[str, Any],
        wanted: Recipe,
        python: pythons.Interpreter,
        maker: environments.Maker,
        guess: Guess,
    ) -> Iterator[Finding]:
        started = time.monotonic()
        found = maker.resolve(wanted, python)
        if found.lock is None:
            yield from _unsolved(model, wanted, found.text)
            return
        yield from _told(wanted, found)
        with maker.environment(found.lock, python) as (folder, made):
            environment = LoadEnvironment(
                environments.interpreter(folder),
                recorded=".".join(map(str, wanted.python)) if wanted.python else None,
                source=wanted.source,
                as_of=None if found.undated or found.newer else wanted.as_of,
                packages=len(found.installed),
                made=made or guess.of(folder) is not None,
                seconds=time.monotonic() - started,
                folder=folder,
            )
            yield from self._probe(model, work, environment, guess.of(folder))

    def _python(self, wanted: Recipe, maker: environments.Maker) -> pythons.Interpreter:
        python = pythons.find(wanted.python, maker.uv)
        if python is None:
            minor = ".".join(map(str, (wanted.python or sys.version_info)[:2]))
            message = f"there is no Python {minor} on this machine, so that nothing is proven"
            raise Unproven("MLM905", message, f"install it, for instance with `uv python install {minor}`")
        return python

    def _probe(
        self,
        model: Model,
        work: dict[str, Any],
        environment: LoadEnvironment,
        libraries: Bytecode | None = None,
    ) -> Iterator[Finding]:
        tell(self.wish, "loading and predicting")
        size = sum(entry.size for entry in model.directory.entries.values())
        try:
            result = running.run(
                work, model.directory.root, size, environment.python, environment.folder, self.wish,
                libraries,
            )  # fmt: skip
        except UnconfinedError as error:
            hint = "--allow-weak-sandbox loads it all the same" if error.missing else None
            raise Unproven("MLM905", f"not loaded, because it cannot be confined: {error}", hint) from None
        run = result.run
        if run.python is None and result.end.limit is None:
            last = next((line for line in reversed(result.output.splitlines()) if line.strip()), "")
            why = f": {last.strip()[:200]}" if last else ""
            hint = "Python 3.7 or later is needed"
            raise Unproven("MLM905", f"{environment.python} does not start the probe{why}", hint)
        environment = environment._replace(version=run.python)
        outcome = "failed"
        if run.done and run.passed("load"):
            outcome = "predicted" if run.passed("predict") else "loaded"
        findings = list(
            diagnosis.diagnose(
                diagnosis.Case(model, run, result.end, recreated=self.wish.recreate, python=run.python)
            )
        )
        if outcome == "failed" and any(finding.rule in ("MLM741", "MLM742") for finding in findings):
            outcome = "unproven"
        self.load = LoadReport(
            outcome, self._mode, environment, result.enforced, result.open, run.phases, layers=result.layers
        )
        if result.open:
            yield new_finding("MLM743", f"loaded without protection of: {', '.join(result.open)}", Location())
        yield from findings


def _told(wanted: Recipe, found: environments.Resolution) -> Iterator[Finding]:
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


def _unsolved(model: Model, wanted: Recipe, text: str) -> Iterator[Finding]:
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
