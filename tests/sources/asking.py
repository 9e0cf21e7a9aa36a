"""Registers folders with an MLflow server and validates them by their addresses, with the interpreter of a client.

Arguments: the folders as JSON, and the folder of the server's artifacts.  Prints what was found, as JSON.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from mlflow import MlflowClient

from mlmodel import describe, validate

folders, destination = json.loads(sys.argv[1]), Path(sys.argv[2])
client = MlflowClient()
client.create_registered_model("cases")
found = {}


def asked(address: str) -> dict[str, object]:
    report = validate(address)
    return {
        "verdict": report.verdict.label,
        "path": report.path,
        "findings": [[one.rule, one.location.label, one.message] for one in report.findings],
    }


run = client.create_run("0")
for number, folder in enumerate(folders):
    shutil.copytree(folder, destination / "0" / run.info.run_id / "artifacts" / str(number))
    source = f"{run.info.artifact_uri}/{number}"
    version = client.create_model_version("cases", source=source, run_id=run.info.run_id).version
    found[folder] = {**asked(f"models:/cases/{version}"), "local": asked(folder)["findings"]}

client.log_artifacts(run.info.run_id, folders[0], "model")
version = client.create_model_version(
    "cases", source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id
).version
client.set_registered_model_alias("cases", "champion", version)
shutil.make_archive("packed", "zip", folders[0])
client.log_artifact(run.info.run_id, "packed.zip")
addresses = {
    "run": f"runs:/{run.info.run_id}/model",
    "alias": "models:/cases@champion",
    "latest": "models:/cases/latest",
    "artifacts": f"{run.info.artifact_uri}/model",
    "archive": f"runs:/{run.info.run_id}/packed.zip",
}
if len(sys.argv) > 3:
    logged = client.create_logged_model("0", name="logged", source_run_id=run.info.run_id)
    client.log_model_artifacts(logged.model_id, folders[0])
    version = client.create_model_version(
        "cases", source=f"models:/{logged.model_id}", model_id=logged.model_id
    ).version
    addresses |= {
        "logged": f"models:/{logged.model_id}",
        "logged by a run": f"runs:/{run.info.run_id}/logged",
        "version of a logged one": f"models:/cases/{version}",
    }
described = describe(folders[0])
for name, address in addresses.items():
    found[name] = {**asked(address), "described": describe(address) == described, "address": address}
for address in (
    "models:/cases/999999",
    "models:/none@x",
    f"runs:/{'0' * 32}/model",
    f"runs:/{run.info.run_id}/none",
    "mlflow-artifacts:/none",
):
    found[address] = asked(address)
print(json.dumps(found))
