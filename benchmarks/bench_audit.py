"""Audits a large local registry: rate, memory, what a second run costs, kills, and how the costs grow.

    python benchmarks/bench_audit.py PYTHON [--models 20000] [--kills 20] [--grow 1000 10000 100000] [--folder FOLDER]
                                     [--milliseconds 5] [--only rate again kills grow] [--client PYTHON]

PYTHON has MLflow and jsonschema-rs.  The registry is a SQLite file of its MLflow, with a run for each version; every other
version is a logged model, as MLflow 3 registers them, the rest are artifacts of runs.  No two of the models are alike.
With --client, PYTHON's ``mlflow server`` hands it out over HTTP, and the other interpreter audits it: one with
``mlflow-skinny`` and jsonschema-rs, as the extra ``mlflow`` installs it.  Else the audit's own process reads the file.
Seconds are of CPU, over all processes, as other work on the machine adds to those of the clock; the clock is shown beside
them.  What the registry itself takes is that of a process that only lists the versions, importing MLflow included.

* rate: models a second of an audit with two processes, beside ``mlmodel validate --recursive`` over the same folders, and
  beside what the registry itself takes to say what it holds; peak memory of the largest process.
* again: the same audit with kept verdicts, the first time and once more over what has not changed.
* kills: the audit, ended by SIGKILL at random moments and begun again, until it is complete.
* grow: registries of these sizes, whose versions share a thousand folders, so that all but the judging grows; the slope of
  the logarithm of its CPU over that of the size.  What a million would take on a hundred workers is computed from that and
  from what judging one model takes, for which --milliseconds gives the figure of "rate".
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench import MODELS, vary  # noqa: E402

FILL = """
import os, sqlite3, sys
database, folder, count, shared = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{database}"
from mlflow import MlflowClient
client = MlflowClient()
experiment = client.create_experiment("bench", artifact_location=folder)
run = client.create_run(experiment, tags={"mlflow.user": "ann", "mlflow.source.name": "train.py"}).info.run_id
for number in range(5):
    client.log_param(run, f"p{number}", "1")
    client.log_metric(run, f"m{number}", 0.5)
logged = client.create_logged_model(experiment, name="model", source_run_id=run)
names = [f"model-{number:03}" for number in range(100)]
for name in names:
    client.create_registered_model(name)
plain = client.create_model_version(names[0], f"file://{folder}/0", run_id=run)
other = client.create_model_version(names[0], f"models:/{logged.model_id}", run_id=run, model_id=logged.model_id)
base = sqlite3.connect(database)

def rows(table, condition):
    found = base.execute(f"SELECT * FROM {table} WHERE {condition}")
    columns = [each[0] for each in found.description]
    return [dict(zip(columns, row)) for row in found]

def add(table, made):
    if made:
        columns = list(made[0])
        marks = ", ".join("?" * len(columns))
        base.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", [tuple(row.values()) for row in made])

of_run = {table: rows(table, f"run_uuid = '{run}'") for table in ("runs", "tags", "params", "metrics", "latest_metrics")}
model = rows("logged_models", f"model_id = '{logged.model_id}'")
versions = [rows("model_versions", f"version = {each}")[0] for each in (1, 2)]
base.execute("DELETE FROM model_versions")
for start in range(0, count, 1000):
    numbers = range(start, min(count, start + 1000))
    for table, template in of_run.items():
        add(table, [{**row, "run_uuid": f"{number:032x}"} for number in numbers for row in template])
    add("logged_models", [
        {**row, "model_id": f"m-{number:032x}", "artifact_location": f"{folder}/{number % shared}"}
        for number in numbers if number % 2 for row in model
    ])
    add("model_versions", [
        {
            **versions[number % 2],
            "name": names[number % 100],
            "version": number // 100 + 1,
            "creation_time": versions[0]["creation_time"] + number,
            "source": f"models:/m-{number:032x}" if number % 2 else f"file://{folder}/{number % shared}",
            "storage_location": f"{folder}/{number % shared}",
            "run_id": f"{number:032x}",
        }
        for number in numbers
    ])
base.commit()
"""
ASK = """
import sys
from mlmodel.audit.client_imports import lean
from mlmodel.audit.registry import Registry
from mlmodel.audit.subjects import Wanted
from mlmodel.common import garbage
garbage.collect_rarely()
with lean():  # as the command does
    registry = Registry(sys.argv[1])
