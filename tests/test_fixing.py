"""Repairs: what has one right answer is written, and nothing else changes."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodel import fixing, validate
from mlmodel.cli import fix
from mlmodel.fixing.repairs import REPAIRS
from mlmodel.standard import rules
from tests.command import run
from tests.overlay import apply, make_model
from tests.test_rule_pages import PAGES, examples

FIXABLE = [page for page in PAGES if rules.catalogue()[page.name[:6]].fixable]
SOMETIMES = {"MLM007", "MLM445"}
"""Rules of which most findings have no one right answer."""
REVEALED = {"MLM404": {"MLM461"}, "MLM111": {"MLM432"}, "MLM411": {"MLM434", "MLM435", "MLM439"}}
"""A version that was a number says nothing; once it is a string, it can be compared."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "model")


def fixed(model: Path) -> list[str]:
    """Repair a model; the rules that were repaired, in order.  A second run has nothing to do."""
    plan = fixing.plan(str(model))
    fixing.write(plan)
    assert fixing.plan(str(model)).repairs == ()
    return [repair.rule for repair in plan.repairs]


def found(model: Path) -> set[str]:
    return {finding.rule for finding in validate(model).findings}


def contents(model: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(model)): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()
    }


# -- rules --------------------------------------------------------------------------------------------


def test_what_is_fixable_has_a_repair() -> None:
    assert {page.name[:6] for page in FIXABLE} == REPAIRS.keys() - SOMETIMES


@pytest.mark.parametrize("page", FIXABLE, ids=lambda page: page.stem)
def test_bad_example_is_repaired(page: Path, tmp_path: Path) -> None:
    rule = page.name[:6]
    model = make_model(tmp_path / "model", examples(page, "Bad"))
    before = found(model)
    assert rule in before
    assert rule in fixed(model)
    after = found(model)
    assert rule not in after
    assert after - before <= REVEALED.get(rule, set())


def test_a_valid_model_needs_nothing(model: Path) -> None:
    before = contents(model)
    assert fixed(model) == []
    assert contents(model) == before


# -- quotes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [("3.11", "'3.11'"), ("3.10", "'3.10'"), ("3.1", "'3.11.7'"), ("3.10  # short", "'3.10'  # short")],
)
def test_a_python_version_is_quoted_as_written(model: Path, written: str, expected: str) -> None:
    apply(model, f'replace MLmodel "python_version: 3.11.7" "python_version: {written}"')
    before = (model / "MLmodel").read_text()
    assert fixed(model) == ["MLM211"]
    assert (model / "MLmodel").read_text() == before.replace(written, expected)


def test_a_lost_zero_comes_back_when_nobody_knows_better(model: Path) -> None:
    apply(model, 'replace MLmodel "python_version: 3.11.7" "python_version: 3.1"')
    apply(model, "rm python_env.yaml")
    apply(model, 'replace conda.yaml "- python=3.11.7\\n" ""')
    apply(model, "unset MLmodel /flavors/python_function/env/virtualenv")
    assert "MLM211" in fixed(model)
    assert "python_version: '3.10'" in (model / "MLmodel").read_text()


def test_a_lost_zero_stays_when_others_disagree(model: Path) -> None:
    apply(model, 'replace MLmodel "python_version: 3.11.7" "python_version: 3.1"')
    apply(model, 'replace python_env.yaml "python: 3.11.7" "python: 3.12.1"')
    assert fixed(model) == []


@pytest.mark.parametrize("written", ["3", "[3, 10]", "true", "!!float 3.10", "&v 3.10"])
def test_what_is_no_plain_number_is_left(model: Path, written: str) -> None:
    apply(model, f'replace MLmodel "python_version: 3.11.7" "python_version: {written}"')
    assert fixed(model) == []


