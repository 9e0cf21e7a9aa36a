"""Puts the same mutants before a real MLflow and before the validator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmodel import Options, Severity, Verdict, rules, validate
from tests.differential import mutants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from mlmodel import Finding

    from tests.differential.mutants import Mutant, Seed

PINS = {
    "3.17.2": ("scikit-learn",),
    "2.15.0": ("scikit-learn", "setuptools<70"),
    "1.30.1": ("numpy<2", "pandas<2", "scikit-learn<1.4", "setuptools<70", "sqlalchemy<2"),
}
"""The releases that are asked, and what each needs beside itself to work today."""


def interpreter(release: str) -> Path:
    """The Python of an environment that has this release of MLflow, made where it is not there yet.

    Environments stand in ``$MLMODEL_TEST_VENVS``, by default in the user's cache.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(os.environ.get("MLMODEL_TEST_VENVS") or cache / "mlmodel-tests" / "venvs") / release
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        # Made beside, and moved when complete: a stopped installation leaves nothing that looks usable.
        fresh = home.with_name(f"{release}.{os.getpid()}")
        subprocess.run([sys.executable, "-m", "venv", fresh], check=True)
        pip = [fresh / python.relative_to(home), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, f"mlflow=={release}", *PINS[release]], check=True)
        fresh.rename(home)
    return python


class Reader:
    """A running MLflow that is asked about one model directory at a time (``asker.py``)."""

    def __init__(self, release: str, directory: Path) -> None:
        self.release = release
        directory.mkdir(parents=True, exist_ok=True)
        asker = Path(__file__).with_name("asker.py")
        self._process = subprocess.Popen(
            [interpreter(release), "-W", "ignore", asker],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(directory / "stderr.txt").open("w"),
            text=True,
            cwd=directory,
        )

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def ask(self, directory: Path, phases: tuple[str, ...]) -> dict[str, str | None]:
        """What goes wrong in each phase that was reached: an error's text, or None."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = {"id": 0, "dir": str(directory), "phases": phases}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"MLflow {self.release} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        del answer["id"]
        return answer


@dataclass(frozen=True)
class Compared:
    """One mutant, what MLflow did with it, and what the validator said."""

    mutant: Mutant
    answer: dict[str, str | None]
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def raised(self) -> dict[str, str]:
        """The phases that failed in MLflow, with their errors."""
        return {phase: error for phase, error in self.answer.items() if error is not None}

    @property
    def rejected(self) -> bool:
        """Whether the validator found the model invalid, or gave up on it."""
        return self.verdict is not Verdict.VALID

    @property
    def rules(self) -> frozenset[str]:
        """The rules of all findings."""
        return frozenset(finding.rule for finding in self.findings)

    @property
    def errors(self) -> frozenset[str]:
        """The rules of the errors."""
        return frozenset(finding.rule for finding in self.findings if finding.severity is Severity.ERROR)

    def __str__(self) -> str:
        said = "".join(f"\n    {f.rule} {f.severity.name.lower()}: {f.message}" for f in self.findings if f.rule in self.errors)
        did = "".join(f"\n    {phase}: {error}" for phase, error in self.raised.items())
        return f"{self.mutant.seed.name}: {self.mutant.story}\n  MLflow:{did or ' reads it'}\n  validator:{said or ' valid'}"


# Where a seed's model files are not kept, nothing can be said about them.
_FILES = Options(ignore=rules.matching_any(["MLM0", "MLM4", "MLM5"]) - {"MLM501", "MLM502"})


def compare(release: str, number: int, seed: int, directory: Path) -> Iterator[Compared]:
    """Each of ``number`` mutants before MLflow ``release`` and before the validator.

    They are of the seeds that this release reads, and each is put through what its seed passes.
    """
    with Reader(release, directory / "cwd") as reader:
        works = {each: _works(reader, each, directory) for each in mutants.seeds()}
        readable = [each for each, phases in works.items() if "schemas" in phases]
        for mutant in mutants.mutants(number, seed, readable):
            place = directory / mutant.seed.name
            (place / "MLmodel").write_bytes(mutant.content)
            answer = reader.ask(place, works[mutant.seed])
            report = validate(place, Options() if mutant.seed.directory else _FILES)
            yield Compared(mutant, answer, report.verdict, report.findings)


def _works(reader: Reader, seed: Seed, directory: Path) -> tuple[str, ...]:
    """Makes a seed's directory; returns the phases that its unchanged file passes."""
    place = directory / seed.name
    if seed.directory:
        shutil.copytree(seed.directory, place)
        for path in (place, *place.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    else:
        place.mkdir()
        (place / "MLmodel").write_text(seed.text, encoding="utf-8")
    phases = ("schemas", "write", "pyfunc") if seed.directory else ("schemas", "write")
    answer = reader.ask(place, phases)
    return tuple(phase for phase in phases if answer.get(phase, "not reached") is None)
