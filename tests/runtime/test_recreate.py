"""Recorded environments, made anew from a real index, and what is wrong with some of them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import cloudpickle
import jsonschema
import pytest

from mlmodel import Options, Report, validate
from mlmodel.findings import Finding
from mlmodel.resolution.uv import find_uv
from mlmodel.runtime import interpreters
from mlmodel.runtime.environments import EnvironmentBuilder, Resolution
from mlmodel.runtime.install_plan import InstallPlan
from mlmodel.runtime.interpreters import Interpreter
from mlmodel.runtime.load_options import LoadOptions
from tests import environments
from tests.command import ROOT, mlmodel_validate
from tests.overlay import make_model

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is confined elsewhere"),
]
EXAMPLE = ROOT / "examples" / "sklearn-logistic-regression"
CORPUS = os.environ.get("MLMODEL_CORPUS", "")
RELEASES = ("2.15.0", "2.22.5", "3.17.2")
# Each has another environment or another way to load, to read the example or to answer.
SPREAD = (
    "sklearn-default-example",
    "sklearn-example-sparse-csr",
    "sklearn-pipeline",
    "pyfunc-example-params-dict",
    "pyfunc-from-code",
    "pyfunc-code-paths",
)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(environments.cache_folder("load")))


def loaded(model: Path, **wishes: object) -> Report:
    options = LoadOptions(recreate=True)._replace(**wishes)  # type: ignore[arg-type]
    return validate(model, Options(load=options, debug=True))


def about_loading(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.rule.startswith("MLM7") and f.rule != "MLM743"]


def outcome(report: Report) -> str:
    assert report.load is not None
    return report.load.outcome


def small(folder: Path, requirements: str, python: str = "3.11.7") -> Path:
    """The base model in an environment without MLflow."""
    model = make_model(folder / "model")
    (model / "requirements.txt").write_text(requirements)
    (model / "conda.yaml").unlink()
    (model / "python_env.yaml").write_text(f"python: {python}\ndependencies:\n- -r requirements.txt\n")
    return model


def test_the_example_of_this_repository() -> None:
    result = mlmodel_validate("--load", EXAMPLE, "--format", "json")
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads(result.stdout)
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(report)
    load = report["models"][0]["load"]
    assert load["outcome"] == "predicted"
    assert load["environment"]["source"] == "python_env.yaml"
    assert load["predictions"]["dtype"] == "int64"
    ways = [phase["about"] for phase in load["phases"] if phase["name"] == "load"]
    assert ways == ["sklearn", "mlflow.pyfunc"]
    assert [f["rule"] for f in report["models"][0]["findings"] if f["rule"].startswith("MLM71")] == ["MLM712"]


@pytest.mark.skipif(not os.path.isdir(CORPUS), reason="MLMODEL_CORPUS names no directory")
@pytest.mark.parametrize("name", [f"{release}/{name}" for release in RELEASES for name in SPREAD])
def test_models_of_real_releases(name: str) -> None:
    path = Path(CORPUS, name)
    if not path.is_dir():
        pytest.skip("not in this corpus")
    report = loaded(path)
    assert outcome(report) in ("predicted", "loaded")
    assert [f for f in about_loading(report) if f.severity.label == "error"] == []
    if (path / "input_example.json").exists():
        assert outcome(report) == "predicted"


def test_a_second_time_nothing_is_installed(tmp_path: Path) -> None:
    model = small(tmp_path, "cloudpickle==3.1.2\nscikit-learn==1.9.1\npandas==2.3.3\n")
    first, second = loaded(model), loaded(model, offline=True)
    assert (outcome(first), outcome(second)) == ("predicted", "predicted")
    assert second.load is not None
    assert second.load.environment is not None
    assert not second.load.environment.made


def test_a_first_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made twice, and nothing but the environment is left."""
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    model = small(tmp_path, "cloudpickle==3.1.2\nscikit-learn==1.9.1\npandas==2.3.3\n")
    assert outcome(loaded(model)) == "predicted"
    report = loaded(model)
    assert outcome(report) == "predicted"
    assert len(list((tmp_path / "cache" / "environments").iterdir())) == 1
    assert not list((tmp_path / "cache" / "runs").iterdir())


@pytest.mark.parametrize("stale", ["six==1.16.0", "six==1.0.99"])
def test_a_cache_of_uv_that_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stale: str) -> None:
    """What it suggests is not what the index answers: that is what is loaded in."""
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    asked = EnvironmentBuilder._ask

    def ask(
        self: EnvironmentBuilder, recipe: InstallPlan, python: Interpreter, installed: str, *options: str
    ) -> Resolution:
        if "--offline" in options:
            recipe = recipe._replace(lines=(*recipe.lines, stale))
        return asked(self, recipe, python, installed, *options)

    monkeypatch.setattr(EnvironmentBuilder, "_ask", ask)
    report = loaded(small(tmp_path, "cloudpickle==3.1.2\nscikit-learn==1.9.1\npandas==2.3.3\nsix>=1.15\n"))
    assert outcome(report) == "predicted"
    assert report.load is not None
    assert report.load.environment is not None
    assert report.load.environment.made
    (versions,) = [phase for phase in report.load.phases if phase.name == "versions"]
    assert versions.detail["installed"]["six"] == "1.17.0"
    assert not list((tmp_path / "cache" / "runs").iterdir())


# -- environments that are not right ------------------------------------------------------------------


