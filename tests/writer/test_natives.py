"""Files that libraries write themselves: told by their content, and made packages that real releases of MLflow load."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlmodel.cli.write import command
from mlmodel.writer import native_files
from tests.environments import NEWEST, release_with, run

ROOT = Path(__file__).parents[2]
TABULAR = (
    "xgboost json",
    "xgboost ubj",
    "xgboost classifier",
    "lightgbm",
    "catboost cbm",
    "catboost json",
    "onnx",
)
NEURAL = ("keras", "pt2", "transformers", "sentence_transformers")


def told(python: str, names: tuple[str, ...], tmp_path: Path, lacking: Path) -> None:
    script = Path(__file__).with_name("natives.py")
    said = run(python, script, str(ROOT / "validator"), str(lacking), str(tmp_path / "out"), *names)
    answers = json.loads(said.splitlines()[-1])
    assert len(answers) == len(names)
    for name, answer in answers.items():
        assert answer["code"] == 0, answer["said"]
        assert answer["expected"] == answer["mlflow"] == answer["loaded"], name
        assert len(answer["expected"]) > 0


@pytest.mark.mlflow
@pytest.mark.libraries
@pytest.mark.parametrize("release", ["2.22.5", NEWEST])
def test_libraries_for_tables(release: str, tmp_path: Path, lacking: Path) -> None:
    # xgboost-cpu brings xgboost under another name.
    libraries = ("xgboost-cpu==3.2.0", "lightgbm==4.6.0", "catboost==1.2.8", "onnx", "onnxruntime")
    told(release_with(f"native-{release}", release, *libraries), TABULAR, tmp_path, lacking)


@pytest.mark.mlflow
@pytest.mark.libraries
def test_libraries_for_networks(tmp_path: Path, lacking: Path) -> None:
    libraries = ("torch==2.13.0", "keras==3.15.1", "transformers==5.24.0", "sentence-transformers==6.2.0")
    told(release_with(f"native-neural-{NEWEST}", NEWEST, *libraries), NEURAL, tmp_path, lacking)


def archive(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, "{}")


def test_formats_are_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "ubj").write_bytes(b"{L\0\0\0\0\0\0\0\x07learner{L\0}")
    (tmp_path / "json").write_text(' {"version":[3,1,1],"learner":{"attributes":{}}}')
    (tmp_path / "cbm").write_bytes(b"CBM1\x10\0\0\0")
    (tmp_path / "catboost").write_text('{"features_info":{},"model_info":{}}')
    (tmp_path / "text").write_text("tree\nversion=v4\n")
    (tmp_path / "graph").write_bytes(b"\x08\x09\x12\x04ours:\x02\x12\0")
    archive(tmp_path / "keras", "metadata.json", "config.json", "model.weights.h5")
    archive(tmp_path / "pt2", "m/archive_format", "m/models/model.json")
    for name, format_ in {
        "ubj": "xgboost",
        "json": "xgboost",
        "cbm": "catboost-cbm",
        "catboost": "json-object",
        "text": "lightgbm-text",
        "graph": "onnx",
        "keras": "keras",
        "pt2": "pt2",
    }.items():
        found = native_files.recognized(str(tmp_path / name))
        assert found is not None, name
        assert found.format == format_


def test_what_is_none_of_these(tmp_path: Path) -> None:
    (tmp_path / "pickle").write_bytes(pickle.dumps({"learner": 1}))
    (tmp_path / "other.json").write_text('{"weights": [1]}')
    (tmp_path / "empty").write_bytes(b"")
    archive(tmp_path / "torch", "m/data.pkl", "m/version")
    archive(tmp_path / "skops", "schema.json")
    for name in ("pickle", "other.json", "empty", "torch", "skops"):
        assert native_files.recognized(str(tmp_path / name)) is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.ubj", b"{L\0\0\0\0\0\0\0\x07learner{L\0", "the UBJSON does not end"),
        ("m.json", b'{"learner":{"attributes":{', "is not loaded"),
        ("m.cbm", b"CBM1\xff\xff\0\0cut", "is not loaded"),
        ("m.txt", b"tree\nversion=v4\ntree_sizes=100\n", "is not loaded"),
    ],
)
def test_files_that_were_cut(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(command, [str(tmp_path / name), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    result = CliRunner().invoke(command, [str(tmp_path / "hub"), "--out", str(tmp_path / "out")])
    assert "is no folder of a library that is known" in result.output
    (tmp_path / "hub" / "config.json").write_text('{"architectures": ["OursForSomething"]}')
    (tmp_path / "hub" / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    result = CliRunner().invoke(command, [str(tmp_path / "hub"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "transformers" in result.output or "pass --task" in result.output
    assert not (tmp_path / "out").exists()


def test_a_task_is_for_folders(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"learner": {"attributes": {}}, "version": [3, 1, 1]}')
    arguments = [str(tmp_path / "m.json"), "--out", str(tmp_path / "out"), "--task", "x"]
    result = CliRunner().invoke(command, arguments)
    assert "a task is for a folder of Transformers" in result.output
