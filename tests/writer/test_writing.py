"""The writer without any library of models: refusals, determinism, forms."""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from mlmodel import Severity, flavors, infer_signature, write_model
from mlmodel.cli.write import command
from mlmodel.inference import SignatureWarning
from mlmodel.writer import Table, WriteError
from mlmodel.writer.mlmodel_file import emit


class _Pickled:
    """A flavor as another distribution may add it."""

    name = "pickled"

    def knows(self, kind: type) -> bool:
        return kind in (dict, np.ndarray)

    def save(self, model: object, folder: str, request: flavors.Request) -> flavors.Saved:  # noqa: ARG002
        Path(folder, "model.pkl").write_bytes(pickle.dumps(model))
        function = {
            "loader_module": "mlflow.pyfunc.model",
            "python_model": "model.pkl",
            "cloudpickle_version": "3.1.2",
        }
        return flavors.Saved({"data": "model.pkl"}, function, ("model.pkl",), ("cloudpickle",))

    def load(self, folder: str, keys: Mapping[str, Any]) -> object:
        return pickle.loads(Path(folder, keys["data"]).read_bytes())  # noqa: S301

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Any]], Any]:  # noqa: ARG002
        return lambda inputs, params: model  # noqa: ARG005


class _Point:
    value = "elsewhere:FLAVOR"

    def load(self) -> flavors.Flavor:
        return _Pickled()


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registered = metadata.entry_points
    monkeypatch.setattr(metadata, "entry_points", lambda group: [*registered(group=group), _Point()])
    flavors.available.cache_clear()
    yield
    flavors.available.cache_clear()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_input_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name in ("one", "two"):
        write_model(np.ones(3), tmp_path / name, input_example={"x": 1.5}, metadata={"b": 1, "a": 2})
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    stated = yaml.safe_load((tmp_path / "one" / "MLmodel").read_text())
    assert stated["utc_time_created"] == "2023-11-14 22:13:20.000000"
    write_model(np.zeros(3), tmp_path / "other", input_example={"x": 1.5}, metadata={"b": 1, "a": 2})
    assert yaml.safe_load((tmp_path / "other" / "MLmodel").read_text())["model_uuid"] != stated["model_uuid"]


