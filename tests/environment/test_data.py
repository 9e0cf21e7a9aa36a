"""The data files: in order, and in the form that the code expects."""

from __future__ import annotations

import re
import sys
from datetime import date

import pytest

from mlmodel.environment import distributions, pythons
from mlmodel.environment.versions import normal
from mlmodel.standard.data import table
from mlmodel.standard.standard_library import is_standard


def test_names_are_normalized() -> None:
    known = table("modules.json")["distributions"]
    names = {*known, *(name for entry in known.values() for name in entry.get("requires", ()))}
    lists = table("distributions.json")
    names |= {*lists["only-for"], *lists["instead-of"], *lists["development"], *lists["system-library"]}
    names |= table("requires-python.json")["distributions"].keys()
    assert {name for name in names if normal(name) != name} == set()
    assert lists["instead-of"].keys() <= lists["only-for"].keys()


def test_mlflow_and_the_flavors_libraries_are_known() -> None:
    for name in (
        "mlflow",
        "mlflow-skinny",
        "scikit-learn",
        "lightgbm",
        "xgboost",
        "catboost",
        "torch",
        "transformers",
    ):
        assert not distributions.closure([name]).open, name
    assert "scikit-learn" in distributions.closure(["mlflow"]).names
    assert "scikit-learn" not in distributions.closure(["mlflow-skinny"]).names
    assert distributions.closure(["nobody-knows-this"]).open


def test_requires_python_is_understood() -> None:
    wanted = {
        specifier
        for releases in table("requires-python.json")["distributions"].values()
        for specifier in releases.values()
    }
    assert all(re.fullmatch(r"((>=|<=|<|!=)\d+(\.\d+)*(\.\*)?,?)*", specifier) for specifier in wanted)


@pytest.mark.parametrize(
    ("wanted", "python", "fits"),
    [
        (">=3.9", (3, 9), True),
        (">=3.9", (3, 8, 18), False),
        (">=3.6.1", (3, 6), True),  # perhaps
        (">=3.6.1", (3, 6, 0), False),
        (">=3.8,<3.11", (3, 11), False),
        (">=3.8,<3.11", (3, 10, 13), True),
        (">=2.7,!=3.2.*", (3, 2, 1), False),
        ("<=3.9", (3, 9, 1), True),
        ("<=3.9", (3, 10), False),
    ],
)
def test_python_fits(wanted: str, python: tuple[int, ...], fits: bool) -> None:
    assert distributions.python_fits(wanted, python) is fits


def test_releases_are_found_however_they_are_written() -> None:
    assert distributions.requires_python("numpy", "2.3.0") == ">=3.11"
    assert distributions.requires_python("numpy", "2.3") == ">=3.11"
    assert distributions.requires_python("numpy", "99.0") is None
    assert distributions.requires_python("nobody-knows-this", "1.0") is None


@pytest.mark.skipif(not (3, 10) <= sys.version_info < (3, 15), reason="of a Python that the table has")
def test_this_python_has_its_own_standard_library() -> None:
    here = sys.version_info[:2]
    names = {name for name in sys.stdlib_module_names if not name.startswith(("_", "test", "idlelib"))}
    assert {name for name in names if not is_standard(name, here)} == set()


def test_the_standard_library_changes() -> None:
    assert is_standard("imp", (3, 11))
    assert not is_standard("imp", (3, 12, 1))
    assert is_standard("imp", None)
    assert not is_standard("tomllib", (3, 10))
    assert is_standard("copy_reg", (3, 11))  # as protocols below 3 write it
    assert not is_standard("numpy", (3, 11))


def test_ends_of_life_are_in_order() -> None:
    days = [pythons.end_of_life((3, minor)) for minor in range(4, 15)]
    assert None not in days
    assert days == sorted(days, key=str)
    assert pythons.end_of_life((2, 6)) == date(2020, 1, 1)
    assert pythons.end_of_life((3, 99)) is None
