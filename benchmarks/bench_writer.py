"""What saving adds to a process that has fitted a model: our writer beside ``mlflow.sklearn.save_model``, on ten models.

    python benchmarks/bench_writer.py [--recreate]

Run with a Python that has MLflow, scikit-learn, pandas and mlmodel.  Each run is a process of its own; the figures are the CPU
seconds that saving adds, those of child processes included, and what the directory holds.  With ``--recreate`` each directory
of ours is then loaded in a fresh environment of its requirements (``mlmodel-validate --load=recreate``, which needs uv).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from statistics import median

MODELS = {
    "logistic": "LogisticRegression()",
    "linear": "LinearRegression()",
    "forest": "RandomForestClassifier(50, random_state=0)",
    "boosting": "GradientBoostingClassifier(n_estimators=20)",
    "svc": "SVC(probability=False)",
    "kmeans": "KMeans(2, n_init=1, random_state=0)",
    "pipeline": "make_pipeline(StandardScaler(), LogisticRegression())",
    "columns": "make_pipeline(ColumnTransformer([('n', StandardScaler(), ['a']), ('c', OneHotEncoder(handle_unknown='ignore'), ['b'])]), Ridge())",
    "search": "GridSearchCV(DecisionTreeClassifier(), {'max_depth': [1, 2]}, cv=2)",
    "network": "MLPClassifier((5,), max_iter=30, random_state=0)",
}
_RUN = """
import os, resource, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
rows = pd.DataFrame({"a": [1.0, 2, 3, 4, 5, 6] * 5, "b": [2.0, 1, 2, 1, 2, 1] * 5})
model = eval(sys.argv[3]).fit(rows, [0, 0, 0, 1, 1, 1] * 5)
def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
start, out = cpu(), sys.argv[2]
if sys.argv[1] == "mlmodel":
    from mlmodel import write_model as save
else:
    import functools
    from mlflow.sklearn import save_model
    # skops, the default of 3.14 and later, refuses trees.
    save = functools.partial(save_model, serialization_format="pickle")
save(model, out, input_example=rows.head(2))
used = cpu() - start
names = os.listdir(out)
size = sum(os.path.getsize(os.path.join(out, name)) for name in names)
wanted = open(os.path.join(out, "requirements.txt")).read().split()
print(f"{used:.3f}|{len(names)}|{size}|{' '.join(sorted(wanted))}")
"""


def saved(writer: str, model: str, out: str) -> tuple[float, int, int, set[str]]:
    """CPU seconds, files, bytes and requirements of one run."""
    command = [sys.executable, "-W", "ignore", "-c", _RUN, writer, out, model]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, files, size, wanted = done.stdout.splitlines()[-1].split("|")
    return float(seconds), int(files), int(size), set(wanted.split())


def loads(folder: str) -> str:
    """What a fresh environment of the directory's requirements makes of it."""
    command = [sys.executable, "-m", "mlmodel", "validate", "--load=recreate", folder]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return next(
        (line.partition(": ")[2] for line in done.stdout.splitlines() if "load" in line), done.stdout[-200:]
    )


def main() -> int:
    """A line a model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--recreate", action="store_true")
    arguments = parser.parse_args()
    ratios = []
    print(
        f"{'model':<10} {'CPU s: ours':>11} {'mlflow':>7} {'files':>7} {'bytes':>16}  requirements of ours, and more of mlflow's"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, model in MODELS.items():
            ours = saved("mlmodel", model, f"{folder}/{name}-ours")
            theirs = saved("mlflow", model, f"{folder}/{name}-mlflow")
            ratios.append(ours[0] / theirs[0])
            more = (
                f"+ {' '.join(sorted(theirs[3] - ours[3]))}"
                if ours[3] <= theirs[3]
                else f"NOT IN {theirs[3]}"
            )
            sizes = f"{ours[2]:,} {theirs[2]:,}"
            print(
                f"{name:<10} {ours[0]:>11.2f} {theirs[0]:>7.2f} {ours[1]:>3} {theirs[1]:>3} {sizes:>16}  {' '.join(sorted(ours[3]))} {more}"
            )
            if arguments.recreate:
                print(f"{'':<10} {loads(f'{folder}/{name}-ours')}")
            sys.stdout.flush()
    print(f"ours adds {median(ratios):.3f} of the CPU that mlflow adds (median), {max(ratios):.3f} at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
