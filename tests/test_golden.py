"""What users see, word for word: transcripts in ``tests/golden/``, which ``pytest --update-golden`` writes anew.

They hold the output as a whole, so that a change of it is seen, and read, in review.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mlmodel import __version__
from tests.command import ROOT, mlmodel_validate
from tests.overlay import apply, make_model
from tests.test_flattened import MISTAKES

GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = ROOT / "examples" / "sklearn-logistic-regression"

# Model directories, by name: what is done to the base model.
BROKEN = {
    "no-mlmodel": ["mv MLmodel mlmodel"],
    "no-pickle": ["rm model.pkl", "write model.pkl.dvc text:outs:\\n- md5: 0\\n"],
    "not-yaml": ["write MLmodel text:flavors:\\n  python_function: {loader_module: mlflow.sklearn\\n"],
    "pickle-as-mlmodel": ["write MLmodel base64:gAROLg=="],
    "paths": [
        "set MLmodel /flavors/python_function/model_path ../model.pkl",
        "set MLmodel /flavors/sklearn/pickled_model C:\\models\\model.pkl",
    ],
    "versions": [
        "set MLmodel /flavors/python_function/python_version 3.10",
        "set MLmodel /mlflow_version 2.15",
        "set MLmodel /utc_time_created yesterday",
    ],
    "typos": [
        "replace MLmodel mlflow_version: mlflow_versoin:",
        "replace MLmodel loader_module: loader_modul:",
        "replace MLmodel '  sklearn:' '  skleran:'",
    ],
    "signature": [
        'replace MLmodel \'"type": "double",\\n    "name": "b"\' \'"type": "duoble",\\n    "nmae": "b"\'',
        "set MLmodel /signature/outputs []",
    ],
    "environment": [
        "write requirements.txt text:<<<<<<< HEAD\\nmlflow==2.15.0\\n=======\\nmlflow==2.16.0\\n>>>>>>> other\\n",
        "replace python_env.yaml 'python: 3.11.7' 'python: 3.10'",
    ],
    "example": ["replace input_example.json '\"a\"' '\"A\"'"],
}
FLATTENED = {
    "flattened": "three lines lost, their children left indented",
    "flattened-and-moved-up": "three lines lost, their children moved up",
    "without-indentation": "all indentation lost",
}
RUNS = {
    **{name: [name] for name in (*BROKEN, *FLATTENED)},
    "valid": ["valid"],
    "several": ["valid", "no-pickle", "--verbose", "no-mlmodel"],
}


CASES = [(name, format_) for name in RUNS for format_ in ("text", "json", "github")]
CASES += [("several", format_) for format_ in ("sarif", "junit", "gitlab", "jsonl", "markdown")]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_model(folder / "valid")
    for name, changes in BROKEN.items():
        model = make_model(folder / name)
        for change in changes:
            apply(model, change)
    for name, mistake in FLATTENED.items():
        model = shutil.copytree(EXAMPLE, folder / name)
        text = "\n".join([*MISTAKES[mistake][0], ""])
        (model / "MLmodel").write_text(text, encoding="utf-8", newline="\n")
    return folder


@pytest.mark.parametrize(("name", "format_"), CASES)
def test_output(name: str, format_: str, models: Path, update_golden: bool) -> None:
    arguments = ["--format", format_, *RUNS[name]]
    result = mlmodel_validate(*arguments, cwd=models)
    assert result.stderr == ""
    output = re.sub(
        rf'"(version|semanticVersion)": "{re.escape(__version__)}"', r'"\1": "..."', result.stdout
    )
    output = re.sub(r' time="[0-9.]+"', ' time="..."', output)
    transcript = f"$ mlmodel-validate {' '.join(arguments)}\n{output}[exit {result.returncode}]\n"
    golden = GOLDEN / f"{name}.{format_}.txt"
    if update_golden:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(transcript, encoding="utf-8", newline="\n")
    assert transcript == golden.read_text(encoding="utf-8")


def test_no_transcript_is_left_over() -> None:
    wanted = {f"{name}.{format_}.txt" for name, format_ in CASES}
    assert {path.name for path in GOLDEN.iterdir()} == wanted
