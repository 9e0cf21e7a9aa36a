"""The command line as its users have it: options, output, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlmodel import __version__
from mlmodel.reporters.rule_pages import readable
from mlmodel.standard import rules
from tests.command import ROOT, environment, mlmodel_validate, run
from tests.overlay import apply, make_model

FORMATS = ["text", "json", "github"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A working directory with three models: ``good``; ``bad``, with one error; ``warned``, with one warning."""
    make_model(tmp_path / "good")
    make_model(tmp_path / "bad")
    apply(tmp_path / "bad", "rm model.pkl")
    make_model(tmp_path / "warned")
    apply(tmp_path / "warned", "unset MLmodel /utc_time_created")
    return tmp_path


def unreadable(model: Path) -> Path:
    """A model that cannot be judged: its file is nested deeper than anything is read."""
    (model / "MLmodel").write_text("flavors: " + "[" * 200 + "]" * 200, encoding="utf-8")
    return model


def found(here: Path, *arguments: str) -> list[str]:
    """The rules that a run reports, in order."""
    result = mlmodel_validate("--format", "json", *arguments, cwd=here)
    assert result.returncode in (0, 1), result.stderr
    (model,) = json.loads(result.stdout)["models"]
    return [finding["rule"] for finding in model["findings"]]


# -- exit codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", FORMATS)
class TestExitCodes:
    def test_0_conforms(self, here: Path, format_: str) -> None:
        assert mlmodel_validate("--format", format_, "good", cwd=here).returncode == 0

    def test_0_with_warnings(self, here: Path, format_: str) -> None:
        assert mlmodel_validate("--format", format_, "warned", cwd=here).returncode == 0

    def test_1_findings(self, here: Path, format_: str) -> None:
        assert mlmodel_validate("--format", format_, "good", "bad", cwd=here).returncode == 1

    def test_2_usage(self, here: Path, format_: str) -> None:
        result = mlmodel_validate("--format", format_, "nowhere", cwd=here)
        assert result.returncode == 2
        assert result.stdout == ""
        assert "nowhere does not exist" in result.stderr

    def test_3_could_not_judge(self, here: Path, format_: str) -> None:
        unreadable(here / "warned")
        assert mlmodel_validate("--format", format_, "warned", cwd=here).returncode == 3

    def test_3_beats_1(self, here: Path, format_: str) -> None:
        unreadable(here / "warned")
        for order in (("bad", "warned"), ("warned", "bad")):
            assert mlmodel_validate("--format", format_, *order, cwd=here).returncode == 3

    def test_3_cannot_be_silenced(self, here: Path, format_: str) -> None:
        unreadable(here / "warned")
        result = mlmodel_validate(
            "--format", format_, "--ignore", "ALL", "--fail-on", "never", "warned", cwd=here
        )
        assert result.returncode == 3


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [("error", (0, 0, 1)), ("warning", (0, 1, 1)), ("info", (1, 1, 1)), ("never", (0, 0, 0))],
)
def test_fail_on(here: Path, fail_on: str, codes: tuple[int, int, int]) -> None:
    apply(here / "good", "unset MLmodel /signature")  # which is worth a note
    models = ("good", "warned", "bad")
    assert (
        tuple(mlmodel_validate("--fail-on", fail_on, model, cwd=here).returncode for model in models) == codes
    )


def test_truncated_findings_still_fail(here: Path) -> None:
    apply(here / "bad", "unset MLmodel /utc_time_created")  # a warning, which comes before the error
    arguments = ("--max-findings", "1", "bad")
    result = mlmodel_validate(*arguments, cwd=here)
    assert "more findings not shown" in result.stdout
    assert result.returncode == 1
    report = json.loads(mlmodel_validate("--format", "json", *arguments, cwd=here).stdout)
    assert report["models"][0]["truncated"] is True
    assert len(report["models"][0]["findings"]) == 1


# -- what is validated ---------------------------------------------------------------------------------


def test_no_path_is_a_wrong_usage(here: Path) -> None:
    result = mlmodel_validate(cwd=here)
    assert result.returncode == 2
    assert "no PATH given" in result.stderr


def test_the_mlmodel_file_stands_for_its_directory(here: Path) -> None:
    assert found(here, "bad/MLmodel") == found(here, "bad")


def test_another_file_is_a_wrong_usage(here: Path) -> None:
    result = mlmodel_validate("good/model.pkl", cwd=here)
    assert result.returncode == 2
    assert "--enclosing" in result.stderr


def test_a_directory_without_an_mlmodel_file_is_invalid(here: Path) -> None:
    (here / "empty").mkdir()
    assert found(here, "empty") == ["MLM001"]