def test_dates_and_booleans_are_quoted(model: Path) -> None:
    apply(model, 'replace MLmodel "\'2026-11-23 13:25:10.339094\'" "2026-11-23 13:25:10.339094"')
    assert fixed(model) == ["MLM111"]
    assert "utc_time_created: '2026-11-23 13:25:10.339094'" in (model / "MLmodel").read_text()


# -- paths --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_backslashes_in_every_style(model: Path, quote: str) -> None:
    (model / "data").mkdir()
    (model / "model.pkl").rename(model / "data" / "model.pkl")
    written = "data\\\\model.pkl" if quote == '"' else "data\\model.pkl"
    text = (model / "MLmodel").read_text()
    for key in ("model_path", "pickled_model"):
        text = text.replace(f"{key}: model.pkl", f"{key}: {quote}{written}{quote}")
    (model / "MLmodel").write_text(text)
    assert fixed(model) == ["MLM006", "MLM006"]
    assert (model / "MLmodel").read_text() == text.replace(written, "data/model.pkl")


def test_a_backslash_stays_where_the_path_is_not_there(model: Path) -> None:
    apply(model, 'replace MLmodel "model_path: model.pkl" "model_path: data\\\\model.pkl"')
    assert fixed(model) == []


# -- env ----------------------------------------------------------------------------------------------


def env(model: Path) -> object:
    return yaml.safe_load((model / "MLmodel").read_text())["flavors"]["python_function"]["env"]


BOTH = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        ("    env: conda.yaml\n", "MLM210"),
        ("    env: 'conda.yaml'  # the environment\n", "MLM210"),
        ("    env: null\n", "MLM479"),
        ("", "MLM479"),
        ("    env:\n      conda: conda.yaml  # old\n", "MLM460"),
        ("    env:\n        virtualenv: python_env.yaml\n", "MLM460"),
        ("    env: {conda: conda.yaml}\n", "MLM460"),
    ],
)
def test_env(model: Path, form: str, rule: str) -> None:
    text = (model / "MLmodel").read_text()
    whole = "    env:\n      conda: conda.yaml\n      virtualenv: python_env.yaml\n"
    (model / "MLmodel").write_text(text.replace(whole, form))
    assert set(fixed(model)) == {rule}
    assert env(model) == BOTH
    comments = [line.partition("#")[2] for line in form.splitlines() if "#" in line]
    assert all(f"#{comment}" in (model / "MLmodel").read_text() for comment in comments)


def test_env_in_braces(model: Path) -> None:
    config = yaml.safe_load((model / "MLmodel").read_text())
    for value in (None, "conda.yaml"):
        conf = config["flavors"]["python_function"]
        conf.pop("env", None)
        if value:
            conf["env"] = value
        (model / "MLmodel").write_text(yaml.safe_dump(config, default_flow_style=True, width=10_000))
        assert len(fixed(model)) == 1
        assert env(model) == BOTH


def test_the_form_of_mlflow_1_stays_in_its_models(model: Path) -> None:
    apply(model, "set MLmodel /flavors/python_function/env conda.yaml")
    apply(model, "set MLmodel /mlflow_version 1.30.1")
    assert fixed(model) == []


# -- files --------------------------------------------------------------------------------------------


def test_files_are_written_from_the_others(model: Path) -> None:
    wanted = (model / "requirements.txt").read_bytes()
    apply(model, "rm python_env.yaml")
    apply(model, "rm requirements.txt")
    assert fixed(model) == ["MLM032", "MLM445"]
    assert (model / "requirements.txt").read_bytes() == wanted
    assert (model / "python_env.yaml").read_text() == (
        "python: 3.11.7\nbuild_dependencies:\n- pip==24.0\n- setuptools\n- wheel\ndependencies:\n- -r requirements.txt\n"
    )
    assert not {rule for rule in found(model) if rules.catalogue()[rule].severity.label == "error"}


def test_a_python_that_is_not_known_is_not_made_up(model: Path) -> None:
    apply(model, "rm python_env.yaml")
    apply(model, 'replace conda.yaml "python=3.11.7" "python=3.12.1"')
    before = contents(model)
    assert fixed(model) == []
    assert contents(model) == before


