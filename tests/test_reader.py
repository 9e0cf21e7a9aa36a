"""``describe``: one form for what every release writes its own way, and nothing is lost on bad input."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlmodel import describe
from mlmodel.conformance import suite
from tests.command import ROOT, run
from tests.overlay import apply, make_model

SCHEMA: Any = json.loads((ROOT / "schemas" / "description.schema.json").read_text(encoding="utf-8"))


def described(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = dict(describe(path))
    jsonschema.Draft7Validator(SCHEMA).validate(found)
    assert json.loads(json.dumps(found)) == found
    return found


def test_the_base_model(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    found = described(model)
    assert found["identity"]["mlflow_version"] == "2.15.0"
    assert list(found["flavors"]) == ["python_function", "sklearn"]
    assert found["signature"]["inputs"][0] == {"name": "a", "type": "double", "required": True}
    assert found["signature"]["outputs"] == [
        {"name": None, "type": "tensor", "dtype": "int64", "shape": [-1]}
    ]
    assert found["signature"]["params"] is None
    assert found["environment"]["python"] == "3.11.7"
    assert "scikit-learn==1.9.1" in found["environment"]["requirements"]
    assert found["unread"] == []
    pickled = next(file for file in found["files"] if file["path"] == "model.pkl")
    assert pickled["sha256"] == hashlib.sha256((model / "model.pkl").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("written", "required"),
    [
        ('{"type": "double", "name": "a"}', True),
        ('{"type": "double", "name": "a", "optional": true}', False),
        ('{"type": "double", "name": "a", "required": false}', False),
        ('{"type": "array", "items": {"type": "double"}, "name": "a"}', False),
    ],
)
def test_eras_of_required(written: str, required: bool, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    apply(model, f"set MLmodel /signature/inputs '[{written}]'")
    assert described(model)["signature"]["inputs"][0]["required"] is required


def test_requirements_in_one_form(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    text = "Scikit_Learn == 1.9.1  # comment\nmlflow>=2,<3\nuvicorn[standard]==0.3\npkg @ https://user:secret@example.org/x.whl\n"
    (model / "requirements.txt").write_text(text, encoding="utf-8")
    found = described(model)["environment"]["requirements"]
    assert [line for line in found if not line.startswith("pkg")] == [
        "mlflow<3,>=2",
        "scikit-learn==1.9.1",
        "uvicorn[standard]==0.3",
    ]
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    "change",
    [
        "rm MLmodel",
        "write MLmodel text:[1]",
        "write MLmodel text:{",
        "write MLmodel base64:/w==",
        "set MLmodel /signature/inputs x",
        "set MLmodel /signature/inputs [{type: double}]",
        "set MLmodel /signature/inputs '[null]'",
        """set MLmodel /signature/inputs '[{"type": "array", "name": "a", "items": 3}]'""",
        """set MLmodel /signature/inputs '[{"type": "object", "name": "a", "properties": {"x": null}}]'""",
        """set MLmodel /signature/outputs '[{"type": "tensor", "tensor-spec": []}]'""",
        "write conda.yaml text:[1]",
        "write conda.yaml text:{",
        "write python_env.yaml text:1",
        "write requirements.txt text:<<<<<<<",
        "write requirements.txt text:-rgone.txt",
        "set MLmodel /signature abc",
        "set MLmodel /flavors [sklearn]",
        "set MLmodel /flavors/sklearn [1]",
        "symlink out ../x",
        "fifo pipe",
    ],
)
def test_what_cannot_be_read_is_named(change: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    apply(model, change)
    assert described(model)["unread"]


@pytest.mark.parametrize("change", ["mkdir MLmodel", "symlink MLmodel ../x", "fifo MLmodel"])
def test_keys_are_the_same_whatever_is_read(change: str, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    keys = list(described(model))
    (model / "MLmodel").unlink()
    apply(model, change)
    found = described(model)
    assert list(found) == keys
    assert found["flavors"] == {}


def test_markers_in_one_form(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    text = "a==1; python_version<'3.12'and (sys_platform=='linux')\nb; nonsense\n"
    (model / "requirements.txt").write_text(text, encoding="utf-8")
    found = described(model)["environment"]["requirements"]
    assert 'a==1; python_version < "3.12" and sys_platform == "linux"' in found


def test_every_case_of_the_suite_is_described(tmp_path: Path) -> None:
    for number, case in enumerate(suite.cases()):
        described(Path(suite.materialise(case, str(tmp_path / str(number)))))


def test_the_command(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    result = run("mlmodel", "describe", "--format", "json", model)
    assert result.returncode == 0
    assert json.loads(result.stdout) == describe(model, compatibility=True)
    assert "scikit-learn==1.9.1" in run("mlmodel", "describe", model).stdout
    (model / "MLmodel").write_text("{", encoding="utf-8")
    assert run("mlmodel", "describe", model).returncode == 3
    assert run("mlmodel", "describe", tmp_path / "absent").returncode == 2


def test_numbers_that_json_does_not_have(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    param = '[{"name": "p", "type": "double", "default": NaN, "shape": null}]'
    apply(model, f"set MLmodel /signature/params '{param}'")
    apply(model, "set MLmodel /metadata/a -.inf")
    found = described(model)
    assert found["signature"]["params"][0]["default"] == "NaN"
    assert found["metadata"] == {"a": "-Infinity"}
    assert "NaN" not in json.dumps(found).replace('"NaN"', "")
