"""The environment files of a real model, each changed line by line: what then disagrees is named, with both places."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from mlmodel import validate
from mlmodel.validation import Options

MODEL = Path(__file__).resolve().parents[2] / "examples" / "sklearn-logistic-regression"
OPTIONS = Options(today=date(2026, 1, 1))
FILES = ("MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml")
PYTHON = {"MLmodel": "    python_version: ", "conda.yaml": "- python=", "python_env.yaml": "python: "}
"""What stands before the Python that a file records."""


class Change(NamedTuple):
    """A line of one file that another file contradicts."""

    file: str
    old: str
    new: str
    """Empty when the line is deleted."""
    other: str
    """The file that still says the old."""

    @property
    def name(self) -> str:
        return f"{self.file}: {self.old.strip()} -> {self.new.strip() or 'nothing'}, {self.other}"


def changes() -> Iterator[Change]:
    lists = ("requirements.txt", "conda.yaml")
    for requirement in (MODEL / "requirements.txt").read_text(encoding="utf-8").split():
        name, _, version = requirement.partition("==")
        for file, other in (lists, lists[::-1]):
            prefix = "  - " if file == "conda.yaml" else ""
            for new in (f"{name}==0.{version}", f"{name}!={version}", f"{name}[extra]=={version}"):
                yield Change(file, prefix + requirement, prefix + new, other)
            yield Change(file, f"{prefix}{requirement}", "", other)
    for file, prefix in PYTHON.items():
        for other in PYTHON.keys() - {file}:
            for new in ("3.11.9", "3.9.18", "2.7.18"):
                yield Change(file, f"{prefix}3.11.7", prefix + new, other)
    # conda.yaml says the same as requirements.txt, and is not named for a second time.
    yield Change("MLmodel", "    sklearn_version: 1.9.1", "    sklearn_version: 1.5.2", lists[0])
    yield Change("MLmodel", "mlflow_version: 2.15.0", "mlflow_version: 2.14.1", lists[0])


@pytest.mark.parametrize("change", sorted(changes()), ids=lambda change: change.name)
def test_both_places_are_named(change: Change, tmp_path: Path) -> None:
    model = shutil.copytree(MODEL, tmp_path / "model")
    lines = (model / change.file).read_text(encoding="utf-8").splitlines()
    line = lines.index(change.old) + 1
    lines[line - 1 : line] = [change.new] if change.new else []
    (model / change.file).write_text("\n".join([*lines, ""]), encoding="utf-8")
    told = [
        {finding.location.label, *re.findall(r"\b(?:MLmodel|[\w.]+\.(?:txt|yaml)):\d+:\d+", finding.message)}
        for finding in validate(model, OPTIONS).findings
        if re.fullmatch(r"MLM4[34]\d|MLM462|MLM498", finding.rule)
    ]
    assert any(
        # Of a line that is not there, the beginning of its list is named.
        any(
            place.startswith(f"{change.file}:{line}:" if change.new else f"{change.file}:")
            for place in places
        )
        and any(place.startswith(f"{change.other}:") for place in places)
        for places in told
    ), told


def test_without_a_change_nothing_disagrees() -> None:
    assert not [
        finding for finding in validate(MODEL, OPTIONS).findings if re.fullmatch(r"MLM4[34]\d", finding.rule)
    ]
