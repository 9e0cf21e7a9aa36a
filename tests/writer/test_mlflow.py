"""What the writer writes, loaded by real releases of MLflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments import NEWEST, interpreter, run
from tests.overlay import fences

ROOT = Path(__file__).parents[2]
RELEASES = ("2.15.0", "2.22.5", NEWEST)


@pytest.mark.mlflow
@pytest.mark.parametrize("release", RELEASES)
def test_round_trip(release: str, tmp_path: Path, lacking: Path) -> None:
    script = Path(__file__).with_name("writing.py")
    told = run(interpreter(release), script, str(ROOT / "validator"), str(lacking), str(tmp_path / "out"))
    outcome = json.loads(told.splitlines()[-1])
    assert {"pickle", "cloudpickle", "asked"} <= set(outcome["reports"])
    assert not any(outcome["reports"].values()), outcome["reports"]
    names = [line.partition("==")[0] for line in outcome["requirements"]]
    assert names[0] == "mlflow"
    assert {"numpy", "scikit-learn"} <= set(names)


@pytest.mark.mlflow
def test_the_guide(tmp_path: Path, lacking: Path) -> None:
    blocks = [
        fence
        for fence in fences((ROOT / "docs" / "write.md").read_text(encoding="utf-8"))
        if "libraries" in fence.flags
    ]
    python = interpreter(NEWEST)
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "validator"), str(lacking)])}
    answers = []
    for block in blocks:
        command = [python, "-W", "ignore", "-c", block.body]
        if block.language == "sh":
            command = [python, "-c", "from mlmodel.cli.main import main; main()", *block.body.split()[1:]]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=tmp_path, env=variables
        )
        assert done.returncode == 0, done.stderr[-2000:]
        if block.language == "python" and done.stdout:
            answers.append(done.stdout.splitlines()[-1])
    assert answers == ["[0 1]", "[0 1]"]  # of MLflow, and of us
    assert sys.executable != python


@pytest.mark.mlflow
@pytest.mark.parametrize("release", RELEASES[1:])
def test_arguments_of_mlflows_writers(release: str, tmp_path: Path, lacking: Path) -> None:
    script = Path(__file__).with_name("arguments.py")
    out = tmp_path / "out"
    out.mkdir()
    told = run(interpreter(release), script, str(ROOT / "validator"), str(lacking), str(out))
    answers = json.loads(told.splitlines()[-1])
    assert len(answers) >= 12
    for name, answer in answers.items():
        assert not answer["warned"], name
        is_artifacts = name == "artifacts"
        if is_artifacts and release < "3":
            # Before 3.17.2, MLflow wrote files of one name over each other.
            assert answer["expected"]["y"] == "of a"
            assert answer["pyfunc"]["y"] == answer["loaded"]["y"] == "of b"
            continue
        assert not answer["differs"], name
        assert answer["pyfunc"] == answer["expected"] == answer["loaded"], name
        more, ours = answer["files"]
        if name == "infer_code_paths":
            # MLflow misses modules of packages: what is imported from them, and in 2.22 the packages, too.
            assert set(more) <= {f"code/parts/{file}.py" for file in ("__init__", "scale", "factor")}
            assert "code/parts/unused.py" not in ours
            assert {"code/lot.py", "code/helper_of_lot.py", *more} <= set(ours)
        else:
            assert not more, name
        if name != "requirements_file":
            # MLflow ends requirements.txt without a line end.
            assert answer["requirements"][0] == [*answer["requirements"][1], ""], name
            assert not answer["conda"], name
        else:
            assert answer["requirements"][0][-2] == "-c constraints.txt"
