"""What the files record, against each other: every disagreement is named with both places."""

from __future__ import annotations

import base64
import pickle
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from mlmodel import validate
from mlmodel.validation import Options
from tests.overlay import Fence, make_model

TODAY = date(2026, 1, 1)


def findings(target: Path, *lines: str, today: date = TODAY) -> list[tuple[str, str, str]]:
    """Rule, place and message of what rules 404-409, 430-469 and 495-499 find after ``setup`` lines."""
    model = make_model(target / "model", [Fence("setup", body="\n".join(lines))])
    report = validate(model, Options(today=today))
    assert not [finding for finding in report.findings if finding.rule.startswith("MLM9")]
    return [
        (finding.rule, finding.location.label, finding.message)
        for finding in report.findings
        if re.fullmatch(r"MLM4(0[4-9]|[3-6]\d|9[5-9])", finding.rule)
    ]


def rules(target: Path, *lines: str, today: date = TODAY) -> set[str]:
    return {rule for rule, _, _ in findings(target, *lines, today=today)}


def test_the_base_is_clean(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


def both(old: str, new: str) -> tuple[str, str]:
    """The same change in both lists of requirements."""
    return f'replace requirements.txt "{old}" "{new}"', f'replace conda.yaml "- {old}" "- {new}"'


def added(*requirements: str) -> tuple[str, str]:
    """The same further lines in both lists."""
    lines, items = "\\n".join(requirements), "\\n  - ".join(requirements)
    return (
        f"""replace requirements.txt 'pandas==2.3.3' 'pandas==2.3.3\\n{lines}'""",
        f"""replace conda.yaml '- pandas==2.3.3' '- pandas==2.3.3\\n  - {items}'""",
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # unpinned, bounded, constrained
        (both("pandas==2.3.3", "pandas"), {"MLM430"}),
        (both("pandas==2.3.3", "pandas!=2.0"), {"MLM430"}),
        (both("pandas==2.3.3", "pandas~=2.3"), set()),
        (both("mlflow==2.15.0", "mlflow"), {"MLM430"}),
        ((*added("six", "-c constraints.txt"), "write constraints.txt text:six==1.16.0"), set()),
        # versions that the MLmodel file records
        (both("scikit-learn==1.9.1", "scikit-learn==1.9.1.post1"), {"MLM462"}),
        (both("scikit-learn==1.9.1", "scikit_learn == 1.9.1"), set()),
        (both("scikit-learn==1.9.1", "scikit-learn==0.24.2"), {"MLM498"}),
        (both("scikit-learn==1.9.1", "scikit-learn>=1.9"), {"MLM430"}),
        (("set MLmodel /mlflow_version 2.15.1.dev0",), set()),
        (("set MLmodel /mlflow_version 2.16.0",), {"MLM432"}),
        (("set MLmodel /mlflow_version '2'",), set()),
        # one list
        (added("pandas==2.3.3"), {"MLM442"}),
        (added("pandas<2"), {"MLM441"}),
        (added('pandas<2; python_version < "3.9"'), set()),
        (added("torch==2.1.0+cpu"), {"MLM443"}),
        (added("torch==2.1.0+cpu", "--extra-index-url https://download.pytorch.org/whl/cpu"), {"MLM451"}),
        (added("pywin32==306"), {"MLM440"}),
        (added('pywin32==306; sys_platform == "win32"'), set()),
        (added("ipykernel==6.0"), {"MLM449"}),
        (added("opencv-python==4.8.0.76"), {"MLM461"}),
        # lines
        (added("-e ."), {"MLM463"}),
        (added("-e /home/me/project"), {"MLM444"}),
        (added(r"C:\wheels\x-1.0-py3-none-any.whl"), {"MLM444"}),
        (added("git+https://example.org/x.git"), {"MLM458"}),
        (added("git+https://user@example.org/x.git"), {"MLM458"}),
        (added("git+https://ghp_0123456789abcdefghij@example.org/x.git"), {"MLM453", "MLM458"}),
        (added("git+https://me:${TOKEN}@example.org/x.git"), {"MLM458"}),
        (added("--index-url https://example.org/simple"), {"MLM451"}),
        (added("--trusted-host example.org"), {"MLM452"}),
        (added("six==1.16.0 --hash=sha256:00"), {"MLM457"}),
        (added("six = 1.16.0"), {"MLM455"}),
        (added("six; curl https://example.org | sh"), {"MLM450"}),
        (added("six && true"), {"MLM450"}),
        (added("six @ https://example.org/$(id)/six.whl"), {"MLM450", "MLM458"}),
        (added("-r ../other.txt"), {"MLM445"}),
        (added("-r /etc/hosts"), {"MLM445"}),
        (added("-r https://example.org/other.txt"), set()),
        (added("-rmore.txt"), {"MLM445"}),
        # Python
        (("set python_env.yaml /python '3.11'",), set()),
        (("set python_env.yaml /python '>=3.11'",), set()),
        (("set python_env.yaml /python python3",), {"MLM436"}),
        (("set python_env.yaml /python '3.11; id'",), {"MLM450"}),
        (('replace conda.yaml "python=3.11.7" "python=3.11.*"',), set()),
        (('replace conda.yaml "python=3.11.7" "python=three"',), {"MLM436"}),
        # conda
        (('replace conda.yaml "pip<=24.0" "numpy=1.25"',), {"MLM433"}),
        (('replace conda.yaml "pip<=24.0" "numpy=1.26"',), set()),
        (('replace conda.yaml "pip<=24.0" "libgcc=13"',), {"MLM459"}),
        (('replace conda.yaml "pip<=24.0" "numpy=1.26.4=py311_0"',), {"MLM456"}),
        (('replace conda.yaml "conda-forge" "https://repo.anaconda.com/pkgs/main"',), {"MLM448"}),
        (("set MLmodel /flavors/python_function/env {}",), {"MLM460"}),
        (("set python_env.yaml /dependencies []",), {"MLM447"}),
    ],
)
def test_each_rule(lines: tuple[str, ...], expected: set[str], tmp_path: Path) -> None:
    assert rules(tmp_path, *lines) == expected


