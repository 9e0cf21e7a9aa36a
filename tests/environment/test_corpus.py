"""The environments that real MLflow releases recorded: no error, and no false alarm about an import."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from mlmodel import Finding, Severity, validate
from mlmodel.environment import distributions, recorded
from mlmodel.model.model import Model
from mlmodel.sources.directory import ModelDirectory

CORPUS = Path(os.environ.get("MLMODEL_CORPUS", "no-corpus"))
INDEX = CORPUS / "index.jsonl"
FILES = ("requirements.txt", "conda.yaml", "python_env.yaml", "constraints.txt")
EXPECTED = {
    "MLM404": "requirements given by hand that leave the library of the flavor out",
    "MLM430": "up to 2.0.1, and requirements given by hand",
    "MLM433": "PyTorch's requirements_file",
    "MLM448": "up to 1.15, and environments given by hand",
    "MLM451": "requirements given by hand",
    "MLM454": "an environment given by hand, without a pip list",
    "MLM458": "requirements given by hand",
    "MLM459": "models of 1.10, and environments given by hand",
    "MLM461": "lightgbm",
    "MLM463": "an environment given by hand",
    "MLM464": "pydantic, which requirements given by hand leave out",
}
"""The rules that the corpus meets, and what they meet there."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not INDEX.is_file(), reason="MLMODEL_CORPUS names no corpus"),
]


def own(path: Path) -> list[Finding]:
    return [
        finding
        for finding in validate(path).findings
        if "MLM404" <= finding.rule <= "MLM409" or "MLM430" <= finding.rule <= "MLM469"
    ]


def models() -> list[Path]:
    entries = map(json.loads, INDEX.read_text(encoding="utf-8").splitlines())
    return [CORPUS / entry["path"] for entry in entries if entry["loads"] is not False]


def test_what_the_rules_say_of_the_corpus() -> None:
    counts: Counter[str] = Counter()
    for model in models():
        found = own(model)
        assert not [finding for finding in found if finding.severity is Severity.ERROR], model
        counts.update({finding.rule for finding in found})
        recorded = "".join(
            (model / name).read_text(encoding="utf-8").lower() for name in FILES if (model / name).is_file()
        )
        for finding in found:
            if finding.rule == "MLM404" and " imports '" in finding.message:
                top = finding.message.split(" imports '")[1].split("'")[0]
                listed = [name for name in distributions.providers(top) if f"{name}=" in recorded]
                assert not listed, (model, finding.message)
    assert counts.keys() <= EXPECTED.keys()


def imported(model: Path) -> set[str]:
    """The distributions that the model lists, and that its pickles import."""
    environment = recorded.of(Model(ModelDirectory(str(model))))
    tops = {module.partition(".")[0] for stream in environment.pickles for module, _, _ in stream.globals}
    return {name for top in tops for name in distributions.providers(top) & environment.names} - {"mlflow"}


def without(model: Path, distribution: str, target: Path) -> Path:
    """A copy of the model whose files no longer list a distribution."""
    shutil.copytree(model, target)
    for name in FILES:
        if (target / name).is_file():
            lines = (target / name).read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if not re.match(rf"(\s*- )?{distribution}\b(?!-)", line)]
            (target / name).write_text("".join(kept), encoding="utf-8")
    return target


def test_a_requirement_that_is_deleted_is_missed(tmp_path: Path) -> None:
    """Any one, unless another that is listed brings it along."""
    missed = 0
    for number, model in enumerate(models()[::5]):
        for distribution in imported(model):
            copy = without(model, distribution, tmp_path / f"{number}-{distribution}")
            environment = recorded.of(Model(ModelDirectory(str(copy))))
            if not environment.listings:
                continue
            others = distributions.reach(environment, ("mlflow", "mlflow-skinny"))
            if others.open or distribution in others.names:
                continue
            found = {finding.rule for finding in own(copy)}
            assert found & {"MLM404", "MLM464"}, (model, distribution)
            missed += 1
    assert missed > 100
