"""The arguments that MLflow's writers take, and what is refused in one line."""

from __future__ import annotations

import hashlib
import pickle
import re
import sys
import tracemalloc
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mlmodel import WriteError, load, write_model
from mlmodel.flavors import pickling
from mlmodel.writer import dependencies, package
from tests.writer.test_writing import added  # noqa: F401 - numpy arrays are models here


def written(path: Path, **options: Any) -> dict[str, Any]:
    write_model(np.ones(1), path, **options)
    stated: dict[str, Any] = yaml.safe_load((path / "MLmodel").read_text())
    return stated


def lines(path: Path) -> list[str]:
    return (path / "requirements.txt").read_text().splitlines()


def test_requirements_replace(tmp_path: Path) -> None:
    pinned = ["mlflow==3.17.2", *(f"{name}=={metadata.version(name)}" for name in ("cloudpickle", "numpy"))]
    written(tmp_path / "list", pip_requirements=pinned)
    (tmp_path / "wanted.txt").write_text("# ours\n" + "\n".join(pinned) + "\n\n")
    written(tmp_path / "file", pip_requirements=tmp_path / "wanted.txt")
    assert lines(tmp_path / "list") == lines(tmp_path / "file") == pinned


def test_requirements_are_added(tmp_path: Path) -> None:
    written(tmp_path / "plain")
    written(tmp_path / "more", extra_pip_requirements=["packaging==24.1"])
    assert lines(tmp_path / "more") == [*lines(tmp_path / "plain"), "packaging==24.1"]


def test_settings(tmp_path: Path) -> None:
    resources = {"api_version": "1", "databricks": {"serving_endpoint": [{"name": "chat"}]}}
    (tmp_path / "config.yaml").write_text("temperature: 0.5\n")
    write_model(
        np.ones(1),
        tmp_path / "model",
        model_config=tmp_path / "config.yaml",
        streamable=True,
        resources=resources,
    )
    stated = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    function = stated["flavors"]["python_function"]
    assert function["config"] == {"temperature": 0.5}
    assert function["streamable"] is True
    assert stated["resources"] == resources


