"""Writes objects of many libraries as honest programs pickle them.  Runs with the interpreter of an environment that has the
libraries: ``honest_objects.py FOLDER LIBRARY...``.

Whatever class of a library has a ``fit`` is made with its defaults and fitted to a small table, in a process and within some
seconds; what comes of it is written by pickle, cloudpickle or joblib in turn.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import io
import os
import pickle
import pkgutil
import signal
import sys
import warnings
from collections.abc import Iterator
from multiprocessing import Process
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
SERIES = pd.Series(Z, index=pd.date_range("2020-01-01", periods=60, freq="D"))
WORDS = [["ab", "cd", "ef"], ["ab", "ef", "gh"], ["cd", "ij", "kl"]] * 5
SMALL: dict[str, Any] = {
    "n_estimators": 3,
    "max_iter": 20,
    "n_init": 1,
    "epochs": 2,
    "n_epochs": 3,
    "verbose": 0,
    "random_state": 0,
}
PER_LIBRARY = 15


class _Late(Exception):
    pass


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise after some seconds."""

    def late(*_: object) -> None:
        raise _Late

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def modules(top: str) -> Iterator[str]:
    """The public modules of a library, the shallow ones first."""
    package = importlib.import_module(top)
    yield top
    found = []
    for item in pkgutil.walk_packages(getattr(package, "__path__", []), top + ".", onerror=lambda _: None):
        if not any(
            part.startswith(("_", "test", "conftest", "setup", "example")) for part in item.name.split(".")
        ):
            found.append(item.name)
        if len(found) > 400:
            break
    yield from sorted(found, key=lambda name: name.count("."))


def fitted(top: str) -> Iterator[tuple[str, Any]]:
    """Whatever can be fitted."""
    seen: set[type] = set()
    for name in modules(top):
        try:
            with within(25):
                module = importlib.import_module(name)
        except BaseException:
            continue
        for kind in list(vars(module).values()):
            if not isinstance(kind, type) or kind in seen or kind.__module__.split(".")[0] != top:
                continue
            seen.add(kind)
            if not callable(getattr(kind, "fit", None)) or inspect.isabstract(kind):
                continue
            made = _fitted(kind)
            if made is not None:
                yield kind.__name__, made