def test_three_files_agree(tmp_path: Path) -> None:
    write_model(np.ones(3), tmp_path / "model")
    lines = (tmp_path / "model" / "requirements.txt").read_text().splitlines()
    conda = yaml.safe_load((tmp_path / "model" / "conda.yaml").read_text())
    env = yaml.safe_load((tmp_path / "model" / "python_env.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": lines}
    assert conda["dependencies"][0] == f"python={env['python']}"
    assert f"numpy=={np.__version__}" in lines


def test_never_over_another(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(FileExistsError, match="never written over"):
        write_model({}, tmp_path / "model")


@pytest.mark.parametrize(
    ("model", "more", "said"),
    [
        (object(), {}, "no flavor writes builtins.object"),
        ({}, {"input_example": {1, 2}}, "an input example is a table"),
        ({}, {"input_example": [object()]}, "JSON cannot hold"),
        ({}, {"signature": {"inputs": "[]"}}, "MLM"),
        ({}, {"code_paths": ["nowhere.py"]}, "does not exist"),
        ({}, {"metadata": {"key": object()}}, "what JSON can hold"),
    ],
)
def test_nothing_remains_of_what_fails(
    tmp_path: Path, model: object, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(WriteError, match=said):
        write_model(model, tmp_path / "model", **more)
    assert not list(tmp_path.iterdir())


def test_modules_come_from_somewhere(tmp_path: Path) -> None:
    code = tmp_path / "own.py"
    code.write_text("import nowhere_at_all\nimport os\n")
    with pytest.raises(WriteError, match="nowhere_at_all"):
        write_model({}, tmp_path / "model", code_paths=[code])
    code.write_text("import numpy\ntry:\n    import nowhere_at_all\nexcept ImportError:\n    pass\n")
    write_model({}, tmp_path / "model", code_paths=[code])
    assert "numpy==" in (tmp_path / "model" / "requirements.txt").read_text()
    assert (tmp_path / "model" / "code" / "own.py").exists()


def test_code_that_is_none(tmp_path: Path) -> None:
    code = tmp_path / "own.py"
    code.write_text("def (")
    with pytest.raises(WriteError, match="is no Python"):
        write_model({}, tmp_path / "model", code_paths=[code])


def test_a_date_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(WriteError, match="SOURCE_DATE_EPOCH is 'today'"):
        write_model({}, tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["1e3", "0o17", "3.10", "no", "2020-01-01", "a: b", "", "~", "é"])
def test_texts_stay_texts(text: str) -> None:
    assert yaml.safe_load(emit({"key": text})) == {"key": text}
    if text in ("1e3", "0o17"):
        assert b"'" in emit({"key": text})


@pytest.mark.parametrize(
    "data",
    [
        Table(("a", "b"), ((1.5, "x"), (None, "y"))),
        np.array([[1.5, 2.5]]),
        {"a": np.array([1.5]), "b": np.array([[True]])},
        [{"a": 1.5, "b": ["x"]}, {"a": 2.5, "b": []}],
        ["x", "y"],
        {"messages": [{"role": "user", "content": "x"}]},
        {"a": "x", "b": [1.5]},
        "x",
        1.5,
    ],
)
def test_example_and_signature_agree(tmp_path: Path, data: Any) -> None:
    params = {"p": [1.5], "q": "x"}
    signature = infer_signature(data, data, params)
    for name, example in (("alone", data), ("pair", (data, params))):
        report = write_model(np.ones(1), tmp_path / name, signature=signature, input_example=example)
        told = [finding for finding in report.findings if finding.rule[:4] in ("MLM3", "MLM5")]
        assert [finding for finding in told if finding.severity is not Severity.INFO] == []


def invoke(arguments: Sequence[str]) -> tuple[int, str]:
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


def test_example_without_types(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(np.ones(2)))
    (tmp_path / "rows.json").write_text('[[1, "a"]]')
    code, said = invoke(
        [
            str(tmp_path / "model.pkl"),
            "--example",
            str(tmp_path / "rows.json"),
            "--out",
            str(tmp_path / "out"),
        ]
    )
    assert code == 0
    assert said.splitlines()[1].startswith(
        "  no signature is recorded: inputs: values of the types long and string"
    )


def test_command(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(np.ones(2)))
    (tmp_path / "rows.csv").write_text("a\n1\n")
    out = str(tmp_path / "out")
    code, said = invoke([str(tmp_path / "model.pkl"), "--example", str(tmp_path / "rows.csv"), "--out", out])
    assert (code, said.splitlines()[0]) == (0, f"{out}: written, valid (pickled, python_function)")
    code, said = invoke([str(tmp_path / "model.pkl"), "--out", out])
    assert code == 1
    assert "never written over" in said


def test_command_refuses_what_runs(tmp_path: Path) -> None:
    file, witness = tmp_path / "model.pkl", tmp_path / "witness"
    file.write_bytes(b"cos\nsystem\n(S'touch " + str(witness).encode() + b"'\ntR.")
    code, said = invoke([str(file), "--out", str(tmp_path / "out")])
    assert code == 1
    assert "is not loaded" in said
    assert not witness.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("data", [b"", b"no pickle at all", b"\x80\x05cut"])
def test_command_refuses_what_it_cannot_read(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(data)
    code, _ = invoke([str(tmp_path / "model.pkl"), "--out", str(tmp_path / "out")])
    assert code == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, None),
        ({"input_example": [[1.0]], "signature": False}, None),
        ({"input_example": Table(("a",), ((1.5,),))}, ("double", None)),
        ({"input_example": Table(("a",), ((1.5,),)), "params": {"top": 3}}, ("double", 3)),
        ({"input_example": (Table(("a",), ((1.5,),)), {"top": 4})}, ("double", 4)),
        ({"params": {"top": 3}}, (None, 3)),
        ({"signature": infer_signature(Table(("a",), (("x",),))), "params": {"top": 3}}, ("string", 3)),
    ],
)
def test_the_signature_that_is_stated(
    tmp_path: Path, more: dict[str, Any], expected: tuple[str | None, int | None] | None
) -> None:
    write_model({}, tmp_path / "model", **more)
    stated = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text()).get("signature")
    if expected is None:
        assert stated is None
        return
    kind, default = expected
    assert [each["type"] for each in json.loads(stated["inputs"] or "[]")] == ([kind] if kind else [])
    assert [each["default"] for each in json.loads(stated["params"] or "[]")] == (
        [default] if default else []
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"signature": 3}, "a signature is a Signature or a mapping of texts, and not int"),
        ({"input_example": ([1.5], {"top": 1}), "params": {"top": 2}}, "give them once"),
        ({"params": {"top": object()}}, "top"),
    ],
)
def test_no_signature(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    with pytest.raises(WriteError, match=said):
        write_model({}, tmp_path / "model", **more)
    assert not list(tmp_path.iterdir())


def test_an_example_without_types_is_warned_of(tmp_path: Path) -> None:
    with pytest.warns(SignatureWarning, match="no signature is recorded"):
        write_model({}, tmp_path / "model", input_example=[1, "a"])


def of_main(parameter: str, body: str) -> Any:
    """An object of a class that is pickled by value."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(f"class Model:\n    def predict(self, rows, {parameter}):\n        {body}", names)  # noqa: S102
    return names["Model"]()


@pytest.mark.parametrize(
    ("parameter", "body", "is_told"),
    [
        ("params=None", "return rows[: params['limit']]", True),
        ("params=None", "return [params for _ in rows]", True),
        ("params: dict = None", "return rows", True),
        ("params=None", "return rows", False),
        ("more=None", "return more", False),
    ],
)
def test_params_that_the_signature_lacks(tmp_path: Path, parameter: str, body: str, is_told: bool) -> None:
    example: dict[str, Any] = {"input_example": Table(("a",), ((1.5,),)), "check_example": False}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write_model(of_main(parameter, body), tmp_path / "model", **example)
        told = [str(each.message) for each in caught if each.category is SignatureWarning]
        assert any("predict takes params, and the signature has none" in text for text in told) == is_told
        caught.clear()
        write_model(of_main(parameter, body), tmp_path / "stated", params={"limit": 1}, **example)
        assert not [each for each in caught if "takes params" in str(each.message)]
