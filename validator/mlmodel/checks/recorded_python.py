"""Chapter 5, the environment files: the Python that they record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.environment import pythons
from mlmodel.environment.conda import mlflow_python
from mlmodel.model import at, make
from mlmodel.schemas import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model import Model


def disagree(model: Model) -> Iterator[Finding]:
    """MLM434: the files that record a Python record the same."""
    known = [(python, numbers) for python in model.environment.pythons if (numbers := python.numbers)]
    for index, (python, numbers) in enumerate(known):
        for other, others in known[index + 1 :]:
            if not pythons.agree(numbers, others):
                message = (
                    f"Python {python.text} ({python.place.label}) is {other.text} in {other.place.label}"
                )
                yield make("MLM434", message, other.place)


def end_of_life(model: Model) -> Iterator[Finding]:
    """MLM435: the Python that is installed is still maintained."""
    installed = model.environment.python
    if installed is None:
        return
    last = pythons.end_of_life(installed)
    if last is not None and model.today > last:
        python = next(known for known in reversed(model.environment.pythons) if known.numbers == installed)
        message = f"Python {python.text} has had no security fixes since {last}: images and indexes drop it"
        yield make("MLM435", message, python.place)


def unusable(model: Model) -> Iterator[Finding]:
    """MLM436: the version is one that an installer can find."""
    for python in model.environment.pythons:
        if python.file == "MLmodel" or python.numbers:  # MLM212 judges the MLmodel file
            continue
        if not python.is_range and not re.search(_SHELL, python.text):
            yield make(
                "MLM436", f"{shown(python.text)} is no version of Python", python.place, "write it as 3.11.7"
            )
    file = model.environment.python_env
    given = file.python if file is not None else None
    if file is not None and given is not None and not pythons.parse(given) and re.search(_SHELL, given):
        message = f"{shown(given)} holds what a shell runs, not a version of Python"
        yield make("MLM450", message, at(file.document, ("python",)), "find out who wrote it")


_SHELL = r"[;&|`$\n]"


def from_conda(model: Model) -> Iterator[Finding]:
    """MLM437, MLM438: without python_env.yaml, MLflow takes the Python from conda.yaml, in its own way."""
    environment = model.environment
    conda = environment.conda
    if conda is None or model.directory.look("python_env.yaml").size or environment.python_env is not None:
        return
    python = conda.python
    if python is None:
        message = "no Python is recorded: MLflow takes the one it runs on itself"
        yield make(
            "MLM437",
            message,
            at(conda.document, ("dependencies",), key=True),
            "add python=3.11.7 to the dependencies",
        )
        return
    reading = mlflow_python(python.text)
    if reading is None:
        message = f"MLflow cannot read {shown(python.text)}, and takes the Python it runs on itself"
        yield make("MLM437", message, python.place, "write it as python=3.11.7")
    elif reading[0] in (None, "<", ">", "!=") or reading[1] is None:
        message = f"{shown(python.text)} gives no version: MLflow refuses to build the environment"
        yield make("MLM438", message, python.place, "write it as python=3.11.7")


CHECKS = (disagree, end_of_life, unusable, from_conda)
