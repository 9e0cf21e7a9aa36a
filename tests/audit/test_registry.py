"""Audits of a real registry and of experiments, through MLflow's own client."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.audit.test_audit import SCHEMA, rows
from tests.cli.in_process import Done
from tests.command import ROOT
from tests.environments import NEWEST, interpreter
from tests.overlay import apply, make_model

FILL = """
import os, sys
import mlflow
from mlflow.tracking import MlflowClient
uri, models, artifacts = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri)
for name in ("a", "b"):
    client.create_registered_model(name)
for _ in range(3):
    client.create_model_version("a", models + "/good")
client.create_model_version("b", "file://" + models + "/bad", tags={"mlflow.user": "ann", "other": "kept"})
client.create_model_version("b", "s3://user:word@bucket/key")
client.set_registered_model_alias("a", "champion", 3)
experiment = mlflow.create_experiment("one", artifact_location=artifacts)
with mlflow.start_run(experiment_id=experiment, run_name="r") as run:
    mlflow.log_artifacts(models + "/good", "deep/model")
client.create_model_version("b", "runs:/" + run.info.run_id + "/deep/model", run_id=run.info.run_id)
if hasattr(client, "create_logged_model"):
    import shutil
    logged = client.create_logged_model(experiment, name="lm", source_run_id=run.info.run_id)
    shutil.copytree(models + "/good", logged.artifact_location.replace("file://", ""), dirs_exist_ok=True)
    client.create_model_version("b", "models:/" + logged.model_id, model_id=logged.model_id)
