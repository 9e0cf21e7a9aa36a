"""``--load=current``, from the command to the report, on a model of a few lines in a make-believe environment."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlmodel import Options, validate
from mlmodel.findings import LoadReport
from mlmodel.reporters.text_format import load_text
from mlmodel.runtime.load_options import LoadOptions
from tests.command import ROOT, mlmodel_validate
from tests.overlay import make_model
from tests.runtime import tiny
from tests.runtime.test_confinement import SLOW

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is confined elsewhere")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny.environment(tmp_path_factory.mktemp("environment") / "env")


def loaded(model: Path, python: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the report on the model."""
    arguments = ("--load=current", "--python", python, "--format", "json", *options)
    result = mlmodel_validate(model, *arguments, SECRET="hidden")  # noqa: S106
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(report)
    return result.returncode, report["models"][0]


def rules(report: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in report["findings"] if finding["rule"][:4] in ("MLM7", "MLM9")]


def test_it_loads_and_predicts(tmp_path: Path, python: str) -> None:
    status, report = loaded(tiny.model(tmp_path), python)
    load = report["load"]
    assert (status, load["outcome"], load["mode"]) == (0, "predicted", "current")
    assert {"limits", "landlock", "seccomp"} <= set(load["layers"])
    assert load["enforced"] == ["files", "network", "processes", "limits"]
    assert load["not_enforced"] == []
    assert load["environment"]["python"] == python
    assert load["predictions"]["form"] == "list"
    assert rules(report) == []


def test_text_says_it_in_a_line(tmp_path: Path, python: str) -> None:
    result = mlmodel_validate(tiny.model(tmp_path), "--load=current", "--python", python)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    (line,) = [line for line in lines if ": loads" in line]
    assert "loads with sklearn and with mlflow.pyfunc, and predicts on its example; Python 3." in line
    assert "; confined: files, network, processes, limits; " in line
    assert result.stderr == ""  # no progress where there is no terminal


def test_more_text_says_each_step(tmp_path: Path, python: str) -> None:
    model = tiny.model(tmp_path)
    (model / "input_example.json").unlink()
    text = mlmodel_validate(model, "--load=current", "--python", python, "-v").stdout
    lines = [re.sub(r"\d[\d.]*", "N", line.strip()) for line in text.splitlines() if line.startswith("    ")]
    assert any(re.fullmatch(r"confined by limits, .*landlock, seccomp", line) for line in lines)
    assert "loading with mlflow.pyfunc: passed, N s, N MB" in lines
    (skipped,) = [line for line in lines if line.startswith("reading the stored example: skipped (")]
    assert skipped.endswith("), N s, N MB")
    short = mlmodel_validate(model, "--load=current", "--python", python).stdout
    assert "confined by" not in short
    assert " MB" not in short


def test_text_says_what_stays_open() -> None:
    text = load_text(LoadReport("predicted", "current", enforced=("limits",), open=("files", "network")))
    assert text == "loads, and predicts on its example; confined: limits; open to it: files, network; 0.0 s"


def test_it_says_what_it_does(tmp_path: Path, python: str) -> None:
    said: list[str] = []
    model = tiny.model(tmp_path, "__import__('time').sleep(0.3)")
    report = validate(model, Options(load=LoadOptions(python=python, progress=said.append)))
    assert report.load is not None
    assert said[0] == "loading and predicting"
    assert "predicting" in said
    assert said[-1] == ""


CASES = {
    "an exception in predict": ("[row[7] for row in data]", "MLM730", 1),
    "a missing module": ("__import__('lightgbm')", "MLM720", 1),
    "a segmentation fault": ("__import__('os').kill(__import__('os').getpid(), 11)", "MLM740", 1),
    "an exit": ("__import__('os')._exit(0)", "MLM740", 1),
    "the network": ("__import__('socket').create_connection(('127.0.0.1', 9))", "MLM742", 3),
    "another file": (
        "open('/etc/shadow').read()",
        "MLM742",
        3,
    ),
    "another program": ("__import__('subprocess').run(['true'])", "MLM742", 3),
    "too long": ("__import__('time').sleep(60)", "MLM741", 3),
    "too much": ("[b'x' * (1 << 20) for _ in range(4000)]", "MLM741", 3),
    "bytes": ("b'bytes'", "MLM736", 0),
    "other answers": ("__import__('os').urandom(4).hex()", "MLM733", 0),
}


@pytest.mark.parametrize(("body", "rule", "status"), CASES.values(), ids=CASES)
def test_what_goes_wrong(tmp_path: Path, python: str, body: str, rule: str, status: int) -> None:
    found, report = loaded(
        tiny.model(tmp_path, body), python, "--timeout", f"{3 * SLOW:g}", "--memory", "300M"
    )
    assert rule in rules(report), report["findings"]
    assert found == status, report["findings"]
    assert not any(word in json.dumps(report) for word in ("hidden",))


