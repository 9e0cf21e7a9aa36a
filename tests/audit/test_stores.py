"""Audits of what is on no disk of ours: prefixes of stores, and the registry and runs of a real ``mlflow server``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import fsspec
import jsonschema
import pytest

from tests.audit.test_audit import SCHEMA, rows
from tests.cli.in_process import here, mlmodel
from tests.command import ROOT
from tests.environments import NEWEST
from tests.overlay import apply, make_model
from tests.sources.servers import Files, Objects, serving
from tests.sources.test_stores import told_by_client, tracking

__all__ = ["here"]


def two_models(folder: Path) -> None:
    make_model(folder / "a" / "good")
    apply(make_model(folder / "b" / "bad"), "rm model.pkl")


@pytest.mark.slow
def test_a_prefix_of_a_store(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_models(here / "root" / "bucket" / "models")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "open sesame",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with serving(Objects, here / "root") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
        command = ["audit", "s3://bucket/models", "--cache", "-o", "results.jsonl"]
        done = mlmodel(*command)
        assert (done.status, done.stdout) == (0, "2 models: 1 valid, 1 invalid; results.jsonl\n"), done.stderr
        first, sent = rows(), server.sent
        assert mlmodel(*command).status == 0
        assert server.sent == sent  # no file is read again
        assert [{**row, "checked": ""} for row in rows()] == [{**row, "checked": ""} for row in first]
        assert mlmodel("audit", "s3://bucket/models", "--since", "2026-01-01").status == 2
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    local = mlmodel("audit", "root/bucket/models", "-o", "local.jsonl")
    assert local.status == 0
    compare(first, rows("local.jsonl"), "s3://bucket/models", "root/bucket/models")
    assert "sesame" not in json.dumps(first)


@pytest.mark.slow
def test_the_folders_of_a_web_server(here: Path) -> None:
    two_models(here / "root" / "models")
    with serving(Files, here / "root") as server:
        address = f"{server.address}/models"
        done = mlmodel("audit", address.replace("//", "//ann:sesame@"), "-o", "results.jsonl")
        assert (done.status, done.stdout) == (0, "2 models: 1 valid, 1 invalid; results.jsonl\n"), done.stderr
    assert mlmodel("audit", "root/models", "-o", "local.jsonl").status == 0
    compare(rows(), rows("local.jsonl"), address, "root/models")
    assert "sesame" not in json.dumps(rows())


def compare(found: list[dict[str, Any]], local: list[dict[str, Any]], address: str, path: str) -> None:
    """Rows of a store beside those of the same folders here: owners and times are those of a disk."""
    for row in found:
        jsonschema.validate(row, SCHEMA)
    assert [row["id"] for row in found] == [f"{address}/a/good", f"{address}/b/bad"]
    differ = {"id", "source", "owner", "created", "checked", "settings"}
    for one, other in zip(found, local, strict=True):
        assert one["id"].removeprefix(address) == other["id"].removeprefix(path)
        assert {**one, **dict.fromkeys(differ)} == {**other, **dict.fromkeys(differ)}


FILL = """
import json
from mlflow import MlflowClient
client = MlflowClient()
client.create_registered_model("m")
run = client.create_run("0", tags={"mlflow.user": "ann"})
for folder in ("a/good", "b/bad"):
    client.log_artifacts(run.info.run_id, folder, folder)
    client.create_model_version("m", f"{run.info.artifact_uri}/{folder}", run.info.run_id, tags={"mine": "kept"})
client.set_tag(run.info.run_id, "mlflow.log-model.history", json.dumps([{"artifact_path": "b/bad"}]))
logged = client.create_logged_model("0", name="lm", source_run_id=run.info.run_id)
client.log_model_artifacts(logged.model_id, "a/good")
client.create_model_version("m", f"models:/{logged.model_id}", model_id=logged.model_id)
print(json.dumps([run.info.run_id, logged.model_id]))
"""
AUDIT = """
import json, sys
from click.testing import CliRunner
from mlflow import MlflowClient
from mlmodel.cli.main import main
for number, command in enumerate(json.loads(sys.argv[1])):
    done = CliRunner().invoke(main, ["audit", *command, "-o", f"{number}.jsonl"])
    print(json.dumps([done.exit_code, done.stderr]))
print(json.dumps([MlflowClient().get_model_version("m", version).tags for version in "123"]))
"""


@pytest.mark.mlflow
def test_a_server_with_proxied_artifacts(
    tmp_path: Path, lacking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_models(tmp_path)
    (tmp_path / "artifacts").mkdir()
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    with tracking(NEWEST, tmp_path) as address:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "validator"), str(lacking)]),
            "MLFLOW_TRACKING_URI": address.replace("//", "//ann:sesame@"),
        }

        def run(code: str, *arguments: str) -> list[Any]:
            told = told_by_client(tmp_path, environment, code, *arguments)
            assert "sesame" not in told
            return [json.loads(line) for line in told.splitlines() if line.startswith("[")]

        ((run_id, model_id),) = run(FILL)
        commands = [
            ["models:/", "--tag"],
            ["models:/m", "--filter", "tags.mine = 'kept'"],
            ["experiments:/0"],
        ]
        *done, tags = run(AUDIT, json.dumps(commands))
    assert [status for status, _ in done] == [0, 0, 0], done
    versions, kept, experiment = (rows(tmp_path / f"{number}.jsonl") for number in range(3))
    for row in (*versions, *kept, *experiment):
        jsonschema.validate(row, SCHEMA)
        assert row["source"].startswith(("mlflow-artifacts:/", "models:/m-"))
        assert (row["owner"], row["run_id"]) == ("ann", run_id) or row["id"] == "models:/m/3"
    assert "sesame" not in json.dumps([versions, kept, experiment])
    assert [(row["id"], row["verdict"]) for row in versions] == [
        ("models:/m/1", "valid"),
        ("models:/m/2", "invalid"),
        ("models:/m/3", "valid"),
    ]
    assert versions[1]["findings"][0]["rule"] == "MLM007"
    assert [row["id"] for row in kept] == ["models:/m/1", "models:/m/2"]
    assert [(row["id"], row["verdict"]) for row in experiment] == [
        (f"models:/{model_id}", "valid"),
        (f"runs:/{run_id}/b/bad", "invalid"),
    ]
    for row, told in zip(versions, tags, strict=True):
        mine = {
            f"mlmodel.{name}": str(row[name]) for name in ("verdict", "errors", "warnings", "infos", "digest")
        }
        assert told == (mine if row["version"] == "3" else {"mine": "kept", **mine})
