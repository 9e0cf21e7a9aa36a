"""An audit on a real Dask cluster, one of whose workers is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.in_process import here, mlmodel
from tests.command import ROOT
from tests.overlay import make_model

__all__ = ["here"]

CLUSTER = """
import sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster:
        print(cluster.scheduler_address, *(worker.pid for worker in cluster.workers.values()), flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def cluster(here: Path) -> Iterator[list[str]]:
    """The address of the scheduler, and the process ids of the workers."""
    Path("cluster.py").write_text(CLUSTER, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "validator")}
    with subprocess.Popen(
        [sys.executable, "cluster.py"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()
        process.communicate("", timeout=60)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_worker_killed_in_the_middle(here: Path, cluster: list[str]) -> None:
    made = make_model(here / "model")
    for index in range(300):
        shutil.copytree(made, here / "store" / f"{index:03}")
    address, first = cluster[0], int(cluster[1])
    command = [
        sys.executable,
        "-m",
        "mlmodel",
        "audit",
        "store",
        "-o",
        "results.jsonl",
        "--no-config",
        "--cluster",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "validator")}
    with subprocess.Popen(
        [*command, address], env=environment, stderr=subprocess.PIPE, encoding="utf-8"
    ) as run:
        partial = Path("results.jsonl.partial")
        deadline = time.monotonic() + 60
        while not (partial.exists() and partial.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(first, signal.SIGKILL)
        killed_at = partial.read_bytes().count(b"\n")
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    assert 0 < killed_at < 300
    counted = Counter(json.loads(line)["id"] for line in Path("results.jsonl").read_text().splitlines())
    assert counted == {f"store/{index:03}": 1 for index in range(300)}
    done = mlmodel("validate", "-r", "--no-config", "--cluster", address, "store")
    assert (done.status, done.stdout) == (0, "300 models, valid\n")


def test_nobody_answers(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmodel.cli.cluster._CONNECT", 0.5)
    make_model(here / "model")
    done = mlmodel("audit", "model", "--cluster", "tcp://127.0.0.1:9")
    assert done.status == 3
    assert "the cluster at tcp://127.0.0.1:9 does not answer" in done.stderr