def test_nothing_is_left_behind(tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    model = tiny.model(tmp_path, "open('mine', 'w').write('x')")
    before = sorted(path for path in model.rglob("*"))
    _, report = loaded(model, python)
    assert report["load"]["outcome"] == "predicted"
    assert sorted(path for path in model.rglob("*")) == before
    assert os.listdir(tmp_path / "tmp") == []


ASKS = "[len(__import__('os').environ['TOKEN_OF_MINE'])] * len(data)"


def test_an_environment_variable_that_it_does_not_get(tmp_path: Path, python: str) -> None:
    status, report = loaded(tiny.model(tmp_path, ASKS), python)
    assert (status, rules(report)) == (3, ["MLM742"])
    (found,) = [finding for finding in report["findings"] if finding["rule"] == "MLM742"]
    assert "the environment variable 'TOKEN_OF_MINE', which it does not get" in found["message"]
    assert found["hint"].startswith("--env TOKEN_OF_MINE passes it on")


@pytest.mark.parametrize("option", ["TOKEN_OF_MINE=in my pocket", "TOKEN_OF_MINE", "TOKEN_OF_MINE="])
def test_an_environment_variable_that_is_passed_on(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """Its value is the user's, and is in no report."""
    monkeypatch.setenv("TOKEN_OF_MINE", "in my pocket")
    status, report = loaded(tiny.model(tmp_path, ASKS), python, "--env", option)
    assert (status, report["load"]["outcome"], rules(report)) == (0, "predicted", [])
    assert "in my pocket" not in json.dumps(report)


def test_only_what_is_named_is_passed_on(tmp_path: Path, python: str) -> None:
    body = "[len(__import__('os').environ[name]) for name in ('ANOTHER', 'SECRET')]"
    status, report = loaded(tiny.model(tmp_path, body), python, "--env", "ANOTHER=1")
    assert status == 3
    (found,) = [finding for finding in report["findings"] if finding["rule"] == "MLM742"]
    assert "'SECRET'" in found["message"]


def test_objects_that_run_code_are_not_loaded(tmp_path: Path, python: str) -> None:
    model = tiny.model(tmp_path)
    (model / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    status, report = loaded(model, python)
    assert (status, report["load"]["outcome"], report["load"]["phases"]) == (1, "unproven", [])
    assert "MLM701" in rules(report)
    _, report = loaded(model, python, "--trust")
    assert "MLM701" not in rules(report)
    assert report["load"]["phases"] != []


def test_a_model_that_nothing_loads(tmp_path: Path, python: str) -> None:
    model = make_model(tmp_path / "model")
    (model / "MLmodel").write_text("flavors:\n  mleap:\n    model_data: mleap\nmlflow_version: 1.0.0\n")
    status, report = loaded(model, python)
    assert (status, rules(report)) == (3, ["MLM905"])


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    status, report = loaded(tiny.model(tmp_path), str(tmp_path / "nowhere"))
    assert (status, rules(report)) == (3, ["MLM905"])


def test_an_interpreter_that_does_not_start(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "python"
    script.parent.mkdir()
    script.write_text("no program\n")
    script.chmod(0o755)
    status, report = loaded(tiny.model(tmp_path), str(script))
    assert (status, rules(report)) == (3, ["MLM905"])


def test_versions_that_are_not_the_recorded_ones(tmp_path: Path) -> None:
    python = tiny.environment(tmp_path / "env", numpy="1.0")
    model = tiny.model(tmp_path)
    (model / "requirements.txt").write_text("mlflow==2.17.2\nnumpy==2.0\nscipy==1.0\n")
    _, report = loaded(model, python)
    (found,) = [finding for finding in report["findings"] if finding["rule"] == "MLM714"]
    assert "numpy is 1.0, not 2.0; scipy is not installed, 1.0 is recorded" in found["message"]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--python", "x"], "--python goes with --load"),
        (["--load=recreate", "--python", "x"], "--python goes with --load=current"),
        (["--load=current", "--offline"], "--offline goes with --load=recreate"),
        (["--as-of", "today"], "--as-of goes with --load"),
        (["--load=recreate", "--as-of", "soon"], "neither 'today' nor a day"),
        (["--load=current", "--memory", "much"], "is no size"),
        (["--load=elsewhere"], "is not one of"),
        (["--trust"], "--trust goes with --load"),
        (["--env", "A=1"], "--env goes with --load"),
        (["--load=current", "--env", "=1"], "--env wants NAME or NAME=VALUE, not '=1'"),
        (["--load=current", "--env", "NOT_SET_HERE"], "--env NOT_SET_HERE: it is not set here"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, options: list[str], what: str) -> None:
    result = mlmodel_validate(make_model(tmp_path / "model"), *options)
    assert (result.returncode, result.stdout) == (2, "")
    assert what in result.stderr


def test_without_load_nothing_of_the_runtime_is_imported(tmp_path: Path) -> None:
    program = (
        "import sys; from mlmodel import validate; from mlmodel.cli.validate import command; "
        "validate(sys.argv[1]); print([n for n in sys.modules if 'mlmodel.runtime' in n or n == 'mlmodel.resolution.uv'])"
    )
    import subprocess

    from tests.command import environment

    model = make_model(tmp_path / "model")
    result = subprocess.run(
        [sys.executable, "-c", program, str(model)],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert result.stdout.strip() == "[]"