print(sum(1 for _ in registry.subjects("models:/", Wanted())))
"""
MEASURED = """
import resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
wall = time.perf_counter() - start
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, wall, use.ru_utime + use.ru_stime, use.ru_maxrss)
"""


if TYPE_CHECKING:
    from collections.abc import Iterator


ROW = 600
"""Bytes of a row, about."""


class Cost(NamedTuple):
    """What a command took."""

    wall: float
    cpu: float
    """Seconds, of all its processes."""
    peak: float
    """Memory of the largest of them, in MB."""

    @property
    def text(self) -> str:
        """For a table."""
        return f"{self.cpu:8.1f} s of CPU  {self.wall:8.1f} s  peak {self.peak:4.0f} MB"


class Bench:
    """A folder with models and registries, and the commands over them."""

    def __init__(self, python: str, folder: Path, client: str | None) -> None:
        self.python = python
        self.client = client or python
        self.folder = folder
        self.servers = contextlib.ExitStack()
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "validator"), os.environ.get("PYTHONPATH", "")]),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLMODEL_CACHE": str(folder / "cache"),
        }

    def models(self, name: str, count: int) -> Path:
        """As many models, no two alike."""
        place = self.folder / name
        for index in range(count):
            shutil.copytree(MODELS[index % len(MODELS)], place / str(index))
            vary(place / str(index), random.Random(index))
        return place

    def registry(self, name: str, models: Path, count: int, shared: int) -> str:
        """A registry of as many versions, over so many folders; its address."""
        database = self.folder / f"{name}.db"
        command = [
            self.python,
            "-W",
            "ignore",
            "-c",
            FILL,
            str(database),
            str(models),
            str(count),
            str(shared),
        ]
        done = subprocess.run(command, check=False, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        uri = f"sqlite:///{database}"
        return uri if self.client == self.python else self.servers.enter_context(self.served(uri))

    @contextlib.contextmanager
    def served(self, uri: str) -> Iterator[str]:
        """The address of a server over a registry, while it runs."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [self.python, "-m", "mlflow", "server", "--backend-store-uri", uri, "--port", str(port)]
        with (
            open(os.devnull, "wb") as nowhere,
            subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--workers", "1"],
                env=self.environment,
                stdout=nowhere,
                stderr=nowhere,
                start_new_session=True,
            ) as server,
        ):
            try:
                while True:
                    with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/health"):
                        break
                    if server.poll() is not None:
                        raise SystemExit("the server of MLflow ended")
                    time.sleep(0.2)
                yield f"http://127.0.0.1:{port}"
            finally:
                os.killpg(server.pid, signal.SIGKILL)

    def cost(self, *command: str) -> Cost:
        """What a command of the interpreter takes."""
        run = [sys.executable, "-c", MEASURED, self.client, "-W", "ignore", *command]
        done = subprocess.run(run, check=True, capture_output=True, text=True, env=self.environment)
        status, wall, cpu, peak = done.stdout.split()
        if status != "0":
            raise SystemExit(f"{command} ended with {status}: {done.stderr[-2000:]}")
        return Cost(float(wall), float(cpu), float(peak) / 1024)

    def asked(self, uri: str) -> Cost:
        """What the registry takes to list its versions; the less of two times."""
        return min((self.cost("-c", ASK, uri) for _ in range(2)), key=lambda cost: cost.cpu)

    def audit(self, uri: str, *more: str) -> list[str]:
        """The arguments of an audit with two processes."""
        results = str(self.folder / "results.jsonl")
        return [
            "-m",
            "mlmodel",
            "audit",
            "models:/",
            "--tracking-uri",
            uri,
            "-o",
            results,
            "-j",
            "2",
            "-q",
            "--no-config",
            *more,
        ]

    def counted(self, count: int) -> None:
        """Whether the results have every version once."""
        with (self.folder / "results.jsonl").open(encoding="utf-8") as lines:
            found = Counter(json.loads(line)["id"] for line in lines)
        if len(found) != count or set(found.values()) != {1}:
            raise SystemExit(f"{len(found)} of {count} versions, {sum(found.values())} rows")


def rate(bench: Bench, uri: str, models: Path, count: int) -> None:
    """An audit, beside the folders alone and the registry alone."""
    asked = bench.asked(uri)
    audited = bench.cost(*bench.audit(uri))
    bench.counted(count)
    below = bench.cost("-m", "mlmodel", "validate", "--no-config", "-q", "-r", "-j", "2", str(models))
    for name, cost in (("audit", audited), ("registry alone", asked), ("validate -r", below)):
        print(f"rate   {name:<16}{cost.text}  {count / cost.cpu:6.0f} models/s of CPU")
    print(
        f"rate   audit less the registry: {count / (audited.cpu - asked.cpu):.0f} models/s of CPU; -r: {count / below.cpu:.0f}"
    )