def test_requirements_that_are_added_replace_those_that_are_found(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text("scipy<9\n")
    (tmp_path / "more.txt").write_text("numpy>=1.20\ncloudpickle\n-c limits.txt\n")
    written(tmp_path / "model", extra_pip_requirements=["-r " + str(tmp_path / "more.txt")])
    found = lines(tmp_path / "model")
    assert [line for line in found if line.startswith("numpy")] == ["numpy>=1.20"]
    assert f"cloudpickle=={metadata.version('cloudpickle')}" in found
    assert found[-1] == "-c constraints.txt"
    assert (tmp_path / "model" / "constraints.txt").read_text() == "scipy<9\n"


def test_mlflow_is_required(tmp_path: Path) -> None:
    pinned = [f"{name}=={metadata.version(name)}" for name in ("cloudpickle", "numpy")]
    written(tmp_path / "model", pip_requirements=pinned)
    assert [line.partition("==")[0] for line in lines(tmp_path / "model")] == [
        "mlflow",
        "cloudpickle",
        "numpy",
    ]


def test_conda_env(tmp_path: Path) -> None:
    pinned = [f"{name}=={metadata.version(name)}" for name in ("cloudpickle", "numpy")]
    given = {"name": "ours", "channels": ["c"], "dependencies": ["python=3.11", {"pip": pinned}]}
    written(tmp_path / "model", conda_env=given)
    conda = yaml.safe_load((tmp_path / "model" / "conda.yaml").read_text())
    assert conda["name"] == "ours"
    assert conda["dependencies"] == ["python=3.11", "pip", {"pip": lines(tmp_path / "model")}]
    assert lines(tmp_path / "model")[0].startswith("mlflow==")
    assert lines(tmp_path / "model")[1:] == pinned


def test_extra_files(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "one.txt").write_text("1")
    (tmp_path / "two.txt").write_text("2")
    stated = written(tmp_path / "model", extra_files=[tmp_path / "notes", tmp_path / "two.txt"])
    assert stated["flavors"]["pickled"]["extra_files"] == [
        {"path": "extra_files/notes"},
        {"path": "extra_files/two.txt"},
    ]
    assert (tmp_path / "model" / "extra_files" / "notes" / "one.txt").read_text() == "1"


def test_prompts(tmp_path: Path) -> None:
    class Prompt:
        uri = "prompts:/greeting/2"

    stated = written(tmp_path / "model", prompts=["prompts:/other/1", Prompt()])
    assert stated["prompts"] == ["prompts:/other/1", "prompts:/greeting/2"]


def test_resources_and_policy_of_mlflow(tmp_path: Path) -> None:
    class Resource:
        target_uri = "databricks"

        def __init__(self, kind: str, name: str) -> None:
            self.kind, self.name = kind, name

        def to_dict(self) -> dict[str, Any]:
            return {self.kind: [{"name": self.name}]}

    class Policy:
        def to_dict(self) -> dict[str, Any]:
            return {"user_auth_policy": {"api_scopes": ["x"]}}

    listed = [Resource("table", "a.b"), Resource("function", "f"), Resource("table", "c.d")]
    stated = written(tmp_path / "model", resources=listed, auth_policy=Policy())
    assert stated["resources"] == {
        "api_version": "1",
        "databricks": {"table": [{"name": "a.b"}, {"name": "c.d"}], "function": [{"name": "f"}]},
    }
    assert stated["auth_policy"] == {"user_auth_policy": {"api_scopes": ["x"]}}


PROJECT = {
    "pyproject.toml": '[project]\nname = "ours"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["packaging"]\n'
    '[[tool.uv.index]]\nurl = "https://index.example/simple"\ndefault = true\n',
    "uv.lock": 'version = 1\nrevision = 1\nrequires-python = ">=3.10"\n\n'
    '[[package]]\nname = "ours"\nversion = "1"\nsource = { virtual = "." }\n'
    'dependencies = [{ name = "packaging" }]\n\n'
    '[package.metadata]\nrequires-dist = [{ name = "packaging" }]\n\n'
    '[[package]]\nname = "packaging"\nversion = "24.1"\n'
    'source = { registry = "https://index.example/simple" }\n'
    'wheels = [{ url = "https://index.example/packaging-24.1-py3-none-any.whl", '
    'hash = "sha256:5b8f2217dbdbd2f7f384c41c628544e6d52f2d0f53c6d0c3ea61aa5d1d7ff124" }]\n',
}
"""A project of uv with one dependency, which no index is asked for."""


def project(folder: Path) -> Path:
    """That project."""
    folder.mkdir()
    for name, text in PROJECT.items():
        (folder / name).write_text(text)
    return folder


def test_a_project_of_uv(tmp_path: Path) -> None:
    written(tmp_path / "model", uv_project_path=project(tmp_path / "project"))
    found = lines(tmp_path / "model")
    assert found[0].startswith("mlflow==")
    # What loading takes, and the lock does not have.
    assert found[1] == f"cloudpickle=={metadata.version('cloudpickle')}"
    assert found[2:] == ["--extra-index-url https://index.example/simple", "packaging==24.1"]
    for name in ("uv.lock", "pyproject.toml"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "project" / name).read_bytes()


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python imports modules from."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_loader_module(tmp_path: Path, on_path: Path) -> None:
    (on_path / "lines_of_test.py").write_text(
        "import helper_of_test\n\n\ndef _load_pyfunc(path):\n    with open(path) as stream:\n        return helper_of_test.Lines(stream.read().split())\n"
    )
    (on_path / "helper_of_test.py").write_text(
        "class Lines:\n"
        "    def __init__(self, lines):\n        self.lines = lines\n\n"
        "    def predict(self, data):\n        return [self.lines[index] for index in data]\n"
    )
    (tmp_path / "lines.txt").write_text("zero one two")
    write_model(
        None,
        tmp_path / "model",
        loader_module="lines_of_test",
        data_path=tmp_path / "lines.txt",
        infer_code_paths=True,
    )
    stated = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())["flavors"]["python_function"]
    assert {key: stated[key] for key in ("loader_module", "data", "code")} == {
        "loader_module": "lines_of_test",
        "data": "data/lines.txt",
        "code": "code",
    }
    assert "helper_of_test" not in sys.modules
    with load(tmp_path / "model", trust=True) as model:
        assert model.predict([2, 0]) == ["two", "zero"]


def test_objects_of_a_loader_module_are_required(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(np.ones(2)))
    write_model(None, tmp_path / "model", loader_module="mlflow.sklearn", data_path=tmp_path / "model.pkl")
    assert f"numpy=={np.__version__}" in lines(tmp_path / "model")


