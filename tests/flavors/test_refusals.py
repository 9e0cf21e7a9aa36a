"""What a flavor refuses, in one line, without its library."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mlmodel.flavors import Request, UnsuitableError, flavor_named, flavor_of


def stand_in(module: str, name: str, *bases: type, **members: Any) -> Any:
    """An object of a class that says that it is of a library."""
    return type(name, bases, {"__module__": module, **members})()


def save_model(self: object, path: str, **_: object) -> None:
    raise RuntimeError("not fitted")


ESTIMATOR = type(stand_in("sklearn.base", "BaseEstimator"))
OBJECTS = {
    "sklearn": stand_in("sklearn.linear_model._logistic", "LogisticRegression", ESTIMATOR),
    "xgboost": stand_in("xgboost.core", "Booster", save_model=save_model),
    "lightgbm": stand_in("lightgbm.sklearn", "LGBMClassifier", ESTIMATOR),
    "catboost": stand_in("catboost.core", "CatBoostClassifier", save_model=save_model),
    "statsmodels": stand_in("statsmodels.base.wrapper", "ResultsWrapper", save=save_model),
    "prophet": stand_in("prophet.forecaster", "Prophet"),
    "pmdarima": stand_in("pmdarima.arima.arima", "ARIMA", ESTIMATOR, predict=lambda _: 0),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_the_nearest_class_decides(name: str) -> None:
    for model in (OBJECTS[name], stand_in("shop.models", "Own", type(OBJECTS[name]))):
        flavor = flavor_of(model)
        assert flavor is not None
        assert flavor.name == name


@pytest.mark.parametrize("name", OBJECTS)
def test_an_unknown_serialization(name: str, tmp_path: Path) -> None:
    flavor = flavor_named(name)
    assert flavor is not None
    with pytest.raises(UnsuitableError, match="'parchment'"):
        flavor.save(OBJECTS[name], str(tmp_path), Request("parchment"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("xgboost", "XGBoost cannot write the model: not fitted"),
        ("catboost", "CatBoost cannot write the model: not fitted"),
        ("statsmodels", "statsmodels cannot write the model: not fitted"),
        ("prophet", "the model needs prophet, which is not installed"),
        ("pmdarima", "pickle cannot write the model: "),
    ],
)
def test_what_cannot_be_written(name: str, said: str, tmp_path: Path) -> None:
    flavor = flavor_named(name)
    assert flavor is not None
    with pytest.raises(UnsuitableError, match=re.escape(said)):
        flavor.save(OBJECTS[name], str(tmp_path), Request())


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [
        ("xgboost", {"data": "m", "model_class": "os.system"}, "os.system is no class of XGBoost"),
        ("xgboost", {"data": "m"}, "the model needs xgboost, which is not installed"),
        ("lightgbm", {"data": "m"}, "the model needs lightgbm, which is not installed"),
        ("lightgbm", {"data": "m", "model_class": "lightgbm.sklearn.LGBMClassifier"}, "m cannot be loaded"),
        ("catboost", {"data": "m", "model_type": "Tree"}, "model_type 'Tree' is none of"),
        ("catboost", {"model_type": "CatBoost"}, "the model needs catboost, which is not installed"),
        ("statsmodels", {}, "the model needs statsmodels, which is not installed"),
        ("prophet", {}, "model.pr"),
        ("pmdarima", {}, "model.pmd cannot be loaded"),
        ("sklearn", {"pickled_model": "model.pkl"}, "model.pkl cannot be loaded"),
    ],
)
def test_what_cannot_be_loaded(name: str, keys: dict[str, str], said: str, tmp_path: Path) -> None:
    flavor = flavor_named(name)
    assert flavor is not None
    with pytest.raises(UnsuitableError, match=re.escape(said)):
        flavor.load(str(tmp_path), keys)


def test_a_subclass_that_a_format_does_not_hold(tmp_path: Path) -> None:
    flavor = flavor_named("xgboost")
    assert flavor is not None
    own = stand_in("shop.models", "Own", type(OBJECTS["xgboost"]))
    with pytest.raises(UnsuitableError, match="Own is a subclass"):
        flavor.save(own, str(tmp_path), Request())
