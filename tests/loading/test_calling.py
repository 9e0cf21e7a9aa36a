"""``load().predict`` beside ``mlflow.pyfunc``: the same calls, with params, answered the same."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.environments import NEWEST, interpreter
from tests.loading import cases
from tests.loading.cases import Case

ROOT = Path(__file__).parents[2]
OTHERWISE: dict[str, dict[str, Callable[[str, str], bool]]] = {
    NEWEST: {},  # we do as it does
    "2.22.5": {
        "newer releases take cells at any index, and keep the index of rows with nested values": lambda data, theirs: (
            (theirs.startswith("accepted") or theirs.endswith("Error: 0"))
            and ("index=" in data or "{}" in data)
        ),
        "newer releases leave the dates in arrays dates, and do not make integers of them": lambda data, theirs: (
            theirs.startswith("accepted") and "2026" in data
        ),
        "newer releases take texts of pandas' own type for strings and binary": lambda _, theirs: (
            "safely convert string to" in theirs
        ),
    },
}
"""Why a release answers otherwise than we do, whatever wrote the model, by what is asked and what it says."""


def grouped(asked: list[Case]) -> list[tuple[list[dict[str, Any]], list[str]]]:
    """The inputs of each signature."""
    found: dict[str, tuple[list[dict[str, Any]], list[str]]] = {}
    for case in asked:
        if case.kind == "inputs":
            found.setdefault(json.dumps(case.items), (case.items, []))[1].append(case.data)
    return list(found.values())


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.22.5", NEWEST])
def test_calls(release: str, tmp_path: Path, lacking: Path) -> None:
    script = Path(__file__).with_name("calling.py")
    command = [
        interpreter(release),
        "-W",
        "ignore",
        str(script),
        str(ROOT / "validator"),
        str(lacking),
        str(tmp_path),
    ]
    groups = grouped(list(cases.ALL if release == NEWEST else cases.OLD))
    result = subprocess.run(command, input=json.dumps(groups), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    counts: Counter[str] = Counter()
    wrong = []
    for line in result.stdout.splitlines():
        data, given, agree, ours, theirs = json.loads(line)
        if agree:
            counts[ours.partition(":")[0]] += 1
            continue
        excuses = OTHERWISE[release].items()
        why = next(
            (why for why, holds in excuses if ours.startswith("accepted") and holds(data, theirs)), None
        )
        counts[why or "wrong"] += 1
        if why is None:
            wrong.append(f"{data} {given}\n  ours: {ours}\n  {release}: {theirs}")
    assert not wrong, f"{counts}\n" + "\n".join(wrong[:20])
    assert counts["accepted"] + counts["refused"] >= 2500, counts
    assert counts["accepted"] > 800
    # No reason outlives its cause.
    assert set(OTHERWISE[release]) <= set(counts)
