"""Formats and files: paths that services match, texts that other programs read, several outputs of one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mlmodel.findings import Finding, Location, Report, Severity, Verdict
from mlmodel.reporters import FORMATS
from mlmodel.reporters.places import finding_path, identity, model_path, without_positions
from tests.cli.in_process import here, mlmodel
from tests.command import environment
from tests.overlay import apply, make_model
from tests.rendering import rendered

__all__ = ["here"]


def bad(path: Path) -> Path:
    model = make_model(path)
    apply(model, "rm model.pkl")
    apply(
        model,
        'set MLmodel /flavors/python_function/artifacts {"x": {"path": "artifacts/model.pkl.txt", "uri": "x"}}',
    )
    return model


def report_of(*findings: Finding, path: str = "m") -> Report:
    return Report(path, Verdict.INVALID, findings)


# -- paths ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["github", "sarif", "junit", "gitlab", "markdown"])
@pytest.mark.parametrize("start", [".", "models"])
def test_paths_are_those_of_the_repository(
    here: Path, monkeypatch: pytest.MonkeyPatch, format_: str, start: str
) -> None:
    bad(here / "models" / "one")
    (here / ".git").mkdir()
    monkeypatch.chdir(here / start)
    text = mlmodel("validate", "--format", format_, "-r", ".").stdout
    assert "models/one/MLmodel" in text
    assert "./" not in text.replace("](https://", "").replace("../..", "").split('"help"')[0]


def test_a_workspace_of_a_service_counts_where_there_is_no_repository(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad(here / "work" / "models" / "one")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here / "work"))
    monkeypatch.chdir(here / "work" / "models")
    assert "file=models/one/MLmodel," in mlmodel("validate", "--format", "github", "one").stdout
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here / "elsewhere"))
    assert "file=one/MLmodel," in mlmodel("validate", "--format", "github", "one").stdout


def test_text_keeps_paths_as_they_were_given(here: Path) -> None:
    bad(here / "one")
    (here / ".git").mkdir()
    assert mlmodel("validate", "./one").stdout.startswith(f".{os.sep}one")


@pytest.mark.parametrize(
    ("given", "path"), [("./a/b", "a/b"), ("a//b/", "a/b"), (".", "."), ("/x/./y", "/x/y"), ("../a", "../a")]
)
def test_paths_are_normal(given: str, path: str) -> None:
    assert model_path(report_of(path=given)) == path


def test_a_file_in_the_current_directory_has_no_folder() -> None:
    finding = Finding("MLM007", "referenced-file-missing", Severity.ERROR, "x", Location("MLmodel", 1, 1))
    assert finding_path(report_of(finding, path="."), finding) == "MLmodel"


def test_positions_are_no_part_of_an_identity() -> None:
    before, after = "twice, on lines 3, 5 and 12 (byte 1,024)", "twice, on lines 4, 6 and 13 (byte 1,030)"
    assert without_positions(before) == without_positions(after)
    assert without_positions("3 columns are missing") == "3 columns are missing"

    def finding(message: str) -> Finding:
        return Finding("MLM601", "pickle-executes", Severity.ERROR, message, Location("model.pkl"))

    assert identity("m", finding(before)) == identity("m", finding(after))
    assert identity("m", finding("byte 3: calls a")) != identity("m", finding("byte 3: calls b"))


# -- several outputs -----------------------------------------------------------------------------------


def test_several_formats_in_one_run(here: Path) -> None:
    bad(here / "one")
    make_model(here / "two")
    names = [name for name in FORMATS if name != "text"]
    options = [f"--format={name}={name}.out" for name in names]
    done = mlmodel("validate", "--format", "text", *options, "one", "two")
    assert (done.status, done.stdout.splitlines()[-1]) == (1, "2 models, 1 of them invalid: 2 errors")
    for name in names:
        alone = mlmodel("validate", "--format", name, "one", "two").stdout
        written = (here / f"{name}.out").read_text(encoding="utf-8")
        assert _without_time(written) == _without_time(alone)
        assert "MLM007" in written


def _without_time(text: str) -> list[str]:
    return [part.partition('"')[2] for part in text.split(' time="')]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "text", "--format", "json"), "two formats go to standard output"),
        (("--format", "json=x", "--format", "sarif=x"), "two formats go to x"),
        (("--format", "sariff"), "did you mean sarif?"),
        (("--format", "json="), "names no file"),
        (("--format", "json=x", "-o", "y"), "one too many"),
    ],
)
def test_wrong_outputs(here: Path, arguments: tuple[str, ...], words: str) -> None:
    make_model(here / "one")
    done = mlmodel("validate", *arguments, "one")
    assert done.status == 2
    assert words in done.stderr
    assert sorted(path.name for path in here.iterdir()) == ["one"]


def test_a_wrong_usage_writes_no_file(here: Path) -> None:
    assert mlmodel("validate", "-o", "report.txt", "nowhere").status == 2
    assert not (here / "report.txt").exists()


def test_an_output_that_cannot_be_written_is_said(here: Path) -> None:
    make_model(here / "one")
    done = mlmodel("validate", "--format", "json=no/such/folder.json", "one")
    assert done.status == 3
    assert "no/such/folder.json: No such file or directory" in done.stderr


def test_files_are_utf8_and_xml_is_what_it_says_in_any_encoding(here: Path) -> None:
    model = bad(here / "modèle-模型")
    code = "import sys; from mlmodel.cli.validate import command; command()"
    written = subprocess.run(
        [sys.executable, "-c", code, "--format", "junit", "--format", "text=text.txt", model.name],
        check=False,
        capture_output=True,
        cwd=here,
        env=environment(PYTHONUTF8="0", PYTHONIOENCODING="cp1252"),
    )
    (suite,) = ET.fromstring(written.stdout)  # noqa: S314 - our own output
    assert suite.get("name") == model.name
    assert model.name in (here / "text.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "one"),
        ("explain", "MLM202"),
        ("describe", "one"),
        ("inspect", "one"),
        ("conformance", "list"),
        ("--help",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_full_disk_is_no_traceback(here: Path, arguments: tuple[str, ...]) -> None:
    bad(here / "one")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mlmodel", *arguments],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            cwd=here,
            env=environment(),
        )
    assert done.returncode == 3
    assert done.stderr == "Error: the output cannot be written: No space left on device\n"


# -- JUnit, GitLab, JSON Lines, Markdown ---------------------------------------------------------------


def test_junit_names_each_case_once(here: Path) -> None:
    bad(here / "one")
    (suite,) = ET.fromstring(mlmodel("validate", "--format", "junit", "one").stdout)  # noqa: S314
    cases = [case.attrib for case in suite]
    assert len({(case["classname"], case["name"]) for case in cases}) == len(cases) == 3
    assert {case["file"] for case in cases} == {"one/MLmodel"}
    assert all(float(case["time"]) >= 0 for case in cases)
    twice = Finding("MLM601", "pickle-executes", Severity.ERROR, "a", Location("model.pkl"))
    text = rendered("junit", [report_of(twice, twice._replace(message="b"))])
    names = [case.get("name") for case in ET.fromstring(text)[0]]  # noqa: S314
    assert names == ["judged", "MLM601 pickle-executes model.pkl", "MLM601 pickle-executes model.pkl (2)"]


def test_gitlab_issues_have_what_it_asks_for(here: Path) -> None:
    bad(here / "one")
    apply(here / "one", "write other.pkl base64:gASMAm9zjAZzeXN0ZW2TjAR0cnVlhVIu")
    issues = json.loads(mlmodel("validate", "--format", "gitlab", "one").stdout)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue in issues:
        assert issue["description"]
        assert issue["location"]["path"].startswith("one/")
        assert issue["location"]["lines"]["begin"] >= 1
    severities = {issue["check_name"].split()[0]: issue["severity"] for issue in issues}
    assert (severities["MLM601"], severities["MLM007"]) == ("critical", "major")


def test_each_json_line_is_a_model(here: Path) -> None:
    import jsonschema

    bad(here / "one")
    make_model(here / "two")
    lines = mlmodel("validate", "--format", "jsonl", "one", "two").stdout.splitlines()
    schema = json.loads(
        (Path(__file__).parents[2] / "schemas" / "report.schema.json").read_text(encoding="utf-8")
    )
    validator = jsonschema.Draft7Validator({**schema, "required": [], "$ref": "#/definitions/model"})
    for line in lines:
        validator.validate(json.loads(line))
    assert [json.loads(line)["verdict"] for line in lines] == ["invalid", "valid"]


def test_markdown_shows_nothing_that_a_model_wrote_as_markup() -> None:
    nasty = "a|b <img src=x> [x](javascript:1) `c` @everyone\n# h"
    finding = Finding("MLM101", "mlmodel-not-yaml", Severity.ERROR, nasty, Location("MLmodel", 1, 1))
    text = rendered("markdown", [report_of(finding, path="a|b`<b>")])
    (row,) = [
        line
        for line in text.splitlines()
        if "mlmodel-not-yaml" in line and "error" in line and "where" not in line
    ]
    assert "<img" not in text
    assert "<b>" not in text
    assert "](javascript" not in text
    assert row.count("|") - row.count("\\|") == 4


def test_markdown_has_the_worst_first() -> None:
    findings = [
        Finding("MLM116", "utc-time-created", Severity.WARNING, f"w{n}", Location("MLmodel", n + 1, 1))
        for n in range(400)
    ]
    error = Finding("MLM007", "referenced-file-missing", Severity.ERROR, "the error", Location("MLmodel"))
    text = rendered("markdown", [report_of(*findings, error)])
    rows = [line for line in text.splitlines() if line.startswith(("| 🔴", "| 🟡"))]
    assert "the error" in rows[0]
    assert len(rows) == 25
    assert "... and 376 more" in text


def test_statistics(here: Path) -> None:
    bad(here / "one")
    bad(here / "two")
    lines = mlmodel("validate", "--statistics", "one", "two").stdout.splitlines()
    assert "4  error    MLM007  referenced-file-missing, in 2 models" in lines
    document = json.loads(mlmodel("validate", "--statistics", "--format", "json", "one", "two").stdout)
    assert document["summary"]["rules"][0] == {
        "rule": "MLM007",
        "name": "referenced-file-missing",
        "severity": "error",
        "findings": 4,
        "models": 2,
    }


@pytest.mark.parametrize(
    ("variables", "colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_color_can_be_forced(
    here: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colored: bool
) -> None:
    make_model(here / "one")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in mlmodel("validate", "one").stdout) is colored
