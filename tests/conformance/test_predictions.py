"""The role of readers that predict: defects are found, and what is right within the tolerance passes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from mlmodel.conformance.comparing import ProtocolError, of_prediction
from mlmodel.conformance.results import Level
from tests.conformance.test_runner import conformance

READER = Path(__file__).with_name("predictor.py")


def predicted(defect: str) -> tuple[int, str]:
    globs = ["--run", "predict/*-numbers", "--run", "predict/*-nested"]
    options = ["--role", "reader", "--timeout", "60", *globs]
    result = conformance("run", *options, "--", sys.executable, READER, defect)
    return result.returncode, result.stdout


@pytest.mark.parametrize("defect", ["none", "close"])
def test_what_is_right_passes(defect: str) -> None:
    status, told = predicted(defect)
    assert status == 0, told
    assert "the claim at level pointers holds" in told


@pytest.mark.parametrize(
    ("defect", "outcome", "reason"),
    [
        ("far", "fail", "is 0.010000001, not 0"),
        ("text", "fail", "is '0', not 0"),
        ("truth", "fail", "is 1, not True"),
        ("null", "fail", "/0 is None, not 'Infinity'"),
        ("more", "fail", "is not expected"),
        ("less", "fail", "items, not"),
        ("reject", "fail", "the outcome is reject, not ok"),
        ("rubbish", "error", "there is no output"),
        ("unsupported", "skip", "it says that it cannot"),
    ],
)
def test_defects_are_found(defect: str, outcome: str, reason: str) -> None:
    status, told = predicted(defect)
    assert status == 1, told
    assert re.search(rf"^{outcome} .*{re.escape(reason)}", told, re.MULTILINE), told


def test_what_is_not_asked_is_no_claim() -> None:
    status, told = predicted("no-feature")
    assert status == 1
    assert "the claim at level pointers, without predict, python-code does not hold" in told


def test_what_must_be_refused() -> None:
    expected: dict[str, Any] = {"input": {"inputs": []}}
    assert of_prediction(expected, {"outcome": "reject"}).level is Level.POINTERS
    assert of_prediction(expected, {"outcome": "ok", "output": 1}).reason == "the outcome is ok, not reject"
    with pytest.raises(ProtocolError):
        of_prediction(expected, {"output": 1})
