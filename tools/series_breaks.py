"""Writes which objects of one series of a library the others cannot read, or cannot predict with.

``python tools/series_breaks.py PYTHON...``: an interpreter for each release of scikit-learn, and of the NumPy and
SciPy of its time.  Each saves the estimators of :data:`SAVE`, each reads those of all others and predicts what its
maker predicted.  What fails is written into ``spec/annex/series-breaks.json``, with the global that tells such
a pickle from others.  Breaks of other libraries stand there by hand, each with its source; they stay.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "spec/annex/series-breaks.json"

SAVE = r"""
import pickle, sys, warnings
warnings.simplefilter("ignore")
import numpy, sklearn
from sklearn import (cluster, compose, decomposition, ensemble, feature_extraction, impute, isotonic, linear_model, mixture, naive_bayes,
    neighbors, neural_network, pipeline, preprocessing, svm, tree, gaussian_process, discriminant_analysis, feature_selection, calibration, multiclass)
import sklearn.feature_extraction.text
chance = numpy.random.RandomState(0)
x = chance.rand(60, 4); y = (x[:, 0] + x[:, 1] > 1).astype(int); z = x[:, 0] * 2 + x[:, 1]
made = {}
def add(name, thing, method="predict", target=None, data=None):
    thing.fit(x if data is None else data, y if target is None else target)
    made[name] = (thing, method)
add("LogisticRegression", linear_model.LogisticRegression())
add("LinearRegression", linear_model.LinearRegression(), target=z)
add("Ridge", linear_model.Ridge(), target=z)
add("Lasso", linear_model.Lasso(), target=z)
add("ElasticNet", linear_model.ElasticNet(), target=z)
add("SGDClassifier", linear_model.SGDClassifier(loss="hinge"))
add("DecisionTreeClassifier", tree.DecisionTreeClassifier())
add("DecisionTreeRegressor", tree.DecisionTreeRegressor(), target=z)
add("RandomForestClassifier", ensemble.RandomForestClassifier(5))
add("RandomForestRegressor", ensemble.RandomForestRegressor(5), target=z)
add("ExtraTreesClassifier", ensemble.ExtraTreesClassifier(5))
add("GradientBoostingClassifier", ensemble.GradientBoostingClassifier(n_estimators=5))
add("GradientBoostingRegressor", ensemble.GradientBoostingRegressor(n_estimators=5), target=z)
add("HistGradientBoostingClassifier", ensemble.HistGradientBoostingClassifier(max_iter=5))
add("HistGradientBoostingRegressor", ensemble.HistGradientBoostingRegressor(max_iter=5), target=z)
add("AdaBoostClassifier", ensemble.AdaBoostClassifier(n_estimators=5))
add("BaggingClassifier", ensemble.BaggingClassifier(n_estimators=5))
add("IsolationForest", ensemble.IsolationForest(n_estimators=5))
add("VotingClassifier", ensemble.VotingClassifier([("a", linear_model.LogisticRegression())]))
add("KNeighborsClassifier", neighbors.KNeighborsClassifier(algorithm="kd_tree"))
add("KNeighborsRegressor", neighbors.KNeighborsRegressor(algorithm="brute"), target=z)
add("SVC", svm.SVC())
add("SVR", svm.SVR(), target=z)
add("LinearSVC", svm.LinearSVC())
add("GaussianNB", naive_bayes.GaussianNB())
add("MultinomialNB", naive_bayes.MultinomialNB())
add("MLPClassifier", neural_network.MLPClassifier(max_iter=20))
add("KMeans", cluster.KMeans(2, n_init=1))
add("GaussianMixture", mixture.GaussianMixture(2))
add("PCA", decomposition.PCA(2), "transform")
add("TruncatedSVD", decomposition.TruncatedSVD(2), "transform")
add("StandardScaler", preprocessing.StandardScaler(), "transform")
add("MinMaxScaler", preprocessing.MinMaxScaler(), "transform")
add("RobustScaler", preprocessing.RobustScaler(), "transform")
add("PolynomialFeatures", preprocessing.PolynomialFeatures(), "transform")
add("KBinsDiscretizer", preprocessing.KBinsDiscretizer(3), "transform")
add("QuantileTransformer", preprocessing.QuantileTransformer(n_quantiles=10), "transform")
add("PowerTransformer", preprocessing.PowerTransformer(), "transform")
add("FunctionTransformer", preprocessing.FunctionTransformer(), "transform")
add("OneHotEncoder", preprocessing.OneHotEncoder(handle_unknown="ignore"), "transform", data=(x * 3).astype(int))
add("OrdinalEncoder", preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), "transform", data=(x * 3).astype(int))
lonely = x.copy(); lonely[0, 0] = numpy.nan
add("SimpleImputer", impute.SimpleImputer(), "transform", data=lonely)
add("KNNImputer", impute.KNNImputer(), "transform", data=lonely)
add("SelectKBest", feature_selection.SelectKBest(k=2), "transform")
add("Pipeline", pipeline.Pipeline([("scale", preprocessing.StandardScaler()), ("model", linear_model.LogisticRegression())]))
add("ColumnTransformer", compose.ColumnTransformer([("scale", preprocessing.StandardScaler(), [0, 1])], remainder="passthrough"), "transform")
add("CalibratedClassifierCV", calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2))
add("OneVsRestClassifier", multiclass.OneVsRestClassifier(linear_model.LogisticRegression()))
add("GaussianProcessRegressor", gaussian_process.GaussianProcessRegressor(), target=z)
add("LinearDiscriminantAnalysis", discriminant_analysis.LinearDiscriminantAnalysis())
add("IsotonicRegression", isotonic.IsotonicRegression(), data=x[:, 0], target=z)
texts = ["one two", "two three", "three four"] * 20
add("CountVectorizer", sklearn.feature_extraction.text.CountVectorizer(), "transform", data=texts)
add("TfidfVectorizer", sklearn.feature_extraction.text.TfidfVectorizer(), "transform", data=texts)
inputs = {"CountVectorizer": texts, "TfidfVectorizer": texts, "IsotonicRegression": x[:, 0], "OneHotEncoder": (x * 3).astype(int), "OrdinalEncoder": (x * 3).astype(int)}
for name, (thing, method) in made.items():
    given = inputs.get(name, x)
    got = getattr(thing, method)(given)
    got = got.toarray() if hasattr(got, "toarray") else got
    given = numpy.asarray(given).tolist()
    with open(sys.argv[1] + "/" + name + ".pkl", "wb") as file:
        pickle.dump(thing, file, protocol=4)
    with open(sys.argv[1] + "/" + name + ".expected", "wb") as file:
        pickle.dump((type(thing).__module__ + ":" + type(thing).__name__, method, given, numpy.asarray(got).tolist()), file, protocol=4)
