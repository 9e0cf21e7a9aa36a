"""Every file of a saved model removed, emptied, halved, replaced by HTML and gzipped in turn: we have an error where loading fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from mlmodel import Severity, validate
from tests.environments import NEWEST, release_with
from tests.flavors.damages import damaged

HERE = Path(__file__).parent
LEAST = 0.98
"""Of all damages, those where the validator and the loader agree."""
ENVIRONMENTS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "light": (
        (
            "xgboost-cpu==3.2.0", "lightgbm==4.7.0", "catboost==1.2.10", "onnx==1.23.2", "onnxruntime==1.32.0",
            "statsmodels==0.15.0", "prophet==1.5.0", "pmdarima==2.1.1", "spacy==3.8.18", "skops==0.16.0",
        ),
        (
            "python_model", "python_model_code", "sklearn_pickle", "sklearn_cloudpickle", "sklearn_skops", "xgboost_ubj",
            "xgboost_json", "xgboost_xgb", "xgboost_sklearn", "lightgbm_booster", "lightgbm_estimator", "lightgbm_skops",
            "catboost_cbm", "catboost_json", "onnx_plain", "onnx_external", "statsmodels", "prophet", "pmdarima", "spacy",
        ),
    ),
    "neural": (
        ("torch==2.13.0", "transformers==5.24.0", "sentence-transformers==6.2.0", "keras==3.15.1", "peft==0.21.2"),
        (
            "torch_pickle", "torch_script", "torch_pt2", "keras_3", "transformers_classes", "transformers_shards",
            "sentence_transformers", "transformers_peft",
        ),
    ),
    "tensorflow": (
        ("tensorflow==2.21.0",),
        ("tensorflow_module", "tensorflow_keras", "tensorflow_h5", "keras_exported"),
    ),
}  # fmt: skip
"""The libraries beside MLflow, and the forms of models that they save."""
_OTHER_READERS = ("MLM4", "MLM5")
"""Rules about files that no loader opens."""


def run(name: str, script: str, *arguments: str) -> str:
    """The standard output of a script beside this one, in one of the environments."""
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    variables["KERAS_BACKEND"] = "tensorflow" if name == "tensorflow" else "torch"
    if name != "light":  # what these import keeps threads and state, which children do not get
        variables["FRESH"] = "1"
    python = release_with(f"damage-{name}", NEWEST, *ENVIRONMENTS[name][0])
    command = [python, "-W", "ignore", str(HERE / script), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=variables).stdout


def has_error(folder: Path) -> bool:
    """Whether the validator finds something on which a loader fails, or cannot judge."""
    report = validate(folder)
    severe = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    return any(not finding.rule.startswith(_OTHER_READERS) for finding in severe)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_errors_are_where_loading_fails(name: str, tmp_path: Path) -> None:
    forms = ENVIRONMENTS[name][1]
    run(name, "damage_models.py", str(tmp_path / "models"), *forms)
    tried: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    differing = []
    for form in forms:
        folder = tmp_path / "models" / form
        lines = run(name, "damage_loading.py", str(folder)).splitlines()
        for told in map(json.loads, lines):
            if told["file"] is None:
                assert told["error"] is None, (form, told)
                assert not has_error(folder), form
                continue
            with damaged(folder, told["file"], told["damage"]):
                same = has_error(folder) is (told["error"] is not None)
            tried[form] += 1
            agreed[form] += same
            if not same:
                differing.append((form, told))
    for form in forms:
        sys.stdout.write(f"{form}: {agreed[form]} of {tried[form]}\n")
    assert sum(agreed.values()) >= LEAST * sum(tried.values()), differing