def test_code_is_inferred_without_importing_it(tmp_path: Path, on_path: Path) -> None:
    package = on_path / "own_of_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')\n")
    (package / "one.py").write_text("def f():\n    from . import two\n    import numpy\n")
    (package / "two.py").write_text("import os\n")
    (package / "unused.py").write_text("import nowhere_at_all\n")
    (on_path / "chain.py").write_text(
        "import mlflow\nfrom own_of_test import one\n\nmlflow.models.set_model(one.f)\n"
    )
    write_model(on_path / "chain.py", tmp_path / "model", infer_code_paths=True)
    assert sorted(path.name for path in (tmp_path / "model" / "code" / "own_of_test").iterdir()) == [
        "__init__.py",
        "one.py",
        "two.py",
    ]


def test_artifacts_of_one_name_are_numbered(tmp_path: Path) -> None:
    for name in ("a/notes.txt", "b/notes.txt", "c/NOTES.txt", "d/0", "e/other.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    given = {
        key: tmp_path / name
        for key, name in {
            "x": "a/notes.txt",
            "y": "b/notes.txt",
            "again": "a/notes.txt",
            "z": "c/NOTES.txt",
            "w": "d/0",
            "v": "e/other.txt",
        }.items()
    }

    def predict(context: Any, rows: Any) -> Any:
        return context.artifacts

    write_model(predict, tmp_path / "model", artifacts=given)
    stated = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())["flavors"]["python_function"]
    assert {name: entry["path"] for name, entry in stated["artifacts"].items()} == {
        "x": "artifacts/1/notes.txt",
        "again": "artifacts/1/notes.txt",
        "y": "artifacts/2/notes.txt",
        "z": "artifacts/3/NOTES.txt",
        "w": "artifacts/0",
        "v": "artifacts/other.txt",
    }


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (dict, {}, "dict is a class; give an object of it"),
        (None, {}, "the model is None; give an object, or a loader_module"),
        (None, {"data_path": "x"}, "data_path is what a loader_module is given"),
        (
            None,
            {"loader_module": "no module"},
            "loader_module is 'no module', and must be the name of a module",
        ),
        (None, {"loader_module": "nowhere_at_all"}, "loading imports nowhere_at_all, which no installed"),
        (None, {"loader_module": "json", "data_path": "nowhere"}, "data_path: nowhere does not exist"),
        (np.ones(1), {"loader_module": "json"}, "give None in place of the object"),
        (np.ones(1), {"pip_requirements": ["a"], "extra_pip_requirements": ["b"]}, "give one of them"),
        (np.ones(1), {"pip_requirements": "none.txt"}, "pip_requirements: none.txt cannot be read"),
        (np.ones(1), {"pip_requirements": [1]}, "pip_requirements is a list of requirement lines"),
        (np.ones(1), {"pip_requirements": ["json"]}, "'json': "),
        (np.ones(1), {"conda_env": {}, "pip_requirements": ["a"]}, "conda_env and pip_requirements both"),
        (np.ones(1), {"conda_env": 3}, "conda_env is int, and must be a dictionary or the path"),
        (np.ones(1), {"conda_env": "none.yaml"}, "conda_env cannot be read"),
        (np.ones(1), {"conda_env": {"dependencies": "x"}}, "conda_env: dependencies is a list"),
        (np.ones(1), {"conda_env": {"dependencies": [{"conda": []}]}}, "holds more mappings than one 'pip'"),
        (np.ones(1), {"conda_env": {"dependencies": [{"pip": "x"}]}}, "conda_env: pip: x cannot be read"),
        (np.ones(1), {"model_config": 5}, "model_config is int, and must be a dictionary"),
        (np.ones(1), {"model_config": {1: 2}}, "model_config has the key 1, and keys must be texts"),
        (np.ones(1), {"metadata": [1]}, "metadata is list, and must be a dictionary"),
        (np.ones(1), {"streamable": "yes"}, "streamable is 'yes', and must be True, False or None"),
        (np.ones(1), {"resources": {"a": {1, 2}}}, "resources must be what JSON can hold"),
        (np.ones(1), {"resources": ["x"]}, "resources holds str, and must hold resources of mlflow"),
        (np.ones(1), {"auth_policy": "none.yaml"}, "auth_policy cannot be read"),
        (np.ones(1), {"prompts": "prompts:/a/1"}, "prompts is str, and must be a list"),
        (np.ones(1), {"prompts": ["a"]}, "prompts holds 'a', and must hold URIs: prompts:/NAME/VERSION"),
        (np.ones(1), {"code_paths": "own.py"}, "code_paths is a list of paths"),
        (np.ones(1), {"code_paths": ["own.py"], "infer_code_paths": True}, "give one of them"),
        (np.ones(1), {"extra_files": ["none.txt"]}, "none.txt, one of extra_files, does not exist"),
        (np.ones(1), {"extra_files": 3}, "extra_files is a list of paths"),
        (len, {"extra_files": ["x"]}, "extra_files is not for python_function, which records none; a Python"),
        (np.ones(1), {"pyfunc_predict_fn": "f"}, "pyfunc_predict_fn is not for pickled, which records none"),
        (np.ones(1), {"artifacts": ["x"]}, "artifacts is list, and must be a dictionary of paths"),
        (np.ones(1), {"artifacts": {"x": 3}}, "artifacts: 'x' and 3 must be a name and a path"),
        (np.ones(1), {"artifacts": {"x": "none"}}, "none, the artifact x, does not exist"),
        (np.ones(1), {"params": [1]}, "params is list, and must be a dictionary of names and defaults"),
        (np.ones(1), {"model_uuid": 3}, "model_uuid is 3, and must be 32 hexadecimal digits"),
        (np.ones(1), {"model_config": {"a": float("nan")}}, "model_config must be what JSON can hold"),
        (np.ones(1), {"uv_project_path": 3}, "uv_project_path is int, and must be the path of a folder"),
        (np.ones(1), {"uv_project_path": ".", "uv_groups": "dev"}, "uv_groups is a list of names"),
        (np.ones(1), {"uv_groups": ["dev"]}, "give its uv_project_path, too"),
        (np.ones(1), {"pip_requirements": "a\nb"}, "pip_requirements: a b cannot be read"),
        (np.ones(1), {"uv_project_path": "nowhere"}, "uv_project_path: nowhere has no uv.lock"),
    ],
)
def test_refusals(tmp_path: Path, model: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(WriteError, match=re.escape(said)) as raised:
        write_model(model, tmp_path / "model", **options)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_distribution_under_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "_distributions", lambda: {"no_such_thing": ["packaging"]})
    assert dependencies._installed("no-such-thing") == "packaging"
    with pytest.raises(
        dependencies.UnknownModuleError, match="needs the distribution other-thing, which is not"
    ):
        dependencies._installed("other-thing")


