"""``mlmodel inspect``: what serialized objects hold, for a person and for a program."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import jsonschema
import pytest

from mlmodel.inspection import inspect
from mlmodel.writer import load_object_file
from tests.command import ROOT, run
from tests.overlay import make_model
from tests.pickles.attacks import every

SCHEMA = json.loads((ROOT / "schemas" / "inspection.schema.json").read_text(encoding="utf-8"))


def test_an_honest_estimator(tmp_path: Path) -> None:
    (part,) = inspect(make_model(tmp_path / "model"))
    assert part.path == "model.pkl"
    assert part.protocol == 4
    assert part.versions["scikit-learn"] == "1.9.1"
    assert "sklearn.linear_model._logistic.LogisticRegression" in part.imports["scikit-learn"]
    assert any(used.text.startswith("numpy.dtype(") for used in part.calls)
    assert part.remarks == ()


def test_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "object"
    file.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    result = run("mlmodel", "inspect", file)
    assert result.returncode == 0
    assert 'os.system("true")' in result.stdout
    assert "executes" in result.stdout


def test_the_json_follows_its_schema(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "rows").write_bytes(pickle.dumps([1, {"a": complex(1, 2)}]))
    (model / "packed.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(30))
    result = run("mlmodel", "inspect", "--format", "json", model)
    data = json.loads(result.stdout)
    jsonschema.Draft7Validator(SCHEMA).validate(data)
    assert [part["path"] for part in data["parts"]] == ["model.pkl", "packed.7z", "rows"]


def test_nothing_to_look_at(tmp_path: Path) -> None:
    assert run("mlmodel", "inspect", tmp_path / "absent").returncode == 2
    assert "no serialized object" in run("mlmodel", "inspect", tmp_path).stdout


@pytest.mark.parametrize("wanted", ["07-opcodes/inst", "22-document/skops-os.system"])
def test_what_is_wrong_is_said(wanted: str, tmp_path: Path) -> None:
    (attack,) = [attack for attack in every() if attack.id == wanted]
    (tmp_path / "model").write_bytes(attack.content)
    said = [remark.message for part in inspect(tmp_path / "model") for remark in part.remarks]
    assert any(str(attack.named) in message for message in said), said
    with pytest.raises(load_object_file.RefusedError, match=re.escape(str(attack.named))):
        load_object_file.load(str(tmp_path / "model"))
