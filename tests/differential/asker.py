"""Says what one release of MLflow does with model directories.

A stand-alone script, run by another interpreter than the tests': it needs MLflow and nothing of this repository.
It reads questions from standard input, one JSON object a line, and answers each with one line::

    {"id": 7, "dir": "/tmp/model", "phases": ["schemas", "write", "pyfunc"]}
    {"id": 7, "load": null, "schemas": null, "write": "TypeError: ...", "pyfunc": null}

Null is a phase that went well.  A phase that was not asked for is absent, as are those that need what ``load``
could not read.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import warnings
from typing import TYPE_CHECKING, Any

os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
os.environ.setdefault("MLFLOW_TRACKING_URI", "sqlite:///:memory:")
warnings.simplefilter("ignore")

import mlflow.pyfunc  # type: ignore[import-not-found,unused-ignore]  # noqa: E402
from mlflow.models import Model  # type: ignore[import-not-found,unused-ignore]  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 30
"""For one phase; where that is not enough, this is the answer."""


def load(directory: str) -> Any:
    """What every reader does first."""
    return Model.load(directory)


def schemas(model: Any) -> None:
    """What readers ask of the signature."""
    repr(model.signature)
    for name in ("get_input_schema", "get_output_schema", "get_params_schema"):
        if hasattr(Model, name):  # params came with MLflow 2.6
            repr(getattr(model, name)())


def write(model: Any) -> None:
    """What is done to a model that was read, before it is stored again or registered."""
    model.to_dict()
    model.to_yaml()


def pyfunc(directory: str) -> None:
    """Load with the model's own loader, and leave the interpreter as it was."""
    path = list(sys.path)
    try:
        mlflow.pyfunc.load_model(directory)
    finally:
        sys.path[:] = path
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(directory):
                del sys.modules[name]


def outcome(phase: Callable[[Any], Any], argument: Any) -> tuple[Any, str | None]:
    """The result of a phase, and its error as text."""
    signal.alarm(SECONDS)
    try:
        return phase(argument), None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:400]
    finally:
        signal.alarm(0)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question."""
    directory, phases = question["dir"], question["phases"]
    model, error = outcome(load, directory)
    found = {"id": question["id"], "load": error}
    if error is None:
        for name, phase in (("schemas", schemas), ("write", write)):
            if name in phases:
                found[name] = outcome(phase, model)[1]
    if "pyfunc" in phases:
        found["pyfunc"] = outcome(pyfunc, directory)[1]
    return found


def _too_long(_signal: int, _frame: Any) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")


def main() -> None:
    """Answer until the questions end."""
    signal.signal(signal.SIGALRM, _too_long)
    logging.disable(logging.CRITICAL)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what a loader prints is no answer
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
