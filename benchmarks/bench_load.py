"""Loads models of a corpus in their recorded environments, and beside that with MLflow's own command.

    python benchmarks/bench_load.py CORPUS [--releases 2.15.0,3.17.2] [--flavors sklearn,pyfunc] [--every 3]
    python benchmarks/bench_load.py CORPUS --beside PYTHON [--models 3.17.2/sklearn-default-example,...]
    python benchmarks/bench_load.py CORPUS --bare [--turns 5] [--models ...]

The first prints a line a model: what came of it, seconds the first time (the environment is made where no earlier
model had the same) and the second, and the errors and warnings of it.  The second runs, in turn, this tool and
``mlflow models predict --env-manager uv``, with the MLflow of the given Python, and prints seconds and verdicts.
The third runs, in turn, this tool's command where the environment is kept, and the interpreter of that environment
which imports MLflow, loads the model and predicts on its example; it prints medians, on the clock and of processors.
CORPUS has an ``index.jsonl`` with ``path``, ``mlflow_version``, ``flavor`` and ``loads`` a line.
Environments are kept in a folder of the run, so that the first time is a first time; uv's own cache is the user's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlmodel import Options, Severity, validate
from mlmodel.runtime.confinement import policy
from mlmodel.runtime.load_options import LoadOptions

if TYPE_CHECKING:
    from mlmodel.findings import Report


BARE = """\
import sys
import mlflow.pyfunc
from mlflow.models import Model
model = mlflow.pyfunc.load_model(sys.argv[1])
model.predict(Model.load(sys.argv[1]).load_input_example(sys.argv[1]))
"""


def loaded(model: Path, arguments: argparse.Namespace) -> tuple[Report, float]:
    """The report on one model, and how long it took."""
    options = LoadOptions(recreate=True, allow_weak_sandbox=arguments.allow_weak_sandbox)
    started = time.perf_counter()
    report = validate(model, Options(load=options, debug=True))
    return report, time.perf_counter() - started


def trouble(report: Report) -> list[str]:
    """The errors and warnings that are about loading."""
    return [
        f"{finding.rule} {finding.message}"
        for finding in report.findings
        if finding.severity > Severity.INFO
        and (finding.rule.startswith(("MLM7", "MLM47", "MLM90")))
        and finding.rule != "MLM712"
    ]


def table(corpus: Path, models: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """A line a model, and the sum."""
    outcomes: Counter[str] = Counter()
    cold: list[float] = []
    made: list[float] = []
    warm: list[float] = []
    print(f"{'model':<52} {'outcome':<10} {'first':>7} {'again':>7}  errors and warnings")
    for entry in models:
        report, first = loaded(corpus / entry["path"], arguments)
        again = loaded(corpus / entry["path"], arguments)[1]
        load = report.load
        outcome = load.outcome if load is not None else "-"
        fresh = load is not None and load.environment is not None and load.environment.made
        (made if fresh else cold).append(first)
        warm.append(again)
        outcomes[outcome] += 1
        said = trouble(report)
        mark = "*" if fresh else " "
        print(
            f"{entry['path'][:52]:<52} {outcome:<10} {first:>6.2f}{mark} {again:>7.2f}  {'; '.join(said)[:300]}"
        )
        sys.stdout.flush()
    print("* the environment was made")
    for name, values in (("made", made), ("kept", cold), ("again", warm)):
        if values:
            values.sort()
            print(f"{name}: {len(values)}, median {values[len(values) // 2]:.2f} s, most {values[-1]:.2f} s")
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))


def beside(corpus: Path, paths: list[str], python: str, arguments: argparse.Namespace) -> None:
    """Our command and MLflow's on the same models, in turn."""
    for path in paths:
        model = corpus / path
        for turn in ("cold", "warm"):
            report, seconds = loaded(model, arguments)
            outcome = report.load.outcome if report.load is not None else "-"
            print(
                f"{path:<44} mlmodel --load=recreate, {turn}: {seconds:6.2f} s  {outcome} {trouble(report)[:1]}"
            )
        request = next(model.glob("serving_input_*.json"), None)
        if request is None:
            print(f"{path:<44} no stored request for mlflow")
            continue
        command = [python, "-m", "mlflow", "models", "predict", "-m", str(model), "-i", str(request)]
        for turn in ("first", "second"):
            started = time.perf_counter()
            environment = {**os.environ, "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"}
            with tempfile.TemporaryDirectory() as folder:
                result = subprocess.run(
                    [*command, "--env-manager", "uv"],
                    check=False,
                    capture_output=True,
                    text=True,
                    cwd=folder,
                    env=environment,
                )
            seconds = time.perf_counter() - started
            last = (result.stdout if result.returncode == 0 else result.stderr).strip().splitlines()[-1:]
            print(f"{path:<44} mlflow predict, uv, {turn}: {seconds:6.2f} s  exit {result.returncode} {last}")


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Seconds of a command: on the clock, and of processors."""
    with tempfile.TemporaryDirectory() as folder:
        started, before = time.perf_counter(), os.times()
        subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)
        after = os.times()
        seconds = time.perf_counter() - started
    return seconds, sum(after[2:4]) - sum(before[2:4])


def bare(corpus: Path, paths: list[str], arguments: argparse.Namespace) -> None:
    """Our command on a kept environment, and in turn that environment's interpreter alone."""
    for path in paths:
        model = corpus / path
        report, cold = loaded(model, arguments)
        loaded(model, arguments)  # what the first run has not compiled is compiled after it
        assert report.load is not None
        assert report.load.environment is not None
        python, ours, alone = report.load.environment.python, [], []
        with tempfile.TemporaryDirectory() as bytecode:
            variables = policy.variables(bytecode)  # those that a confined process gets
            command = [python, "-I", "-X", f"pycache_prefix={bytecode}", "-c", BARE, str(model)]
            timed(command, variables)  # which compiles
            for _ in range(arguments.turns):
                ours.append(timed([sys.executable, "-m", "mlmodel", "validate", "--load", str(model)]))
                alone.append(timed(command, variables))
        clock, processors = (
            [statistics.median(each[column] for each in runs) for runs in (ours, alone)] for column in (0, 1)
        )
        print(
            f"{path:<44} cold {cold:.2f} s; warm {clock[0]:.2f}, bare {clock[1]:.2f} s: {clock[0] / clock[1]:.2f} x;"
            f" processors {processors[0]:.2f}, {processors[1]:.2f} s: {processors[0] / processors[1]:.2f} x"
        )
        sys.stdout.flush()