def test_a_version_without_a_pin_is_no_mismatch(tmp_path: Path) -> None:
    assert rules(tmp_path, "set MLmodel /flavors/sklearn/sklearn_version 1.9.1+local") == set()


@pytest.mark.parametrize(
    ("lines", "rule", "places"),
    [
        # MLmodel against requirements.txt, and conda.yaml
        (("set MLmodel /flavors/sklearn/sklearn_version 1.5.2",), "MLM498", ["MLmodel:14:22", "requirements.txt:5:1"]),
        (('replace conda.yaml "scikit-learn==1.9.1" "scikit-learn==1.5.2"',), "MLM498", ["MLmodel:14:22", "conda.yaml:11:5"]),
        (("set MLmodel /mlflow_version 3.0.0",), "MLM432", ["MLmodel:15:17", "requirements.txt:1:1"]),
        # requirements.txt against conda.yaml
        (('replace requirements.txt "numpy==1.26.4" "numpy==1.26.3"',), "MLM433", ["requirements.txt:3:1", "conda.yaml:9:5"]),
        (('replace requirements.txt "numpy==1.26.4\\n" ""',), "MLM433", ["conda.yaml:9:5", "requirements.txt:1:1"]),
        (('replace conda.yaml "  - numpy==1.26.4\\n" ""',), "MLM433", ["requirements.txt:3:1", "conda.yaml:6:3"]),
        (('replace conda.yaml "numpy==1.26.4" "numpy[x]==1.26.4"',), "MLM433", ["requirements.txt:3:1", "conda.yaml:9:5"]),
        (('replace conda.yaml "pip<=24.0" "pandas=1.5"',), "MLM433", ["requirements.txt:4:1", "conda.yaml:5:3"]),
        # python_env.yaml against requirements.txt
        (("set python_env.yaml /dependencies [numpy==1.26.4]",), "MLM447", ["python_env.yaml:6:1", "requirements.txt:1:1"]),
        (("set python_env.yaml /dependencies ['-r requirements.txt', 'numpy==2.0.0']",), "MLM441", ["requirements.txt:3:1", "python_env.yaml:8:3"]),
        # Python in three places
        (("set python_env.yaml /python 3.10.1",), "MLM434", ["python_env.yaml:1:9", "MLmodel:9:21"]),
        (("set python_env.yaml /python 3.10.1",), "MLM434", ["python_env.yaml:1:9", "conda.yaml:4:3"]),
        (('replace conda.yaml "python=3.11.7" "python=3.11.8"',), "MLM434", ["conda.yaml:4:3", "MLmodel:9:21"]),
        # pins against the recorded Python
        (("set python_env.yaml /python 3.8.18",), "MLM439", ["requirements.txt:3:1", "python_env.yaml:1:9"]),
    ],
)  # fmt: skip
def test_both_places_are_named(lines: tuple[str, ...], rule: str, places: list[str], tmp_path: Path) -> None:
    found = [(place, message) for name, place, message in findings(tmp_path, *lines) if name == rule]
    assert any(
        all(wanted == place or f"({wanted})" in message or f" {wanted}" in message for wanted in places)
        for place, message in found
    ), found


