"""The recorded environment, made anew with uv: resolved, with hashes, from wheels only."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.resolution.uv import ToolFailedError, UnansweredError, ask, explanation_of_date, write
from mlmodel.runtime import store
from mlmodel.runtime.confinement import disk
from mlmodel.runtime.load_options import report_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.runtime.install_plan import InstallPlan
    from mlmodel.runtime.interpreters import Interpreter
    from mlmodel.runtime.load_options import LoadOptions

RESOLVING = 180.0
"""Seconds for resolving."""
INSTALLING = 1200.0
"""Seconds for downloading and installing."""
DAY = 86400.0
_LAST_PKG_RESOURCES = "setuptools<82"
_PKG_RESOURCES_UNTIL = (2, 16)


class Resolution(Record):
    """What is installed: pins with hashes, or why there are none."""

    lock: str | None
    text: str = ""
    """uv's explanation, where there is no solution."""
    newer: str | None = None
    """The requirement that was released after the model says that it was saved."""
    undated: bool = False
    """Whether the index does not say when its files were uploaded, so that all of them count."""
    older_setuptools: str | None = None
    """The setuptools that the recorded set would get, if an older one is installed in its place."""

    @property
    def installed(self) -> dict[str, str]:
        """The versions, by normalized name."""
        return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", self.lock or "", re.MULTILINE))


