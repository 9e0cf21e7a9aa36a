"""The results page says what real MLflow releases do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.command import ROOT


@pytest.mark.nightly
def test_the_results_page_is_true() -> None:
    """Asks nine releases, from 1.30 to the newest."""
    script = str(ROOT / "tools" / "results.py")
    result = subprocess.run([sys.executable, script, "--check"], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