def _fitted(kind: type) -> Any:
    try:
        known = inspect.signature(kind).parameters
    except (TypeError, ValueError):
        return None
    given = {key: value for key, value in SMALL.items() if key in known}
    for data in (
        (X, Y),
        (X, Z),
        (FRAME, pd.Series(Y)),
        (X,),
        (FRAME,),
        (SERIES,),
        (Z,),
        (np.round(X * 10), Y),
        (WORDS,),
    ):
        try:
            with (
                within(4),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                made = kind(**given)
                result = made.fit(*data)
                return made if result is None else result
        except BaseException:
            continue
    try:
        return kind(**given)
    except BaseException:
        return None


def of_gensim() -> Iterator[tuple[str, Any]]:
    from gensim.corpora import Dictionary
    from gensim.models import Doc2Vec, FastText, LdaModel, LsiModel, TfidfModel, Word2Vec
    from gensim.models.doc2vec import TaggedDocument

    dictionary = Dictionary(WORDS)
    corpus = [dictionary.doc2bow(words) for words in WORDS]
    yield "Dictionary", dictionary
    yield "Word2Vec", Word2Vec(WORDS, vector_size=4, min_count=1)
    yield "KeyedVectors", Word2Vec(WORDS, vector_size=4, min_count=1).wv
    yield "FastText", FastText(WORDS, vector_size=4, min_count=1)
    yield (
        "Doc2Vec",
        Doc2Vec([TaggedDocument(words, [i]) for i, words in enumerate(WORDS)], vector_size=4, min_count=1),
    )
    yield "LdaModel", LdaModel(corpus, num_topics=2, id2word=dictionary)
    yield "LsiModel", LsiModel(corpus, num_topics=2, id2word=dictionary)
    yield "TfidfModel", TfidfModel(corpus)


def of_lifelines() -> Iterator[tuple[str, Any]]:
    import lifelines

    table = pd.DataFrame({"T": Z + 10, "E": Y, "a": X[:, 0], "b": X[:, 1]})
    for name in (
        "CoxPHFitter",
        "WeibullAFTFitter",
        "LogNormalAFTFitter",
        "AalenAdditiveFitter",
        "LogLogisticAFTFitter",
    ):
        yield name, getattr(lifelines, name)().fit(table, "T", "E")
    for name in (
        "KaplanMeierFitter",
        "NelsonAalenFitter",
        "WeibullFitter",
        "ExponentialFitter",
        "LogNormalFitter",
    ):
        yield name, getattr(lifelines, name)().fit(table["T"], table["E"])


def of_networkx() -> Iterator[tuple[str, Any]]:
    import networkx

    yield "Graph", networkx.path_graph(4)
    yield "DiGraph", networkx.DiGraph([(1, 2), (2, 3)])
    yield "MultiGraph", networkx.MultiGraph([(1, 2)])


def of_river() -> Iterator[tuple[str, Any]]:
    from river import (
        anomaly,
        cluster,
        compose,
        drift,
        ensemble,
        linear_model,
        naive_bayes,
        neighbors,
        preprocessing,
        tree,
    )

    kinds = [
        (
            "LogisticRegression",
            lambda: compose.Pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
        ),
        ("HoeffdingTreeClassifier", tree.HoeffdingTreeClassifier),
        ("GaussianNB", naive_bayes.GaussianNB),
        ("KNNClassifier", neighbors.KNNClassifier),
        ("BaggingClassifier", lambda: ensemble.BaggingClassifier(tree.HoeffdingTreeClassifier(), n_models=2)),
        ("PAClassifier", linear_model.PAClassifier),
        ("HalfSpaceTrees", anomaly.HalfSpaceTrees),
        ("KMeans", cluster.KMeans),
        ("ADWIN", drift.ADWIN),
    ]
    for name, kind in kinds:
        model = kind()
        for row, label in zip(X, Y, strict=True):
            one = dict(zip("abcd", map(float, row), strict=True))
            for call in (
                lambda: model.learn_one(one, int(label)),
                lambda: model.learn_one(one),
                lambda: model.update(1.0),
            ):
                try:
                    call()
                    break
                except Exception:
                    continue
        yield name, model


def of_statsforecast() -> Iterator[tuple[str, Any]]:
    from statsforecast import StatsForecast, models

    table = pd.DataFrame({"unique_id": 1, "ds": SERIES.index, "y": SERIES.to_numpy()})
    for name in (
        "AutoARIMA",
        "AutoETS",
        "Naive",
        "SeasonalNaive",
        "AutoTheta",
        "HistoricAverage",
        "CrostonClassic",
    ):
        kind = getattr(models, name)
        model = kind(season_length=7) if "season_length" in inspect.signature(kind).parameters else kind()
        yield name, StatsForecast(models=[model], freq="D").fit(table)


def of_pgmpy() -> Iterator[tuple[str, Any]]:
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    network = DiscreteBayesianNetwork([("a", "b")])
    network.add_cpds(
        TabularCPD("a", 2, [[0.5], [0.5]]), TabularCPD("b", 2, [[0.1, 0.9], [0.9, 0.1]], ["a"], [2])
    )
    yield "DiscreteBayesianNetwork", network


def of_surprise() -> Iterator[tuple[str, Any]]:
    import surprise

    data = surprise.Dataset.load_from_df(
        pd.DataFrame({"u": [1, 1, 2], "i": [1, 2, 1], "r": [3, 4, 5]}), surprise.Reader()
    )
    for name in ("SVD", "NMF", "KNNBasic", "BaselineOnly", "SlopeOne", "CoClustering", "NormalPredictor"):
        yield name, getattr(surprise, name)().fit(data.build_full_trainset())


def of_implicit() -> Iterator[tuple[str, Any]]:
    from implicit.als import AlternatingLeastSquares
    from implicit.bpr import BayesianPersonalizedRanking
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
    from scipy.sparse import csr_matrix

    for kind in (AlternatingLeastSquares, BayesianPersonalizedRanking, BM25Recommender, CosineRecommender):
        model = kind()
        model.fit(csr_matrix(np.round(X)), show_progress=False)
        yield kind.__name__, model


def of_shap() -> Iterator[tuple[str, Any]]:
    import shap
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression

    yield "TreeExplainer", shap.TreeExplainer(RandomForestRegressor(n_estimators=2).fit(X, Z))
    yield "LinearExplainer", shap.LinearExplainer(LinearRegression().fit(X, Z), X)
    yield "Explanation", shap.TreeExplainer(RandomForestRegressor(n_estimators=2).fit(X, Z))(X[:3])


def of_linearmodels() -> Iterator[tuple[str, Any]]:
    from linearmodels.iv import IV2SLS

    yield "IV2SLS", IV2SLS(Z, X[:, :2], X[:, 2:3], X[:, 3:4]).fit()


def of_arch() -> Iterator[tuple[str, Any]]:
    from arch import arch_model

    yield "arch_model", arch_model(Z * 10).fit(disp="off")


def of_optuna() -> Iterator[tuple[str, Any]]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    yield "Study", study
    yield "TPESampler", optuna.samplers.TPESampler()


def of_polars() -> Iterator[tuple[str, Any]]:
    import polars

    yield "DataFrame", polars.DataFrame({"a": [1, 2]})
    yield "Series", polars.Series([1, 2])


def of_dask() -> Iterator[tuple[str, Any]]:
    import dask.array

    yield "Array", dask.array.ones((4, 4), chunks=2)


def of_holidays() -> Iterator[tuple[str, Any]]:
    import holidays

    yield "US", holidays.US(years=[2020])


OTHERS = {name[3:]: make for name, make in dict(globals()).items() if name.startswith("of_")}


def write(folder: Path, top: str) -> None:
    """All objects of a library."""
    count = 0

    def keep(name: str, made: Any) -> None:
        nonlocal count
        try:
            with within(10):
                content = io.BytesIO()
                (pickle.dump, cloudpickle.dump, joblib.dump)[count % 3](made, content)
        except BaseException:
            return
        (folder / f"{top}-{count}-{name}.pkl").write_bytes(content.getvalue())
        count += 1

    if top in OTHERS:
        with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()):
            for name, made in OTHERS[top]():
                keep(name, made)
    with contextlib.suppress(BaseException):
        for name, made in fitted(top):
            keep(name, made)
            if count >= PER_LIBRARY:
                break


def main() -> None:
    """Every library in a process of its own."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    for top in sys.argv[2:]:
        if importlib.util.find_spec(top) is None:
            continue
        process = Process(target=write, args=(folder, top))
        process.start()
        process.join(180)
        if process.is_alive():
            process.kill()
            process.join()
        print(top, len(list(folder.glob(f"{top}-*"))), flush=True)


if __name__ == "__main__":
    main()
