"""What the static path costs, measured beside something else in the same run.

``python benchmarks/bench.py [--mlflow PYTHON] [--models N] [--only NAME]``

* cold: CPU of one ``mlmodel-validate DIR``, process start included, against ``python -I -c pass`` of the same
  interpreter; with ``--mlflow`` (an interpreter that has MLflow) also against its ``Model.load(DIR)``.
* targets: the same command with three targets, in turns with one without; with valgrind on the PATH also the
  instructions of both, which no other process disturbs.
* bulk: many model directories below one, with one process and with one a core, peak memory of each; with
  ``--mlflow`` also a bare loop of ``Model.load`` over the same directories.  No two of them are alike: ids, times,
  coefficients, example and pinned versions differ, so that remembering what a file said helps nobody.
* checks: CPU of judging one model in a warm process, with and without the checks that compare the environment
  files with each other, with the flavors and with the pickles.
* imports: which of the modules that should stay unimported are imported.

Run it with an installed wheel (``pip install .``): an editable install without cached bytecode compiles the
package at every start.
"""

from __future__ import annotations

import argparse
import os
import pickletools
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
MODELS = [ROOT / "examples" / "sklearn-logistic-regression", ROOT / "tests" / "base"]
UNWANTED = ("numpy", "cloudpickle", "jsonschema", "mlflow", "pandas")

MLFLOW_COLD = "import sys, mlflow; from mlflow.models import Model; Model.load(sys.argv[1])"
MLFLOW_LOOP = """
import glob, os, sys, time
from mlflow.models import Model
folders = sorted(os.path.dirname(path) for path in glob.glob(sys.argv[1] + "/**/MLmodel", recursive=True))
folders = folders[int(sys.argv[2]) :: int(sys.argv[3])]
start = time.process_time()
for folder in folders:
    Model.load(folder)
print(len(folders) / (time.process_time() - start))
"""


def cpu(command: list[str], repeat: int = 10) -> float:
    """Milliseconds of CPU, user and system, of the fastest of several runs."""
    best = float("inf")
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best * 1000


def validator() -> list[str]:
    """The command as a user has it."""
    script = Path(sys.executable).parent / "mlmodel-validate"
    return [str(script)] if script.exists() else [sys.executable, "-m", "mlmodel", "validate"]


def cold(mlflow: str | None) -> None:
    """One model, process start included."""
    python = cpu([sys.executable, "-I", "-c", "pass"], 20)
    print(f"cold   python -I -c pass       {python:8.1f} ms")
    for model in MODELS:
        ours = cpu([*validator(), "--no-config", str(model)])
        print(f"cold   mlmodel-validate        {ours:8.1f} ms  {ours / python:5.1f} x python  {model.name}")
    if mlflow:
        theirs = cpu([mlflow, "-W", "ignore", "-c", MLFLOW_COLD, str(MODELS[0])], 3)
        print(f"cold   mlflow Model.load       {theirs:8.1f} ms  {theirs / ours:5.1f} x ours")


TARGETS = ("mlflow==2.15.0", "mlserver", "sagemaker")


def targets(rounds: int = 40) -> None:
    """A cold check with three targets beside one without, in turns."""
    model = str(MODELS[0])
    plain = [*validator(), "--no-config", "--no-cache", model]
    asked = [*plain, *(f"--target={target}" for target in TARGETS)]
    best = {"without": float("inf"), "with three": float("inf")}
    for _ in range(rounds):
        for name, command in zip(best, (plain, asked), strict=True):
            best[name] = min(best[name], cpu(command, 1))
    for name, least in best.items():
        print(f"targets  {name:10}  {least:7.2f} ms of CPU, the least of {rounds} runs")
    print(f"targets  difference  {best['with three'] - best['without']:+7.2f} ms")
    if shutil.which("valgrind") is None:
        return
    counts = [instructions(command) for command in (plain, asked)]
    print(f"targets  instructions  {counts[0] / 1e6:.1f} and {counts[1] / 1e6:.1f} million")
    share = counts[1] / counts[0] - 1
    print(
        f"targets  {share:+.2%} of the instructions, {share * best['without']:+.2f} ms at the rate of the plain run"
    )


def instructions(command: list[str]) -> int:
    """What a command executes, as valgrind counts it."""
    tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = subprocess.run([*tool, *command], check=True, capture_output=True, text=True)
    counted = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    assert counted, done.stderr[-2000:]
    return int(counted[1].replace(",", ""))


def bulk(count: int, mlflow: str | None) -> None:
    """Many models below one directory."""
    with tempfile.TemporaryDirectory() as scratch:
        for index in range(count):
            target = Path(scratch, f"{index // 100:03}", f"model-{index:05}")
            shutil.copytree(MODELS[index % len(MODELS)], target)
            vary(target, random.Random(index))
        for jobs in sorted({1, os.cpu_count() or 1}):
            measure_bulk(scratch, count, jobs)
        if count >= 1000:
            measure_bulk(str(Path(scratch, "000")), 100, 1)
        if mlflow:
            for jobs in sorted({1, os.cpu_count() or 1}):
                loop_of_mlflow(mlflow, scratch, jobs)