def test_recursive(here: Path) -> None:
    result = mlmodel_validate("-r", ".", cwd=here)
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1].startswith("3 models, 1 of them invalid")


@pytest.mark.parametrize("format_", FORMATS)
def test_recursive_without_any_model_is_a_wrong_usage(tmp_path: Path, format_: str) -> None:
    result = mlmodel_validate("--format", format_, "--recursive", ".", cwd=tmp_path)
    assert result.returncode == 2
    assert "no model directory" in result.stderr


def test_enclosing(here: Path) -> None:
    paths = ("bad/requirements.txt", "bad/gone.pkl", "good/MLmodel", "unrelated.txt")
    result = mlmodel_validate("--enclosing", "--format", "json", *paths, cwd=here)
    assert [model["path"] for model in json.loads(result.stdout)["models"]] == ["bad", "good"]
    assert result.returncode == 1


def test_enclosing_without_any_model_is_fine(tmp_path: Path) -> None:
    result = mlmodel_validate("--enclosing", "README.md", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_recursive_and_enclosing_exclude_each_other(here: Path) -> None:
    assert mlmodel_validate("--recursive", "--enclosing", ".", cwd=here).returncode == 2


def test_paths_from_standard_input(here: Path) -> None:
    result = mlmodel_validate("-", cwd=here, stdin="good\nbad\n\n")
    assert result.stdout.splitlines()[-1].startswith("2 models, 1 of them invalid")
    assert mlmodel_validate("--enclosing", "-", cwd=here, stdin="").returncode == 0


def test_standard_input_is_not_read_unasked(here: Path) -> None:
    assert mlmodel_validate("good", cwd=here, stdin="bad\n").returncode == 0


def test_a_path_that_is_no_utf8(here: Path) -> None:
    if os.name == "nt":
        pytest.skip("file names are text here")
    name = os.fsencode(here) + b"/\xff"
    try:
        os.mkdir(name)
    except OSError:
        pytest.skip("this file system wants UTF-8")
    code = "import sys; from mlmodel.cli.validate import command; command()"
    result = subprocess.run(
        [sys.executable, "-c", code, name], check=False, capture_output=True, env=environment()
    )
    assert result.returncode == 1
    assert b"MLM001" in result.stdout


@pytest.mark.parametrize("format_", FORMATS)
def test_jobs_change_nothing(here: Path, format_: str) -> None:
    for number in range(70):  # more than the one process would take at once
        shutil.copytree(here / ("bad" if number % 3 else "good"), here / "many" / f"{number:02}")
    results = [mlmodel_validate("-r", "--format", format_, "--jobs", jobs, "many", cwd=here) for jobs in "12"]
    assert results[0].stdout == results[1].stdout
    assert {result.returncode for result in results} == {1}


# -- which rules ---------------------------------------------------------------------------------------


def test_select_and_ignore(here: Path) -> None:
    apply(here / "bad", "unset MLmodel /utc_time_created")
    everything = found(here, "bad")
    assert {"MLM007", "MLM116"} <= set(everything)
    assert found(here, "--select", "MLM007", "bad") == ["MLM007"] * everything.count("MLM007")
    assert set(found(here, "--select", "MLM0", "bad")) == {rule for rule in everything if rule < "MLM1"}
    assert found(here, "--select", "utc-time-created", "bad") == ["MLM116"]
    assert set(found(here, "--select", "utc-time-created,MLM007", "bad")) == {"MLM007", "MLM116"}
    assert set(found(here, "--select", "MLM116", "--select", "MLM007", "bad")) == {"MLM007", "MLM116"}
    assert "MLM007" not in found(here, "--ignore", "referenced-file-missing", "bad")
    assert found(here, "--ignore", "ALL", "bad") == []
    assert "MLM116" not in found(here, "--select", "ALL", "--ignore", "MLM1", "bad")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--select", "loader-module-mising"), "did you mean loader-module-missing?"),
        (("--ignore", "MLM999"), "MLM999"),
        (("--severity", "MLM007"), "RULE=LEVEL"),
        (("--severity", "MLM007=fatal"), "'fatal' is none of"),
        (("--fail-on", "sometimes"), "'sometimes' is not one of"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--config", "nowhere.toml"), "nowhere.toml"),
        (("--jobs", "-1"), "-1"),
        (("--explain", "MLM9999"), "MLM9999"),
        (("--no-such-option",), "--no-such-option"),
    ],
)
def test_wrong_values(here: Path, arguments: tuple[str, ...], words: str) -> None:
    result = mlmodel_validate(*arguments, "good", cwd=here)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_severity(here: Path) -> None:
    result = mlmodel_validate("--severity", "MLM007=warning", "bad", cwd=here)
    assert (result.returncode, "warning MLM007" in result.stdout) == (0, True)
    result = mlmodel_validate("--severity", "utc-time-created=error", "warned", cwd=here)
    assert (result.returncode, "error MLM116" in result.stdout) == (1, True)
    result = mlmodel_validate("--severity", "MLM0=off", "bad", cwd=here)
    assert (result.returncode, "MLM007" in result.stdout) == (0, False)


