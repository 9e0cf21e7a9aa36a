"""Files that the others tell the content of."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.documents import parse_yaml
from mlmodel.environment import pythons, recorded
from mlmodel.environment.conda import ItemOrigin
from mlmodel.environment.recorded import REQUIREMENTS
from mlmodel.environment.requirements import Form
from mlmodel.fixing.edits import Edit, Repair
from mlmodel.fixing.repairs.base import PYFUNC, repair_of
from mlmodel.sources.directory import Kind

if TYPE_CHECKING:
    from mlmodel.documents import Document
    from mlmodel.environment.requirements import Entry
    from mlmodel.findings import Finding
    from mlmodel.fixing.repairs.base import Steps
    from mlmodel.model.model import Model


NAME = lazy_pattern(r"[A-Za-z][A-Za-z0-9_.-]*\.ya?ml")
"""File names that may be written into a file as they are."""


def python_env(model: Model, finding: Finding, _: Document, steps: Steps) -> Repair | None:
    """MLM007, MLM032: write python_env.yaml from what the other files record."""
    if steps != (*PYFUNC, "env", "virtualenv"):
        return None
    name = model.flavors["python_function"]["env"]["virtualenv"]
    written = files_written(model, name)
    return repair_of(finding, f"write {name} from the other files", *written) if written else None


def files_written(model: Model, name: Any) -> tuple[Edit, ...] | None:
    """What to write so that python_env.yaml is there: nothing where it is, None where its content is not known."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return None
    there = model.directory.look(name).kind
    text = _python_env(model) if there is Kind.MISSING else None
    if there is Kind.FILE:
        return ()
    return None if text is None else (Edit(name, 0, 0, text),)


def _python_env(model: Model) -> str | None:
    """The text of python_env.yaml as MLflow writes it; None where the Python or the requirements are not known."""
    environment = recorded.of(model)
    known = [python for python in environment.pythons if python.numbers]
    if not known:
        return None
    python = max(known, key=lambda python: len(python.numbers or ()))
    if not all(pythons.agree(python.numbers or (), other.numbers or ()) for other in known):
        return None
    if model.directory.look(REQUIREMENTS).kind is not Kind.FILE and _conda_lines(model) is None:
        return None
    packages = {package.name: package for package in environment.conda.packages} if environment.conda else {}
    lines = [f"python: {_yaml_string(python.text)}", "build_dependencies:"]
    for tool in ("pip", "setuptools", "wheel"):
        pin = re.fullmatch(r"(?:<=|={1,2})(\d[\w.]*)", packages[tool].version) if tool in packages else None
        lines.append(f"- {tool}=={pin[1]}" if pin else f"- {tool}")
    return "\n".join([*lines, "dependencies:", f"- -r {REQUIREMENTS}", ""])


def _yaml_string(text: str) -> str:
    return text if parse_yaml(text, "").data == text else f"'{text}'"


def requirements(model: Model, finding: Finding) -> Repair | None:
    """MLM445: write the requirements.txt that python_env.yaml includes, from the pip list of conda.yaml."""
    listing = recorded.of(model).virtualenv
    faults = listing.faults if listing is not None else ()
    wanted = [fault.entry for fault in faults if not fault.cycle and fault.entry.place == finding.location]
    if not any(posixpath.normpath(entry.target or "") == REQUIREMENTS for entry in wanted):
        return None
    lines = _conda_lines(model)
    if lines is None or model.directory.look(REQUIREMENTS).kind is not Kind.MISSING:
        return None
    conda = recorded.of(model).conda
    assert conda is not None
    summary = f"write {REQUIREMENTS} from the pip list of {conda.file}"
    return repair_of(finding, summary, Edit(REQUIREMENTS, 0, 0, "\n".join(lines)))


def _conda_lines(model: Model) -> list[str] | None:
    """The pip requirements of conda.yaml as lines; None where they are no list that can be copied."""
    conda = recorded.of(model).conda
    entries = conda.pip if conda is not None else None
    if not entries or any(entry.form in (Form.INVALID, Form.INCLUDE) for entry in entries):
        return None
    lines = []
    for entry in entries:
        item = _item(entry)
        if item is None or "\n" in item or "\r" in item:
            return None
        lines.append(item)
    return lines


def _item(entry: Entry) -> str | None:
    """The item of a YAML list that an entry comes from."""
    if not isinstance(entry.origin, ItemOrigin):
        return None
    value: Any = entry.origin.document.data
    for step in entry.origin.pointer:
        value = value[step]
    return value if isinstance(value, str) else None
