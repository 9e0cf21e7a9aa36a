"""What saving adds to a process that has fitted a model: our writer beside ``mlflow.sklearn.save_model``.

Run with a Python that has MLflow, scikit-learn and mlmodel: ``python benchmarks/bench_writer.py``.  Each run is a process of
its own; the figures are CPU seconds, those of child processes included, and the bytes and requirements of the directory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

_RUN = """
import os, resource, sys
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit([[1, 2], [2, 3], [3, 4], [6, 7]], [0, 0, 1, 1])
def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
start, out = cpu(), sys.argv[2]
if sys.argv[1] == "mlmodel":
    from mlmodel import write_model as save
else:
    from mlflow.sklearn import save_model as save
save(model, out)
used = cpu() - start
names = os.listdir(out)
size = sum(os.path.getsize(os.path.join(out, name)) for name in names)
wanted = open(os.path.join(out, "requirements.txt")).read().split()
print(f"{sys.argv[1]:8} {used:6.2f} s CPU  {len(names)} files  {size:,} bytes  {' '.join(wanted)}")
"""


def main(runs: int = 3) -> None:
    """Print a line a run."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            for writer in ("mlmodel", "mlflow"):
                command = [sys.executable, "-W", "ignore", "-c", _RUN, writer, f"{folder}/{writer}{number}"]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                sys.stdout.write(done.stdout)


if __name__ == "__main__":
    main()
