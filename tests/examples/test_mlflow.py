"""Examples are refused where MLflow refuses them: what it makes of generated pairs, beside what the static check says."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlmodel.model.enforcement import Misfit, misfits
from mlmodel.standard import releases
from tests.environments import interpreter
from tests.examples.generated import Generator

SEEDS = (1, 2, 3, 4)
CASES = 1500
"""Pairs of one seed."""

Case = dict[str, Any]

STRICTER: dict[str, Callable[[Case, list[Misfit]], bool]] = {
    "scipy looks neither at offsets that fall nor at indices outside, and reads foreign memory then": lambda case, _: (
        case["form"].startswith("sparse")
    ),
}
"""Why an example that MLflow takes is refused."""


def _cells(value: Any) -> Any:
    """Every value in a JSON value."""
    yield value
    if isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _cells(each)


LAXER: dict[str, Callable[[Case], bool]] = {
    "what pandas makes of rows of several forms, and numpy of objects in arrays, is not told": lambda case: any(
        isinstance(value, (list, dict)) for value in _cells(case["payload"])
    ),
}
"""Why an example that MLflow refuses is not: fewer than one of a hundred, all of them of odd forms."""


def oracle(release: str, cases: list[Case]) -> list[str]:
    """Why MLflow refuses each case; empty texts where it does not."""
    result = subprocess.run(
        [interpreter(release), str(Path(__file__).with_name("oracle.py"))],
        input="".join(json.dumps(case) + "\n" for case in cases),
        capture_output=True,
        text=True,
        check=False,
    )
    said = [json.loads(line)["refused"] for line in result.stdout.splitlines()]
    assert len(said) == len(cases), result.stderr[-3000:]
    return said


@pytest.mark.mlflow
@pytest.mark.parametrize("release", ["2.22.5", "3.18.0"])
def test_generated(release: str) -> None:
    generators = [Generator(seed) for seed in SEEDS]
    cases = [generator.case() for generator in generators for _ in range(CASES)]
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    # The content of requests is read by functions of the server.
    cases += [{**case, "served": True} for case in cases[::3] if case["form"] in ("dataframe", "records", "ndarray")]
    for case, theirs in zip(cases, oracle(release, cases), strict=True):
        asked = (case["payload"], case["form"], case["specs"], releases.parse(release))
        ours = misfits(*asked, request="served" in case)
        if bool(ours) == bool(theirs):
            counts["refused" if theirs else "accepted"] += 1
            counts[case["form"]] += 1
            counts["served"] += "served" in case
        elif ours and not any(holds(case, ours) for holds in STRICTER.values()):
            wrong.append(f"{json.dumps(case)}\n  false: {ours[0]}")
        elif theirs:
            counts["missed"] += 1
            if not any(holds(case) for holds in LAXER.values()):
                wrong.append(f"{json.dumps(case)}\n  missed: {theirs}")
    assert not wrong, "\n".join(wrong[:20])
    assert counts["served"] > 1000, counts
    assert counts["refused"] > 0.4 * len(cases), counts
    assert counts["accepted"] > 0.2 * len(cases), counts
    assert counts["missed"] < 0.01 * len(cases), counts
