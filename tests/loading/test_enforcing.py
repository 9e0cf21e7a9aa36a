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
        "newer releases take cells at any index of a column for a tensor": lambda case, answer: (
            "index=" in case.data and answer["theirs"].endswith("KeyError: 0")
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


@pytest.fixture(scope="module")
def newest() -> Iterator[Asker]:
    with asking(NEWEST) as found:
        yield found


def excuse(release: str, case: Case, answer: dict[str, Any]) -> str | None:
    return next((why for why, holds in DIFFERENCES[release].items() if holds(case, answer)), None)


@pytest.mark.mlflow
def test_table(asker: tuple[str, Asker]) -> None:
    release, process = asker
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    # What the newest makes of inputs, test_calling.py asks by predict.
    asked = [case for case in cases.ALL if case.kind == "params"] if release == NEWEST else cases.OLD
    for case in asked:
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
    assert counts["accepted"] > 0.25 * len(asked)
    assert counts["refused"] > 0.25 * len(asked)
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


@pytest.mark.mlflow
@pytest.mark.parametrize(
    ("items", "data", "said"),
    [
        (cases.AB, "{'A': 1, 'b': 0.5}", "column 'a' is missing; is 'A' meant?"),
        (cases.AB, "[[1, 0.5]]", "column 'a', 'b' is missing; the inputs have 0, 1 instead; the inputs have no names: give a data frame or a dict"),
        (cases.AB, "{'a': [1.0, None], 'b': [0.5, 1]}", "column 'a' has missing values, which makes it float64, and the signature says long, which has none; fill them in (.fillna), or have the signature say double"),
        (cases.AB, "{'a': [1.5], 'b': [0.5]}", "column 'a' is float64, and the signature says long; round it (.round().astype('int64'))"),
        (cases.AB, "sp.csr_matrix([[1, 0.5]])", "the signature has columns, and a scipy.csr_matrix makes no data frame; convert it (pandas.DataFrame.sparse.from_spmatrix, or .toarray())"),
        ([cases.column("integer", "n")], "{'n': [7]}", "column 'n' is int64, and the signature says integer (int32); values could be lost; if none can, convert it (.astype('int32'))"),
        ([cases.column("string", "s")], "{'s': [7]}", "column 's' is int64, and the signature says string (str); convert it (.astype(str))"),
        ([cases.column("datetime", "t")], "pd.DataFrame({'t': pd.date_range('2026', periods=2, tz='UTC')})", "column 't' has a time zone (UTC), and the signature's datetime has none; remove it: .dt.tz_convert('UTC').dt.tz_localize(None)"),
        # What libraries raise is not told.
        ([cases.column("double", "d")], "pd.DataFrame({'d': [1.5, b'x', 2]})", "column 'd' holds b'x', a bytes, in row 1, which cannot be read as double"),
        ([cases.column("datetime", "t")], "pd.DataFrame({'t': [dt.date(2026, 1, 31), 'x']})", "column 't' holds 'x', a str, in row 1, which cannot be read as datetime"),
        ([cases.column("long", "n")], "pd.DataFrame({'n': pd.array([1, None], dtype='Int64')})", "column 'n' is Int64 and has missing values, and the signature says long, which has none; fill them in (.fillna)"),
        (cases.AB, "{'a': [1, 2], 'b': [0.5]}", "the inputs make no data frame: its columns have different lengths ('a': 2, 'b': 1)"),
        (cases.AB, "{'a': object, 'b': object}", "the inputs make no data frame: 'a' is a type; give a list, an array or a scalar"),
        (cases.AB, "np.zeros((2, 2, 2))", "the inputs make no data frame: the array has 3 dimensions, and a table has two"),
        (cases.AB, "[[1], None]", "the inputs make no data frame: its rows are of different kinds (None, a list)"),
        ([cases.tensor("float64", [-1, 2])], "pd.DataFrame({'a': [[1, 2], [3]]})", "the cells of the tensor cannot be stacked to shape (-1, 2): they have the shapes (1,), (2,), and are to be float64"),
        ([cases.tensor("float64", [-1])], "pd.Series(['x'])", "the tensor has a str in its first cell, and its cells make no array of float64"),
        ([cases.column("double"), cases.column("double")], "[[0.5]]", "the signature has 2 columns without names, and the inputs have 1"),
        ([{**cases.array(cases.MESSAGE), "name": "m", "required": True}], "{'m': [{'role': 'a'}, {'content': 'b'}]}", "column 'm', row 0, item 1 has no key 'role', which the signature requires"),
    ],
)  # fmt: skip
def test_messages(newest: Asker, items: list[dict[str, Any]], data: str, said: str) -> None:
    assert newest.ask(Case("inputs", items, data))["ours"] == f"refused: InputError: {said}"


def test_generated_cases_are_many() -> None:
    """The strategies work, without an MLflow to ask."""

    @settings(max_examples=50, deadline=None, derandomize=True, database=None)
    @given(st.one_of(generated.columns(), generated.nested(), generated.tensors(), generated.params()))
    def check(case: Case) -> None:
        compile(case.data, "case", "eval")

    check()
    assert len({(case.label, str(case.items)) for case in cases.ALL}) > 1500