def test_the_last_severity_wins(here: Path) -> None:
    result = mlmodel_validate("--severity", "MLM0=off", "--severity", "MLM007=info", "-v", "bad", cwd=here)
    assert (result.returncode, "info MLM007" in result.stdout) == (0, True)


# -- configuration -------------------------------------------------------------------------------------


def test_configuration_is_found_above(here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.mlmodel]\nignore = ["MLM007"]\n', encoding="utf-8")
    assert mlmodel_validate("../bad", cwd=here / "good").returncode == 0
    assert mlmodel_validate("--no-config", "../bad", cwd=here / "good").returncode == 1


def test_configuration_is_named(here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.mlmodel]\nignore = ["MLM007"]\n', encoding="utf-8")
    (here / "strict.toml").write_text('fail-on = "warning"\n', encoding="utf-8")
    assert mlmodel_validate("--config", "strict.toml", "warned", cwd=here).returncode == 1
    assert mlmodel_validate("--config", "strict.toml", "bad", cwd=here).returncode == 1


def test_the_command_line_wins(here: Path) -> None:
    (here / "mlmodel.toml").write_text(
        'fail-on = "never"\nselect = ["MLM1"]\nignore = ["MLM116"]\n[severity]\nMLM007 = "off"\n',
        encoding="utf-8",
    )
    assert mlmodel_validate("bad", cwd=here).returncode == 0
    assert mlmodel_validate("--fail-on", "error", "bad", cwd=here).returncode == 0
    arguments = ("--fail-on", "error", "--select", "ALL", "--severity", "MLM007=error")
    assert mlmodel_validate(*arguments, "bad", cwd=here).returncode == 1
    assert "MLM116" not in found(here, "--ignore", "MLM013", "warned")  # both lists count


def test_an_unknown_setting_is_named(here: Path) -> None:
    (here / "mlmodel.toml").write_text('fail_on = "never"\n', encoding="utf-8")
    result = mlmodel_validate("good", cwd=here)
    assert result.returncode == 2
    assert "mlmodel.toml: unknown key 'fail_on'; did you mean 'fail-on'?" in result.stderr


def test_per_path_ignores(here: Path) -> None:
    (here / "mlmodel.toml").write_text('[per-path-ignores]\n"b*" = ["MLM007"]\n', encoding="utf-8")
    assert found(here, "bad") == []
    assert found(here, "./bad") == []
    assert mlmodel_validate("-r", ".", cwd=here).returncode == 0
    shutil.copytree(here / "bad", here / "other")
    assert "MLM007" in found(here, "other")


# -- how it looks --------------------------------------------------------------------------------------


def test_a_finding_can_be_parsed(here: Path) -> None:
    line = mlmodel_validate("bad", cwd=here).stdout.splitlines()[0]
    path, number, column, rest = line.split(":", 3)
    assert (here / path).is_file()
    assert int(number) > 1
    assert int(column) > 1
    assert rest.startswith(" error MLM007 ")


def test_success_is_one_line(here: Path) -> None:
    assert mlmodel_validate("good", cwd=here).stdout == "1 model, valid\n"


def test_quiet(here: Path) -> None:
    assert mlmodel_validate("--quiet", "good", cwd=here).stdout == ""
    assert "1 model" not in mlmodel_validate("-q", "bad", cwd=here).stdout
    assert mlmodel_validate("-q", "--format", "github", "good", cwd=here).stdout == ""


def test_verbose(here: Path) -> None:
    apply(here / "good", "unset MLmodel /signature")
    assert "MLM326" not in mlmodel_validate("good", cwd=here).stdout
    assert "--verbose shows notes" in mlmodel_validate("good", cwd=here).stdout
    assert "info MLM326" in mlmodel_validate("--verbose", "good", cwd=here).stdout
    assert "::notice " in mlmodel_validate("-v", "--format", "github", "good", cwd=here).stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "colored"),
    [
        ((), {}, False),  # not a terminal
        (("--color",), {}, True),
        (("--color",), {"NO_COLOR": "1"}, True),  # an option is a decision
        (("--no-color",), {}, False),
    ],
)
def test_color(here: Path, arguments: tuple[str, ...], variables: dict[str, str], colored: bool) -> None:
    output = mlmodel_validate(*arguments, "bad", cwd=here, **variables).stdout
    assert ("\x1b[" in output) is colored


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_color_on_a_terminal(here: Path, variables: dict[str, str], colored: bool) -> None:
    import pty

    outer, inner = pty.openpty()
    code = "from mlmodel.cli.validate import command; command()"
    with os.fdopen(outer, "rb", buffering=0) as terminal:
        child = subprocess.Popen(
            [sys.executable, "-c", code, "good"],
            stdout=inner,
            cwd=here,
            env=environment(**{"TERM": "xterm", **variables}),
        )
        os.close(inner)
        output = terminal.read(10_000)
        child.wait(60)
    assert (b"\x1b[" in output) is colored


