"""The copies in ``metadata/``, artifacts that share a path, environment files that are gone, and what is not listed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mlmodel import Verdict, validate
from mlmodel.sources import directory, discovery
from tests.overlay import Fence, make_model

COPIED = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model as ``log_model`` of MLflow 2.12 leaves it."""
    model = make_model(tmp_path / "model")
    (model / "metadata").mkdir()
    for name in COPIED:
        shutil.copy(model / name, model / "metadata" / name)
    return model


def rules(model: Path) -> set[str]:
    return {finding.rule for finding in validate(model).findings}


def test_a_copy_is_no_model(model: Path) -> None:
    assert list(discovery.below([str(model)])) == [str(model)]
    assert list(discovery.enclosing([str(model / "metadata" / "MLmodel")])) == [str(model)]
    assert "MLM030" not in rules(model)


@pytest.mark.parametrize("name", COPIED)
def test_a_copy_that_differs(model: Path, name: str) -> None:
    path = model / "metadata" / name
    path.write_bytes(path.read_bytes() + b"\n# edited\n")
    assert "MLM030" in rules(model)


def test_what_is_a_model_of_its_own(model: Path) -> None:
    """Another identity, or files that the original has not."""
    text = (model / "metadata" / "MLmodel").read_text(encoding="utf-8")
    (model / "metadata" / "MLmodel").write_text(
        text.replace("model_uuid: e", "model_uuid: 0"), encoding="utf-8"
    )
    assert len(list(discovery.below([str(model)]))) == 2
    (model / "metadata" / "MLmodel").write_text(text, encoding="utf-8")
    (model / "metadata" / "model.pkl").write_bytes(b"")
    assert len(list(discovery.below([str(model)]))) == 2
    assert list(discovery.enclosing([str(model / "metadata" / "MLmodel")])) == [str(model / "metadata")]


def test_a_folder_of_that_name_beside_no_model(model: Path) -> None:
    (model / "MLmodel").unlink()
    assert list(discovery.below([str(model)])) == [str(model / "metadata")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["rm python_env.yaml"], {"MLM032"}),
        (["rm conda.yaml"], {"MLM032"}),
        (["rm conda.yaml", "rm python_env.yaml"], {"MLM007"}),
        (
            ["rm python_env.yaml", "set MLmodel /flavors/python_function/env/conda ../conda.yaml"],
            {"MLM004", "MLM007"},
        ),
    ],
)
def test_environment_files_that_are_gone(lines: list[str], expected: set[str], tmp_path: Path) -> None:
    model = make_model(tmp_path / "model", [Fence("setup", body="\n".join(lines))])
    assert {rule for rule in rules(model) if rule in {"MLM004", "MLM007", "MLM032"}} == expected


# -- what is not listed -----------------------------------------------------------------------------------


def deep(folder: Path, levels: int) -> None:
    for _ in range(levels):
        folder /= "d"
    folder.mkdir(parents=True)


EVIL = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."


def test_a_deep_folder_costs_only_itself(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    for name in ("a", "z", "zz"):
        deep(model / name, 101)
    (model / "notes").mkdir()
    (model / "notes" / "x.pkl").write_bytes(EVIL)
    report = validate(model)
    assert report.verdict is Verdict.UNJUDGED
    found = {finding.rule for finding in report.findings}
    assert "MLM903" in found
    assert "MLM601" in found


def test_a_folder_that_is_just_not_too_deep(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    deep(model / "a", 98)
    assert validate(model).verdict is Verdict.VALID


def test_names_beyond_the_limit_are_unjudged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(tmp_path / "model")
    names = sum(1 for _ in model.rglob("*"))
    monkeypatch.setattr(directory, "MAX_ENTRIES", names)
    assert validate(model).verdict is Verdict.VALID
    monkeypatch.setattr(directory, "MAX_ENTRIES", names - 1)
    report = validate(model)
    assert report.verdict is Verdict.UNJUDGED
    assert "MLM405" not in {finding.rule for finding in report.findings}
