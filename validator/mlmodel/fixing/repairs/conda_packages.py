"""Packages of conda.yaml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.environment import pythons, recorded, versions
from mlmodel.fixing.edits import Edit, Repair
from mlmodel.fixing.repairs.base import repair_of

if TYPE_CHECKING:
    from mlmodel.environment.conda import Package
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model


def conda_python(model: Model, finding: Finding) -> Repair | None:
    """MLM437, MLM438: write the Python of conda.yaml as MLflow does, where the MLmodel file knows it."""
    package = _package(model, finding)
    known_pythons = recorded.of(model).pythons
    if package is None or package.channel or not known_pythons or known_pythons[0].file != "MLmodel":
        return None
    python, numbers = known_pythons[0].text, known_pythons[0].numbers or ()
    known = [other.numbers for other in known_pythons[1:] if other.place != package.place and other.numbers]
    if len(numbers) < 3 or not all(pythons.agree(numbers, other) for other in known):
        return None
    if package.pin is not None:
        fits = versions.begins(python, package.pin)
    else:
        try:
            fits = versions.allows(versions.parse(f"python{package.version}").clauses, python)
        except versions.InvalidError:
            return None
    return _rewritten(finding, package, f"python={python}") if fits else None


def build_dropped(model: Model, finding: Finding) -> Repair | None:
    """MLM456: a Conda package without its build."""
    package = _package(model, finding)
    match = (
        re.fullmatch(r"(?P<kept>[^=\[\]\s]+={1,2}[^=\[\]\s]+)=[^=\[\]\s]+", package.text) if package else None
    )
    return _rewritten(finding, package, match["kept"]) if package is not None and match is not None else None


def _package(model: Model, finding: Finding) -> Package | None:
    conda = recorded.of(model).conda
    packages = conda.packages if conda is not None else ()
    return next((package for package in packages if package.place == finding.location), None)


def _rewritten(finding: Finding, package: Package, text: str) -> Repair | None:
    document = package.origin.document
    scalar = document.places.scalar(package.origin.pointer) if document.places else None
    quote = scalar.style if scalar is not None else ""
    if scalar is None or document.text[scalar.start : scalar.end] != f"{quote}{package.text}{quote}":
        return None
    edit = Edit(document.path, scalar.start, scalar.end, f"{quote}{text}{quote}")
    return repair_of(finding, f"write {text}", edit)
