"""The two engines of the validator say the same, failure by failure, of everything in the conformance suite."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlmodel import Options, validate
from mlmodel.conformance import suite
from mlmodel.standard import engines, rules, schemas
from mlmodel.standard.engines import Failure, pure, rust
from tests.command import environment
from tests.overlay import apply, make_model

EVERYTHING = Options(select=rules.matching("ALL"))


class Both:
    """Both engines at once; they must agree."""

    asked = 0
    failed = 0

    def __init__(self, document: Any, retrieve: Callable[[str], Any]) -> None:
        self._rust = rust.Schema(document, retrieve)
        self._pure = pure.Schema(document, retrieve)

    def is_valid(self, value: Any) -> bool:
        Both.asked += 1
        answer = self._rust.is_valid(value)
        assert self._pure.is_valid(value) is answer, value
        return answer

    def failures(self, value: Any) -> Iterator[Failure]:
        found = list(self._rust.failures(value))
        Both.failed += len(found)
        assert _comparable(self._pure.failures(value)) == _comparable(found)
        return iter(found)

    def first(self, value: Any) -> Failure | None:
        found = self._rust.first(value)
        assert (self._pure.first(value) is None) is (found is None)
        return found


def _comparable(failures: Any) -> list[str]:
    return sorted(
        repr((failure.path, failure.keywords, failure.missing, failure.instance)) for failure in failures
    )


def _document(name: str, definition: str) -> Any:
    document = schemas.schema(name)
    if definition:
        return {"definitions": document["definitions"], "$ref": f"#/definitions/{definition}"}
    return document


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> None:
    @cache
    def engine(name: str, definition: str) -> Both:
        return Both(_document(name, definition), schemas._retrieve)

    monkeypatch.setattr(schemas, "_engine", engine)
    monkeypatch.setattr(Both, "asked", 0)
    monkeypatch.setattr(Both, "failed", 0)


@pytest.mark.usefixtures("both")
def test_they_agree_on_the_whole_suite() -> None:
    folders = [case.model for case in suite.cases() if Path(case.model).is_dir()]
    for folder in folders:
        report = validate(folder, EVERYTHING)
        assert all(finding.rule != "MLM901" for finding in report.findings), (folder, report.findings)
    assert Both.asked > len(folders)
    assert Both.failed > 40


ODD = [
    "set MLmodel /flavors/sklearn/sklearn_version {}",
    "set MLmodel /mlflow_version 2.0",
    "set MLmodel /flavors/python_function/env 1",
    "set MLmodel /model_size_bytes 1.0",
    "set MLmodel /model_size_bytes -1",
    "set MLmodel /model_size_bytes 100000000000000000000000000000",
    "set MLmodel /model_uuid 'e9617f5556c24433bb145db8f1038115\n'",
    "set MLmodel /mlflow_version '2.15.0\n'",
    "set MLmodel /mlflow_version '\uff12.15.0'",
    "set MLmodel /'' {'': 1}",
    "set MLmodel /flavors/'' 1",
    "set MLmodel /flavors/01 []",
    "set MLmodel /resources {'databricks': {'': [1]}}",
    "set MLmodel /saved_input_example_info {'type': true, 'pandas_orient': 1}",
]


@pytest.mark.parametrize("change", ODD)
def test_they_agree_on_odd_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    model = make_model(tmp_path / "model")
    apply(model, change)
    reports = []
    for module in (rust, pure):
        schema: Any = module.Schema

        @cache
        def engine(name: str, definition: str, schema: Any = schema) -> Any:
            return schema(_document(name, definition), schemas._retrieve)

        monkeypatch.setattr(schemas, "_engine", engine)
        reports.append(validate(model, EVERYTHING))
    assert reports[0] == reports[1]
    assert all(finding.rule != "MLM901" for finding in reports[0].findings)


def test_without_a_wheel_the_other_engine_serves(tmp_path: Path) -> None:
    """As where jsonschema-rs has no wheel: it cannot be imported, and the findings are the same."""
    model = make_model(tmp_path / "model")
    apply(model, "set MLmodel /flavors/python_function/env 1")
    hidden = (
        "import sys, importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'jsonschema_rs' else real(name, *rest)\n"
        "sys.modules['jsonschema_rs'] = None\n"
    )
    code = "from mlmodel.cli.validate import command; command(prog_name='mlmodel-validate')"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", prefix + code, "--format", "json", "model"],
            check=False,
            capture_output=True,
            cwd=tmp_path,
            env=environment(),
        )
        for prefix in ("", hidden)
    ]
    assert outputs[0].stdout == outputs[1].stdout
    assert b"MLM213" in outputs[1].stdout
    assert outputs[1].stderr == b""


def test_an_engine_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pure", "rust"):
        engines.chosen.cache_clear()
        monkeypatch.setenv(engines.VARIABLE, name)
        assert engines.chosen() == name
    engines.chosen.cache_clear()
    monkeypatch.setenv(engines.VARIABLE, "none")
    with pytest.raises(engines.EngineMissingError, match="jsonschema_rs and jsonschema"):
        engines.chosen()
    engines.chosen.cache_clear()
