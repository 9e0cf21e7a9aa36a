"""The commands beside ``validate``: what a mistyped word leads to, single files, completion, rules for people."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlmodel import __version__
from mlmodel.cli import config
from mlmodel.cli.config import ConfigError
from mlmodel.cli.main import COMMANDS
from mlmodel.pickles.__main__ import main as scan
from mlmodel.reporters.rule_pages import plain, readable, section
from mlmodel.standard import rules
from tests.cli.in_process import here, mlmodel
from tests.command import ROOT, environment, scripts
from tests.overlay import fences, make_model

__all__ = ["here"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("valdate", "did you mean validate?"),
        ("validat", "did you mean validate?"),
        ("descibe", "did you mean describe?"),
        ("xyzzy", "commands are validate, explain"),
        ("one", "did you mean mlmodel validate one?"),
    ],
)
def test_a_mistyped_command(here: Path, word: str, hint: str) -> None:
    make_model(here / "one")
    done = mlmodel(word)
    assert done.status == 2
    assert hint in done.stderr


def test_every_command_is_one() -> None:
    for name in COMMANDS:
        assert mlmodel(name, "--help").stdout.startswith(f"Usage: mlmodel {name} ")


# -- scan ----------------------------------------------------------------------------------------------


def test_scan_helps(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("-h", "--help"):
        assert scan([option]) == 0
        assert capsys.readouterr().out.startswith("usage: mlmodel-scan FILE...\n")
    assert scan(["--version"]) == 0
    assert capsys.readouterr().out.split()[-1] == __version__
    assert scan([]) == scan(["--frob"]) == 2


def test_scan_is_a_command(here: Path) -> None:
    (here / "-x.pkl").write_bytes(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.")
    assert mlmodel("scan", "--", "-x.pkl").status == 1
    assert "os.system" in mlmodel("scan", "--", "-x.pkl").stdout
    assert mlmodel("scan").status == 2


# -- configuration -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mlmodl", "ml-model", "ml_model", "MLmodel", "mlmodels"])
def test_a_mistyped_table_is_an_error(here: Path, name: str) -> None:
    (here / "pyproject.toml").write_text(f"[tool.{name}]\nignore = []\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"[tool.{name}]; did you mean [tool.mlmodel]?")):
        config.find(".")


@pytest.mark.parametrize("name", ["mlflow", "mypy", "model", "maturin", "mlops", "modelscan"])
def test_other_tools_are_none_of_ours(here: Path, name: str) -> None:
    (here / "pyproject.toml").write_text(f"[tool.{name}]\nx = 1\n[tool.{name}.y]\n", encoding="utf-8")
    (here / "mlmodel.toml").write_text("", encoding="utf-8")
    (here / "below").mkdir()
    assert config.find("below") == str(here / "mlmodel.toml")


# -- explain -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", rules.catalogue().values(), ids=lambda rule: rule.id)
def test_no_page_shows_the_language_of_the_tests(rule: rules.Rule) -> None:
    text = readable(rule)
    assert not re.search(
        r"^(```setup|```\w+ file=|set \w+ /|unset \w+ /|write \S+ (text|base64):)", text, re.MULTILINE
    )
    raw = [fence for fence in fences(rules.page(rule)) if fence.executable]
    if raw:
        assert section(rule, "Bad") != section(rule, "Good")
    assert plain(section(rule, "What it checks"))


def test_what_a_fence_sets_is_shown_as_yaml() -> None:
    shown = 0
    for rule in rules.catalogue().values():
        for heading in ("Bad", "Good"):
            texts = [fence.body for fence in fences(section(rule, heading)) if fence.language == "yaml"]
            raw = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", rules.page(rule), re.MULTILINE | re.DOTALL)
            assert raw is not None
            for pointer, value in re.findall(r"^set \S+ (\S+) (.*)$", raw[1], re.MULTILINE):
                steps = [step.replace("~1", "/") for step in pointer.split("/")[1:]]
                assert any(_has(text, steps, yaml.safe_load(value)) for text in texts), (
                    rule.id,
                    pointer,
                    texts,
                )
                shown += 1
    assert shown > 200


def _has(text: str, steps: list[str], value: object) -> bool:
    """Whether a text of YAML holds the value there, and nothing else."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    for step in steps:
        if isinstance(data, list) and len(data) == 1:
            data = data[0]
        elif isinstance(data, dict) and list(map(str, data)) == [step]:
            (data,) = data.values()
        else:
            return False
    return bool(data == value)


def test_explain_shows_a_pickle_as_its_opcodes() -> None:
    text = mlmodel("explain", "MLM601").stdout
    assert "SHORT_BINUNICODE 'system'" in text
    assert "base64" not in text


# -- completion ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = mlmodel("completion", shell)
    assert done.status == 0
    assert "_MLMODEL_COMPLETE" in done.stdout
    assert "_MLMODEL_VALIDATE_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mlmodel val", "validate"),
        ("mlmodel explain loader-module-m", "loader-module-missing"),
        ("mlmodel validate --ignore MLM101,loader-module-m", "MLM101,loader-module-missing"),
        ("mlmodel validate --format sa", "sarif"),
    ],
)
def test_words_are_completed(words: str, expected: str) -> None:
    code = "from mlmodel.cli.main import main; main(prog_name='mlmodel')"
    variables = {
        "_MLMODEL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=environment(**variables),
    )
    assert f"plain,{expected}" in done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_takes_the_script(tmp_path: Path) -> None:
    folder = scripts(tmp_path / "bin")
    script = mlmodel("completion", "bash").stdout
    done = subprocess.run(
        ["bash", "-c", f"{script}\ncomplete -p mlmodel mlmodel-validate"],
        check=True,
        capture_output=True,
        text=True,
        env=environment(PATH=f"{folder}:/usr/bin:/bin"),
    )
    assert done.stdout.count("complete -o nosort -F") == 2


# -- what is installed ---------------------------------------------------------------------------------


def test_the_floors_can_be_installed_on_each_python() -> None:
    """A floor is a release that has wheels for the Python it is for: PyYAML and numpy have none of theirs from then."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed = [Requirement(line) for line in (*project["dependencies"], *extras["write"])]
    first_with_wheels = {
        "PyYAML": {"3.10": "6.0", "3.11": "6.0.1", "3.12": "6.0.1", "3.13": "6.0.2", "3.14": "6.0.3"},
        "numpy": {"3.10": "1.24", "3.11": "1.24", "3.12": "1.26.0", "3.13": "2.1.0", "3.14": "2.3.2"},
    }
    for name, wheels in first_with_wheels.items():
        for python, release in wheels.items():
            variables = {"python_version": python, "python_full_version": f"{python}.0"}
            (found,) = [
                r for r in listed if r.name == name and (not r.marker or r.marker.evaluate(variables))
            ]
            assert not found.specifier.contains(_before(release)), (name, python)


def _before(release: str) -> str:
    """A release just before another one."""
    from packaging.version import Version

    *way, last = Version(release).release
    return ".".join(map(str, [*way, last - 1] if last else [*way[:-1], way[-1] - 1, 99]))


def test_the_project_has_addresses() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'Repository = "{rules.REPOSITORY}"' in text
