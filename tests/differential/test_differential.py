"""Truth by comparison: thousands of mutated MLmodel files before real MLflow releases and before the validator.

Where MLflow raises, the validator has an error; where the validator has an error and MLflow none, its
rule is known to be stricter and its page says why.  ``disagreements.py`` lists the exceptions.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlmodel import Severity
from mlmodel.standard import rules
from tests.differential import report
from tests.differential.comparison import Compared, compare
from tests.differential.disagreements import STRICTER, unforeseen
from tests.differential.mutants import mutants, seeds
from tests.environments import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterable

NUMBERS = {NEWEST: 3000, "2.15.0": 1000, "1.30.1": 1000}
SEED = 20240229
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module", params=list(NUMBERS))
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def compared(release: str, tmp_path_factory: pytest.TempPathFactory) -> list[Compared]:
    directory = tmp_path_factory.mktemp(release)
    return list(compare(release, NUMBERS[release], SEED, directory))


def listed(found: Iterable[object]) -> str:
    shown = [str(each) for each in found]
    return f"{len(shown)} mutants\n" + "\n".join(shown[:20])


@pytest.mark.mlflow
def test_what_mlflow_refuses_has_an_error(release: str, compared: list[Compared]) -> None:
    missed = [
        each for each in compared if each.raised and not each.rejected and unforeseen(release, each) is None
    ]
    assert not missed, listed(missed)


@pytest.mark.mlflow
@pytest.mark.parametrize("release", [NEWEST], indirect=True)
def test_what_mlflow_reads_has_no_error_but_known_ones(compared: list[Compared]) -> None:
    stricter = [each for each in compared if each.rejected and not each.raised]
    assert not [each for each in stricter if not each.errors <= STRICTER.keys()], listed(
        each for each in stricter if not each.errors <= STRICTER.keys()
    )


@pytest.mark.mlflow
def test_the_mutants_tell_something(compared: list[Compared]) -> None:
    """The comparison would be empty if nearly all mutants were refused, or read."""
    outcomes = Counter((bool(each.raised), each.rejected) for each in compared)
    assert min(outcomes[True, True], outcomes[False, False]) > len(compared) / 8


@pytest.mark.mlflow
def test_no_mutant_crashes_the_validator(compared: list[Compared]) -> None:
    crashed = [each for each in compared if each.rules & {"MLM901", "MLM902"}]
    assert not crashed, listed(crashed)


@cache
def page(rule: str) -> str:
    return rules.page(rules.catalogue()[rule])


@pytest.mark.parametrize("rule", [rule for rule in STRICTER if rule < "MLM9"])
def test_stricter_rules_say_so(rule: str) -> None:
    assert rules.catalogue()[rule].severity is Severity.ERROR
    assert re.search(r"^## Where MLflow differs\n+\S", page(rule), re.MULTILINE), "its page does not say why"


def test_the_readme_lists_them() -> None:
    text = report.README.read_text(encoding="utf-8")
    assert set(re.findall(r"^\| \[(MLM\d+)\]", text, re.MULTILINE)) == STRICTER.keys()


def test_mutants_are_the_same_each_time() -> None:
    first = [mutant.content for mutant in mutants(50, 1, seeds())]
    assert first == [mutant.content for mutant in mutants(50, 1, seeds())]
    assert len(set(first)) == 50
