"""The hooks, run by the real pre-commit in a real repository, from a copy of this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.command import ROOT
from tests.overlay import make_model

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("git") is None, reason="git is not there")]

HOOKS = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
SHIPPED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "validator", "schemas", "spec")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, "-c", "core.hooksPath=", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a state")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository that offers the hooks, and its commit."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    git(folder, "init", "--quiet")
    return folder, commit(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment that it makes."""
    configured = os.environ.get("PRE_COMMIT_HOME")
    return Path(configured) if configured else tmp_path_factory.mktemp("pre-commit")


class Project:
    """A user's repository with models in it."""

    def __init__(self, folder: Path, hooks: tuple[Path, str], home: Path) -> None:
        self.folder = folder
        self._home = home
        folder.mkdir()
        entry = {"repo": str(hooks[0]), "rev": hooks[1], "hooks": [{"id": hook} for hook in HOOKS]}
        (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [entry]}), encoding="utf-8")
        git(folder, "init", "--quiet")
        make_model(folder / "models" / "one")
        make_model(folder / "models" / "two")
        commit(folder)

    def run(self, hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``pre-commit run HOOK`` on what is staged."""
        git(self.folder, "add", "--all")
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", hook, "--verbose", "--color=never", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, "PRE_COMMIT_HOME": str(self._home), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )


@pytest.fixture
def project(tmp_path: Path, hooks: tuple[Path, str], home: Path) -> Project:
    return Project(tmp_path / "project", hooks, home)


def test_both_hooks_are_offered() -> None:
    assert list(HOOKS) == ["mlmodel-validate", "mlmodel-validate-all"]


def test_valid_models(project: Project) -> None:
    (project.folder / "models" / "one" / "notes.txt").write_text("x", encoding="utf-8")
    result = project.run("mlmodel-validate")
    assert (result.returncode, "1 model, valid" in result.stdout) == (0, True), result.stdout + result.stderr
    result = project.run("mlmodel-validate-all")
    assert (result.returncode, "2 models, valid" in result.stdout) == (0, True), result.stdout + result.stderr


def test_a_broken_mlmodel_file(project: Project) -> None:
    (project.folder / "models" / "two" / "MLmodel").write_text("flavors: [\n", encoding="utf-8")
    result = project.run("mlmodel-validate")
    assert result.returncode == 1
    assert re.search(r"^models/two/MLmodel:\d+:\d+: error MLM101 ", result.stdout, re.MULTILINE)
    assert "models/one" not in result.stdout
    assert project.run("mlmodel-validate-all").returncode == 1


def test_a_deleted_file_is_seen_by_the_second_hook_only(project: Project) -> None:
    (project.folder / "models" / "one" / "model.pkl").unlink()
    result = project.run("mlmodel-validate")
    assert (result.returncode, "Skipped" in result.stdout) == (0, True)
    result = project.run("mlmodel-validate-all")
    assert result.returncode == 1
    assert "MLM007" in result.stdout


def test_any_changed_file_has_its_model_validated(project: Project) -> None:
    requirements = project.folder / "models" / "one" / "requirements.txt"
    requirements.write_bytes("mlflow==2.15.0\n".encode("utf-16"))
    result = project.run("mlmodel-validate")
    assert result.returncode == 1
    assert "models/one/requirements.txt:" in result.stdout
    assert "MLM402" in result.stdout


def test_files_in_no_model(project: Project) -> None:
    (project.folder / "README.md").write_text("x", encoding="utf-8")
    assert project.run("mlmodel-validate").returncode == 0


def test_sixty_models_in_one_process(project: Project) -> None:
    for number in range(60):
        make_model(project.folder / "many" / f"{number:02}")
    (project.folder / "many" / "33" / "MLmodel").write_text("flavors: [\n", encoding="utf-8")
    result = project.run("mlmodel-validate")
    assert result.returncode == 1
    # One process sums up once; more would each count their part.
    assert re.findall(r"^(\d+) models?, ", result.stdout, re.MULTILINE) == ["60"]
    assert result.stdout.count(" error MLM101 ") == 1


def test_a_repository_without_models(tmp_path: Path, hooks: tuple[Path, str], home: Path) -> None:
    project = Project(tmp_path / "project", hooks, home)
    shutil.rmtree(project.folder / "models")
    (project.folder / "README.md").write_text("x", encoding="utf-8")
    assert project.run("mlmodel-validate", "--all-files").returncode == 0
    result = project.run("mlmodel-validate-all")
    assert result.returncode == 1
    assert "exit code: 2" in result.stdout
    assert "no model directory" in result.stdout
