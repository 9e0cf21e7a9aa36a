# ruff: noqa: E402 - what is imported must stand after the paths
"""Writes models of libraries for tables, then loads them with the MLflow beside it, and with our own flavors what MLflow wrote.

Run with the interpreter of a release.  Arguments: the folder of mlmodel, one with what that environment lacks, the folder to
write to.  Prints, as JSON, the severe findings of every model that was written.
"""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

sys.path[:0] = sys.argv[1:3]
warnings.simplefilter("ignore")

import numpy as np
import pandas as pd
import yaml

from mlmodel import write_model
from mlmodel.findings import Severity
from mlmodel.flavors import flavor_named

ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
CLASSES = (ROWS["a"] > 0).astype(int)
TARGET = ROWS["a"] * 2 + ROWS["b"]
SERIES = pd.Series(np.sin(np.arange(80)) + np.arange(80) / 50, index=pd.date_range("2024-01-01", periods=80))


def xgboost_booster() -> Any:
    import xgboost

    return xgboost.train({"max_depth": 2}, xgboost.DMatrix(ROWS, TARGET), 3)


def xgboost_sklearn() -> Any:
    import xgboost

    return xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(ROWS, CLASSES)


def lightgbm_booster() -> Any:
    import lightgbm

    return lightgbm.train({"verbose": -1}, lightgbm.Dataset(ROWS, TARGET), 3)


def lightgbm_sklearn() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(ROWS, CLASSES)


def catboost_classifier() -> Any:
    import catboost

    return catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(ROWS, CLASSES)


def catboost_plain() -> Any:
    import catboost

    options = {"iterations": 3, "verbose": 0, "allow_writing_files": False, "loss_function": "RMSE"}
    return catboost.CatBoost(options).fit(ROWS, TARGET)


def statsmodels_ols() -> Any:
    import statsmodels.api as sm

    return sm.OLS(TARGET, ROWS).fit()


def statsmodels_series() -> Any:
    from statsmodels.tsa.arima.model import ARIMA

    return ARIMA(SERIES.to_numpy(), order=(1, 0, 0)).fit()


def prophet() -> Any:
    from prophet import Prophet

    model = Prophet(n_changepoints=2, weekly_seasonality=False, yearly_seasonality=False)
    return model.fit(pd.DataFrame({"ds": SERIES.index, "y": SERIES.to_numpy()}))


def pmdarima() -> Any:
    from pmdarima import ARIMA

    return ARIMA((1, 0, 0)).fit(SERIES.to_numpy())


def frame(value: Any) -> Any:
    """A prediction as plain values; of Prophet's, what is not drawn at random."""
    return np.asarray(value["yhat"] if isinstance(value, pd.DataFrame) and "yhat" in value else value, float)


DAYS = pd.DataFrame({"ds": SERIES.index[:5]})
SPAN = pd.DataFrame({"start": [1], "end": [4]})


class Case(NamedTuple):
    flavor: str
    make: Callable[[], Any]
    asked: Any
    answer: Callable[[Any], Any]


MODELS = {
    "xgboost_booster": Case("xgboost", xgboost_booster, ROWS, lambda m: m.predict(__import__("xgboost").DMatrix(ROWS))),
    "xgboost_sklearn": Case("xgboost", xgboost_sklearn, ROWS, lambda m: m.predict(ROWS)),
    "lightgbm_booster": Case("lightgbm", lightgbm_booster, ROWS, lambda m: m.predict(ROWS)),
    "lightgbm_sklearn": Case("lightgbm", lightgbm_sklearn, ROWS, lambda m: m.predict(ROWS)),
    "catboost_classifier": Case("catboost", catboost_classifier, ROWS, lambda m: m.predict(ROWS)),
    "catboost_plain": Case("catboost", catboost_plain, ROWS, lambda m: m.predict(ROWS)),
    "statsmodels_ols": Case("statsmodels", statsmodels_ols, ROWS, lambda m: m.predict(ROWS)),
    "statsmodels_series": Case("statsmodels", statsmodels_series, SPAN, lambda m: m.predict(1, 4)),
    "prophet": Case("prophet", prophet, DAYS, lambda m: m.predict(DAYS)),
    "pmdarima": Case("pmdarima", pmdarima, pd.DataFrame({"n_periods": [4]}), lambda m: m.predict(4)),
}  # fmt: skip

made = {}
reports = {}
for name, case in MODELS.items():
    made[name] = case.make()
    report = write_model(made[name], f"{sys.argv[3]}/{name}")
    reports[name] = [
        f"{finding.rule} {finding.message}" for finding in report.findings if finding.severity > Severity.INFO
    ]
assert "mlflow" not in sys.modules

import mlflow

for name, (flavor_name, _make, asked, answer) in MODELS.items():
    path = f"{sys.argv[3]}/{name}"
    expected = frame(answer(made[name]))
    assert np.allclose(frame(mlflow.pyfunc.load_model(path).predict(asked)), expected), name
    theirs = f"{sys.argv[3]}/mlflow-{name}"
    module = __import__(f"mlflow.{flavor_name}", fromlist=["save_model"])
    module.save_model(made[name], theirs)
    flavor = flavor_named(flavor_name)
    assert flavor is not None
    for folder in (path, theirs):
        with open(f"{folder}/MLmodel", encoding="utf-8") as file:
            keys = yaml.safe_load(file)["flavors"]
        native = flavor.load(folder, keys[flavor_name])
        predicted = flavor.predictor(native, keys["python_function"])(asked, {})
        assert np.allclose(frame(predicted), expected), (name, folder)
print(json.dumps(reports))
