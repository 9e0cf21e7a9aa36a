"""Chapter 5, the environment files: the Python that they record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.documents import location_of
from mlmodel.environment import pythons, recorded
from mlmodel.environment.conda import mlflow_python
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def disagree(model: Model) -> Iterator[Finding]:
    """MLM434: the files that record a Python record the same."""
    known = [(python, numbers) for python in recorded.of(model).pythons if (numbers := python.numbers)]
    for index, (python, numbers) in enumerate(known):
        for other, others in known[index + 1 :]:
            if not pythons.agree(numbers, others):
                message = (
                    f"Python {python.text} ({python.place.label}) is {other.text} in {other.place.label}"
                )
                yield new_finding("MLM434", message, other.place)


def end_of_life(model: Model) -> Iterator[Finding]:
    """MLM435: the Python that is installed is still maintained."""
    installed = recorded.of(model).python
    if installed is None:
        return
    last = pythons.end_of_life(installed)
    if last is not None and model.today > last:
        python = next(known for known in reversed(recorded.of(model).pythons) if known.numbers == installed)
        message = f"Python {python.text} has had no security fixes since {last}: images and indexes drop it"
        yield new_finding("MLM435", message, python.place)


def unusable(model: Model) -> Iterator[Finding]:
    """MLM436: the version is one that an installer can find."""
    for python in recorded.of(model).pythons:
        if python.file == "MLmodel" or python.numbers:  # MLM212 judges the MLmodel file
            continue
        if not python.is_range and not re.search(_SHELL, python.text):
            yield new_finding(
                "MLM436", f"{quoted(python.text)} is no version of Python", python.place, "write it as 3.11.7"
            )
    file = recorded.of(model).python_env
    given = file.python if file is not None else None
    if file is not None and given is not None and not pythons.parse(given) and re.search(_SHELL, given):
        message = f"{quoted(given)} holds what a shell runs, not a version of Python"
        yield new_finding("MLM450", message, location_of(file.document, ("python",)), "write it as 3.11.7")


_SHELL = r"[;&|`$\n]"


def from_conda(model: Model) -> Iterator[Finding]:
    """MLM437, MLM438: without python_env.yaml, MLflow takes the Python from conda.yaml, in its own way."""
    environment = recorded.of(model)
    conda = environment.conda
    if conda is None or model.directory.look("python_env.yaml").size or environment.python_env is not None:
        return
    python = conda.python
    if python is None:
        message = "no Python is recorded: MLflow takes the one it runs on itself"
        yield new_finding(
            "MLM437",
            message,
            location_of(conda.document, ("dependencies",), key=True),
            "add python=3.11.7 to the dependencies",
        )
        return
    reading = mlflow_python(python.text)
    if reading is None:
        message = f"MLflow cannot read {quoted(python.text)}, and takes the Python it runs on itself"
        yield new_finding("MLM437", message, python.place, "write it as python=3.11.7")
    elif reading[0] in (None, "<", ">", "!=") or reading[1] is None:
        message = f"{quoted(python.text)} gives no version: MLflow refuses to build the environment"
        yield new_finding("MLM438", message, python.place, "write it as python=3.11.7")


CHECKS = (disagree, end_of_life, unusable, from_conda)
