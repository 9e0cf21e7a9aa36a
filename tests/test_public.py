"""What `import mlmodel` offers, and how results show themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import mlmodel
from mlmodel.cli.main import main
from tests.overlay import apply


@pytest.fixture
def model(tmp_path: Path) -> Path:
    shutil.copytree(Path(__file__).parent / "base", tmp_path / "model")
    return tmp_path / "model"


def test_every_name_is_there() -> None:
    for name in mlmodel.__all__:
        assert getattr(mlmodel, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        mlmodel.__getattr__("nothing")


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = "import sys, mlmodel; print([name for name in sys.modules if name.startswith('mlmodel.')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "['mlmodel.common', 'mlmodel.common.version']"


@pytest.mark.parametrize(
    "error",
    [
        mlmodel.LoadError,
        mlmodel.InputError,
        mlmodel.WriteError,
        mlmodel.UntypedError,
        mlmodel.MissingToolError,
    ],
)
def test_errors_have_one_base(error: type[Exception]) -> None:
    assert issubclass(error, mlmodel.MlmodelError)


def test_report_as_json_and_html(model: Path) -> None:
    apply(model, "set MLmodel /flavros {<b>: 1}")
    report = mlmodel.validate(model)
    told = json.loads(CliRunner().invoke(main, ["validate", "--format", "json", str(model)]).output)
    assert report.to_dict() == told["models"][0]
    page = report._repr_html_()
    assert f"<b>{model}</b>: {report.verdict.label}" in page
    assert page.count("<tr>") == len(report.findings) > 0


def test_a_finding_is_a_line(model: Path) -> None:
    (model / "input_example.json").write_text('{"columns": ["a", "b"], "data": [["n/a", 1.5]]}')
    found = next(each for each in mlmodel.validate(model).findings if each.rule == "MLM508")
    assert str(found) == (
        "input_example.json:1:35: error MLM508 column 'a' is double, but the example has the string 'n/a', "
        "which is no number"
    )
