"""Judges a large model in an object store, and beside that downloads and opens it with MLflow, in one run.

    python benchmarks/bench_remote.py PYTHON [--gigabytes 2] [--times 3] [--folder FOLDER]

PYTHON has MLflow and boto3.  The store is one on loopback that sends files as they are on disk; the model has four
arrays in a joblib file, which takes no room until it is downloaded.  Both are processes of their own, started anew each
time, that do it twice: "first" has what the libraries import and make once, "again" is what a model costs from then on.
The best of the times is shown.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.sources.large import joblib_model
from tests.sources.servers import Objects, serving

MLFLOW = """
import shutil, sys, tempfile, time
from mlflow.artifacts import download_artifacts
from mlflow.models import Model
for _ in range(2):
    folder = tempfile.mkdtemp(dir=sys.argv[2])
    start = time.perf_counter()
    Model.load(download_artifacts(sys.argv[1], dst_path=folder))
    print(time.perf_counter() - start)
    shutil.rmtree(folder)
"""
OURS = """
import sys, time
from mlmodel import validate
for _ in range(2):
    start = time.perf_counter()
    report = validate(sys.argv[1])
    print(time.perf_counter() - start)
    assert report.verdict.label == "valid", report
"""


def timed(command: list[str], times: int) -> tuple[float, float]:
    """Seconds of the first model and of the second; the best of each."""
    first, again = [], []
    for _ in range(times):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        seconds = [float(line) for line in done.stdout.split()]
        first.append(seconds[0])
        again.append(seconds[1])
    return min(first), min(again)


def main() -> None:
    """Run both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python")
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        root = Path(folder, "store")
        model = joblib_model(root / "bucket" / "model", int(arguments.gigabytes * (1 << 30)))
        size = sum(path.stat().st_size for path in model.iterdir())
        with serving(Objects, root) as server:
            os.environ |= {
                "AWS_ACCESS_KEY_ID": "key",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": server.address,
                "MLFLOW_S3_ENDPOINT_URL": server.address,
            }
            rows = []
            for name, command in (
                ("mlmodel", [sys.executable, "-W", "ignore", "-c", OURS, "s3://bucket/model"]),
                ("mlflow", [arguments.python, "-W", "ignore", "-c", MLFLOW, "s3://bucket/model", folder]),
            ):
                before = server.sent
                first, again = timed(command, arguments.times)
                rows.append((name, first, again, (server.sent - before) / (2 * arguments.times)))
    print(f"{size:,} bytes in a store on loopback, the best of {arguments.times} runs")
    print(f"{'':<10}{'first':>12}{'again':>12}{'bytes fetched':>20}{'of the model':>14}")
    for name, first, again, sent in rows:
        print(f"{name:<10}{first:>10.2f} s{again:>10.3f} s{sent:>20,.0f}{sent / size:>13.3%}")
    ours, theirs = rows
    print(f"{theirs[1] / ours[1]:.1f} x faster the first time, {theirs[2] / ours[2]:.0f} x again")


if __name__ == "__main__":
    main()