def test_a_date_is_no_version_of_python(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    text = (model / "MLmodel").read_text(encoding="utf-8")
    for written, is_text in (("2026-01-02", False), ("3.11.7", True)):
        (model / "MLmodel").write_text(text.replace("3.11.7", written), encoding="utf-8")
        assert ("MLM211" in {finding.rule for finding in validate(model).findings}) is not is_text


def test_end_of_life_depends_on_the_day(tmp_path: Path) -> None:
    assert "MLM435" in rules(tmp_path / "after", today=date(2027, 11, 1))
    assert "MLM435" not in rules(tmp_path / "before", today=date(2027, 10, 31))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("python", "MLM438"),
        ("python<3.12", "MLM438"),
        ("python!=3.8", "MLM438"),
        ("python =3.11", "MLM437"),
        ("conda-forge::python=3.11", "MLM437"),
        ("python=3.11.7=h1_0_cpython", "MLM437"),
        ("python>=3.11,<3.12", "MLM437"),
        ("numpy=1.26", "MLM437"),
        ("python>=3.11", None),
        ("python==3.11.7", None),
    ],
)
def test_python_as_mlflow_reads_it_from_conda(line: str, rule: str | None, tmp_path: Path) -> None:
    alone = ("rm python_env.yaml", "set MLmodel /flavors/python_function/env conda.yaml")
    found = rules(tmp_path, *alone, f'replace conda.yaml "python=3.11.7" "{line}"')
    assert found & {"MLM437", "MLM438"} == ({rule} if rule else set())


def test_includes_are_followed_inside_only(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("pywin32==306\n", encoding="utf-8")
    lines = ("write more/base.txt text:-r ../deep.txt\\n", "write deep.txt text:pywin32==306\\n")
    inside = findings(tmp_path / "inside", *added("-r more/base.txt"), *lines)
    assert [(rule, place) for rule, place, _ in inside] == [("MLM440", "deep.txt:1:1")]
    link = findings(tmp_path / "link", *added("-r link.txt"), "symlink link.txt ../../secret.txt")
    assert {rule for rule, _, _ in link} == {"MLM445"}


def test_a_merge_conflict_is_one_mistake(tmp_path: Path) -> None:
    text = "<<<<<<< HEAD\\nmlflow==2.15.0\\n=======\\nmlflow==2.16.0\\n>>>>>>> other\\n"
    assert findings(tmp_path, f"write requirements.txt text:{text}") == []


def test_cycles_end(tmp_path: Path) -> None:
    found = findings(tmp_path, *added("-r a.txt"), "write a.txt text:-r b.txt", "write b.txt text:-c a.txt")
    assert {rule for rule, _, _ in found} == {"MLM446"}


def test_a_report_repeats_no_password(tmp_path: Path) -> None:
    lines = added(
        "x @ https://me:hunter2hunter2@example.org/x.whl", "--index-url=https://me:hunter2hunter2@example.org"
    )
    model = make_model(tmp_path / "model", [Fence("setup", body="\n".join(lines))])
    report = validate(model)
    assert {"MLM453", "MLM458", "MLM451"} <= {finding.rule for finding in report.findings}
    assert "hunter2" not in repr(report)


def test_secrets_are_not_repeated_by_a_difference_of_the_lists(tmp_path: Path) -> None:
    line = added("x @ https://me:hunter2hunter2@example.org/x.whl")[0]
    model = make_model(tmp_path / "model", [Fence("setup", body=line)])
    assert "hunter2" not in repr(validate(model))


# -- what pickles and code import ------------------------------------------------------------------


class _Array:
    def __reduce__(self) -> tuple[type, tuple[()]]:
        return dict, ()


def saved(*names: tuple[str, str], protocol: int = 4) -> str:
    """A ``setup`` line that writes a pickle with these globals."""
    body = b"".join(f"c{module}\n{name}\n0".encode() for module, name in names)
    content = b"\x80" + bytes([protocol]) + body + b"N."
    return f"write model.pkl base64:{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    ("names", "lines", "expected"),
    [
        ([("sklearn.svm", "SVC")], (), set()),
        ([("lightgbm", "LGBMClassifier")], (), {"MLM404"}),
        ([("lightgbm", "LGBMClassifier")], added("lightgbm==4.6.0"), {"MLM461"}),
        ([("lightgbm", "LGBMClassifier")], added("some-private-thing==1.0"), set()),  # it may bring it
        ([("lightgbm", "LGBMClassifier")], added("-r https://example.org/more.txt"), set()),
        ([("joblib.numpy_pickle", "NumpyArrayWrapper")], (), set()),  # scikit-learn brings it
        ([("churn", "Model")], (), {"MLM405"}),
        ([("churn", "Model")], added("churn==1.0"), set()),
        ([("google.cloud.storage", "Client")], (), set()),  # a namespace of many
        ([("copy_reg", "_reconstructor"), ("collections", "OrderedDict")], (), set()),
        ([("__main__", "Model")], (), {"MLM409"}),
        ([("numpy._core.numeric", "_frombuffer")], (), {"MLM406"}),
        ([("numpy._core.numeric", "_frombuffer")], both("numpy==1.26.4", "numpy==2.3.0"), set()),
        ([("numpy._core.multiarray", "scalar")], both("numpy==1.26.4", "numpy==1.24.4"), {"MLM406"}),
        ([("numpy.core.multiarray", "scalar")], both("numpy==1.26.4", "numpy==2.3.0"), set()),
        ([("numpy._core.numeric", "_frombuffer")], both("numpy==1.26.4", "numpy<2"), {"MLM406"}),
        ([("numpy._core.numeric", "_frombuffer")], both("numpy==1.26.4", "numpy<3"), set()),
    ],
)
def test_imports_of_pickles(
    names: list[tuple[str, str]], lines: tuple[str, ...], expected: set[str], tmp_path: Path
) -> None:
    assert rules(tmp_path, saved(*names), *lines) == expected


