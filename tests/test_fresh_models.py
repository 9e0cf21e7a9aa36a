"""What a real MLflow writes today, and wrote at the time of older releases, conforms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlmodel import Severity, validate
from tests import environments
from tests.inference import cases

SCRIPT = Path(__file__).parent / "save_models.py"


@pytest.mark.mlflow
@pytest.mark.parametrize("release", environments.RELEASES)
def test_fresh_models_conform(release: str, tmp_path: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    environments.run(environments.interpreter(release), SCRIPT, str(root))
    models = sorted(path.parent for path in root.glob("*/MLmodel"))
    assert len(models) >= 13
    for model in models:
        report = validate(model)
        assert report.mlflow_version == release
        assert not [finding for finding in report.findings if finding.severity is Severity.ERROR], model.name


@pytest.mark.mlflow
def test_many_models_of_the_newest_release(tmp_path: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    (tmp_path / "values.json").write_text(json.dumps([*cases.VALUES, *cases.MISSING]))
    script = SCRIPT.with_name("save_many.py")
    python = environments.interpreter(environments.NEWEST)
    told = environments.run(python, script, str(root), str(tmp_path / "values.json"))
    asked = json.loads(told.splitlines()[-1])
    assert len(asked) >= 240
    false = {}
    for name, fails in asked.items():
        report = validate(root / name)
        errors = [
            f"{each.rule}: {each.message}" for each in report.findings if each.severity is Severity.ERROR
        ]
        if errors and fails is None:
            false[name] = errors
    assert false == {}
