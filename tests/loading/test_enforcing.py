"""Signatures are enforced as MLflow enforces them: the same inputs are taken, and become the same values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.environments import NEWEST
from tests.loading import cases, generated
from tests.loading.asking import Asker, asking
from tests.loading.cases import Case

Excuse = Callable[[Case, dict[str, Any]], bool]

DIFFERENCES: dict[str, dict[str, Excuse]] = {
    NEWEST: {},  # we do as it does
    "2.15.0": {
        "newer releases take 64-bit zeros and ones for floats": lambda _, answer: (
            "safely convert int64 to float" in answer["theirs"]
        ),
        "newer releases take texts of pandas' own type for strings and binary": lambda _, answer: (
            "safely convert string to" in answer["theirs"]
        ),
        "newer releases keep the index of rows with nested values": lambda case, _: (
            "index=" in case.data and is_nested(case)
        ),
        "newer releases enforce arrays as columns, and take None and NaN where they are optional": lambda case, _: (
            is_nested(case)
        ),
    },
}
"""Where releases differ from us, and why: we do as the newest does, whatever release wrote the model."""


def is_nested(case: Case) -> bool:
    return any(item.get("type") in ("array", "object", "map") for item in case.items)


@pytest.fixture(scope="module", params=DIFFERENCES)
def asker(request: pytest.FixtureRequest) -> Iterator[tuple[str, Asker]]:
    with asking(request.param) as found:
        yield request.param, found


def excuse(release: str, case: Case, answer: dict[str, Any]) -> str | None:
    return next((why for why, holds in DIFFERENCES[release].items() if holds(case, answer)), None)


@pytest.mark.mlflow
def test_table(asker: tuple[str, Asker]) -> None:
    release, process = asker
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    for case in cases.ALL if release == NEWEST else cases.OLD:
        answer = process.ask(case)
        if answer["agree"] is None:
            counts["no signature"] += 1
            continue
        outcome = answer["ours"].partition(":")[0]
        if answer["agree"]:
            counts[outcome] += 1
            continue
        why = excuse(release, case, answer)
        counts[why or "wrong"] += 1
        if why is None or not answer["unchanged"]:
            wrong.append(f"{case.label}\n  ours: {answer['ours']}\n  {release}: {answer['theirs']}")
    assert not wrong, "\n".join(wrong[:20])
    assert counts["accepted"] > 400
    assert counts["refused"] > 400
    # No reason outlives its cause.
    assert set(DIFFERENCES[release]) <= set(counts)
    assert counts["no signature"] <= 1, counts


@pytest.mark.mlflow
def test_generated(asker: tuple[str, Asker]) -> None:
    release, process = asker
    made = generated.columns() | generated.tensors() | generated.params()
    if release == NEWEST:
        made |= generated.nested()
    counts: Counter[str] = Counter()

    @settings(
        max_examples=600,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(made)
    def check(case: Case) -> None:
        answer = process.ask(case)
        if answer["agree"] is None:  # such data cannot be made, or such a signature
            counts["impossible"] += 1
            return
        counts[answer["ours"].partition(":")[0]] += 1
        assert answer["agree"] or excuse(release, case, answer), answer

    check()
    assert counts["accepted"] > 100, counts
    assert counts["refused"] > 100, counts


def test_generated_cases_are_many() -> None:
    """The strategies work, without an MLflow to ask."""

    @settings(max_examples=50, deadline=None, derandomize=True, database=None)
    @given(st.one_of(generated.columns(), generated.nested(), generated.tensors(), generated.params()))
    def check(case: Case) -> None:
        compile(case.data, "case", "eval")

    check()
    assert len({(case.label, str(case.items)) for case in cases.ALL}) > 1500
