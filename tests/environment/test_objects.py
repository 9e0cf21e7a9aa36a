"""The releases that the model's objects need, and those that they were written by."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mlmodel import Finding, Severity, validate
from mlmodel.environment import module_history
from mlmodel.environment.module_history import Era
from tests.overlay import Fence, make_model


def of(*names: tuple[str, str]) -> bytes:
    """A pickle that names globals, which :mod:`pickle` itself makes only of what can be imported."""
    body = b"".join(f"c{module}\n{name}\n0".encode() for module, name in names)
    return b"\x80\x02" + body + b"N."


def found(target: Path, content: bytes, *lines: str) -> list[Finding]:
    model = make_model(target / "model", [Fence("setup", body="\n".join(lines))])
    (model / "model.pkl").write_bytes(content)
    return [
        finding
        for finding in validate(model).findings
        if finding.rule in ("MLM431", "MLM496", "MLM497", "MLM498")
    ]


@pytest.mark.parametrize(
    ("module", "name", "pin", "expected"),
    [
        ("sklearn.linear_model.logistic", "LogisticRegression", "scikit-learn==1.5.2", True),
        ("sklearn.linear_model.logistic", "LogisticRegression", "scikit-learn==0.21.3", False),
        ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper", "scikit-learn==0.24.2", True),
        ("pandas.core.indexes.numeric", "Int64Index", "pandas==2.2.3", True),
        ("pandas.core.indexes.numeric", "Int64Index", "pandas==1.5.3", False),
        ("pandas.core.indexes.numeric", "Int64Index", "pandas==1.5.0", False),
        ("pandas", "StringDtype", "pandas==2.2.3", True),
        ("pandas", "StringDtype", "pandas==2.3.3", False),
        ("numpy.random._mt19937", "MT19937", "numpy==1.26.4", True),
        ("scipy.sparse._csr", "csr_matrix", "scipy==1.7.3", True),
        ("scipy.sparse._csr", "csr_matrix", "scipy==1.8.0", False),
        ("scipy.sparse.csr", "csr_matrix", "scipy==1.17.1", False),
    ],
)
def test_what_the_pinned_series_has(module: str, name: str, pin: str, expected: bool, tmp_path: Path) -> None:
    distribution = pin.partition("==")[0]
    model = make_model(tmp_path / "model")
    for file in ("requirements.txt", "conda.yaml"):
        lines = (model / file).read_text(encoding="utf-8").splitlines()
        changed = [
            f"{line.partition(distribution)[0]}{pin}" if f"{distribution}==" in line else line
            for line in lines
        ]
        (model / file).write_text("\n".join([*changed, ""]), encoding="utf-8")
    (model / "model.pkl").write_bytes(of((module, name)))
    rules = [finding.rule for finding in validate(model).findings]
    assert rules.count("MLM496") == expected


def test_one_finding_for_all_that_one_file_lacks(tmp_path: Path) -> None:
    names = [
        ("sklearn.linear_model.logistic", "LogisticRegression"),
        ("sklearn.ensemble.forest", "RandomForestClassifier"),
    ]
    (finding,) = found(tmp_path, of(*names))
    assert finding.severity is Severity.ERROR
    assert "up to 0.23" in finding.message


def test_numpys_own_rule_stays(tmp_path: Path) -> None:
    assert found(tmp_path, of(("numpy._core.multiarray", "_reconstruct"))) == []


def test_old_classes_of_pandas_in_an_artifact_are_left_to_its_own_reader(tmp_path: Path) -> None:
    model = make_model(
        tmp_path / "model",
        [
            Fence(
                "setup",
                body="set MLmodel /flavors/python_function/artifacts {table: {path: artifacts/table.pkl, uri: /x/table.pkl}}",
            )
        ],
    )
    (model / "artifacts").mkdir()
    expected: list[str]
    for content, expected in (
        (of(("pandas.core.indexes.numeric", "Int64Index")), []),
        (of(("pandas", "StringDtype")), []),
    ):
        (model / "artifacts" / "table.pkl").write_bytes(content)
        assert [f.rule for f in validate(model).findings if f.rule == "MLM496"] == expected
    text = (model / "requirements.txt").read_text(encoding="utf-8").replace("pandas==2.3.3", "pandas==2.2.3")
    (model / "requirements.txt").write_text(text, encoding="utf-8")
    assert [f.rule for f in validate(model).findings if f.rule == "MLM496"] == ["MLM496"]


@pytest.mark.parametrize(
    ("era", "version", "expected"),
    [
        (Era(None, "1.5"), "1.5.3", True),
        (Era(None, "1.5"), "2.0.0", False),
        (Era("2.0", None), "9.0", True),
        (Era(None, "1.5"), "0.1", None),  # before all that was looked at
        (Era(None, "1.5"), "1.6.0", None),  # between two that disagree
        (Era(None, "1.5"), "2.0rc1", None),
    ],
)
def test_series_that_were_not_looked_at(era: Era, version: str, expected: bool | None) -> None:
    assert module_history.has("pandas", era, version) is expected


@pytest.mark.parametrize("name", ["x\n", "a\tb", "é" * 300, "series"])
def test_names_that_no_table_has(name: str) -> None:
    assert module_history.era("pandas." + name, name) is None


# -- what an object says of itself ----------------------------------------------------------------------


def estimator(version: str, protocol: int) -> bytes:
    made = pickle.dumps({"_sklearn_version": version}, protocol)
    return made[:-1] + b"0csklearn.preprocessing._data\nStandardScaler\n."


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(("version", "expected"), [("1.2.2", ["MLM497"]), ("1.9.0", []), ("1.9.1", [])])
def test_the_release_that_wrote_an_estimator(
    version: str, expected: list[str], protocol: int, tmp_path: Path
) -> None:
    assert [finding.rule for finding in found(tmp_path, estimator(version, protocol))] == expected


# -- series of the flavor's library ---------------------------------------------------------------------

TREE = of(("sklearn.tree._classes", "DecisionTreeClassifier"))
LINE = of(("sklearn.linear_model._logistic", "LogisticRegression"))


@pytest.mark.parametrize(
    ("content", "saved", "expected"),
    [
        (TREE, "1.2.2", "MLM431"),
        (TREE, "1.0.2", "MLM431"),
        (TREE, "1.8.0", "MLM498"),
        (LINE, "1.2.2", "MLM498"),
        (LINE, "0.24.2", "MLM498"),
        (LINE, "1.9", None),
    ],
)
def test_an_error_only_where_it_is_known_to_break(
    content: bytes, saved: str, expected: str | None, tmp_path: Path
) -> None:
    rules = [
        finding.rule
        for finding in found(tmp_path, content, f"set MLmodel /flavors/sklearn/sklearn_version '{saved}'")
    ]
    assert rules == ([expected] if expected else [])
