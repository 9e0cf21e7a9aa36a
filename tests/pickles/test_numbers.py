"""Numbers that begin like a pickle by chance are numbers; a pickle among them is told."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import joblib
import numpy
import pytest

from mlmodel import Severity, validate
from tests.overlay import make_model


def saved(form: str, numbers: bytes, path: Path) -> None:
    array = numpy.frombuffer(numbers, dtype="u1")
    if form == "npy":
        numpy.save(path, array)
    elif form == "joblib":
        joblib.dump({"weights": array}, path)
    else:
        path.write_bytes(pickle.dumps({"weights": array.tobytes(), "array": array}, int(form)))


@pytest.mark.parametrize("form", ["2", "3", "4", "5", "npy", "joblib"])
@pytest.mark.parametrize("protocol", range(6))
def test_numbers_that_begin_like_a_pickle_are_numbers(form: str, protocol: int, tmp_path: Path) -> None:
    """One array in ten thousand does."""
    model = make_model(tmp_path / "model")
    path = model / "artifacts" / f"object.{form if form in ('npy', 'joblib') else 'pkl'}"
    path.parent.mkdir()
    chance = random.Random(protocol)
    for _ in range(20):
        saved(form, bytes([0x80, protocol]) + chance.randbytes(30), path)
        assert [finding for finding in validate(model).findings if finding.rule.startswith("MLM6")] == []


@pytest.mark.parametrize("end", [b"R.", b"R", b"R\xff\xff", b"R0K\1"])
@pytest.mark.parametrize("form", ["2", "4"])
def test_a_pickle_among_bytes_is_told_however_it_ends(form: str, end: bytes, tmp_path: Path) -> None:
    """Reading runs it up to where it is broken."""
    model = make_model(tmp_path / "model")
    path = model / "artifacts" / "object.pkl"
    path.parent.mkdir()
    evil = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85" + end
    path.write_bytes(pickle.dumps(numpy.frombuffer(evil, dtype="u1"), int(form)))
    assert [f.severity for f in validate(model).findings if f.rule == "MLM601"] == [Severity.ERROR]