def test_files_are_hashed_in_blocks(tmp_path: Path) -> None:
    data = b"x" * (8 << 20)
    (tmp_path / "weights").write_bytes(data)
    expected = hashlib.sha256(data).digest()
    tracemalloc.start()
    try:
        assert package._digest(str(tmp_path / "weights")) == expected
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_weights_are_copied_in_blocks(tmp_path: Path) -> None:
    weights = tmp_path / "weights.bin"
    with weights.open("wb") as stream:
        stream.truncate(128 << 20)  # without a block on the disk

    def predict(context: Any, rows: Any) -> Any:
        return context.artifacts

    tracemalloc.start()
    try:
        write_model(predict, tmp_path / "model", artifacts={"weights": weights})
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert (tmp_path / "model" / "artifacts" / "weights.bin").stat().st_size == 128 << 20


def test_objects_are_serialized_without_a_copy(tmp_path: Path) -> None:
    weights = bytes(48 << 20)
    tracemalloc.start()
    try:
        dumped = pickling.dump({"weights": weights}, str(tmp_path), None)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert dumped.format == "pickle"
    assert (tmp_path / dumped.file).stat().st_size > 48 << 20


ODD: tuple[Any, ...] = (3, "\n", b"x", [3], {1: 2}, {"a": object()}, object(), float("nan"))


@pytest.mark.parametrize(
    "name",
    [
        *("signature", "input_example", "params", "metadata", "model_config", "resources", "auth_policy"),
        *("pip_requirements", "extra_pip_requirements", "conda_env", "uv_project_path", "uv_groups"),
        *("code_paths", "extra_files", "artifacts", "data_path", "prompts", "streamable"),
        *("pyfunc_predict_fn", "flavor", "serialization", "model_uuid"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_wrong_value_is_one_line(tmp_path: Path, name: str) -> None:
    """Whatever is given, it is taken, or refused in one line."""
    for number, value in enumerate(ODD):
        try:
            write_model(len, tmp_path / str(number), **{name: value})
        except WriteError as error:
            said = str(error)
            assert "\n" not in said
            assert not (tmp_path / str(number)).exists()
