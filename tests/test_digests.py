"""Digests of what was judged, as other tools compute them."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from pathlib import Path

import jsonschema
import pytest

from mlmodel import Options, Verdict, validate
from mlmodel.model import digests
from mlmodel.sources.base import SMALL
from tests.command import mlmodel_validate
from tests.overlay import make_model

SCHEMA = Path(__file__).parent.parent / "schemas" / "report.schema.json"


def expected(model: Path) -> tuple[str, dict[str, str]]:
    """What ``sha256sum`` says of the files, and of what it says."""
    paths = sorted(str(path.relative_to(model)) for path in model.rglob("*") if path.is_file())
    files = {path: hashlib.sha256((model / path).read_bytes()).hexdigest() for path in paths}
    lines = "".join(f"{digest}  {path}\n" for path, digest in files.items())
    return hashlib.sha256(lines.encode()).hexdigest(), files


def test_digests_of_a_directory(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "code").mkdir()
    (model / "code" / "ünïcode.py").write_text("X = 1\n", encoding="utf-8")
    (model / "empty").write_bytes(b"")
    found = validate(model, Options(digests=True)).digests
    assert found is not None
    assert (found.directory, dict(found.files)) == expected(model)
    assert validate(model).digests is None


def test_an_archive_has_the_digests_of_its_directory(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    with zipfile.ZipFile(tmp_path / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in model.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(model))
    found = validate(tmp_path / "model.zip", Options(digests=True)).digests
    assert found is not None
    assert (found.directory, dict(found.files)) == expected(model)


def test_in_reports(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    directory, files = expected(model)
    report = json.loads(mlmodel_validate("--digests", "--format", "json", model).stdout)
    jsonschema.validate(report, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert report["models"][0]["digests"] == {"algorithm": "sha256", "directory": directory, "files": files}
    assert "digests" not in validate(model).to_dict()
    assert f"sha256 {directory}" in mlmodel_validate("--digests", model).stdout


def test_a_file_that_changes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged is then not known, and no digest of it either; small files are read once, and kept."""
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(pickle.dumps(bytes(2 * SMALL)))
    asked = digests.of_directory
    answers = []

    def changing(directory: object) -> object:
        answers.append(asked(directory))  # type: ignore[arg-type]
        with (model / "model.pkl").open("r+b") as file:
            file.seek(SMALL)
            file.write(b"x")
        return answers[-1]

    monkeypatch.setattr(digests, "of_directory", changing)
    report = validate(model, Options(digests=True))
    assert len(answers) == 2
    assert report.digests is None
    assert report.verdict is Verdict.UNJUDGED
    assert [finding.location.file for finding in report.findings if finding.rule == "MLM902"] == ["model.pkl"]
