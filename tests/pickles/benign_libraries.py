"""Writes objects of real libraries as honest programs pickle them.  Runs with the interpreter of an environment that has
the libraries: ``benign_libraries.py FOLDER``."""

from __future__ import annotations

import inspect
import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
RNG = np.random.default_rng(0)
X = np.abs(RNG.normal(size=(60, 4))) + 0.1
Y = (X[:, 0] > X[:, 1]).astype(int)
Z = X @ np.array([1.0, 2.0, -1.0, 0.5])
FRAME = pd.DataFrame(X, columns=list("abcd"))


def of_sklearn() -> Iterator[tuple[str, Any]]:
    """Every estimator that can be fitted to a small table."""
    from sklearn.utils import all_estimators

    small: dict[str, Any] = {"n_estimators": 3, "max_iter": 20, "n_init": 1}
    for name, kind in all_estimators():
        try:
            known = inspect.signature(kind).parameters
            estimator = kind(**{key: value for key, value in small.items() if key in known})
            for target in (Y, Z, np.column_stack([Y, 1 - Y])):
                try:
                    fitted = estimator.fit(X, target)
                    break
                except Exception:
                    continue
            else:
                continue
        except Exception:
            continue
        yield f"sklearn-{name}", fitted


def of_numpy() -> Iterator[tuple[str, Any]]:
    yield (
        "numpy-arrays",
        [X, Y, X.T, X[:, 1], np.float32(1), np.int64(2), np.datetime64("2020-01-01"), np.array(["a", "b"])],
    )
    yield "numpy-objects", np.array([{"a": 1}, None, "x"], dtype=object)
    yield "numpy-structure", np.zeros(3, dtype=[("a", "f8"), ("b", "U3")])
    yield "numpy-masked", np.ma.array([1, 2], mask=[0, 1])
    yield "numpy-random", [np.random.default_rng(1), np.random.RandomState(1), np.random.PCG64(2)]
    yield "numpy-functions", [np.log1p, np.expm1, np.sum, np.float64, np.dtype("f4")]


def of_pandas() -> Iterator[tuple[str, Any]]:
    times = pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin")
    yield "pandas-frame", FRAME
    yield "pandas-series", FRAME["a"]
    yield (
        "pandas-times",
        [times, times[0], pd.Timedelta("1h"), pd.Series(times), pd.Period("2020-01"), pd.NaT, pd.NA],
    )
    yield "pandas-categorical", pd.Series(["a", "b", "a"], dtype="category")
    yield (
        "pandas-nullable",
        pd.DataFrame({"i": pd.array([1, None], dtype="Int64"), "s": pd.array(["a", None], dtype="string")}),
    )
    yield (
        "pandas-indexes",
        [pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]), pd.interval_range(0, 3), pd.RangeIndex(5)],
    )
    yield "pandas-offsets", [pd.offsets.Day(2), pd.offsets.MonthEnd(), pd.offsets.BDay()]


def of_scipy() -> Iterator[tuple[str, Any]]:
    from scipy import interpolate, sparse, spatial, stats

    yield "scipy-sparse", [sparse.csr_matrix(X), sparse.csc_matrix(X), sparse.coo_matrix(X)]
    yield "scipy-trees", [spatial.cKDTree(X), spatial.KDTree(X)]
    yield "scipy-spline", interpolate.CubicSpline(np.arange(5.0), np.arange(5.0) ** 2)
    yield "scipy-distribution", stats.norm(0, 1)


def of_boosting() -> Iterator[tuple[str, Any]]:
    import catboost
    import lightgbm
    import xgboost

    yield "xgboost-classifier", xgboost.XGBClassifier(n_estimators=3).fit(X, Y)
    yield "xgboost-regressor", xgboost.XGBRegressor(n_estimators=3).fit(FRAME, Z)
    yield "xgboost-booster", xgboost.train({}, xgboost.DMatrix(X, Y), 3)
    yield "lightgbm-classifier", lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, Y)
    yield "lightgbm-booster", lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, Y), 3)
    options = {"iterations": 3, "verbose": False, "allow_writing_files": False}
    yield "catboost-classifier", catboost.CatBoostClassifier(**options).fit(X, Y)
    yield "catboost-regressor", catboost.CatBoostRegressor(**options).fit(X, Z)


