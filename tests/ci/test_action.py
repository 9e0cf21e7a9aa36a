"""The action and the recipes for CI services: the action's steps are run as a runner would, the rest is read by tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import ROOT, environment, mlmodel_validate, scripts
from tests.overlay import apply, make_model

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
RECIPES = ROOT / "docs" / "ci"
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


class Runner:
    """As much of GitHub's runner as the action needs."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "work"
        self.workspace.mkdir()
        (self.workspace / ".git").mkdir()
        self._files = {
            name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")
        }
        for file in self._files.values():
            file.touch()
        self._bin = scripts(folder / "bin")
        self._temporary = folder

    def run(self, step: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step, its expressions filled in."""
        given = {name: str(entry["default"]) for name, entry in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        values = {f"inputs.{name}": value for name, value in given.items()}
        values["github.action_path"] = str(ROOT)

        def filled(text: str) -> str:
            return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: values[match[1]], text)

        definition = STEPS[step]
        assert "${{" not in definition["run"], "an expression in a script is code of whoever made the value"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", definition["run"]],
            check=False,
            capture_output=True,
            encoding="utf-8",
            cwd=self.workspace,
            env=environment(
                PATH=f"{self._bin}{os.pathsep}{os.environ['PATH']}",
                GITHUB_WORKSPACE=str(self.workspace),
                RUNNER_TEMP=str(self._temporary),
                **{name: str(file) for name, file in self._files.items()},
                **{name: filled(value) for name, value in definition.get("env", {}).items()},
            ),
        )

    def file(self, name: str) -> str:
        """What a step wrote to a file of the runner."""
        return self._files[name].read_text(encoding="utf-8")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_a_pull_request_that_fails_and_then_passes(runner: Runner) -> None:
    model = make_model(runner.workspace / "models" / "one")
    apply(model, "rm model.pkl")
    apply(
        model,
        'set MLmodel /flavors/python_function/artifacts {"x": {"path": "artifacts/model.pkl.txt", "uri": "x"}}',
    )
    done = runner.run("Validate")
    assert done.returncode == 1
    assert "::error file=models/one/MLmodel,line=7," in done.stdout
    assert runner.file("GITHUB_OUTPUT") == "status=1\n"
    summary = runner.file("GITHUB_STEP_SUMMARY")
    assert "## MLflow models: ❌ 1 invalid" in summary
    assert "MLM007" in summary
    assert len(json.loads((runner.workspace / "mlmodel.sarif").read_text("utf-8"))["runs"][0]["results"]) == 2

    apply(model, "write model.pkl base64:gAROLg==")
    apply(model, "write artifacts/model.pkl.txt text:x")
    done = runner.run("Validate")
    assert done.returncode == 0
    assert runner.file("GITHUB_OUTPUT").endswith("status=0\n")


def test_inputs_are_words_and_never_code(runner: Runner) -> None:
    make_model(runner.workspace / "a b")
    make_model(runner.workspace / "c")
    done = runner.run(
        "Validate",
        paths='a b\n$(touch pwned)\n";touch pwned;"\nc',
        arguments="--verbose\n$(touch pwned)",
        sarif_file="",
        html_file="the report.html",
    )
    assert done.returncode == 2
    assert not (runner.workspace / "pwned").exists()
    done = runner.run(
        "Validate", paths="a b\nc", arguments="--statistics", sarif_file="", html_file="the report.html"
    )
    assert (done.returncode, done.stdout) == (0, "2 models, valid\n")
    assert (runner.workspace / "the report.html").is_file()
    assert not (runner.workspace / "mlmodel.sarif").exists()


def test_options_cannot_hide_among_paths(runner: Runner) -> None:
    assert runner.run("Validate", paths="--no-config").returncode == 2


def test_other_actions_are_pinned() -> None:
    used = [step["uses"] for step in STEPS.values() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in used)


def test_the_problem_matcher_finds_findings(tmp_path: Path) -> None:
    model = make_model(tmp_path / "one")
    apply(model, "rm model.pkl")
    apply(
        model,
        'set MLmodel /flavors/python_function/artifacts {"x": {"path": "artifacts/model.pkl.txt", "uri": "x"}}',
    )
    (matcher,) = json.loads((RECIPES / "problem-matcher.json").read_text(encoding="utf-8"))["problemMatcher"]
    (pattern,) = matcher["pattern"]
    for color in ("--color", "--no-color"):
        lines = mlmodel_validate(color, "one", cwd=tmp_path).stdout.splitlines()
        matches = [match for line in lines if (match := re.search(pattern["regexp"], line))]
        found = [
            (m[pattern["file"]], m[pattern["line"]], m[pattern["severity"]], m[pattern["code"]])
            for m in matches
        ]
        assert found == [("one/MLmodel", "7", "error", "MLM007"), ("one/MLmodel", "12", "error", "MLM007")]


def test_the_container_is_somebody_who_owns_nothing() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert "--require-hashes" in text
    assert not re.search(r"^FROM \S+:latest", text, re.MULTILINE)
    lock = (ROOT / "docker" / "requirements.txt").read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line for line in pins)
    assert lock.count("--hash=sha256:") >= len(pins)


def test_the_lock_has_what_the_project_needs() -> None:
    """Everything that the base install needs on the image's Python is in the lock, at a version that is allowed."""
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "docker" / "requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE))
    variables = {
        "python_version": "3.13",
        "python_full_version": "3.13.9",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    for line in project["dependencies"]:
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate(variables):
            assert needed.specifier.contains(locked[canonicalize_name(needed.name)]), line
