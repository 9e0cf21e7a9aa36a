"""Where settings come from, and what is wrong with some of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlmodel.cli import config
from mlmodel.cli.config import Config, ConfigError
from tests.command import ROOT

FULL = """
select = ["MLM1", "schema-empty"]
ignore = ["MLM114"]
fail-on = "warning"
max-findings = 5
jobs = 0

[severity]
MLM2 = "warning"
schema-empty = "off"

[per-path-ignores]
"models/old-*" = ["ALL"]

[trust]
modules = ["shop.features"]
classes = ["shop.models.Ranker"]
"""


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def in_pyproject(text: str) -> str:
    return "[tool.mlmodel]\n" + text.replace("[severity]", "[tool.mlmodel.severity]").replace(
        "[per-path-ignores]", "[tool.mlmodel.per-path-ignores]"
    ).replace("[trust]", "[tool.mlmodel.trust]")


def test_every_setting(tmp_path: Path) -> None:
    expected = Config(
        select=("MLM1", "schema-empty"),
        ignore=("MLM114",),
        severity={"MLM2": "warning", "schema-empty": "off"},
        fail_on="warning",
        per_path_ignores={"models/old-*": ("ALL",)},
        max_findings=5,
        jobs=0,
        trust=("shop.features", "shop.models.Ranker"),
    )
    assert config.load(write(tmp_path / "mlmodel.toml", FULL)) == expected
    assert config.load(write(tmp_path / "pyproject.toml", in_pyproject(FULL))) == expected
    assert config.load(write(tmp_path / "any-name.toml", FULL)) == expected


def test_nothing_said(tmp_path: Path) -> None:
    assert config.load(write(tmp_path / "mlmodel.toml", "")) == Config()
    assert config.load(write(tmp_path / "pyproject.toml", "[tool.other]\nx = 1\n")) == Config()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ignores = []", "unknown key 'ignores'; did you mean 'ignore'?"),
        ("zzz = 1", "unknown key 'zzz'; known keys are select, ignore"),
        ('ignore = "MLM1"', "ignore must be a list of rules"),
        ("ignore = [1]", "ignore must be a list of rules"),
        ('ignore = ["MLM999"]', "no rule is called 'MLM999'"),
        ('select = ["schema-emty"]', "did you mean schema-empty?"),
        ('fail-on = "errors"', "fail-on must be one of error, warning, info, never"),
        ('jobs = "2"', "jobs must be a whole number"),
        ("jobs = -1", "jobs must be a whole number"),
        ("max-findings = true", "max-findings must be a whole number"),
        ('severity = "error"', "severity must be a table"),
        ('[severity]\nMLM1 = "fatal"', "'fatal' is none of info, warning, error, off"),
        ("[severity]\nMLM1 = 3", "'3' is none of"),
        ('[severity]\nMLM999 = "error"', "no rule is called 'MLM999'"),
        ("per-path-ignores = []", "per-path-ignores must be a table"),
        ('[per-path-ignores]\n"x*" = "ALL"', "must be a list of rules"),
        ("ignore = [", "not TOML"),
    ],
)
def test_wrong_settings(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path / "mlmodel.toml", text + "\n")
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(path)


def test_a_table_of_another_type(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a table"):
        config.load(write(tmp_path / "pyproject.toml", "[tool]\nmlmodel = 1\n"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'x = "\xe9"\n')
    with pytest.raises(ConfigError, match="not TOML"):
        config.load(str(tmp_path / "latin.toml"))
    with pytest.raises(ConfigError):
        config.load(str(tmp_path / "nowhere.toml"))
    with pytest.raises(ConfigError):
        config.load(str(tmp_path))


def test_the_nearest_file_counts(tmp_path: Path) -> None:
    outer = write(tmp_path / "pyproject.toml", "[tool.mlmodel]\n")
    inner = write(tmp_path / "a" / "mlmodel.toml", "")
    write(tmp_path / "b" / "pyproject.toml", "[tool.ruff]\n")  # not ours
    (tmp_path / "a" / "deep" / "er").mkdir(parents=True)
    assert config.find(str(tmp_path / "a" / "deep" / "er")) == inner
    assert config.find(str(tmp_path / "b")) == outer
    assert config.find(str(tmp_path)) == outer


def test_mlmodel_toml_comes_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.mlmodel]\n")
    own = write(tmp_path / "mlmodel.toml", "")
    assert config.find(str(tmp_path)) == own


class TestSchema:
    """``schemas/config.schema.json`` says the same to an editor."""

    schema: dict[str, Any] = json.loads((ROOT / "schemas" / "config.schema.json").read_text(encoding="utf-8"))

    def test_keys(self) -> None:
        assert set(self.schema["properties"]) == config._KEYS.keys()

    def test_fail_on(self) -> None:
        assert tuple(self.schema["properties"]["fail-on"]["enum"]) == config.FAIL_ON

    def test_a_full_file_conforms(self) -> None:
        tomllib = pytest.importorskip("tomllib")
        jsonschema.Draft7Validator(self.schema).validate(tomllib.loads(FULL))