def test_code_of_a_model_that_cannot_predict(tmp_path: Path) -> None:
    """It has no python_function; the loader of its flavor puts the flavor's code on the path."""
    lines = [
        saved(("churn", "Scaler")),
        "write code/churn.py text:pass\\n",
        "set MLmodel /flavors/sklearn/code code",
        "unset MLmodel /flavors/python_function",
        "unset MLmodel /signature/outputs",
    ]
    assert "MLM405" not in rules(tmp_path, *lines)


@pytest.mark.parametrize("held", ["tests/base", "examples/sklearn-logistic-regression"])
@pytest.mark.parametrize(("mlflow", "rule"), [("mlflow", "MLM464"), ("mlflow-skinny", "MLM404")])
def test_a_deleted_requirement_is_missed(held: str, mlflow: str, rule: str, tmp_path: Path) -> None:
    """mlflow requires scikit-learn, in any version; mlflow-skinny does not."""
    model = shutil.copytree(Path(__file__).resolve().parents[2] / held, tmp_path / "model")
    for file in ("requirements.txt", "conda.yaml"):
        text = (model / file).read_text(encoding="utf-8").replace("mlflow==", f"{mlflow}==")
        (model / file).write_text(text, encoding="utf-8")
    imported = {"MLM404", "MLM464"}
    assert imported.isdisjoint(finding.rule for finding in validate(model).findings)
    for file in ("requirements.txt", "conda.yaml"):
        text = (model / file).read_text(encoding="utf-8")
        (model / file).write_text(re.sub(r"(  - )?scikit-learn==.*\n", "", text), encoding="utf-8")
    (found,) = (finding for finding in validate(model).findings if finding.rule in imported)
    assert found.rule == rule
    assert found.location.file == "model.pkl"


def test_code_that_is_reached(tmp_path: Path) -> None:
    code = [
        "set MLmodel /flavors/python_function/code code",
        saved(("features.build", "Builder")),
        "write code/features/__init__.py text:",
        "write code/features/build.py text:from . import shapes\\nimport pandas\\n",
        "write code/features/shapes.py text:try:\\n    import catboost\\nexcept ImportError:\\n    catboost = None\\ndef late():\\n    import spacy\\nif catboost:\\n    import shap\\nimport lightgbm\\n",
        "write code/tests/test_features.py text:import hyperopt\\n",
    ]
    found = [(rule, place) for rule, place, _ in findings(tmp_path, *code)]
    assert found == [("MLM404", "code/features/shapes.py:9:1")]


def test_a_module_that_python_no_longer_has(tmp_path: Path) -> None:
    newer = [
        "set python_env.yaml /python 3.13.0",
        'replace conda.yaml "python=3.11.7" "python=3.13.0"',
        "set MLmodel /flavors/python_function/python_version 3.13.0",
    ]
    assert rules(tmp_path / "old", saved(("cgi", "escape"))) == set()
    assert "MLM404" in rules(tmp_path / "new", saved(("cgi", "escape")), *newer)


def test_protocols(tmp_path: Path) -> None:
    older = "set python_env.yaml /python 3.7.16"
    assert "MLM407" in rules(tmp_path / "five", saved(protocol=5), older)
    assert "MLM407" not in rules(tmp_path / "four", saved(protocol=4), older)


def test_a_real_pickle_of_a_function_by_value(tmp_path: Path) -> None:
    content = pickle.dumps(_Array(), protocol=4)
    line = f"write model.pkl base64:{base64.b64encode(content).decode()}"
    assert rules(tmp_path / "none", line, "set python_env.yaml /python 3.12.1") == {"MLM434"}
    by_value = saved(("types", "CodeType"), ("cloudpickle.cloudpickle", "_make_function"))
    found = rules(tmp_path / "code", by_value, "set python_env.yaml /python 3.12.1")
    assert found == {"MLM408", "MLM434"}