print(run.info.run_id)
"""

OLD = "2.22.5"
"""With a store of files: no release of SQLAlchemy that its requirements allow today has what its databases need."""


class Registry:
    """A registry with a few versions, and the command in an environment that has MLflow."""

    def __init__(self, folder: Path, release: str, lacking: Path) -> None:
        self.folder = folder
        self.python = interpreter(release)
        self.uri = f"sqlite:///{folder}/registry.db" if release == NEWEST else f"file://{folder}/registry"
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "validator"), str(lacking)]),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLMODEL_CACHE": str(folder / "cache"),
        }
        make_model(folder / "models" / "good")
        apply(make_model(folder / "models" / "bad"), "rm model.pkl")
        told = self.run(FILL, self.uri, str(folder / "models"), str(folder / "artifacts"))
        self.run_id = told.split()[-1]

    def run(self, code: str, *arguments: str) -> str:
        done = subprocess.run(
            [self.python, "-W", "ignore", "-c", code, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def audits(self, *commands: list[str]) -> list[Done]:
        """Several audits in one process: starting MLflow takes longer than they do."""
        code = (
            "import json, sys; from click.testing import CliRunner; from mlmodel.cli.main import main\n"
            "for command in json.loads(sys.argv[1]):\n"
            "    done = CliRunner().invoke(main, ['audit', *command])\n"
            "    print(json.dumps([done.exit_code, done.stdout, done.stderr]))"
        )
        told = self.run(code, json.dumps([["--tracking-uri", self.uri, *command] for command in commands]))
        return [Done(*json.loads(line)) for line in told.splitlines()[-len(commands) :]]

    def rows(self, *commands: list[str]) -> list[list[dict[str, Any]]]:
        """The rows of several audits."""
        found = []
        for done in self.audits(*commands):
            assert done.status in (0, 3), done.stderr
            found.append([json.loads(line) for line in done.stdout.splitlines()])
            for row in found[-1]:
                jsonschema.validate(row, SCHEMA)
        return found

    def tags(self, name: str, version: str) -> dict[str, str]:
        code = (
            "import sys, json; from mlflow.tracking import MlflowClient\n"
            "print(json.dumps(MlflowClient(sys.argv[1]).get_model_version(*sys.argv[2:]).tags))"
        )
        found: dict[str, str] = json.loads(self.run(code, self.uri, name, version).splitlines()[-1])
        return found


@pytest.fixture(params=[NEWEST, OLD])
def registry(request: pytest.FixtureRequest, tmp_path: Path, lacking: Path) -> Registry:
    return Registry(tmp_path, request.param, lacking)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in found]


@pytest.mark.mlflow
def test_every_version_every_run_and_tags(registry: Registry) -> None:
    newest = registry.uri.startswith("sqlite")
    whole, one, some, filtered, late, experiment, run_only = registry.rows(
        ["models:/"],
        ["models:/a"],
        ["models:/a@champion", "models:/b/1"],
        ["models:/", "--filter", "name = 'a'"],
        ["models:/", "--since", "2200-01-01"],
        ["experiments:/one"],
        [f"runs:/{registry.run_id}/deep/model"],
    )
    versions = [f"models:/a/{each}" for each in (1, 2, 3)] + [f"models:/b/{each}" for each in (1, 2, 3)]
    assert ids(whole) == versions + (["models:/b/4"] if newest else [])
    verdicts = [row["verdict"] for row in whole]
    assert verdicts == ["valid"] * 3 + ["invalid", "unjudged", "valid"] + (["valid"] if newest else [])
    bad, remote, run = whole[3:6]
    assert (bad["owner"], bad["name"], bad["version"]) == ("ann", "b", "1")
    assert "word" not in json.dumps(remote)
    assert (run["run_id"], bool(run["owner"])) == (registry.run_id, True)
    assert run["created"] > "2020"
    assert ids(one) == ids(filtered) == versions[:3]
    assert ids(some) == [versions[2], versions[3]]
    assert late == []
    assert [row["kind"] for row in experiment] == (["logged_model"] if newest else []) + ["run_model"]
    assert experiment[-1]["id"] == f"runs:/{registry.run_id}/deep/model"
    assert {row["verdict"] for row in experiment} == {"valid"}
    assert {bool(row["owner"]) for row in experiment} == {True}
    assert ids(run_only) == [experiment[-1]["id"]]

    (done,) = registry.audits(
        ["models:/", "--tag", "-o", "results.jsonl", "-o", "results.parquet", "--cache"]
    )
    assert done.status == 3, done.stderr
    expected = {"verdict": "invalid", "errors": "1", "warnings": "0", "infos": "0", "digest": bad["digest"]}
    mine = {f"mlmodel.{name}": value for name, value in expected.items()}
    code = (
        "import sys, json; from mlflow.tracking import MlflowClient; from mlmodel.audit import parquet\n"
        "client = MlflowClient(sys.argv[1])\n"
        "tags = [client.get_model_version('b', each).tags for each in '12']\n"
        "print(json.dumps([*tags, list(parquet.read('results.parquet'))]))"
    )
    tags, of_remote, columns = json.loads(registry.run(code, registry.uri).splitlines()[-1])
    assert tags == {"mlflow.user": "ann", "other": "kept", **mine}
    assert of_remote["mlmodel.verdict"] == "unjudged"
    assert columns == rows(registry.folder / "results.jsonl")


@pytest.mark.mlflow
def test_what_is_kept_of_a_registry_changes_no_row(registry: Registry) -> None:
    command = ["models:/", "--cache"]
    plain, first, second = registry.rows(["models:/"], command, command)
    assert (registry.folder / "cache" / "registries.sqlite").exists()
    told = [[{**row, "checked": ""} for row in found] for found in (plain, first, second)]
    assert told[0] == told[1] == told[2]
    register = (
        "import sys; from mlflow.tracking import MlflowClient; client = MlflowClient(sys.argv[1])\n"
        "client.create_model_version('a', sys.argv[2])\n"
        "client.delete_model_version('a', '1')\n"
        "client.set_model_version_tag('a', '2', 'mlflow.user', 'eve')"
    )
    registry.run(register, registry.uri, str(registry.folder / "models" / "bad"))
    (changed,) = registry.rows(command)
    verdicts = {row["id"]: row["verdict"] for row in changed}
    assert (verdicts.pop("models:/a/4"), "models:/a/1" in verdicts) == ("invalid", False)
    assert len(verdicts) == len(plain) - 1
    assert [row["owner"] for row in changed if row["id"] == "models:/a/2"] == ["eve"]


@pytest.mark.mlflow
def test_the_client_has_a_process_of_its_own_without_what_it_does_not_use(
    tmp_path: Path, lacking: Path
) -> None:
    registry = Registry(tmp_path, NEWEST, lacking)
    code = (
        "import sys; from mlmodel.audit.registry_process import RegistryProcess\n"
        "from mlmodel.audit.subjects import Wanted\n"
        "def asked():\n"
        "    with RegistryProcess(sys.argv[1], None, keeps=False) as registry:\n"
        "        registry.connect()\n"
        "        found = list(registry.subjects('models:/', Wanted()))\n"
        "        found += registry.subjects('models:/a', Wanted())\n"
        "    return len(found), 'mlflow' in sys.modules\n"
        "def alone():\n"
        "    from mlmodel.audit.client_imports import lean\n"
        "    from mlmodel.audit.registry import Registry\n"
        "    with lean():\n"
        "        found = list(Registry(sys.argv[1]).subjects('models:/', Wanted()))\n"
        "    left = {'pandas', 'numpy', 'scipy', 'pyarrow', 'sklearn'} & set(sys.modules)\n"
        "    import pandas\n"
        "    return len(found), left, bool(pandas.DataFrame)\n"
        "if __name__ == '__main__':\n"
        "    print(asked(), alone())"
    )
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    told = registry.run(
        "import runpy, sys; sys.argv[:] = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
        str(script),
        registry.uri,
    )
    assert told.splitlines()[-1] == "(10, False) (7, set(), True)"


@pytest.mark.mlflow
def test_what_is_not_there(tmp_path: Path, lacking: Path) -> None:
    registry = Registry(tmp_path, NEWEST, lacking)
    registry.environment["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
    none = tmp_path / "none.db"
    wrong = {
        "models:/a/9: ": ["models:/a/9"],
        "models:/nobody: ": ["models:/nobody"],
        "models:/a@nobody: ": ["models:/a@nobody"],
        "there is no experiment 'none'": ["experiments:/none"],
        "names no run": ["runs:/"],
        "Invalid": ["models:/", "--filter", "nonsense"],
        f"there is no database {none}": ["models:/", "--tracking-uri", f"sqlite:///{none}"],
    }
    unreachable = ["models:/", "--tracking-uri", "http://user:word@127.0.0.1:9"]
    *told, away = registry.audits(
        *([*each, "-o", "results.jsonl"] for each in [*wrong.values(), unreachable])
    )
    for said, done in zip(wrong, told, strict=True):
        assert (done.status, done.stdout) == (2, ""), done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not none.exists()
    assert away.status == 3
    assert away.stderr.count("\n") == 1
    assert "word" not in away.stderr
    assert not list(tmp_path.glob("*.partial"))
