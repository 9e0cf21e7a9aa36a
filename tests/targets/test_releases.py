"""What releases of MLflow read, as the schemas say it, beside what the releases themselves did.

``readings.jsonl`` has an MLmodel file for each way in which 1.30.1 to 3.18.0 differed about 2,357 directories.  All of them
are compared where ``MLMODEL_CORPUS`` names the corpus, and ``research/cross-release.csv`` lies beside it.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mlmodel.model.model import Model
from mlmodel.sources.directory import ModelDirectory
from mlmodel.targets import releases
from mlmodel.targets.releases import READ
from tests.overlay import Fence, make_model

RELEASES = ("1.30.1", "2.0.1", "2.9.2", "2.15.0", "2.22.5", "3.0.1", "3.10.1", "3.18.0")
READINGS = [
    json.loads(line)
    for line in (Path(__file__).parent / "readings.jsonl").read_text(encoding="utf-8").splitlines()
]
CORPUS = Path(os.environ.get("MLMODEL_CORPUS", "no-corpus"))
TABLE = CORPUS.parent / "research" / "cross-release.csv"


def said(folder: Path) -> dict[str, str]:
    """What each release does, as the schemas say it: ``ok``, or its error."""
    model = Model(ModelDirectory(str(folder)))
    found = releases.unread(model)
    answers = {}
    for release in RELEASES:
        applying = [unread for unread in releases.applying(found, release) if unread.rule == READ]
        answers[release] = applying[0].effect if applying else "ok"
    model.clear()
    return answers


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: str(reading["path"]))
def test_a_sample_of_each_difference(reading: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(reading["mlmodel"], encoding="utf-8")
    for release, answer in said(tmp_path).items():
        observed = reading["reads"][release]
        assert observed.startswith("ok") == (answer == "ok"), release
        if answer != "ok":  # the error text, up to the values that it lists
            assert kind(observed) == kind(answer)


def kind(error: str) -> str:
    """The class of an error and its first words, without the value that it names."""
    text = error.replace("Unsupported value type", "Unsupported type")
    return re.sub(r"data type '.*?'", "data type", text)[:60].partition(", expected")[0]


@pytest.mark.skipif(
    not TABLE.is_file(), reason="MLMODEL_CORPUS names no corpus with what releases read of it"
)
def test_all_directories_of_the_corpus() -> None:
    compared: Counter[bool] = Counter()
    wrong: list[str] = []
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not (CORPUS / row["path"]).is_dir():
                continue
            for release, answer in said(CORPUS / row["path"]).items():
                agrees = row[release].startswith("ok") == (answer == "ok")
                compared[agrees] += 1
                if not agrees:
                    wrong.append(f"{row['path']} {release}: {row[release]}, not {answer}")
    assert sum(compared.values()) > 10_000
    assert compared[False] <= 0.005 * sum(compared.values()), wrong


@pytest.mark.parametrize(
    ("line", "release", "rules"),
    [
        ("set MLmodel /provenance x", "1.0.0", {"MLM801"}),
        ("set MLmodel /provenance x", "1.9.1", set()),
        ("set MLmodel /flavors/sklearn/serialization_format skops", "3.8.1", {"MLM802"}),
        ("set MLmodel /flavors/sklearn/serialization_format skops", "3.9.0", set()),
        ("set MLmodel /flavors/python_function/loader_module mlflow.fastai", "2.22.5", set()),
        ("set MLmodel /flavors/python_function/loader_module mlflow.fastai", "3.0.1", {"MLM802"}),
        ("set MLmodel /flavors/python_function/loader_module mlflow.dspy", "2.17.2", {"MLM802"}),
        ("set MLmodel /flavors/python_function/python_model_compression lzma", "2.22.5", {"MLM802"}),
        ("set MLmodel /is_signature_from_type_hint true", "2.19.0", {"MLM803"}),
        ("set MLmodel /is_signature_from_type_hint false", "2.19.0", set()),
        ("set MLmodel /is_signature_from_type_hint true", "2.20.4", set()),
        ("""set MLmodel /signature {inputs: null, outputs: null, params: null}""", "2.6.0", {"MLM801"}),
        (
            """set MLmodel /signature {params: '[{"name": "t", "type": "double", "default": 1.0}]'}""",
            "2.8.1",
            set(),
        ),
        (
            """set MLmodel /signature {params: '[{"name": "t", "type": "object", "default": {}}]'}""",
            "2.19.0",
            {"MLM801"},
        ),
        (
            """set MLmodel /signature {params: '[{"name": "t", "type": "object", "default": {}}]'}""",
            "2.20.4",
            set(),
        ),
        (
            """set MLmodel /signature {params: '[{"name": "t", "type": "datetime", "default": null}]'}""",
            "3.17.2",
            {"MLM803"},
        ),
        (
            """set MLmodel /signature {params: '[{"name": "t", "type": "datetime", "default": null}]'}""",
            "3.18.0",
            set(),
        ),
        ("""set MLmodel /signature {inputs: '[{"type": "datetime", "name": "t"}]'}""", "1.15.0", {"MLM801"}),
        ("""set MLmodel /signature {inputs: '[{"type": "datetime", "name": "t"}]'}""", "1.18.0", set()),
        (
            """set MLmodel /signature {inputs: '[{"type": "array", "items": {"type": "any"}, "name": "t", "required": true}]'}""",
            "2.18.0",
            {"MLM801"},
        ),
        (
            """set MLmodel /signature {inputs: '[{"type": "array", "items": {"type": "any"}, "name": "t", "required": true}]'}""",
            "2.19.0",
            set(),
        ),
    ],
)
def test_what_was_known_from_the_sources(line: str, release: str, rules: set[str], tmp_path: Path) -> None:
    """Beside what could be measured."""
    base = ["unset MLmodel /saved_input_example_info", "set MLmodel /run_id 0123456789abcdef0123456789abcdef"]
    if release < "1.9":
        base += [f"unset MLmodel /{key}" for key in ("mlflow_version", "model_size_bytes", "model_uuid")]
    if "signature" not in line.partition(" /")[2].partition(" ")[0] or "from_type_hint" in line:
        base.append("unset MLmodel /signature")
    folder = make_model(tmp_path / "model", [Fence("setup", body="\n".join([*base, line]))])
    model = Model(ModelDirectory(str(folder)))
    assert {unread.rule for unread in releases.applying(releases.unread(model), release)} == rules