def of_statsmodels() -> Iterator[tuple[str, Any]]:
    import statsmodels.api as sm
    from statsmodels.tsa.arima.model import ARIMA

    yield "statsmodels-ols", sm.OLS(Z, sm.add_constant(X)).fit()
    yield "statsmodels-frame", sm.OLS(pd.Series(Z), FRAME).fit()
    yield "statsmodels-logit", sm.Logit(Y, X).fit(disp=0)
    yield "statsmodels-glm", sm.GLM(Y, X, family=sm.families.Binomial()).fit()
    yield "statsmodels-arima", ARIMA(Z, order=(1, 0, 0)).fit()


def of_forecasts() -> Iterator[tuple[str, Any]]:
    import pmdarima
    import prophet

    yield "pmdarima-arima", pmdarima.ARIMA((1, 0, 0)).fit(Z)
    yield (
        "prophet-fitted",
        prophet.Prophet().fit(pd.DataFrame({"ds": pd.date_range("2020-01-01", periods=60), "y": Z})),
    )


def of_spacy() -> Iterator[tuple[str, Any]]:
    import spacy

    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    yield "spacy-language", language
    yield "spacy-doc", language("Nothing to see. Move on.")
    yield "spacy-vocab", language.vocab


def of_torch() -> Iterator[tuple[str, Any]]:
    import torch
    from torch import nn

    yield "torch-sequential", nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 1))
    yield (
        "torch-tensors",
        [torch.zeros(3), torch.ones(2, dtype=torch.float16), torch.Size([1]), torch.device("cpu")],
    )
    yield "torch-lstm", nn.LSTM(4, 8, 2)
    yield "torch-transformer", nn.TransformerEncoderLayer(8, 2)
    yield "torch-optimizer", torch.optim.Adam(nn.Linear(2, 2).parameters()).state_dict()


def of_pipelines() -> Iterator[tuple[str, Any]]:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    columns = ColumnTransformer(
        [("n", StandardScaler(), ["a", "b"]), ("o", OneHotEncoder(handle_unknown="ignore"), ["c"])]
    )
    yield "pipeline-columns", make_pipeline(columns, LogisticRegression()).fit(FRAME.round(1), Y)
    yield "pipeline-log", make_pipeline(FunctionTransformer(np.log1p), RandomForestClassifier(5)).fit(X, Y)
    yield "pipeline-search", GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}).fit(X, Y)
    yield (
        "pipeline-lambda",
        make_pipeline(FunctionTransformer(lambda table: table * 2), LogisticRegression()).fit(X, Y),
    )


MAKERS: list[Callable[[], Iterator[tuple[str, Any]]]] = [
    of_sklearn, of_numpy, of_pandas, of_scipy, of_boosting, of_statsmodels, of_forecasts, of_spacy, of_torch, of_pipelines,
]  # fmt: skip


def _available(maker: Callable[[], Iterator[tuple[str, Any]]]) -> Iterator[tuple[str, Any]]:
    """What the installed libraries make."""
    try:
        yield from maker()
    except ImportError as error:
        print(error, file=sys.stderr)


def _torch_saved(value: Any) -> bytes:
    import torch

    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def main(folder: Path) -> None:
    codecs = ["zlib", "gzip", "bz2", "xz", "lzma"]
    made = (pair for maker in MAKERS for pair in _available(maker))
    for count, (name, value) in enumerate(made):
        ways: dict[str, Callable[[Any], bytes]] = {"cloudpickle": cloudpickle.dumps}
        if count % 2 == 0 and "lambda" not in name:
            ways["pickle"] = lambda value, count=count: pickle.dumps(value, 2 + count // 2 % 4)  # type: ignore[misc]
        if name.startswith("torch"):
            ways["torch"] = _torch_saved
        for way, dump in ways.items():
            try:
                (folder / f"{name}.{way}.pkl").write_bytes(dump(value))
            except Exception as error:
                print(f"{name} as {way}: {error}", file=sys.stderr)
        if "lambda" not in name:
            codec: Any = (codecs[count % 10], 3) if count % 10 < len(codecs) else 0
            try:
                joblib.dump(value, folder / f"{name}.joblib.pkl", compress=codec)
            except Exception as error:
                print(f"{name} by joblib: {error}", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
