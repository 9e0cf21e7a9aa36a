"""The submission to SchemaStore keeps the rules of that repository: those of ``check`` in its ``cli.js``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import yaml

from mlmodel import Verdict, validate
from tests.command import ROOT
from tests.overlay import make_model

FOLDER = ROOT / "schemas" / "schemastore"
POSITIVE = sorted((FOLDER / "src" / "test" / "mlmodel").iterdir())
NEGATIVE = sorted((FOLDER / "src" / "negative_test" / "mlmodel").iterdir())
SCHEMA: Any = json.loads((FOLDER / "src" / "schemas" / "json" / "mlmodel.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema_rs.Draft7Validator(SCHEMA)


def test_the_entry_of_the_catalogue() -> None:
    entry = json.loads((FOLDER / "catalog-entry.json").read_text(encoding="utf-8"))
    assert list(entry) == ["name", "description", "fileMatch", "url"]
    for text in (entry["name"], entry["description"]):
        assert "schema" not in text.lower()
        assert "\n" not in text
        assert not re.search(r"[,. \t-]$", text)
    assert all("/" not in glob or glob.startswith("**/") for glob in entry["fileMatch"])
    assert entry["url"] == SCHEMA["$id"] == "https://www.schemastore.org/mlmodel.json"


def test_the_schema() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert SCHEMA["type"] == "object"
    assert {"title", "description"} <= set(SCHEMA)
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    assert not re.search(r'"(x-[a-z-]+|deprecationMessage|doNotSuggest|patternErrorMessage)":', text)
    assert SCHEMA["definitions"]["mleap"]["description"].startswith("DEPRECATED. ")


@pytest.mark.parametrize("file", [*POSITIVE, *NEGATIVE], ids=lambda file: file.name)
def test_a_test_file(file: Path) -> None:
    assert file.suffix == ".yaml"
    data = file.read_bytes()
    assert not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
    first, _, text = data.decode().partition("\n")
    assert first == "# yaml-language-server: $schema=../../schemas/json/mlmodel.json"
    assert VALIDATOR.is_valid(yaml.safe_load(text)) is (file in POSITIVE)


@pytest.mark.parametrize("file", NEGATIVE, ids=lambda file: file.name)
def test_a_negative_file_is_invalid_by_the_rules(file: Path, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "MLmodel").write_bytes(file.read_bytes())
    assert validate(model).verdict is Verdict.INVALID