def test_a_library_is_not_recorded(tmp_path: Path) -> None:
    report = loaded(small(tmp_path, "cloudpickle==3.1.2\nnumpy==2.4.6\n"))
    assert outcome(report) == "failed"
    (found,) = about_loading(report)
    assert (found.rule, found.hint, found.location.file) == (
        "MLM720",
        "add scikit-learn to requirements.txt",
        "requirements.txt",
    )
    assert "there is no module 'sklearn'" in found.message


def test_a_version_is_wrong(tmp_path: Path) -> None:
    model = small(
        tmp_path, "cloudpickle==3.1.2\nscikit-learn==1.6.1\nnumpy==2.2.6\nscipy==1.15.3\npandas==2.3.3\n"
    )
    found = [f for f in about_loading(loaded(model)) if f.rule == "MLM723"]
    assert [f.hint for f in found] == ["pin scikit-learn==1.9.1"]
    assert (found[0].location.file, found[0].location.line) == ("requirements.txt", 2)


def test_the_python_is_wrong(tmp_path: Path) -> None:
    here = sys.version_info[:3]
    others = [(3, minor) for minor in (10, 11, 12, 13) if minor != here[1]]
    other = next((found for wanted in others if (found := interpreters.find(wanted, find_uv()))), None)
    if other is None:
        pytest.skip("no other Python here")
    model = small(tmp_path, "cloudpickle==3.1.2\n", python=other.label)
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(  # noqa: S102 -- a class that cloudpickle takes along by value
        "class Loop:\n    def predict(self, data):\n        return [x for x in data if x]\n    def __reduce__(self):\n"
        "        def make():\n            return {k: v for k, v in [(1, 2)]}\n        return (make, ())\n",
        namespace,
    )
    kind = namespace["Loop"]
    assert isinstance(kind, type)
    (model / "model.pkl").write_bytes(cloudpickle.dumps(kind()))
    text = (model / "MLmodel").read_text().replace("3.11.7", ".".join(map(str, here)))
    (model / "MLmodel").write_text(text)
    report = loaded(model, trust=True)
    failures = [f for f in about_loading(report) if f.rule in ("MLM722", "MLM740")]
    assert failures, report.findings
    saved, used = ".".join(map(str, here)), other.label
    assert failures[0].hint == f"it was saved with Python {saved}, and this is Python {used}"


def test_no_python_of_the_recorded_version(tmp_path: Path) -> None:
    report = loaded(small(tmp_path, "cloudpickle==3.1.2\n", python="3.5.2"))
    assert (outcome(report), report.verdict.label) == ("unproven", "unjudged")
    (found,) = [f for f in report.findings if f.rule == "MLM905"]
    assert "Python 3.5" in found.message


def test_a_setuptools_without_pkg_resources(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    env = (model / "python_env.yaml").read_text().replace("- setuptools\n", "- setuptools==84.2.1\n")
    assert "84.2.1" in env
    (model / "python_env.yaml").write_text(env)
    report = loaded(model, as_of="today")
    (found,) = [f for f in about_loading(report) if f.rule == "MLM720"]
    assert "pkg_resources" in found.message
    assert "setuptools 84.2.1 no longer has" in found.message
    assert found.hint == "add setuptools<82 to python_env.yaml"


def test_a_version_that_never_was(tmp_path: Path) -> None:
    report = loaded(small(tmp_path, "cloudpickle==3.1.2\nsix==1.16.999\n"))
    assert outcome(report) == "unproven"
    found = [f for f in report.findings if f.rule == "MLM470"]
    assert [(f.location.file, f.location.line) for f in found] == [("requirements.txt", 2)]


def test_what_builds_may_need_another_version_than_the_rest(tmp_path: Path) -> None:
    """As MLflow installs them: one after the other, where the second wins and keeps what fits (setuptools)."""
    model = small(
        tmp_path,
        "cloudpickle==3.1.2\nscikit-learn==1.9.1\npandas==2.3.3\npackaging==23.2\ngunicorn==20.1.0\n",
    )
    build = "build_dependencies:\n- setuptools==65.7.0\n- wheel==0.48.0\n"
    env = (model / "python_env.yaml").read_text()
    (model / "python_env.yaml").write_text(env.replace("dependencies:", build + "dependencies:"))
    report = loaded(model)
    assert (outcome(report), about_loading(report)) == ("predicted", [])
    assert report.load is not None
    (versions,) = [phase for phase in report.load.phases if phase.name == "versions"]
    installed = versions.detail["installed"]
    assert (installed["packaging"], installed["setuptools"], installed["wheel"]) == (
        "23.2",
        "65.7.0",
        "0.48.0",
    )


def test_a_version_that_is_newer_than_the_model(tmp_path: Path) -> None:
    model = small(tmp_path, "cloudpickle==3.1.2\nscikit-learn==1.9.1\npandas==2.3.3\n")
    text = (model / "MLmodel").read_text().replace("2026-11-23 13", "2024-08-15 13")
    (model / "MLmodel").write_text(text)
    report = loaded(model)
    assert outcome(report) == "predicted"
    assert [f.rule for f in about_loading(report)] == ["MLM713"]


def test_offline_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLMODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    report = loaded(small(tmp_path, "cloudpickle==3.1.2\n"), offline=True)
    assert (outcome(report), report.verdict.label) == ("unproven", "unjudged")
    assert [f.rule for f in report.findings if f.rule.startswith("MLM9")] == ["MLM904"]
