"""The arguments that MLflow's writers take, and what is refused in one line."""

from __future__ import annotations

import hashlib
import tracemalloc
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mlmodel import WriteError, write_model
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


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (dict, {}, "dict is a class; give an object of it"),
        (np.ones(1), {"pip_requirements": ["a"], "extra_pip_requirements": ["b"]}, "give one of them"),
        (np.ones(1), {"pip_requirements": "none.txt"}, "the requirements in none.txt cannot be read"),
        (np.ones(1), {"model_config": 5}, "model_config is int, and must be a dictionary"),
        (np.ones(1), {"resources": {"a": {1, 2}}}, "resources must be what JSON can hold"),
    ],
)
def test_refusals(tmp_path: Path, model: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(WriteError, match=said):
        write_model(model, tmp_path / "model", **options)
    assert not (tmp_path / "model").exists()


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