# -- other commands ------------------------------------------------------------------------------------


@pytest.mark.parametrize("selector", ["MLM202", "loader-module-missing"])
def test_explain(selector: str) -> None:
    results = [mlmodel_validate("--explain", selector), run("mlmodel", "explain", selector)]
    assert {result.returncode for result in results} == {0}
    assert {result.stdout for result in results} == {readable(rules.catalogue()["MLM202"])}


def test_explain_several() -> None:
    output = run("mlmodel", "explain", "MLM20").stdout
    assert output.count("## What it checks") == sum(rule.startswith("MLM20") for rule in rules.catalogue())


def test_list_rules() -> None:
    lines = mlmodel_validate("--list-rules").stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        [rule.id, rule.severity.label, rule.name] for rule in rules.catalogue().values()
    ]


@pytest.mark.parametrize("program", ["mlmodel", "mlmodel-validate"])
def test_version(program: str) -> None:
    assert run(program, "--version").stdout.split()[-1] == __version__


@pytest.mark.parametrize("program", ["mlmodel", "mlmodel-validate"])
def test_help(program: str) -> None:
    for option in ("-h", "--help"):
        result = run(program, option)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith(f"Usage: {program} ")


def test_python_dash_m(here: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mlmodel", "validate", "good"],
        check=False,
        capture_output=True,
        text=True,
        cwd=here,
        env=environment(),
    )
    assert (result.returncode, result.stdout) == (0, "1 model, valid\n")


def test_mlmodel_validate_is_the_same_command(here: Path) -> None:
    assert run("mlmodel", "validate", "bad", cwd=here).stdout == mlmodel_validate("bad", cwd=here).stdout


# -- operation -----------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error(here: Path) -> None:
    if os.name == "nt":
        pytest.skip("needs a POSIX shell")
    command = f'"{sys.executable}" -m mlmodel validate -v bad bad bad bad | true'
    result = subprocess.run(
        ["sh", "-c", command], check=False, capture_output=True, cwd=here, env=environment()
    )
    assert result.stderr == b""


def test_debug_lets_a_bug_of_ours_through(here: Path) -> None:
    code = (
        "from mlmodel import checks\n"
        "def broken(model): raise RuntimeError('a bug')\n"
        "checks.ALL = (broken, *checks.ALL)\n"
        "from mlmodel.cli.validate import command; command()\n"
    )

    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=here, env=environment()
        )

    plain = start("bad")
    assert plain.returncode == 3
    assert "MLM901" in plain.stdout
    assert "MLM007" in plain.stdout  # the other checks still ran
    assert "Traceback" not in plain.stdout + plain.stderr
    assert "Traceback" in start("--debug", "bad").stderr


# -- the JSON report -----------------------------------------------------------------------------------


def test_the_report_follows_its_schema(here: Path) -> None:
    import jsonschema

    unreadable(here / "warned")
    (here / "empty").mkdir()
    schema: dict[str, Any] = json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    for paths in (["good"], ["bad"], ["good", "bad", "warned", "empty"]):
        report = json.loads(mlmodel_validate("--format", "json", *paths, cwd=here).stdout)
        jsonschema.Draft7Validator(schema).validate(report)
        assert [model["path"] for model in report["models"]] == paths
    assert report["summary"]["models"] == 4
    assert {model["verdict"] for model in report["models"]} == {"valid", "invalid", "unjudged"}
    for model in report["models"]:
        for finding in model["findings"]:
            assert (ROOT / finding["help"]).is_file()


def test_an_empty_report_is_one_too(tmp_path: Path) -> None:
    report = json.loads(mlmodel_validate("--enclosing", "--format", "json", "x", cwd=tmp_path).stdout)
    assert report["models"] == []
    assert report["summary"]["models"] == 0


def test_the_day_of_the_judgement_can_be_given(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    after = mlmodel_validate("-v", "--today", "2027-11-01", "--select", "python-end-of-life", model)
    assert "MLM435" in after.stdout
    before = mlmodel_validate("--today", "2027-10-31", "--select", "python-end-of-life", model)
    assert "MLM435" not in before.stdout
    assert mlmodel_validate("--today", "tomorrow", model).returncode == 2