print(sklearn.__version__)
"""

READ = r"""
import glob, json, os, pickle, re, sys, warnings
warnings.simplefilter("ignore")
import numpy
for path in sorted(glob.glob(sys.argv[1] + "/*.pkl")):
    with open(path[:-4] + ".expected", "rb") as file:
        target, method, given, expected = pickle.load(file)
    step = "load"
    try:
        with open(path, "rb") as file:
            thing = pickle.load(file)
        step = method
        given = given if isinstance(given[0], str) else numpy.array(given)
        got = getattr(thing, method)(given)
        got = got.toarray() if hasattr(got, "toarray") else got
        said = None if numpy.allclose(numpy.asarray(got, dtype=float), numpy.array(expected, dtype=float), rtol=1e-4, atol=1e-6) else "predicts something else"
    except BaseException as error:
        # Folders of the machine that asks are no part of what the library says.
        text = re.sub(r"(?:/[^\s/'\"]+)+/", "", str(error).split("\n")[0])
        said = type(error).__name__ + ": " + text[:160]
    print(json.dumps([target, step, said]))
"""


OF_NUMPY = ("numpy", "__randomstate_ctor")
"""What failures say that NumPy's own releases are the cause of: other rules tell of these."""


def series(version: str) -> str:
    """``1.9.1`` -> ``1.9``."""
    return ".".join(version.split(".")[:2])


def main() -> int:
    """Every release against every other."""
    failures: dict[str, dict[str, dict[str, str]]] = {}
    releases: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        for number, python in enumerate(sys.argv[1:]):
            folder = Path(scratch, str(number))
            folder.mkdir()
            said = subprocess.run(
                [python, "-c", SAVE, str(folder)], check=True, capture_output=True, text=True
            )
            releases[series(said.stdout.strip())] = said.stdout.strip()
            folders.append((said.stdout.strip(), folder))
        for python, (reader, _) in zip(sys.argv[1:], folders, strict=True):
            for maker, folder in folders:
                lines = subprocess.run(
                    [python, "-c", READ, str(folder)], check=True, capture_output=True, text=True
                ).stdout
                for target, step, said in map(json.loads, lines.splitlines()):
                    if said is not None and not any(name in said for name in OF_NUMPY):
                        by_reader = failures.setdefault(target, {}).setdefault(series(maker), {})
                        by_reader[series(reader)] = f"{step}: {said}"
    content = json.loads(TARGET.read_text(encoding="utf-8"))
    content["scikit-learn"] = {
        "made": datetime.now(timezone.utc).date().isoformat(),
        "releases": releases,
        "failures": failures,
    }
    TARGET.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