def again(bench: Bench, uri: str, count: int) -> None:
    """Kept verdicts."""
    first = bench.cost(*bench.audit(uri, "--cache"))
    second = min((bench.cost(*bench.audit(uri, "--cache")) for _ in range(2)), key=lambda cost: cost.cpu)
    bench.counted(count)
    asked = bench.asked(uri)
    for name, cost in (("first", first), ("again", second), ("registry alone", asked)):
        print(f"again  {name:<16}{cost.text}")
    print(
        f"again  {first.cpu / second.cpu:.1f} x less CPU, {first.wall / second.wall:.1f} x faster by the clock"
    )
    without = (first.cpu - asked.cpu) / max(second.cpu - asked.cpu, 0.01)
    print(f"again  {without:.1f} x less CPU without the registry", flush=True)


def kills(bench: Bench, uri: str, count: int, times: int) -> None:
    """An audit that is killed again and again; the moments are spread over what is done, not over the clock."""
    chance = random.Random(19)
    partial = bench.folder / "results.jsonl.partial"
    results = bench.folder / "results.jsonl"
    size = results.stat().st_size / count if results.exists() else ROW  # of a row
    results.unlink(missing_ok=True)
    moments = sorted(chance.sample(range(1, count), times))
    for moment in moments:
        command = [bench.client, "-W", "ignore", *bench.audit(uri)]
        with subprocess.Popen(command, env=bench.environment) as process:
            while (
                process.poll() is None and (partial.stat().st_size if partial.exists() else 0) < size * moment
            ):
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
    cut = not partial.read_bytes().endswith(b"\n")
    done = partial.read_bytes().count(b"\n")
    bench.cost(*bench.audit(uri))
    bench.counted(count)
    print(
        f"kills  killed {times} times, the last at {done:,} of {count:,}{' in a line' if cut else ''}: each version once"
    )


def grow(bench: Bench, sizes: list[int], milliseconds: float) -> None:
    """Registries of several sizes, with kept verdicts of a thousand folders."""
    shared = 1000
    models = bench.models("shared", shared)
    points: list[tuple[int, float]] = []
    for size in sizes:
        uri = bench.registry(f"grow{size}", models, size, shared)
        if not points:
            bench.cost(*bench.audit(uri, "--cache"))  # judges them
        cost = bench.cost(*bench.audit(uri, "--cache"))
        bench.counted(size)
        points.append((size, cost.cpu))
        print(f"grow   {size:8,} versions  {cost.text}", flush=True)
    (low, little), (high, much) = points[0], points[-1]
    each = (much - little) / (high - low)
    slope = math.log(much / little) / math.log(high / low)
    print(
        f"grow   {little - each * low:.1f} s once, {1000 * each:.2f} ms a version; log-log slope {slope:.3f}"
    )
    judged = 1e6 * milliseconds / 1000 / 100
    print(
        f"grow   a million on 100 workers of one core: {judged:.0f} s where {milliseconds:g} ms judge one; "
        f"one process lists and writes in {1e6 * each:.0f} s"
    )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python")
    parser.add_argument("--models", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--grow", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--milliseconds", type=float, default=5.0)
    parser.add_argument("--folder")
    parser.add_argument("--client", metavar="PYTHON")
    parser.add_argument("--only", nargs="+", default=["rate", "again", "kills", "grow"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = Bench(arguments.python, Path(folder), arguments.client)
        with bench.servers:
            run(bench, arguments)


def run(bench: Bench, arguments: argparse.Namespace) -> None:
    """Those that are asked for."""
    wanted = set(arguments.only)
    if wanted & {"rate", "again", "kills"}:
        models = bench.models("models", arguments.models)
        uri = bench.registry("registry", models, arguments.models, arguments.models)
        print(f"{arguments.models:,} versions", flush=True)
        if "rate" in wanted:
            rate(bench, uri, models, arguments.models)
        if "again" in wanted:
            again(bench, uri, arguments.models)
        if "kills" in wanted:
            kills(bench, uri, arguments.models, arguments.kills)
    if "grow" in wanted:
        grow(bench, arguments.grow, arguments.milliseconds)


if __name__ == "__main__":
    main()
