"""The annexes: each follows its schema, is named by the rules that rest on it, and is what the package reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlmodel.standard import data
from tests.command import ROOT

FOLDER = ROOT / "spec" / "annex"
INDEX: list[dict[str, Any]] = json.loads((FOLDER / "annexes.json").read_text(encoding="utf-8"))["annexes"]
NAMES = [annex["file"] for annex in INDEX]


def _schema(name: str) -> Any:
    return json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))


def _form(file: Path) -> Any:
    """An annex as JSON; tab-separated lines as their schema describes it."""
    if file.suffix != ".tsv":
        return json.loads(file.read_text(encoding="utf-8"))
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    name, series = lines[0].split("\t")
    assert name == "series"
    return {
        "series": series.split(" "),
        "names": {name: eras for name, *eras in (one.split("\t") for one in lines[1:])},
    }


@cache
def _files(name: str) -> list[Path]:
    path = FOLDER / name
    return sorted(path.iterdir()) if name.endswith("/") else [path]


def test_the_index_is_what_the_annexes_generate() -> None:
    command = [sys.executable, str(ROOT / "tools" / "annexes.py"), "--check"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    jsonschema.Draft7Validator(_schema("annex/annexes.schema.json")).validate(
        {"annexes_version": 1, "annexes": INDEX}
    )


def test_every_file_is_in_the_index() -> None:
    there = {path.name + "/" * path.is_dir() for path in FOLDER.iterdir()}
    assert there == {*NAMES, "README.md", "annexes.json"}
    schemas = {path.name for path in (ROOT / "schemas" / "annex").iterdir()}
    assert schemas == {"annexes.schema.json", *(annex["schema"].partition("/")[2] for annex in INDEX)}


@pytest.mark.parametrize("annex", INDEX, ids=NAMES)
def test_an_annex_follows_its_schema(annex: dict[str, Any]) -> None:
    validator = jsonschema.Draft7Validator(_schema(annex["schema"]))
    jsonschema.Draft7Validator.check_schema(validator.schema)
    for file in _files(annex["file"]):
        errors = [f"{file.name}: {error.message[:200]}" for error in validator.iter_errors(_form(file))]
        assert not errors


@pytest.mark.parametrize("annex", INDEX, ids=NAMES)
def test_a_schema_of_an_annex_refuses_other_forms(annex: dict[str, Any]) -> None:
    """Each key that it requires is missed, and none is taken that it does not name."""
    schema = _schema(annex["schema"])
    validator = jsonschema.Draft7Validator(schema)
    form = _form(_files(annex["file"])[0])
    for key in schema["required"]:
        assert not validator.is_valid({name: value for name, value in form.items() if name != key}), key
    assert not validator.is_valid({**form, "of-another-kind": 1})


@pytest.mark.parametrize("annex", INDEX, ids=NAMES)
def test_pages_name_the_annexes_that_rules_rest_on(annex: dict[str, Any]) -> None:
    link = f"(../annex/{annex['file']})"
    named = {
        page.name[:6]
        for page in (ROOT / "spec" / "rules").glob("MLM*.md")
        if link in page.read_text(encoding="utf-8")
    }
    assert named == set(annex["rules"])


def test_the_package_has_no_tables_of_its_own() -> None:
    package = ROOT / "validator" / "mlmodel"
    assert [path for path in package.rglob("*") if path.suffix in (".json", ".tsv", ".csv", ".yaml")] == []


def test_the_package_reads_every_annex() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "validator" / "mlmodel").rglob("*.py")
    )
    read = set(re.findall(r'(?:annex|table)\(\s*f?"([a-z-]+)[/.]', code)) | set(
        re.findall(r'"annex"\), "([a-z-]+)"', code)
    )
    assert read == {name.rstrip("/").partition(".")[0] for name in NAMES}
    assert Path(data.tree("annex")) == FOLDER


def test_every_word_of_the_review_is_explained() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    review = json.loads((FOLDER / "reviewed.json").read_text(encoding="utf-8"))
    words = {*review["arguments"].values(), *review["hooks"]}
    assert {word for word in words if f"`{word}`" not in page} == set()
