"""Puts the same mutants before a real MLflow and before the validator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmodel import Options, Severity, Verdict, validate
from mlmodel.standard import rules
from tests.differential import mutants
from tests.environments import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel import Finding
    from tests.differential.mutants import Mutant, Seed


class Reader:
    """A running MLflow that is asked about one model directory at a time (``asker.py``)."""

    def __init__(self, release: str, directory: Path) -> None:
        self.release = release
        directory.mkdir(parents=True, exist_ok=True)
        asker = Path(__file__).with_name("asker.py")
        with (directory / "stderr.txt").open("w") as errors:
            self._process = subprocess.Popen(
                [interpreter(release), "-B", "-W", "ignore", str(asker)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=directory,
                env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._questions, self._answers = self._process.stdin, self._process.stdout

    def close(self) -> None:
        """End the process."""
        self._questions.close()
        self._answers.close()
        self._process.wait(60)

    def ask(self, directory: Path, phases: tuple[str, ...]) -> dict[str, str | None]:
        """What goes wrong in each phase that was reached: an error's text, or None."""
        question = {"id": 0, "dir": str(directory), "phases": phases}
        self._questions.write(json.dumps(question) + "\n")
        self._questions.flush()
        line = self._answers.readline()
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
        said = "".join(
            f"\n    {f.rule} {f.severity.name.lower()}: {f.message}"
            for f in self.findings
            if f.rule in self.errors
        )
        did = "".join(f"\n    {phase}: {error}" for phase, error in self.raised.items())
        return f"{self.mutant.seed.name}: {self.mutant.story}\n  MLflow:{did or ' reads it'}\n  validator:{said or ' valid'}"


# Where a seed's model files are not kept, nothing can be said about them.
_FILES = Options(ignore=rules.matching_any(["MLM0", "MLM4", "MLM5"]) - {"MLM501", "MLM502"})


def compare(release: str, number: int, seed: int, directory: Path) -> Iterator[Compared]:
    """Each of ``number`` mutants before MLflow ``release`` and before the validator.

    They are of the seeds that this release reads, and each is put through what its seed passes.  The swept
    mutants come on top.
    """
    with closing(Reader(release, directory / "cwd")) as reader:
        works = {each: _works(reader, each, directory) for each in mutants.seeds()}
        readable = [each for each, phases in works.items() if "schemas" in phases]
        swept = next(each for each in readable if each.name in ("params-2.15.0", "tensors-1.30.1"))
        for mutant in (*mutants.mutants(number, seed, readable), *mutants.sweep(swept)):
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
