"""Python models: refusals, and what is written, loaded by real releases of MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from mlmodel.findings import Severity
from mlmodel.flavors import UnsuitableError
from mlmodel.flavors.importing import needed
from mlmodel.flavors.python_function import FLAVOR
from mlmodel.writer import WriteError, write_model
from tests.environments import NEWEST, interpreter, run

ROOT = Path(__file__).parents[2]


def lacking(folder: Path) -> Path:
    """What MLflow's environments lack: jsonschema-rs, whose wheel fits every Python, and our entry points."""
    folder.mkdir()
    (folder / "jsonschema_rs").symlink_to(Path(jsonschema_rs.__file__).parent)
    stated = folder / "mlmodel-0.1.0.dist-info"
    stated.mkdir()
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text.partition('[project.entry-points."mlmodel.flavors"]\n')[2].partition("\n\n")[0]
    stated.joinpath("entry_points.txt").write_text(f"[mlmodel.flavors]\n{lines.replace(chr(34), '')}\n")
    stated.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: mlmodel\nVersion: 0.1.0\n")
    return folder


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["1.30.1", "2.15.0", "2.22.5", NEWEST])
def test_round_trip(release: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("python_models.py")
    more = lacking(tmp_path / "lacking")
    told = run(interpreter(release), script, str(ROOT / "validator"), str(more), str(tmp_path / "out"))
    reports = json.loads(told.splitlines()[-1])
    assert {"object", "function", "mlflows"} <= set(reports)
    assert not any(reports.values()), reports


def test_function_without_mlflow(tmp_path: Path) -> None:
    report = write_model(lambda rows: [row * 2 for row in rows], tmp_path / "model")
    assert not [finding for finding in report.findings if finding.severity is not Severity.INFO]
    keys = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())["flavors"]["python_function"]
    native = FLAVOR.load(str(tmp_path / "model"), keys)
    assert FLAVOR.predictor(native, keys)([1, 2], {}) == [2, 4]
    assert native.python_model.predict(None, [1], {}) == [2]


@pytest.mark.parametrize(
    ("model", "more", "said"),
    [
        (3, {}, "no flavor writes builtins.int: it has no predict"),
        (sorted, {"serialization": "pickle"}, "written with cloudpickle"),
        (sorted, {"artifacts": {"here": __file__}}, "artifacts reach a model through"),
        ("nowhere.py", {}, "is no Python file"),
        (__file__.replace("test_python_models", "neural_environments"), {}, "never calls mlflow.models.set_model"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, model: object, more: dict[str, Any], said: str) -> None:
    with pytest.raises(WriteError, match=said):
        write_model(model, tmp_path / "model", **more)
    assert not (tmp_path / "model").exists()


def test_missing_library_is_one_line() -> None:
    with pytest.raises(UnsuitableError, match=r"^the model needs no-such-library, which is not installed$"):
        needed("no_such_library")
