# ruff: noqa: E402 - what is imported must stand after the variables
"""Loads every damaged form of model directories with the MLflow beside it; prints a JSON line for each: what failed.

Arguments: the folders.  The libraries are imported once; each directory is loaded in a child of its own.
"""

# mypy: disable-error-code="import-not-found, import-untyped, no-untyped-call"
from __future__ import annotations

import json
import os
import select
import signal
import sys
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["OMP_NUM_THREADS"] = "1"  # threads do not survive in a child
warnings.simplefilter("ignore")
sys.path.insert(0, str(Path(__file__).parent))

import damages
import mlflow
import mlflow.pyfunc
import yaml

SECONDS = 120


def load(folder: Path) -> None:
    """Load a model by every loader that its own MLmodel file, before the damage, names."""
    flavors = FLAVORS[folder]
    if "python_function" in flavors:
        mlflow.pyfunc.load_model(str(folder))
    for name in flavors - {"python_function"}:
        module = __import__(f"mlflow.{name}", fromlist=["load_model"])
        module.load_model(str(folder))


def failure(folder: Path) -> str | None:
    """What loading raises, None where it succeeds; in a child, which may be killed by what it loads."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            load(folder)
            os.write(writing, b"ok")
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}"[:300].encode())
        os._exit(0)
    os.close(writing)
    told = b""
    while select.select([reading], [], [], SECONDS + 10)[0]:
        more = os.read(reading, 4096)
        if not more:
            break
        told += more
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if told == b"ok":
        return None
    return told.decode("utf-8", "replace") or f"the process ended with {status}"


FLAVORS = {
    Path(folder): set(yaml.safe_load((Path(folder) / "MLmodel").read_text())["flavors"])
    for folder in sys.argv[1:]
}
for folder in FLAVORS:
    whole = failure(folder)
    if whole is None and "FRESH" not in os.environ:
        load(folder)  # imports what loading needs once, for all children
    print(json.dumps({"model": folder.name, "file": None, "damage": None, "error": whole}), flush=True)
    for file in damages.files(folder):
        for damage in damages.DAMAGES:
            with damages.damaged(folder, file, damage) as changed:
                if changed:
                    print(
                        json.dumps(
                            {"model": folder.name, "file": file, "damage": damage, "error": failure(folder)}
                        ),
                        flush=True,
                    )