def test_a_file_of_a_name_with_a_folder_is_not_written(model: Path) -> None:
    apply(model, "set MLmodel /flavors/python_function/env/virtualenv ../python_env.yaml")
    assert fixed(model) == []


# -- pins ---------------------------------------------------------------------------------------------


def test_pins_in_both_lists(model: Path) -> None:
    apply(model, 'replace requirements.txt "scikit-learn==1.9.1" "scikit-learn   # newest"')
    apply(model, 'replace conda.yaml "scikit-learn==1.9.1" "scikit-learn>=1.0"')
    assert fixed(model) == ["MLM430"]
    assert "scikit-learn==1.9.1   # newest\n" in (model / "requirements.txt").read_text()
    assert "  - scikit-learn==1.9.1\n" in (model / "conda.yaml").read_text()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scikit-learn", "scikit-learn==1.9.1"),
        (
            "Scikit_Learn[alldeps] >= 1.0 ; python_version > '3'",
            "Scikit_Learn[alldeps]==1.9.1 ; python_version > '3'",
        ),
        ("scikit-learn>=2", None),
        ("scikit-learn (>=1.0)", None),
        ("scikit-learn \\\n  >=1.0", None),
    ],
)
def test_how_a_line_is_pinned(model: Path, line: str, expected: str | None) -> None:
    path = model / "requirements.txt"
    (model / "conda.yaml").unlink()
    text = path.read_text()
    path.write_text(text.replace("scikit-learn==1.9.1", line))
    assert fixed(model) == (["MLM430"] if expected else [])
    assert path.read_text() == text.replace("scikit-learn==1.9.1", expected or line)


def test_a_pin_of_the_other_list(model: Path) -> None:
    apply(model, 'replace requirements.txt "scipy==1.17.1" "scipy"')
    assert fixed(model) == ["MLM430"]
    assert "scipy==1.17.1" in (model / "requirements.txt").read_text()


def test_no_pin_without_a_recorded_version(model: Path) -> None:
    apply(model, 'replace requirements.txt "scipy==1.17.1" "scipy"')
    apply(model, 'replace conda.yaml "scipy==1.17.1" "scipy"')
    assert fixed(model) == []


# -- what stays ---------------------------------------------------------------------------------------