def loop_of_mlflow(python: str, folder: str, jobs: int) -> None:
    """MLflow's bare loop over the same directories, in as many processes at once: with all cores busy, each is slower."""
    loops = [
        subprocess.Popen(
            [python, "-W", "ignore", "-c", MLFLOW_LOOP, folder, str(number), str(jobs)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for number in range(jobs)
    ]
    rates = [float(loop.communicate()[0]) for loop in loops]
    print(f"bulk   bare loop of mlflow Model.load, {jobs} at once  {sum(rates) / jobs:7.0f} models/s of CPU")


def vary(model: Path, chance: random.Random) -> None:
    """Make a copy of a model another one: as a second training, in another environment, would have saved it."""

    def change(name: str, pattern: str, replacement: Callable[[re.Match[str]], str]) -> None:
        file = model / name
        file.write_text(re.sub(pattern, replacement, file.read_text(encoding="utf-8")), encoding="utf-8")

    change("MLmodel", "(?<=id: )[0-9a-f]{32}", lambda _: f"{chance.getrandbits(128):032x}")
    change("MLmodel", r"(?<=:\d\d\.)\d{6}", lambda _: f"{chance.randrange(10**6):06}")
    minor = {"numpy": (22, 27), "pandas": (0, 3), "scipy": (10, 16)}
    pins = {name: f"{chance.randrange(*some)}.{chance.randrange(5)}" for name, some in minor.items()}
    for name in ("requirements.txt", "conda.yaml"):
        change(name, r"(numpy|pandas|scipy)==(\d+)\.[\d.]+", lambda pin: f"{pin[1]}=={pin[2]}.{pins[pin[1]]}")
    change("python_env.yaml", r"(?<=wheel==0\.)\d+", lambda _: str(chance.randrange(1000)))
    for name in ("input_example.json", "serving_input_payload.json"):
        change(name, r"\d+\.\d+", lambda _: repr(chance.random()))
    pickled = (model / "model.pkl").read_bytes()
    for opcode, payload, _ in pickletools.genops(pickled):
        if "BYTES" in opcode.name and payload and len(payload) % 8 == 0:  # an array of float64
            numbers = [chance.random() for _ in range(len(payload) // 8)]
            pickled = pickled.replace(payload, struct.pack(f"<{len(numbers)}d", *numbers))
    (model / "model.pkl").write_bytes(pickled)


def measure_bulk(folder: str, count: int, jobs: int) -> None:
    """One run of the command; its rate, and the peak memory of the largest process."""
    command = [*validator(), "--no-config", "-r", "-q", f"--jobs={jobs}", folder]
    code = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "wall = time.perf_counter() - start\n"
        "use = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(wall, use.ru_utime + use.ru_stime, use.ru_maxrss)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True
    )
    wall, seconds, peak = map(float, result.stdout.split())
    print(
        f"bulk   {count:6,} models, --jobs={jobs}  {count / wall:7.0f} models/s  {count / seconds:7.0f} models/s of CPU"
        f"  peak {peak / 1024:5.0f} MB a process"
    )


CHECKS = """
import sys, time
from mlmodel import checks, validate
def best():
    least = float("inf")
    for _ in range(25):
        start = time.process_time()
        for _ in range(20):
            validate(sys.argv[1])
        least = min(least, (time.process_time() - start) / 20)
    return least * 1e6
relations = {"imports", "named_files", "pins", "recorded_files", "recorded_python", "requirement_lines"}
every = checks.ALL
print(best())
checks.ALL = tuple(check for check in every if check.__module__.rpartition(".")[2] not in relations)
print(best())
"""


def relations() -> None:
    """The checks of the recorded environment, against all others."""
    for model in MODELS:
        command = [sys.executable, "-c", CHECKS, str(model)]
        result = subprocess.run(command, check=True, capture_output=True, text=True)
        every, others = map(float, result.stdout.split())
        print(f"checks  all {every:6.0f} us, without those of the environment {others:6.0f} us  {model.name}")


def imports() -> None:
    """Modules that a static check must not import."""
    code = (
        "import sys; from mlmodel.cli.validate import command\n"
        "try: command(['--no-config', '-q', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(MODELS[0])], check=True, capture_output=True, text=True
    )
    loaded = set(result.stdout.split())
    found = sorted(name for name in UNWANTED if name in loaded)
    reporters = sorted(name.rpartition(".")[2] for name in loaded if name.startswith("mlmodel.reporters."))
    print(
        f"imports  unwanted: {', '.join(found) or 'none'}; reporters: {', '.join(reporters)}; {len(loaded)} modules"
    )


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mlflow", metavar="PYTHON", help="an interpreter that has MLflow")
    parser.add_argument("--models", type=int, default=10_000, metavar="N")
    parser.add_argument("--only", choices=("cold", "targets", "checks", "bulk", "imports"))
    options = parser.parse_args()
    if options.only in (None, "cold"):
        cold(options.mlflow)
    if options.only in (None, "targets"):
        targets()
    if options.only in (None, "checks"):
        relations()
    if options.only in (None, "imports"):
        imports()
    if options.only in (None, "bulk"):
        bulk(options.models, options.mlflow)


if __name__ == "__main__":
    main()
