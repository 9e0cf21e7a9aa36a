"""Real readers decide: what their own code makes of directories, beside what the profiles say of these.

The directories are the examples of all requirements, and the corpus where ``MLMODEL_CORPUS`` names one.  Each reader is
installed once (``MLMODEL_TEST_VENVS``), and only what it does with a directory before it loads the model is run.
``spec/targets/RESULTS.md`` has the numbers.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from mlmodel.findings import Severity
from mlmodel.model.model import Model
from mlmodel.sources.directory import ModelDirectory
from mlmodel.standard.targets import parse
from mlmodel.targets.checking import reasons
from tests import environments
from tests.overlay import Fence, make_model

SCRIPT = Path(__file__).parent / "reading.py"
EXAMPLES = yaml.safe_load((Path(__file__).parent / "examples.yaml").read_text(encoding="utf-8"))
CORPUS = Path(os.environ.get("MLMODEL_CORPUS", "no-corpus"))
RELEASES = ("1.30.1", "2.0.1", "2.9.2", "2.15.0", "2.22.5", "3.0.1", "3.10.1", environments.NEWEST)
WHEELS = ("--no-deps", "sasctl==1.12.0", "sagemaker-serve==1.27.0", "PyYAML==6.0.3")
BESIDE_MLFLOW = {
    "mlserver": "mlserver-mlflow==1.7.1",
    "bentoml": "bentoml==1.4.40",
    "snowflake": "snowflake-ml-python==2.6.0",
    "azureml": "pandas<3",
}
"""What is installed beside the newest MLflow for the readers that are built on it."""


class Answer(NamedTuple):
    """What a reader made of a directory, and what was foretold."""

    path: str
    error: str | None
    reason: str | None

    @property
    def agrees(self) -> bool:
        return (self.error is None) == (self.reason is None)


def directories(folder: Path) -> list[str]:
    """The examples, each a directory, and those of the corpus."""
    found = []
    for target, requirements in EXAMPLES.items():
        for id_, example in requirements.items():
            for which in ("bad", "good"):
                lines = "\n".join(example[which])
                model = make_model(folder / f"{target}-{id_}-{which}", [Fence("setup", body=lines)])
                found.append(str(model))
    index = CORPUS / "index.jsonl"
    if index.is_file():
        entries = map(json.loads, index.read_text(encoding="utf-8").splitlines())
        found += [str(CORPUS / entry["path"]) for entry in entries]
    return found


def foretold(path: str, word: str) -> str | None:
    """The first error that the profile finds in what the readers here look at; None where there is none.

    They load no model: what a release of MLflow reads and cannot load (MLM802) is none of theirs.
    """
    model = Model(ModelDirectory(path))
    found = reasons(parse(word), model)
    errors = [each for each in found if each.severity is Severity.ERROR and each.rule != "MLM802"]
    model.clear()
    return errors[0].what if errors else None


def asked(python: str, reader: str, word: str, folder: Path) -> list[Answer]:
    paths = directories(folder)
    result = subprocess.run(
        [python, "-W", "ignore", str(SCRIPT), reader],
        input="\n".join(paths) + "\n",
        check=False,
        capture_output=True,
        text=True,
        env={
            **{key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            "BENTOML_HOME": str(folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
        },
    )
    assert result.returncode == 0, result.stderr[-3000:]
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == len(paths)
    return [Answer(path, error, foretold(path, word)) for path, error in lines]


def check(answers: list[Answer]) -> None:
    assert any(answer.error for answer in answers)
    assert any(answer.error is None for answer in answers)
    wrong = [answer for answer in answers if not answer.agrees]
    assert len(wrong) <= 0.005 * len(answers), wrong[:20]


@pytest.mark.nightly
@pytest.mark.parametrize("release", RELEASES)
def test_mlflow(release: str, tmp_path: Path) -> None:
    check(asked(environments.interpreter(release), "mlflow", f"mlflow=={release}", tmp_path))


def beside_mlflow(reader: str) -> str:
    return environments.release_with(f"target-{reader}", environments.NEWEST, BESIDE_MLFLOW[reader])


@pytest.mark.nightly
@pytest.mark.parametrize("reader", ["mlserver", "mlflow-serve", "databricks-uc"])
def test_servers_that_are_built_on_mlflow(reader: str, tmp_path: Path) -> None:
    check(asked(beside_mlflow("mlserver"), reader, reader, tmp_path))


@pytest.mark.nightly
@pytest.mark.parametrize("reader", ["bentoml", "snowflake"])
def test_products_that_read_with_mlflow(reader: str, tmp_path: Path) -> None:
    check(asked(beside_mlflow(reader), reader, reader, tmp_path))


@pytest.mark.nightly
@pytest.mark.parametrize("reader", ["sasctl", "sagemaker"])
def test_readers_of_their_own(reader: str, tmp_path: Path) -> None:
    check(asked(environments.environment("target-wheels", WHEELS), reader, reader, tmp_path))


@pytest.mark.nightly
@pytest.mark.skipif(
    "AZUREML_SCRIPT" not in os.environ, reason="AZUREML_SCRIPT names no mlflow_score_script.py"
)
def test_the_script_of_azure(tmp_path: Path) -> None:
    """It is in no package: https://github.com/Azure/azureml-assets has it."""
    check(asked(beside_mlflow("azureml"), "azureml", "azureml", tmp_path))
