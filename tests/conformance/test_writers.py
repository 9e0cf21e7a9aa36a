"""The role of writers: the runner judges what was written itself, so that a writer cannot lie."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlmodel.conformance import suite
from mlmodel.conformance.adapters import Adapter
from tests import environments
from tests.command import ROOT
from tests.conformance.test_runner import conformance

WRITER = Path(__file__).with_name("writer.py")
MLFLOW = ROOT / "conformance" / "adapters" / "mlflow"


def written(defect: str) -> tuple[int, str]:
    command = ["run", "--role", "writer", "--timeout", "60", "--", sys.executable, str(WRITER), defect]
    result = conformance(*command)
    return result.returncode, result.stdout


def test_a_small_writer_is_right() -> None:
    status, told = written("none")
    assert status == 0, told
    assert "the claim at level pointers, without sklearn holds" in told


@pytest.mark.parametrize(
    ("defect", "reason"),
    [
        ("nothing", "it wrote no directory"),
        ("invalid", "what it wrote is invalid: MLM202"),
        ("other-signature", "/signature/inputs has 1 items, not 2"),
        ("signature", "/signature/inputs is None, not "),
        ("metadata", "/metadata/owner is missing"),
        ("example", "there is no example"),
        ("requirements", "the requirement attrs<30,>=22.2 is missing"),
        ("elsewhere", "it changed written/log.txt, which is outside of the directory to write"),
        ("changes-what-is-given", "it changed given/model.py"),
        ("overwrites", "write/code-occupied: the outcome is ok, not reject"),
        ("leaves-it", "write/code-occupied: it rejects, and changed the directory that was there"),
        ("refuses", "the outcome is reject, not ok: no"),
        ("lies", "it says that it cannot"),
    ],
)
def test_defects_are_found(defect: str, reason: str) -> None:
    status, told = written(defect)
    assert status == 1, told
    assert reason.replace("/", os.sep) in told or reason in told, told
    assert "does not hold" in told


@pytest.mark.node
def test_the_writer_in_javascript() -> None:
    script = ROOT / "conformance" / "adapters" / "node" / "writer.mjs"
    result = conformance("run", "--role", "writer", "--timeout", "60", "--", "node", script)
    assert result.returncode == 0, result.stdout
    assert "the claim at level pointers, without sklearn holds" in result.stdout


def test_requests_follow_the_protocol(tmp_path: Path) -> None:
    text = (ROOT / "schemas" / "protocol.schema.json").read_text(encoding="utf-8")
    validator = jsonschema.Draft7Validator(json.loads(text))
    for case in suite.matching(suite.cases(), ["write/*"]):
        places = {"given": str(tmp_path), "target": str(tmp_path / "x")}
        validator.validate({"id": 1, "op": "write", "request": case.expect["write"]["request"], **places})


# -- real MLflow -----------------------------------------------------------------------------------------


@pytest.fixture
def ours(lacking: Path) -> list[str]:
    """The command of our adapter in an environment of MLflow's, with what is missing there beside it."""
    path = os.pathsep.join([str(ROOT / "validator"), str(lacking)])
    python = environments.interpreter(environments.NEWEST)
    return ["env", f"PYTHONPATH={path}", python, "-W", "ignore", "-m", "mlmodel.conformance.adapter"]


@pytest.mark.mlflow
def test_ours_is_right(ours: list[str]) -> None:
    result = conformance("run", "--role", "writer", "--timeout", "60", "--", *ours)
    assert result.returncode == 0, result.stdout


@pytest.mark.mlflow
def test_ours_predicts_what_mlflow_does(ours: list[str]) -> None:
    globs = ["--run", "predict/*"]
    result = conformance("run", "--role", "reader", *globs, "--timeout", "60", "--", *ours)
    assert result.returncode == 0, result.stdout


@pytest.mark.mlflow
def test_mlflow_is_what_is_known_of_it() -> None:
    python = environments.interpreter(environments.NEWEST)
    adapter = [python, "-W", "ignore", str(MLFLOW / "adapter.py")]
    for role, globs in (("writer", ["*"]), ("reader", ["predict/*"])):
        options = ["--role", role, "--timeout", "120", "--xfail", str(MLFLOW / "known-failures.txt")]
        runs = [word for glob in globs for word in ("--run", glob)]
        result = conformance("run", *options, *runs, "--", *adapter, timeout=600)
        assert result.returncode == 0, result.stdout


@pytest.mark.mlflow
def test_mlflow_reads_what_the_writers_wrote(ours: list[str], tmp_path: Path) -> None:
    """Every directory that our writers write, the estimators and the models from code, loads with MLflow."""
    python = environments.interpreter(environments.NEWEST)
    reader = Adapter([python, "-W", "ignore", str(MLFLOW / "adapter.py")], 120, {})
    writers = (Adapter(ours, 60, {}), Adapter([sys.executable, str(WRITER), "none"], 60, {}))
    ask: dict[str, Any] = {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 2.0], [4.0, 0.5]]}}
    for writer, kind, answer in zip(
        writers, ("sklearn", "code"), ([-0.75, 7.5], [{"0": 3.0}, {"0": 4.5}]), strict=True
    ):
        for case in suite.matching(suite.cases(), [f"write/{kind}-*"]):
            wanted = case.expect["write"]
            if wanted["outcome"] != "ok":
                continue
            target = str(tmp_path / case.id.replace("/", "-"))
            reply = writer.ask("write", request=wanted["request"], given=case.given, target=target)
            assert reply["outcome"] == "ok", reply
            assert reader.ask("validate", model=target)["verdict"] == "valid", case.id
            if case.id == f"write/{kind}-columns":
                assert reader.ask("predict", model=target, input=ask)["output"] == answer, case.id
        writer.close()
    reader.close()


def test_a_command_is_no_writer() -> None:
    tool = shlex.join([sys.executable, "-c", "pass", "{model}"])
    assert conformance("run", "--role", "writer", "--oneshot", tool).returncode == 2
