"""``mlmodel targets``, ``mlmodel compat``, ``--target`` and ``targets`` in the configuration."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from referencing import Registry, Resource

from mlmodel import Options, Verdict, describe, validate
from mlmodel.cli.main import main
from mlmodel.standard import targets
from mlmodel.standard.target_errors import TargetError
from mlmodel.standard.targets import parse
from tests.command import ROOT
from tests.overlay import Fence, make_model

EXAMPLE = ROOT / "examples" / "sklearn-logistic-regression"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def changed(folder: Path, *lines: str) -> Path:
    return make_model(folder / "model", [Fence("setup", body="\n".join(lines))])


def test_targets_are_listed_with_their_dates() -> None:
    lines = run("targets").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(targets.names())
    assert {line.split()[2] for line in lines} == {targets.profile(name).read for name in targets.names()}
    found = {each["name"]: each for each in json.loads(run("targets", "--format", "json").stdout)}
    assert found["seldon-v2"]["includes"] == ["mlserver"]
    assert found["seldon-v1"]["mlflow"] == "==3.1.1"
    assert found["mlserver"]["python"] == ">=3.9,<3.13"
    assert all(each["sources"] for name, each in found.items() if name != "seldon-v2")


def test_every_target_that_users_ask_for_is_there() -> None:
    assert set(targets.names()) >= {
        *("mlflow", "mlflow-serve", "mlserver", "kserve", "seldon-v1", "seldon-v2", "bentoml", "sagemaker"),
        *("azureml", "databricks-uc", "databricks-serving", "snowflake", "triton", "sasctl", "spark-udf"),
        "mlflow-java",
    }


@pytest.mark.parametrize(
    ("word", "version"),
    [
        ("mlserver", "1.7.1"),
        ("mlserver==1.6.1", "1.6.1"),
        ("mlserver == 1.4", "1.4"),
        ("mlserver==2.0.0", "2.0.0"),
        ("mlflow", "3.18.0"),
        ("mlflow==2.9", "2.9"),
        ("mlflow==2.10.0rc0", "2.10.0rc0"),
        ("mlflow==4.1.0", "4.1.0"),
        ("triton==024d57f", "024d57f"),
    ],
)
def test_words_that_mean_a_target(word: str, version: str) -> None:
    assert parse(word).version == version


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("sagemker", "no target is called 'sagemker'; did you mean 'sagemaker'?"),
        ("MLServer", "no target is called 'MLServer'; did you mean 'mlserver'?"),
        ("databricks_uc", "did you mean 'databricks-uc'?"),
        ("zzz", "known are azureml, bentoml"),
        ("", "no target is called ''"),
        ("../mlserver", "no target is called"),
        ("mlflow==0.9.0", "mlflow is known from 1.0.0 on, not 0.9.0"),
        ("mlserver==new", "mlserver has no version 'new'; known are 1.2.0, "),
        ("mlserver==", "mlserver has no version ''"),
        ("triton==2.50", "triton has no version '2.50'; known are 024d57f"),
    ],
)
def test_words_that_mean_none(word: str, message: str) -> None:
    with pytest.raises(TargetError, match=message.replace(".", r"\.").replace("?", r"\?")):
        parse(word)
    result = run("validate", "--no-config", "--target", word, EXAMPLE)
    assert result.exit_code == 2
    assert message in result.stderr
    assert run("compat", "--target", word, EXAMPLE).exit_code == 2


def test_without_targets_nothing_changes(tmp_path: Path) -> None:
    model = changed(tmp_path, "set MLmodel /signature/outputs null")
    assert not [f for f in validate(model).findings if f.rule.startswith("MLM8")]
    assert validate(model).verdict is Verdict.VALID
    assert validate(model, Options(targets=("mlserver",))).verdict is Verdict.INVALID


def test_a_finding_names_target_effect_remedy_and_source(tmp_path: Path) -> None:
    model = changed(tmp_path, "set MLmodel /signature/outputs null")
    result = run("validate", "--no-config", "--target", "mlserver", "--target", "databricks-uc", model)
    assert result.exit_code == 1
    assert "error MLM805 mlserver: the signature has no outputs: AttributeError: 'NoneType'" in result.stdout
    assert "error MLM805 databricks-uc: the signature has no outputs: MlflowException: Model" in result.stdout
    assert "known from pkg:pypi/mlserver-mlflow mlserver_mlflow/metadata.py, 1.7.1" in result.stdout
    assert "hint: record the outputs of the signature" in result.stdout


def test_one_cause_of_several_targets_is_one_finding(tmp_path: Path) -> None:
    model = changed(tmp_path, "set MLmodel /signature/outputs null")
    words = ("mlserver", "kserve", "seldon-v2")
    found = [f for f in validate(model, Options(targets=words)).findings if f.rule == "MLM805"]
    assert [finding.message.split(":")[0] for finding in found] == ["mlserver, kserve, seldon-v2"]


def test_the_configuration_names_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = changed(tmp_path, "set MLmodel /signature/outputs null")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlmodel.toml").write_text('targets = ["mlserver"]\n', encoding="utf-8")
    assert "MLM805 mlserver:" in run("validate", model).stdout
    assert "MLM805" not in run("validate", "--target", "bentoml", model).stdout  # the command line wins
    for text, message in (
        ('targets = ["mlserv"]', "did you mean 'mlserver'?"),
        ('targets = "mlserver"', "targets must be a list of targets"),
    ):
        (tmp_path / "mlmodel.toml").write_text(text, encoding="utf-8")
        result = run("validate", model)
        assert result.exit_code == 2
        assert message in result.stderr


def test_an_old_profile_says_so(tmp_path: Path) -> None:
    model = changed(tmp_path, "unset MLmodel /model_uuid")
    read = dt.date.fromisoformat(targets.profile("mlserver").read)
    for days, old in ((365, False), (366, True)):
        options = Options(targets=("mlserver",), today=read + dt.timedelta(days))
        assert ("MLM820" in {finding.rule for finding in validate(model, options).findings}) is old
    shown = run(
        "validate", "-v", "--no-config", "--target", "mlserver", "--today", "2030-01-01", model
    ).stdout
    assert f"the profile was read on {read}, more than a year ago" in shown


def test_several_processes_know_the_targets(tmp_path: Path) -> None:
    for number in range(34):
        make_model(tmp_path / str(number), [Fence("setup", body="set MLmodel /signature/outputs null")])
    result = run("validate", "--no-config", "-j", "2", "-r", "--target", "mlserver", tmp_path)
    assert result.stdout.count("error MLM805 mlserver") == 34


# -- compat ------------------------------------------------------------------------------------------


def test_compat_answers_for_all_targets(tmp_path: Path) -> None:
    model = changed(tmp_path, "unset MLmodel /model_uuid")
    result = run("compat", model)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"{model}: reads with MLflow 2.10.2 and later"
    assert [line.split()[0] for line in lines[2:]] == [name for name in targets.names() if name != "mlflow"]
    verdicts = {line.split()[0]: line.split()[1] for line in lines[2:]}
    assert verdicts["mlserver"] == "works"
    assert verdicts["seldon-v1"] == "fails"
    assert verdicts["snowflake"] == "depends"


def test_compat_fails_with_a_named_target(tmp_path: Path) -> None:
    model = changed(tmp_path, "unset MLmodel /model_uuid")
    assert run("compat", "--target", "mlserver", model).exit_code == 0
    result = run("compat", "--target", "mlserver", "--target", "mlflow==2.9.2", model)
    assert result.exit_code == 1
    assert "mlflow==2.9.2  fails    'required' in a column is for MLflow 2.10.2 and later" in result.stdout


def test_compat_names_the_releases() -> None:
    line = run("compat", "--target", "mlserver", EXAMPLE).stdout.splitlines()[0]
    assert line.endswith("reads with MLflow 2.10.2 and later")


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            [
                "unset MLmodel /saved_input_example_info",
                """set MLmodel /signature/inputs '[{"type": "string", "required": true}]'""",
                "set MLmodel /is_signature_from_type_hint true",
            ],
            "reads with MLflow 2.10.2 and later; predicts the same with 2.20.4 and later",
        ),
        (
            ["set MLmodel /flavors/sklearn/serialization_format skops"],
            "reads with MLflow 2.10.2 and later; loads with 3.9.0 and later",
        ),
        (
            ["set MLmodel /signature null", "unset MLmodel /saved_input_example_info"],
            "reads with MLflow 1.9.1 and later",
        ),
        (
            ["""set MLmodel /signature/inputs '[{"type": "double", "name": "a", "optional": true}]'"""],
            "reads with MLflow 2.5.0 to 2.17.2",
        ),
        (
            [
                """set MLmodel /signature/inputs '[{"type": "tensor", "tensor-spec": {"dtype": "void8", "shape": [-1]}}]'"""
            ],
            "no release of MLflow reads it",
        ),
        (
            ["set MLmodel /flavors/python_function/loader_module mlflow.fastai"],
            "reads with MLflow 2.10.2 and later; loads with 2.10.2 to 2.22.5",
        ),
    ],
)
def test_releases_in_a_sentence(lines: list[str], sentence: str, tmp_path: Path) -> None:
    model = changed(tmp_path, *lines)
    assert run("compat", model).stdout.splitlines()[0] == f"{model}: {sentence}"


def schema(name: str) -> jsonschema.Draft7Validator:
    documents = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in (ROOT / "schemas").glob("*.schema.json")
    }
    registry: Registry[Any] = Registry().with_resources(
        (key, Resource.from_contents(document)) for key, document in documents.items()
    )
    return jsonschema.Draft7Validator(documents[name], registry=registry)


def test_compat_as_json(tmp_path: Path) -> None:
    model = changed(tmp_path, "set MLmodel /signature/outputs null")
    found = json.loads(run("compat", "--format", "json", model).stdout)
    schema("compatibility.schema.json").validate(found)
    assert found["mlflow"]["reads"] == [{"from": "2.10.2", "to": None}]
    (row,) = (each for each in found["targets"] if each["target"] == "mlserver")
    assert row["verdict"] == "fails"
    assert row["reasons"][0]["requirement"] == "outputs"
    assert row["reasons"][0]["pointer"] == "/signature/outputs"


def test_describe_has_the_same_as_data(tmp_path: Path) -> None:
    model = changed(tmp_path, "set MLmodel /signature/outputs null")
    found = json.loads(run("describe", "--format", "json", model).stdout)
    compared = json.loads(run("compat", "--format", "json", model).stdout)
    assert found["compatibility"] == {key: compared[key] for key in ("mlflow", "targets")}
    schema("description.schema.json").validate(found)
    assert "compatibility" not in describe(model)


def test_compat_as_html_and_markdown(tmp_path: Path) -> None:
    model = changed(
        tmp_path, """set MLmodel /signature/outputs '[{"type": "<b>|x", "name": "y", "required": true}]'"""
    )
    page = run("compat", "--format", "html", model).stdout
    assert page.startswith("<!DOCTYPE html>")
    assert '<td class="fails">fails</td>' in page
    assert "<b>" not in page
    table = run("compat", "--format", "markdown", model).stdout
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(targets.names()) - 1
    assert all(line.replace("\\|", "").count("|") == 5 for line in rows)


def test_compat_without_a_model(tmp_path: Path) -> None:
    model = changed(tmp_path, "write MLmodel flavors: [")
    result = run("compat", model)
    assert result.exit_code == 3
    assert "cannot be read" in result.stderr
    assert run("compat", tmp_path / "absent").exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "flavors: []",
        "flavors: {python_function: null}",
        "flavors: {python_function: {env: [1], python_version: 3.11, loader_module: 5}}",
        'signature: {inputs: 5, outputs: \'[1, null, {"type": [1]}, {"type": "tensor", "tensor-spec": 3}]\', params: \'{}\'}',
        "signature: [inputs]",
        "saved_input_example_info: {artifact_path: [x], type: {}}\nflavors: {onnx: {data: [1]}, triton: {}}",
        "mlflow_version: 2.1\nrun_id: [1]\n1: 2",
        'flavors: {sklearn: {serialization_format: [skops]}}\nsignature: {params: \'[{"type": {}, "default": null}]\'}',
    ],
)
def test_whatever_it_holds_is_no_crash(text: str, tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(text + "\n", encoding="utf-8")
    words = tuple(target.name for target in targets.every())
    options = Options(targets=(*words, "mlflow==1.0.0", "mlflow==2.9.2", "mlserver==1.6.1"), debug=True)
    validate(tmp_path, options)
    assert run("compat", tmp_path).exit_code in (0, 3)
