"""A model that the releases of today break, and those of the day on which it was saved do not (MLM745)."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlmodel import Options, Report, validate
from mlmodel.resolution import uv
from mlmodel.runtime import interpreters, stage
from mlmodel.runtime.environments import EnvironmentBuilder, Resolution
from mlmodel.runtime.install_plan import InstallPlan
from mlmodel.runtime.interpreters import Interpreter
from mlmodel.runtime.load_options import LoadOptions
from tests import environments
from tests.runtime import tiny

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is confined elsewhere")
CODE = """\
import numpy
class Tiny:
    def predict(self, data):
        return [float(numpy.float_(sum(row))) for row in data]
"""
"""NumPy 2 has no ``float_``."""


class Index:
    """Stands in for the index, uv and its environments: what is installed as of a day, and in which folder."""

    def __init__(self, folder: Path, old: str, new: str) -> None:
        for version, body in (("1.26.4", old), ("2.4.6", new)):
            tiny.environment(folder / version, {"numpy.py": body}, numpy=version)
        self.folder = folder

    def resolve(self, plan: InstallPlan, _: Interpreter) -> Resolution:
        return Resolution(f"mlflow==2.17.2\nnumpy=={'1.26.4' if plan.as_of else '2.4.6'}\n")

    @contextlib.contextmanager
    def environment(self, lock: str, _: Interpreter) -> Iterator[tuple[str, bool]]:
        yield str(self.folder / ("1.26.4" if "1.26.4" in lock else "2.4.6")), False


def judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, as_of: str | None = "today"
) -> Report:
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    index = Index(tmp_path / "environments", old, new)
    monkeypatch.setattr(stage, "find_uv", lambda _: sys.executable)
    monkeypatch.setattr(
        interpreters, "find", lambda *_: Interpreter(sys.executable, sys.version_info[:3], exact=True)
    )
    for name in ("resolve", "environment"):
        work = getattr(index, name)
        monkeypatch.setattr(EnvironmentBuilder, name, lambda _, *arguments, work=work: work(*arguments))
    model = tiny.model(tmp_path, code=CODE)
    return validate(model, Options(load=LoadOptions(recreate=True, as_of=as_of)))


WORKS, BROKEN = "float_ = float\n", "odd = 1\n"


def test_the_releases_that_differ_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = judged(tmp_path, monkeypatch, WORKS, BROKEN)
    assert report.load is not None
    assert report.load.outcome == "loaded"  # what was asked about is today's
    found = {finding.rule: finding for finding in report.findings}
    assert "has no attribute 'float_'" in found["MLM730"].message
    assert found["MLM745"].message == "it predicts with the releases of 2026-11-20: numpy 1.26.4 (now 2.4.6)"
    assert found["MLM745"].severity.label == "warning"
    assert found["MLM745"].hint == "pin these versions"


@pytest.mark.parametrize(
    ("old", "new", "as_of"),
    [(WORKS, WORKS, "today"), (BROKEN, BROKEN, "today"), (BROKEN, WORKS, "today"), (BROKEN, WORKS, None)],
    ids=["both work", "neither works", "only today's works", "today's were not asked about"],
)
def test_else_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, as_of: str | None
) -> None:
    report = judged(tmp_path, monkeypatch, old, new, as_of)
    assert "MLM745" not in [finding.rule for finding in report.findings]


def test_an_index_that_does_not_answer_about_that_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = Index.resolve

    def unanswered(self: Index, plan: InstallPlan, python: Interpreter) -> Resolution:
        if plan.as_of:
            raise uv.UnansweredError("no answer")
        return resolve(self, plan, python)

    monkeypatch.setattr(Index, "resolve", unanswered)
    report = judged(tmp_path, monkeypatch, WORKS, BROKEN)
    rules = [finding.rule for finding in report.findings]
    assert "MLM730" in rules
    assert not {"MLM745", "MLM904"} & set(rules)


@pytest.mark.mlflow
def test_with_a_real_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(environments.cache_folder("load")))
    model = tiny.model(tmp_path, code=CODE, python="3.11.7")
    (model / "requirements.txt").write_text("cloudpickle\nnumpy\n")
    (model / "conda.yaml").unlink()
    text = (model / "MLmodel").read_text().replace("2026-11-20", "2024-05-02")
    (model / "MLmodel").write_text(text)
    report = validate(model, Options(load=LoadOptions(recreate=True, as_of="today")))
    (found,) = [finding for finding in report.findings if finding.rule == "MLM745"]
    assert "with the releases of 2024-05-02" in found.message
    assert "numpy 1.26.4 (now 2." in found.message
    assert found.location.file == "python_env.yaml"