DAMAGES = {
    "python version": 'replace MLmodel "python_version: 3.11.7" "python_version: 3.11"',
    "mlflow version": 'replace MLmodel "mlflow_version: 2.15.0" "mlflow_version: 2.15"',
    "no env": 'replace MLmodel "    env:\\n      conda: conda.yaml\\n      virtualenv: python_env.yaml\\n" ""',
    "python of virtualenv": 'replace python_env.yaml "3.11.7" "3.11"',
    "pin": 'replace requirements.txt "scikit-learn==1.9.1" "scikit-learn"',
    "conda pin": 'replace conda.yaml "scikit-learn==1.9.1" "scikit-learn"',
    "no python_env.yaml": "rm python_env.yaml",
    "no requirements.txt": "rm requirements.txt",
    "not UTF-8": "write requirements.txt base64:/wA=",
    "not YAML": 'replace conda.yaml "channels:" "channels: ["',
    "backslash": 'replace MLmodel "model_path: model.pkl" "model_path: .\\\\model.pkl"',
}


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(DAMAGES))), st.booleans(), st.booleans(), st.booleans())
def test_a_second_run_changes_nothing(damages: set[str], windows: bool, mark: bool, comments: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = make_model(Path(folder) / "model")
        for damage in sorted(damages):
            try:
                apply(model, DAMAGES[damage])
            except (AssertionError, FileNotFoundError):
                continue  # another damage was there before
            except UnicodeDecodeError:
                continue
        for name in ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"):
            if (model / name).exists() and damages.isdisjoint({"not UTF-8"}):
                text = (model / name).read_text(encoding="utf-8")
                if comments:
                    text = "# \u00e9 first\n" + text.replace("\n", "  # why\n", 1)
                text = text.replace("\n", "\r\n") if windows else text
                encoding = "utf-8-sig" if mark else "utf-8"
                (model / name).write_bytes(text.encode(encoding))
        before = contents(model)
        plan = fixing.plan(str(model))
        fixing.write(plan)
        after = contents(model)
        assert fixing.plan(str(model)).repairs == ()
        assert {name for name in after if before.get(name) != after[name]} == plan.after.keys()
        assert before.keys() <= after.keys()
        for name, content in before.items():
            changed = after[name].splitlines(keepends=True)
            kept = [line for line in content.splitlines(keepends=True) if line in changed]
            edits = {edit for repair in plan.repairs for edit in repair.edits if edit.file == name}
            assert len(content.splitlines()) - len(kept) <= len(edits)
            assert content.count(b"#") == after[name].count(b"#")
            if windows and b"\r\n" in content:
                assert after[name].count(b"\n") == after[name].count(b"\r\n")


# -- writing ------------------------------------------------------------------------------------------


def test_permissions_stay(model: Path) -> None:
    apply(model, 'replace MLmodel "python_version: 3.11.7" "python_version: 3.11"')
    apply(model, "rm python_env.yaml")
    (model / "MLmodel").chmod(0o640)
    assert fixed(model) == ["MLM032", "MLM211"] or os.name == "nt"
    assert stat.S_IMODE((model / "MLmodel").stat().st_mode) == 0o640
    assert stat.S_IMODE((model / "python_env.yaml").stat().st_mode) == 0o640


def test_links_are_not_followed(model: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mlflow==2.15.0\nscikit-learn\n")
    (model / "requirements.txt").unlink()
    (model / "requirements.txt").symlink_to(outside)
    (model / "python_env.yaml").unlink()
    (model / "python_env.yaml").symlink_to(tmp_path / "made")
    (model / "MLmodel").rename(model / "other")
    (model / "MLmodel").symlink_to("other")
    apply(model, 'replace other "python_version: 3.11.7" "python_version: 3.11"')
    before = contents(model)
    assert fixed(model) == []
    assert contents(model) == before
    assert not (tmp_path / "made").exists()
    assert outside.read_text() == "mlflow==2.15.0\nscikit-learn\n"


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(model: Path) -> None:
    apply(model, 'replace MLmodel "python_version: 3.11.7" "python_version: 3.11"')
    plan = fixing.plan(str(model))
    apply(model, 'replace MLmodel "3.11" "3.12"')
    before = contents(model)
    with pytest.raises(fixing.StaleError):
        fixing.write(plan)
    assert contents(model) == before


def test_a_write_that_fails_leaves_everything(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(model, 'replace MLmodel "python_version: 3.11.7" "python_version: 3.11"')
    before = contents(model)

    def fail(_: str, __: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        fixing.write(fixing.plan(str(model)))
    assert contents(model) == before


# -- the command --------------------------------------------------------------------------------------


def test_the_command_shows_first_and_writes_when_asked(model: Path) -> None:
    apply(model, 'replace MLmodel "python_version: 3.11.7" "python_version: 3.11"')
    before = contents(model)
    shown = run("mlmodel", "fix", model)
    assert shown.returncode == 1
    assert shown.stdout == (
        "MLmodel:9: MLM211 quote 3.11 [python-version-not-string]\n"
        "--- a/MLmodel\n"
        "+++ b/MLmodel\n"
        "@@ -6,7 +6,7 @@\n"
        "     loader_module: mlflow.sklearn\n"
        "     model_path: model.pkl\n"
        "     predict_fn: predict\n"
        "-    python_version: 3.11\n"
        "+    python_version: '3.11'\n"
        "   sklearn:\n"
        "     code: null\n"
        "     pickled_model: model.pkl\n"
    )
    assert shown.stderr == "1 repair in 1 file; --write writes them\n"
    assert contents(model) == before
    written = run("mlmodel", "fix", model, "--write")
    assert (written.returncode, written.stdout) == (0, shown.stdout)
    assert written.stderr == "1 repair written to 1 file\n"
    assert contents(model) != before
    again = run("mlmodel", "fix", model / "MLmodel")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "nothing to repair\n")


def test_what_the_command_cannot_do(model: Path, tmp_path: Path) -> None:
    assert run("mlmodel", "fix", tmp_path / "nothing").returncode == 2
    assert run("mlmodel", "fix").returncode == 2
    (model / "MLmodel").write_text("flavors: " + "[" * 200 + "]" * 200)
    result = run("mlmodel", "fix", model)
    assert result.returncode == 3
    assert "MLM903" in result.stderr


# -- several directories ------------------------------------------------------------------------------------


def test_several_directories(tmp_path: Path) -> None:
    first, second = make_model(tmp_path / "all" / "first"), make_model(tmp_path / "all" / "deep" / "second")
    apply(first, "rm python_env.yaml")
    apply(second, "rm python_env.yaml")
    runner = CliRunner()
    for arguments in ([str(first), str(second)], ["--recursive", str(tmp_path / "all")]):
        result = runner.invoke(fix.command, arguments)
        assert result.exit_code == 1
        assert result.output.count("MLM032") == 2
    assert runner.invoke(fix.command, ["-r", "--write", str(tmp_path / "all")]).exit_code == 0
    assert (first / "python_env.yaml").is_file()
    assert (second / "python_env.yaml").is_file()
    assert runner.invoke(fix.command, ["-r", str(tmp_path / "all")]).exit_code == 0


# -- pins that are certain, and those that are not -------------------------------------------------------------


@pytest.mark.parametrize(
    "pin", ["scikit-learn==1.8.0", "scikit-learn == 1.8.0", "scikit-learn[alldeps]==1.8.0"]
)
def test_the_recorded_series_is_pinned(model: Path, pin: str) -> None:
    for name in ("requirements.txt", "conda.yaml"):
        path = model / name
        path.write_text(
            path.read_text(encoding="utf-8").replace("scikit-learn==1.9.1", pin), encoding="utf-8"
        )
    assert fixed(model) == ["MLM498", "MLM498"] or fixed(model) == []
    text = (model / "requirements.txt").read_text(encoding="utf-8")
    assert "1.8.0" not in text
    assert pin.partition("=")[0].strip() in text


def test_no_series_is_pinned_where_the_object_says_another(model: Path) -> None:
    for name in ("requirements.txt", "conda.yaml"):
        path = model / name
        path.write_text(
            path.read_text(encoding="utf-8").replace("scikit-learn==1.9.1", "scikit-learn==1.8.0"),
            encoding="utf-8",
        )
    content = (model / "model.pkl").read_bytes()
    assert b"1.9.1" in content
    (model / "model.pkl").write_bytes(content.replace(b"1.9.1", b"1.8.0"))
    assert fixed(model) == []


def test_a_conda_package_keeps_its_name(model: Path) -> None:
    apply(
        model, "set MLmodel /flavors/pytorch {pytorch_version: 2.1.0+cpu, model_data: model.pkl, code: null}"
    )
    apply(model, "replace conda.yaml '- pip<=24.0' '- pytorch=1.10.0\\n- pip<=24.0'")
    fixed(model)
    assert "- pytorch=2.1.0\n" in (model / "conda.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_module_of_python_is_deleted(model: Path, end: str) -> None:
    path = model / "requirements.txt"
    newline = end or "\n"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_bytes((newline.join([*lines, "json"]) + end).encode())
    assert "MLM465" in fixed(model)
    assert path.read_bytes() == (newline.join(lines) + end).encode()
