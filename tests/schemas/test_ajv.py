"""ajv, an implementation in another language, agrees on every case of the schema tests, in both drafts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.schemas import engines, test_core_forms, test_flavor_forms, test_tool_forms

pytestmark = pytest.mark.node

SCRIPT = Path(__file__).with_name("ajv_check.mjs")
CASES: list[tuple[str, Any, bool]] = [
    *((case[0], case[1], case[2]) for case in test_core_forms.CASES),
    *((case[0], case[1], case[2]) for case in test_flavor_forms.CASES),
    *((case[0], case[1], case[2]) for case in test_tool_forms.CASES),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bool]]:
    """The verdicts of ajv by draft, in the order of the cases."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("ajv")
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    subprocess.run([npm, "install", "--prefix", str(folder), *options, "ajv@8"], check=True, timeout=300)
    question = {"schemas": engines.documents(), "cases": [case[:2] for case in CASES]}
    done = subprocess.run(
        [node, str(SCRIPT), str(folder)],
        input=json.dumps(question, allow_nan=False),
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
        encoding="utf-8",
    )
    verdicts: dict[str, list[bool]] = json.loads(done.stdout)
    return verdicts


@pytest.mark.parametrize("draft", ["draft-07", "2020-12"])
def test_ajv_agrees(answers: dict[str, list[bool]], draft: str) -> None:
    assert len(answers[draft]) == len(CASES)
    disagreements = [
        f"{schema}: {instance!r} is {'valid' if ours else 'invalid'}, ajv says otherwise"
        for (schema, instance, ours), theirs in zip(CASES, answers[draft], strict=True)
        if ours is not theirs
    ]
    assert not disagreements
