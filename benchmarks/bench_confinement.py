"""What the confinement adds to a run of the probe: launcher, layers and self-test, beside the same probe without them.

    python benchmarks/bench_confinement.py [--runs 20]

Both are given the same model of a few lines and the same interpreter, the one that runs this, in turn.  Prints the
wall time and the processor time of each, medians of all runs, and their difference; and what each layer that is
left out would save.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from mlmodel.model.model import Model
from mlmodel.runtime import probe_job, probe_report
from mlmodel.runtime.confinement import policy, supervisor
from mlmodel.runtime.probe_runner import PROBE
from mlmodel.sources.directory import ModelDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

LAYERS = ("namespaces", "capabilities", "landlock", "seccomp")
_MODEL = Path(__file__).parents[1] / "examples" / "sklearn-logistic-regression"


class Cost(NamedTuple):
    """Of one run."""

    wall: float
    processor: float


def measured(work: Callable[[], bytes]) -> Cost:
    """What a run of the probe costs, which must come to its end."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    report = work()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not probe_report.read(report).done:
        raise SystemExit("the probe did not come to its end")
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def task(folder: Path, reporting: int) -> list[str]:
    """The command of the probe; the model's libraries are not here, so that little but the probe itself takes time."""
    work = {
        **probe_job.job(Model(ModelDirectory(str(_MODEL)))),
        "imports": [],
        "pyfunc": False,
        "native": None,
    }
    path = folder / "job.json"
    path.write_text(json.dumps({**work, "globals": [], "model": str(_MODEL), "report": reporting}))
    return [sys.executable, "-I", "-B", PROBE, str(path)]


def confined(folder: Path, without: tuple[str, ...] = ()) -> bytes:
    """The report of a run under the layers."""
    return supervisor.run(
        lambda reporting, _: task(folder, reporting),
        python=sys.executable,
        read=[str(_MODEL), PROBE],
        forbidden=sys.prefix,
        scratch=str(folder),
        limits=policy.limits(60.0, None, 0),
        weak=bool(without),
        without=without,
    ).report


def plain(folder: Path) -> bytes:
    """The report of a run without any."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        with contextlib.closing(os.fdopen(writing, "wb")):
            process = subprocess.Popen(
                task(folder, writing), pass_fds=(writing,), env=policy.variables(str(folder))
            )
        with process:
            return file.read()


def main() -> int:
    """Run both in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    ways: dict[str, Callable[[Path], bytes]] = {"plain": plain, "confined": confined}
    for layer in LAYERS:
        ways[f"without {layer}"] = lambda folder, layer=layer: confined(folder, (layer,))  # type: ignore[misc]
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory(prefix="mlmodel-bench-") as folder:
                costs[name].append(measured(lambda way=way, folder=folder: way(Path(folder).resolve())))  # type: ignore[misc]
    base = costs["plain"]
    print(
        f"{'probe':<24} {'wall':>8} {'added':>8} {'processor':>10} {'added':>8}   (ms, medians of {runs} runs)"
    )
    for name, found in costs.items():
        wall, processor = (median(getattr(cost, key) for cost in found) * 1000 for key in Cost._fields)
        more = [
            wall - median(c.wall for c in base) * 1000,
            processor - median(c.processor for c in base) * 1000,
        ]
        print(f"{name:<24} {wall:>8.1f} {more[0]:>8.1f} {processor:>10.1f} {more[1]:>8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
