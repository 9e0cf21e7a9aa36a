"""From what a run told to findings that say what to do next."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from mlmodel.findings import CapturedWarning, Failure, Finding, Frame, Phase
from mlmodel.model.model import Model
from mlmodel.runtime.diagnosis import ProbeCase, ProcessExit, diagnose
from mlmodel.runtime.probe_report import Run
from mlmodel.sources.directory import ModelDirectory
from tests.overlay import make_model

OK = ProcessExit(0)


def case(folder: Path, *phases: Phase, end: ProcessExit = OK, done: bool = True, **more: Any) -> ProbeCase:
    model = Model(ModelDirectory(str(make_model(folder / "model"))))
    recreated = more.pop("recreated", True)
    return ProbeCase(model, Run("3.11.7", phases, done), end, recreated, more.pop("python", "3.11.7"))


def said(*arguments: Any, **more: Any) -> list[tuple[str, str]]:
    return [(finding.rule, finding.message) for finding in diagnose(case(*arguments, **more))]


def only(*arguments: Any, **more: Any) -> Finding:
    (finding,) = diagnose(case(*arguments, **more))
    return finding


def failed(name: str, type_: str, message: str = "", about: str | None = None, **more: Any) -> Phase:
    return Phase(name, about, "failed", 0.1, None, Failure(type_, message, **more))


LOADED = (Phase("load", "sklearn", "passed"),)
VERSIONS = Phase(
    "versions", None, "passed", detail={"installed": {"setuptools": "84.2.1", "scikit-learn": "1.9.1"}}
)


def test_a_run_without_trouble(tmp_path: Path) -> None:
    assert said(tmp_path, *LOADED, Phase("predict", None, "passed")) == []


@pytest.mark.parametrize(
    ("end", "rule", "message"),
    [
        (ProcessExit(-signal.SIGSEGV), "MLM740", "the process died of SIGSEGV while loading with sklearn"),
        (ProcessExit(-signal.SIGKILL), "MLM740", "the process died of SIGKILL while loading with sklearn"),
        (ProcessExit(3), "MLM740", "the process ended itself with status 3 while loading with sklearn"),
        (
            ProcessExit(-signal.SIGKILL, "120 seconds"),
            "MLM741",
            "stopped while loading with sklearn: it reached the limit of 120 seconds",
        ),
    ],
)
def test_a_process_that_ends(tmp_path: Path, end: ProcessExit, rule: str, message: str) -> None:
    assert said(tmp_path, Phase("load", "sklearn", "died"), end=end, done=False) == [(rule, message)]


def test_another_python_is_the_likely_cause(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        Phase("load", "sklearn", "died"),
        end=ProcessExit(-signal.SIGSEGV),
        done=False,
        python="3.13.0",
    )
    assert found.hint == "it was saved with Python 3.11.7, and this is Python 3.13.0"


def test_a_library_that_is_not_recorded(tmp_path: Path) -> None:
    phase = failed("load", "ModuleNotFoundError", "No module named 'lightgbm'", "sklearn", module="lightgbm")
    found = only(tmp_path, phase)
    assert found.rule == "MLM720"
    assert found.message == "loading with sklearn fails: there is no module 'lightgbm'"
    assert found.hint == "add lightgbm to requirements.txt"
    assert found.location.file == "requirements.txt"


def test_a_module_that_two_ways_of_loading_miss_is_told_once(tmp_path: Path) -> None:
    phases = [
        failed("load", "ModuleNotFoundError", "", about, module="lightgbm")
        for about in ("lightgbm", "mlflow.pyfunc")
    ]
    assert [rule for rule, _ in said(tmp_path, *phases)] == ["MLM720"]


def test_a_module_by_another_name_than_its_distribution(tmp_path: Path) -> None:
    phase = failed("predict", "ModuleNotFoundError", "No module named 'cv2'", module="cv2")
    found = only(tmp_path, *LOADED, phase)
    assert found.hint is not None
    assert found.hint.startswith("add opencv-python to requirements.txt")


def test_a_module_of_a_version_that_is_not_installed(tmp_path: Path) -> None:
    phase = failed("load", "ModuleNotFoundError", "", "sklearn", module="sklearn.externals.joblib")
    found = only(tmp_path, VERSIONS, phase)
    assert found.hint == "scikit-learn 1.9.1 has no such module: pin the version that saved the model"


def test_a_module_of_the_author(tmp_path: Path) -> None:
    phase = failed("load", "ModuleNotFoundError", "", "sklearn", module="my_features.scaling")
    found = only(tmp_path, phase)
    assert found.hint is not None
    assert "code_paths" in found.hint


def test_setuptools_without_pkg_resources(tmp_path: Path) -> None:
    phase = failed("import", "ModuleNotFoundError", "", "mlflow.pyfunc", module="pkg_resources")
    found = only(tmp_path, VERSIONS, phase)
    assert (found.rule, found.hint) == ("MLM720", "add setuptools<82 to python_env.yaml")
    assert "which setuptools 84.2.1 no longer has" in found.message


def test_a_missing_module_behind_another_exception(tmp_path: Path) -> None:
    causes = (("ModuleNotFoundError", "No module named 'lightgbm'", "lightgbm"),)
    phase = failed("load", "MlflowException", "cannot load", "mlflow.pyfunc", causes=causes)
    assert only(tmp_path, phase).rule == "MLM720"


def test_an_exception_in_predict(tmp_path: Path) -> None:
    own = Frame("code/my.py", 12, "predict", "return self.model.predict(x)", True)
    raised = Frame("sklearn/base.py", 99, "_check", "raise ValueError(message)", False)
    phase = failed("predict", "ValueError", "X has 2 features\nand more", origin=own, raised=raised)
    found = only(tmp_path, *LOADED, phase)
    assert (found.rule, found.message) == ("MLM730", "predicting fails: ValueError: X has 2 features")
    assert found.hint == (
        "raised at code/my.py:12 in predict: return self.model.predict(x), through sklearn/base.py:99 in _check: "
        "raise ValueError(message); --format json has the whole traceback"
    )
    assert found.location.file is None  # the base model has no such file


def test_a_finding_stands_at_the_line_of_the_model(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    (folder / "code").mkdir()
    (folder / "code" / "my.py").write_text("raise ValueError\n")
    own = Frame("code/my.py", 1, "<module>", "raise ValueError", True)
    phase = failed("load", "ValueError", "odd", "mlflow.pyfunc", origin=own, raised=own)
    model = Model(ModelDirectory(str(folder)))
    (found,) = diagnose(ProbeCase(model, Run("3.11.7", (phase,), True), OK, True, "3.11.7"))
    assert (found.location.file, found.location.line) == ("code/my.py", 1)


ENVIRON = Frame("os.py", 679, "__getitem__", "raise KeyError(key) from None", False)
TAKEN_AWAY = {
    "a variable": (
        failed("load", "KeyError", "'OPENAI_API_KEY'", raised=ENVIRON),
        "--env OPENAI_API_KEY passes",
    ),
    "a variable behind another exception": (
        failed("load", "MlflowException", "failed", raised=ENVIRON, causes=(("KeyError", "'TOKEN'", None),)),
        "--env TOKEN passes",
    ),
    "a variable, as os keeps it": (
        failed("load", "KeyError", "'TOKEN'", raised=ENVIRON, causes=(("KeyError", "b'TOKEN'", None),)),
        "--env TOKEN passes",
    ),
    "a variable that a library names": (
        failed("load", "OpenAIError", "set the OPENAI_API_KEY environment variable"),
        "--env OPENAI_API_KEY passes",
    ),
    "a variable that a library names otherwise": (
        failed("load", "ValueError", "missing environment variable 'DATABRICKS_HOST'"),
        "--env DATABRICKS_HOST passes",
    ),
    "a GPU": (failed("load", "RuntimeError", "No CUDA GPUs are available"), "device='cpu'"),
    "a file of the home folder": (
        failed("load", "FileNotFoundError", "No such file: '/x/.config/me'", home=True),
        "ship the file with the model",
    ),
}


@pytest.mark.parametrize(("phase", "hint"), TAKEN_AWAY.values(), ids=TAKEN_AWAY)
def test_what_confinement_takes_away_is_not_the_models_fault(tmp_path: Path, phase: Phase, hint: str) -> None:
    found = only(tmp_path, phase)
    assert found.rule == "MLM742"
    assert hint in (found.hint or "")


@pytest.mark.parametrize(
    "phase",
    [
        failed("load", "KeyError", "'OPENAI_API_KEY'", raised=Frame("my.py", 1, "f", "d['x']", True)),
        failed("load", "ValueError", "the environment has variables"),
    ],
)
def test_another_missing_key_is(tmp_path: Path, phase: Phase) -> None:
    assert only(tmp_path, phase).rule == "MLM722"


@pytest.mark.parametrize(
    ("phase", "rule"),
    [
        (failed("load", "OSError", "[Errno 28] No space left on device", errno=28), "MLM905"),
        (failed("load", "MlflowException", "x", causes=(("OSError", "[Errno 122] Quota", None),)), "MLM905"),
        (failed("import", "ImportError", "x.so: failed to map segment from shared object", "x"), "MLM905"),
        (failed("load", "OSError", "[Errno 27] File too large", errno=27), "MLM741"),
        (failed("predict", "RuntimeError", "can't start new thread"), "MLM741"),
    ],
)
def test_faults_of_the_machine_and_of_limits(tmp_path: Path, phase: Phase, rule: str) -> None:
    assert only(tmp_path, phase).rule == rule


REMEDIES = {
    "protobuf 4": ("TypeError", "Descriptors cannot be created directly.\nIf this call", "add protobuf<4 to"),
    "protobuf 4, in another wording": (
        "TypeError",
        "Descriptors cannot not be created directly.",
        "add protobuf<4 to",
    ),
    "NumPy 2": ("ValueError", "numpy.dtype size changed, may indicate binary incompatibility.", "numpy<2"),
    "a name of NumPy 1": ("AttributeError", "`np.float_` was removed in the NumPy 2.0 release.", "numpy<2"),
    "an older name": ("AttributeError", "module 'numpy' has no attribute 'bool'", "numpy<1.24"),
    "a newer pandas": (
        "TypeError",
        "StringDtype.__init__() takes from 1 to 2 positional arguments",
        "pandas>=2.3",
    ),
    "another pandas": (
        "AttributeError",
        "Can't get attribute 'x' on <module 'pandas._libs.x'>",
        "pin the pandas",
    ),
}


@pytest.mark.parametrize(("kind", "message", "hint"), REMEDIES.values(), ids=REMEDIES)
def test_what_is_known_to_help(tmp_path: Path, kind: str, message: str, hint: str) -> None:
    found = only(tmp_path, failed("load", kind, message, "sklearn"))
    assert found.rule == "MLM722"
    assert hint in (found.hint or "")


def test_a_library_is_not_the_one_that_saved_the_model(tmp_path: Path) -> None:
    versions = Phase("versions", None, "passed", detail={"installed": {"scikit-learn": "1.2.0"}})
    phase = failed("load", "AttributeError", "x", "sklearn", traceback='File ".../sklearn/tree/_classes.py"')
    found = only(tmp_path, versions, phase)
    assert found.hint == ("it was saved with scikit-learn 1.9.1, and this is 1.2.0: pin scikit-learn==1.9.1")


@pytest.mark.parametrize(
    "message",
    [
        "train and valid dataset categorical_feature do not match.",
        "pandas dtypes must be int, float or bool.\nFields with bad pandas dtypes: color: object",
        "DataFrame.dtypes for data must be int, float, bool or category.",
    ],
)
def test_categories_that_json_does_not_carry(tmp_path: Path, message: str) -> None:
    """The request fails for the same reason, and is not told of again."""
    phases = (failed("predict", "ValueError", message), failed("serve", "ValueError", message))
    found = only(tmp_path, *LOADED, *phases)
    assert (found.rule, found.severity.label) == ("MLM744", "warning")


@pytest.mark.parametrize(
    ("phase", "rule"),
    [
        (failed("load", "AttributeError", "gone", "sklearn"), "MLM722"),
        (failed("import", "ImportError", "libgomp.so.1", "lightgbm"), "MLM721"),
        (failed("import", "TypeError", "odd", "mlflow.pyfunc"), "MLM722"),
        (failed("example", "ValueError", "odd"), "MLM737"),
        (failed("example", "ModuleNotFoundError", "", module="numpy"), "MLM737"),
        (failed("one-row", "IndexError", "odd"), "MLM732"),
        (failed("again", "IndexError", "odd"), "MLM732"),
        (failed("serve", "MlflowException", "odd"), "MLM734"),
        (failed("load", "MemoryError", "", "sklearn"), "MLM741"),
        (failed("load", "PermissionError", "[Errno 13]", "sklearn", errno=13), "MLM742"),
        (failed("load", "OSError", "Read-only file system", "sklearn", errno=30), "MLM742"),
        (failed("load", "OSError", "[WinError 1816] Not enough quota", "sklearn", errno=12), "MLM742"),
        (failed("predict", "ConnectionError", "Max retries exceeded"), "MLM742"),
        (failed("load", "gaierror", "Temporary failure in name resolution", "mlflow.pyfunc"), "MLM742"),
    ],
)
def test_the_rule_of_a_failure(tmp_path: Path, phase: Phase, rule: str) -> None:
    assert only(tmp_path, phase).rule == rule


def test_a_library_and_the_model_that_fail_for_one_reason(tmp_path: Path) -> None:
    reason = ("ModuleNotFoundError", "No module named 'joblib'")
    phases = (
        failed("import", *reason, "sklearn", module="joblib"),
        failed("load", *reason, "sklearn", module="joblib"),
    )
    assert [rule for rule, _ in said(tmp_path, *phases)] == ["MLM720"]


def test_classes_that_are_gone_are_told_when_nothing_loads(tmp_path: Path) -> None:
    missing = {"module": "sklearn.linear_model", "name": "Gone", "error": {"type": "AttributeError"}}
    resolve = Phase("resolve", None, "passed", detail={"missing": [missing]})
    load = failed("load", "AttributeError", "Can't get attribute 'Gone'", "sklearn")
    assert (
        "MLM724",
        "sklearn.linear_model of scikit-learn 1.9.1 has no Gone, which the model is made of",
    ) in said(tmp_path, VERSIONS, resolve, load)
    assert said(tmp_path / "loads", VERSIONS, resolve, *LOADED) == []


def test_pins_that_an_environment_does_not_keep(tmp_path: Path) -> None:
    installed = {"mlflow": "2.15.0", "numpy": "2.4.6", "pandas": None, "scikit-learn": "1.9.1"}
    versions = Phase("versions", None, "passed", detail={"installed": installed})
    rules = said(tmp_path, versions, *LOADED, recreated=False)
    assert [rule for rule, _ in rules] == ["MLM714"]
    assert "numpy is 2.4.6, not 1.26.4; pandas is not installed, 2.3.3 is recorded" in rules[0][1]
    assert said(tmp_path / "again", versions, *LOADED) == []


def test_warnings_about_versions_name_the_pin(tmp_path: Path) -> None:
    text = (
        "Trying to unpickle estimator {} from version 1.5.2 when using version 1.9.1. This might lead to breaking "
        "code or invalid results."
    )
    warned = tuple(CapturedWarning("InconsistentVersionWarning", text.format(name)) for name in ("A", "B"))
    found = only(tmp_path, Phase("load", "sklearn", "passed", warnings=warned))
    assert (found.rule, found.hint) == ("MLM723", "pin scikit-learn==1.5.2")
    assert (found.location.file, found.location.line) == ("requirements.txt", 5)


def test_other_warnings_are_nobodys_business(tmp_path: Path) -> None:
    warned = (
        CapturedWarning("DeprecationWarning", "pkg_resources is deprecated"),
        CapturedWarning("UserWarning", "slow"),
    )
    assert said(tmp_path, Phase("load", "sklearn", "passed", warnings=warned)) == []


def test_nothing_to_predict_and_answers_that_change(tmp_path: Path) -> None:
    example = Phase("example", None, "skipped", detail={"reason": "the model has no stored example"})
    assert [rule for rule, _ in said(tmp_path, *LOADED, example)] == ["MLM735"]
    again = Phase("again", None, "passed", detail={"same": False})
    assert [rule for rule, _ in said(tmp_path / "b", *LOADED, again)] == ["MLM733"]
    output = Phase("output", None, "passed", detail={"json": "TypeError: bytes"})
    assert [rule for rule, _ in said(tmp_path / "c", *LOADED, output)] == ["MLM736"]


def test_forged_details_are_no_reason_to_fail(tmp_path: Path) -> None:
    forged = [
        Phase(
            name,
            "x",
            "passed",
            detail={"missing": [{"module": 3}, 4], "installed": [1], "output": 3, "json": 3},
        )
        for name in ("versions", "resolve", "predict", "output", "again", "serve")
    ]
    assert said(tmp_path, *forged, recreated=False) == []