def main() -> int:
    """Choose models, and run them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--releases", default="2.15.0,2.22.5,3.17.2")
    parser.add_argument("--flavors", default="sklearn,pyfunc")
    parser.add_argument("--every", type=int, default=1, help="each nth model only")
    parser.add_argument("--beside", metavar="PYTHON", help="one that has MLflow and uv")
    parser.add_argument("--bare", action="store_true", help="beside the interpreter of the environment")
    parser.add_argument("--turns", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--models", default="3.17.2/sklearn-default-example,2.22.5/sklearn-default-example")
    parser.add_argument("--allow-weak-sandbox", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlmodel-bench-") as folder:
        os.environ.setdefault("MLMODEL_CACHE", folder)
        if arguments.bare:
            bare(arguments.corpus, arguments.models.split(","), arguments)
            return 0
        if arguments.beside:
            beside(arguments.corpus, arguments.models.split(","), arguments.beside, arguments)
            return 0
        lines = (arguments.corpus / "index.jsonl").read_text(encoding="utf-8").splitlines()
        chosen = [
            entry
            for entry in map(json.loads, lines)
            if entry["loads"]
            and entry["mlflow_version"] in arguments.releases.split(",")
            and entry["flavor"] in arguments.flavors.split(",")
        ]
        table(arguments.corpus, chosen[:: arguments.every], arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
