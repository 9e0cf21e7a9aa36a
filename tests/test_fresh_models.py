"""What a real MLflow writes today, and wrote at the time of older releases, conforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmodel import Severity, validate
from tests import environments

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
