"""The third implementation is what it says of itself."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.command import ROOT
from tests.conformance.test_runner import conformance


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo")
def test_the_validator_in_rust() -> None:
    """It decodes no pickle, so that it accepts nearly everything that is valid, and finds a part of the rest."""
    from tools.implementations import rust

    program = rust()
    assert program is not None
    result = conformance(
        *("run", "-j", "2", "--timeout", "60", "--level", "verdicts", "--format", "json"),
        *("--", program, ROOT / "schemas"),
    )
    data: Any = json.loads(result.stdout)
    assert data["totals"]["error"] == 0
    shares = data["balanced"]["verdicts"]
    assert shares["accepted"] > 0.98
    assert 0.7 < shares["score"] <= 0.85
    assert data["chapters"]["70-serialized-objects.md"]["found"] < 0.5
    assert data["chapters"]["20-mlmodel-file.md"]["score"] > 0.9