class EnvironmentBuilder(Record):
    """Resolves and installs."""

    uv: str
    options: LoadOptions
    store: store.Store

    # -- resolving -------------------------------------------------------------------------------

    def resolve(self, plan: InstallPlan, python: Interpreter) -> Resolution:
        """The pins for a plan, from the cache where it was asked before.

        Without the day that the model was saved where the index cannot answer as of a day, or has nothing that
        old.  With an older setuptools than the newest where the recorded MLflow cannot be imported with that
        (MLflow < 2.16 imports ``pkg_resources``, which setuptools 82 no longer has) and no version is recorded.

        Raises:
            UnansweredError: the index could not be asked.
        """
        found = self._dated(plan, python)
        pins = found.installed
        setuptools, mlflow = pins.get("setuptools"), pins.get("mlflow") or pins.get("mlflow-skinny")
        if found.lock and setuptools and mlflow and _numbers(setuptools) >= (82,):
            line = plan.pinned("setuptools")
            if _numbers(mlflow) < _PKG_RESOURCES_UNTIL and (line is None or line == "setuptools"):
                again = plan._replace(constraints=(*plan.constraints, _LAST_PKG_RESOURCES))
                other = self._dated(again, python, asked=True)
                if other.lock:
                    return other._replace(older_setuptools=setuptools)
        return found

    def _dated(self, plan: InstallPlan, python: Interpreter, *, asked: bool = False) -> Resolution:
        found = self._solve(plan, python, asked=asked)
        if found.lock is None and plan.as_of is not None:
            why = explanation_of_date(found.text)
            if why is not None:
                undated = self._solve(plan._replace(as_of=None), python, asked=True)
                if undated.lock is not None:
                    return undated._replace(newer=why or None, undated=not why)
        return found

    def _solve(self, plan: InstallPlan, python: Interpreter, *, asked: bool) -> Resolution:
        """Everything together, or what builds first and the rest over it, as MLflow does it.

        ``mlflow.utils.virtualenv`` (1.26 to 3.17) installs ``build_dependencies`` and ``dependencies`` with a command
        each.  With the second, pip keeps what is installed where it can, and does not mind breaking a requirement of
        the first: wheel 0.48 wants packaging 24, which MLflow 2.6 forbids.
        """
        found = self._compile(plan, python, asked=asked)
        if found.lock is not None or not plan.build or not plan.lines:
            return found
        first = self._compile(plan._replace(lines=()), python, asked=True)
        rest = self._compile(plan._replace(build=()), python, asked=True, installed=first.lock or "")
        if first.lock is None or rest.lock is None:
            return first if first.lock is None else rest
        return Resolution(_over(first.lock, rest.lock))

    def _compile(
        self, plan: InstallPlan, python: Interpreter, *, asked: bool, installed: str = ""
    ) -> Resolution:
        """The pins for a plan, those of a lock where they fit.

        Where the index was asked a moment ago, what uv keeps of its answers will mostly do.
        """
        name = store.key(
            "3", *plan.build, "|", *plan.lines, "|", *plan.constraints, "|", plan.as_of, python.label, platform.platform(), installed,
            *(f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("UV_")),
        )  # fmt: skip
        kept = self.store.text(name)
        if kept is not None and (plan.as_of or self.options.offline or self.store.age(name) < DAY):
            return Resolution(kept)
        report_progress(self.options, "resolving the recorded environment")
        found = Resolution(None)
        if asked or self.options.offline:
            try:
                found = self._ask(plan, python, installed, "--offline")
            except ToolFailedError:
                raise
            except UnansweredError:
                if self.options.offline:
                    raise
        if found.lock is None and not self.options.offline:
            found = self._ask(plan, python, installed)
        if found.lock is not None and not self.options.offline:
            self.store.keep(name, found.lock)
        return found

    def _ask(self, plan: InstallPlan, python: Interpreter, installed: str, *options: str) -> Resolution:
        with disk.scratch() as folder:
            write(folder, "requirements.in", (*plan.build, *plan.lines))
            write(folder, "constraints.in", plan.constraints)
            write(folder, "lock.txt", installed.splitlines())  # what uv prefers
            command = [
                *("pip", "compile", "requirements.in", "--constraint", "constraints.in", "-o", "lock.txt"),
                *("--only-binary", ":all:", "--generate-hashes", "--no-header", "--no-annotate"),
                *("--python", python.path, "--python-version", python.label),
                *(("--exclude-newer", plan.as_of) if plan.as_of else ()),
                *options,
            ]
            answer = ask(self.uv, command, folder, RESOLVING, listen=self.options.progress)
            if not answer.solved:
                return Resolution(None, answer.text)
            with open(os.path.join(folder, "lock.txt"), encoding="utf-8") as file:
                return Resolution(file.read())

    # -- installing ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def environment(self, lock: str, python: Interpreter) -> Iterator[tuple[str, bool]]:
        """The folder of an environment with these pins, and whether it was made for this; it stays while used.

        Raises:
            UnansweredError: it could not be installed.
        """
        made = False

        def make(folder: str) -> None:
            nonlocal made
            made = True
            self._install(folder, lock, python)

        kind = "copied" if self.options.allow_weak_sandbox else "linked"
        name = store.key("1", lock, os.path.realpath(python.path), python.label, kind)
        with self.store.using(name, make) as folder:
            yield folder, made

    def _install(self, target: str, lock: str, python: Interpreter) -> None:
        """Fill a new folder, from uv's cache where all is in it: the hashes say what it is, nobody need be asked."""
        report_progress(self.options, "installing the recorded environment")
        started = time.monotonic()
        with disk.scratch() as folder:
            write(folder, "lock.txt", lock.splitlines())
            try:
                self._fill(target, folder, python, started, "--offline")
            except ToolFailedError:
                raise
            except UnansweredError:
                if self.options.offline:
                    raise
                disk.remove(target)
                self._fill(target, folder, python, started)

    def _fill(self, target: str, folder: str, python: Interpreter, started: float, *options: str) -> None:
        """Install the lock in a folder.  uv looks at its interpreter before it is filled, and never after."""
        # uv links its cache's files; where a model may write to them, it must not reach other environments.
        copied = ("--link-mode", "copy") if self.options.allow_weak_sandbox else ()
        steps = (
            ("venv", "--no-project", "--python", python.path, target),
            (
                *("pip", "sync", "lock.txt", "--require-hashes", "--only-binary", ":all:", *options),
                *("--python", interpreter(target), *copied),
            ),
        )
        for step in steps:
            left = INSTALLING - (time.monotonic() - started)
            answer = ask(self.uv, step, folder, left, listen=self.options.progress)
            if not answer.solved:
                raise UnansweredError(f"uv could not install what it resolved: {answer.text.strip()[-300:]}")


def _over(first: str, second: str) -> str:
    """What is installed after two locks, one after the other."""
    pins = re.compile(r"^([a-z0-9][a-z0-9._-]*)==[^\n]*\n(?:[ \t]+[^\n]*\n?)*", re.MULTILINE)
    found = {match[1]: match[0] for lock in (first, second) for match in pins.finditer(lock + "\n")}
    return "".join(found[name] for name in sorted(found))


def interpreter(folder: str) -> str:
    """The interpreter of an environment."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
