"""The probe, run by an interpreter over a model of a few lines; nothing here is confined, and all of it is ours."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlmodel.findings import CapturedWarning
from mlmodel.model.model import Model
from mlmodel.runtime import bytecode, probe_job, probe_report, probe_runner
from mlmodel.runtime.probe import channel, value_summaries
from mlmodel.sources.directory import ModelDirectory
from tests.runtime import tiny

pytestmark = pytest.mark.skipif(os.name == "nt", reason="passes a descriptor")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny.environment(tmp_path_factory.mktemp("environment") / "env")


def probed(model: Path, python: str, **changes: Any) -> probe_report.Run:
    work = {**probe_job.job(Model(ModelDirectory(str(model)))), "model": str(model), **changes}
    reading, writing = os.pipe()
    path = model.parent / "job.json"
    path.write_text(json.dumps({**work, "report": writing}))
    command = [python, "-I", "-B", os.path.join(probe_runner.PROBE, "__main__.py"), str(path)]
    process = subprocess.Popen(command, pass_fds=(writing,), cwd=model.parent, stdout=subprocess.PIPE)
    os.close(writing)
    with process, os.fdopen(reading, "rb") as file:
        report = file.read()
    return probe_report.read(report)


def outcomes(run: probe_report.Run) -> dict[str, str]:
    return {phase.name + (f" {phase.about}" if phase.about else ""): phase.outcome for phase in run.phases}


def test_it_loads_and_predicts(tmp_path: Path, python: str) -> None:
    run = probed(tiny.model(tmp_path), python)
    assert outcomes(run) == {
        "versions": "passed",
        "import its classes": "passed",
        "read": "passed",
        "resolve": "passed",
        "load sklearn": "passed",
        "import mlflow.pyfunc": "passed",
        "load mlflow.pyfunc": "passed",
        "example": "passed",
        "predict": "passed",
        "output": "passed",
        "one-row": "passed",
        "again": "passed",
        "serve": "passed",
    }
    assert run.done
    assert run.python == ".".join(map(str, sys.version_info[:3]))
    again, predict = run.of("again"), run.of("predict")
    assert again is not None
    assert again.detail == {"same": True}
    assert predict is not None
    assert predict.detail["output"] == {
        "type": "builtins.list",
        "form": "list",
        "items": ["builtins.float"],
        "length": 2,
    }
    assert all(phase.seconds is not None and phase.peak_bytes for phase in run.phases)
    assert any(path.endswith("tiny.py") for path in run.files)


def test_without_mlflow_the_object_itself_predicts(tmp_path: Path, python: str) -> None:
    run = probed(tiny.model(tmp_path, "__import__('builtins').len(data)"), python, pyfunc=False, example=None)
    assert outcomes(run)["load sklearn"] == "passed"
    assert outcomes(run)["example"] == "skipped"


def test_the_example_without_mlflow(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    run = probed(tiny.model(tmp_path, "data.sum(axis=1)"), sys.executable, pyfunc=False)
    predict = run.of("predict")
    assert predict is not None
    assert predict.detail["output"]["dtype"] == "float64"
    assert predict.detail["output"]["shape"] == [2]


def test_what_libraries_print_does_not_disturb(tmp_path: Path, python: str) -> None:
    code = "import sys, os\nprint('noise'); sys.stdout.flush(); os.write(1, b'{\"event\": \"done\"}\\n')\n"
    run = probed(tiny.model(tmp_path, code=code + tiny.CODE.format(body="1.0")), python)
    assert run.done
    assert outcomes(run)["predict"] == "passed"


def test_an_exception_of_the_model(tmp_path: Path, python: str) -> None:
    run = probed(tiny.model(tmp_path, "[row[7] for row in data]"), python)
    predict = run.of("predict")
    assert predict is not None
    failure = predict.failure
    assert failure is not None
    assert failure.text == "IndexError: list index out of range"
    assert failure.frames[-1].file == "code/tiny.py"
    assert failure.frames[-1].own
    assert "return [row[7] for row in data]" in failure.traceback
    assert run.of("again") is None


def test_a_model_that_changes_and_one_that_wears_out(tmp_path: Path, python: str) -> None:
    code = "import random\n" + tiny.CODE.format(body="random.random()")
    run = probed(tiny.model(tmp_path, code=code), python)
    again = run.of("again")
    assert again is not None
    assert again.detail == {"same": False}


def test_where_a_process_dies(tmp_path: Path, python: str) -> None:
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    run = probed(tiny.model(tmp_path, code=code), python)
    assert not run.done
    assert run.last is not None
    assert run.last.name == "resolve"


def test_names_that_nothing_has(tmp_path: Path, python: str) -> None:
    model = tiny.model(tmp_path)
    (model / "model.pkl").write_bytes(tiny.pickled("Gone"))
    run = probed(model, python)
    resolve, load = run.of("resolve"), run.of("load")
    assert resolve is not None
    assert load is not None
    (missing,) = resolve.detail["missing"]
    assert (missing["module"], missing["name"], missing["error"]["type"]) == (
        "tiny",
        "Gone",
        "AttributeError",
    )
    assert load.failure is not None


def test_warnings_are_told_once(tmp_path: Path, python: str) -> None:
    code = "import warnings, logging\n" + tiny.CODE.format(
        body="[warnings.warn('old', FutureWarning) for _ in range(9)] and logging.getLogger('mlflow').warning('odd')"
    )
    run = probed(tiny.model(tmp_path, code=code), python)
    predict = run.of("predict")
    assert predict is not None
    assert predict.warnings == (CapturedWarning("FutureWarning", "old"), CapturedWarning("mlflow", "odd"))


def test_libraries_that_call_exit(tmp_path: Path, python: str) -> None:
    run = probed(tiny.model(tmp_path, "__import__('sys').exit(3)"), python)
    predict = run.of("predict")
    assert predict is not None
    assert predict.failure is not None
    assert predict.failure.type == "SystemExit"
    assert run.done


@pytest.mark.parametrize(
    "path",
    [*sorted(Path(probe_runner.PROBE).glob("*.py")), Path(bytecode.COMPILER)],
    ids=lambda path: path.name,
)
def test_what_runs_in_the_environment_is_for_old_pythons(path: Path) -> None:
    """Only the standard library and its own modules, and the syntax of Python 3.7."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node in tree.body:
            assert {alias.name for alias in node.names} <= set(sys.stdlib_module_names)
        elif isinstance(node, ast.ImportFrom) and node in tree.body and not node.level:
            assert str(node.module).partition(".")[0] in sys.stdlib_module_names
        assert not (isinstance(node, (ast.Import, ast.ImportFrom)) and "mlmodel." in ast.unparse(node))


def test_the_import_path_is_the_environments(tmp_path: Path, python: str) -> None:
    """No folder of ours is on it, and modules of the model are not mistaken for ours."""
    code = "import sys, value_summaries\n" + tiny.CODE.format(
        body="[any('runtime' in p for p in sys.path), value_summaries.MINE]"
    )
    model = tiny.model(tmp_path, code=code)
    (model / "code" / "value_summaries.py").write_text("MINE = 'mine'\n")
    run = probed(model, python)
    assert outcomes(run)["predict"] == "passed"
    output = run.of("output")
    assert output is not None
    assert output.detail["output"]["items"] == ["builtins.bool", "builtins.str"]


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (1.0, 1.0, True),
        (float("nan"), float("nan"), True),
        ([1, [2, "a"]], [1, [2, "a"]], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"b": 1}, False),
        (object(), object(), None),
        (iter([1]), iter([1]), None),
    ],
)
def test_the_same_answer(one: object, other: object, answer: bool | None) -> None:
    assert value_summaries.same(one, other) is answer


def test_the_first_row() -> None:
    assert value_summaries.first([1, 2]) == [1]
    for whole in ([1], [], "text", {"a": 1}):
        with pytest.raises(channel.Skip):
            value_summaries.first(whole)
