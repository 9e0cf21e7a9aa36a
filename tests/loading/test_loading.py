"""``mlmodel.load``: what is let in, who loads it, and what the model then answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlmodel
from mlmodel import flavors
from mlmodel.loading import InputError, LoadError
from mlmodel.loading.params import enforce as enforce_params
from tests.overlay import apply, make_model

HOSTILE = r'write model.pkl text:cos\nsystem\n(S"true"\ntR.'


class Fake:
    """A flavor whose objects are what a module of the model says, or the flavor's name."""

    def __init__(self, name: str, module: str | None = None) -> None:
        self.name = name
        self.module = module
        self.asked: list[tuple[Any, Any]] = []

    def knows(self, kind: type) -> bool:
        raise NotImplementedError

    def save(self, model: Any, folder: str, request: flavors.Request) -> flavors.Saved:
        raise NotImplementedError

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:  # noqa: ARG002
        if self.module == "broken":
            raise flavors.UnsuitableError("model.pkl cannot be read")
        if self.module:
            return __import__(self.module).ANSWER
        return self.name

    def predictor(
        self,
        model: Any,
        keys: Mapping[str, Any],  # noqa: ARG002
    ) -> Callable[[Any, Mapping[str, Any]], Any]:
        def predict(inputs: Any, params: Mapping[str, Any]) -> Any:
            self.asked.append((inputs, params))
            return model

        return predict


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Fake]:
    found = [Fake("sklearn"), Fake("python_function")]
    monkeypatch.setattr(flavors, "available", lambda: found)
    monkeypatch.setattr("mlmodel.loading.opening.available", lambda: found)
    return found


@pytest.fixture
def model(tmp_path: Path, installed: list[Fake]) -> Path:
    return make_model(tmp_path / "model")


def sign(model: Path, **sections: list[dict[str, Any]]) -> None:
    apply(model, "set MLmodel /saved_input_example_info null")  # which fits another signature
    for name, items in sections.items():
        apply(model, f"set MLmodel /signature/{name} {json.dumps(json.dumps(items))}")


def tensor(dtype: str, shape: list[int], **more: Any) -> dict[str, Any]:
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}, **more}


# -- what is let in --------------------------------------------------------------------------------------


def test_a_model(model: Path) -> None:
    apply(model, "set MLmodel /metadata {owner: me}")
    loaded = mlmodel.load(model)
    assert loaded.native == "sklearn"
    assert list(loaded.flavors) == ["python_function", "sklearn"]
    assert loaded.metadata == {"owner": "me"}
    assert loaded.signature is not None
    assert loaded.signature["inputs"][0] == {"name": "a", "type": "double", "required": True}
    assert repr(loaded) == "<mlmodel.Model python_function, sklearn>"


def test_code_in_a_pickle_needs_trust(model: Path) -> None:
    apply(model, HOSTILE)
    with pytest.raises(
        LoadError, match=r"code of its author: MLM601 model\.pkl: .*os\.system.*trust=True"
    ) as caught:
        mlmodel.load(model)
    assert "\n" not in str(caught.value)
    assert caught.value.report is not None
    assert mlmodel.load(model, trust=True).native == "sklearn"


def test_code_of_its_own_needs_trust(model: Path) -> None:
    apply(model, "set MLmodel /flavors/python_function/code code")
    apply(model, "write code/ours.py text:ANSWER = 1")
    with pytest.raises(LoadError, match="it brings code of its own: code: code; if you trust"):
        mlmodel.load(model)


def test_a_loader_of_its_own_needs_trust(model: Path) -> None:
    apply(model, "set MLmodel /flavors/python_function/loader_module ours")
    apply(model, "set MLmodel /flavors/python_function/code code")
    apply(model, "write code/ours.py text:def _load_pyfunc(path): ...")
    with pytest.raises(LoadError, match="it brings code of its own: code: code, loader_module: ours"):
        mlmodel.load(model)
    assert mlmodel.load(model, trust=True).native == "python_function"


def test_code_by_value_needs_trust(model: Path) -> None:
    code = "base64:gASMBXR5cGVzjAhDb2RlVHlwZZMoSwBLAEsASwBLAEsAQwApKYwMPGlweXRob24taW4+jAdwcmVkaWN0jAdwcmVkaWN0SwFDAEMAKSl0Ui4="
    apply(model, f"write model.pkl {code}")
    with pytest.raises(LoadError, match="MLM607"):
        mlmodel.load(model)


def test_errors_are_refused_with_trust_too(model: Path) -> None:
    apply(model, "rm model.pkl")
    with pytest.raises(LoadError, match=r"since it is not valid: MLM\d+ MLmodel:\d+") as caught:
        mlmodel.load(model, trust=True)
    assert caught.value.report is not None


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        mlmodel.load(tmp_path / "none")


# -- who loads it ----------------------------------------------------------------------------------------


def test_the_loader_module_chooses(model: Path) -> None:
    apply(model, "set MLmodel /flavors/python_function/loader_module mlflow.pyfunc.model")
    apply(model, "set MLmodel /flavors/python_function/python_model model.pkl")
    assert mlmodel.load(model).native == "python_function"


def test_without_python_function_there_is_the_object(model: Path) -> None:
    apply(model, "unset MLmodel /flavors/python_function")
    loaded = mlmodel.load(model)
    assert loaded.native == "sklearn"
    with pytest.raises(LoadError, match=r"use \.native"):
        loaded.predict([[1.0, 2.0]])


def test_no_flavor(model: Path, installed: list[Fake]) -> None:
    del installed[0]
    with pytest.raises(LoadError, match="no installed flavor reads sklearn; installed are python_function"):
        mlmodel.load(model)


def test_a_flavor_that_fails(model: Path, installed: list[Fake]) -> None:
    installed[0].module = "broken"
    with pytest.raises(LoadError, match=r"is not loaded: model\.pkl cannot be read"):
        mlmodel.load(model)


def test_code_is_on_the_path_until_closed(model: Path, installed: list[Fake]) -> None:
    apply(model, "set MLmodel /flavors/python_function/code code")
    apply(model, "write code/ours_alone.py text:ANSWER = 42")
    installed[0].module = "ours_alone"
    before = list(sys.path)
    with mlmodel.load(model, trust=True) as loaded:
        assert loaded.native == 42
        assert sys.path[0] == str(model / "code")
        assert "ours_alone" in sys.modules
    assert sys.path == before
    assert "ours_alone" not in sys.modules
    loaded.close()
    installed[0].module = "not_there"
    with pytest.raises(LoadError, match="sklearn: ModuleNotFoundError: No module named 'not_there'"):
        mlmodel.load(model, trust=True)
    assert sys.path == before


def test_nothing_heavy_is_imported(model: Path) -> None:
    script = (
        "import sys, mlmodel\n"
        "try:\n    mlmodel.load(sys.argv[1])\n"
        "except ValueError as error:\n    print(error)\n"
        "print({'mlflow', 'pandas', 'numpy'} & set(sys.modules))"
    )
    apply(model, HOSTILE)
    told = subprocess.run(
        [sys.executable, "-c", script, str(model)], check=True, capture_output=True, text=True
    ).stdout
    assert told.endswith("set()\n")


# -- what it answers -------------------------------------------------------------------------------------


def test_no_signature(model: Path, installed: list[Fake]) -> None:
    apply(model, "unset MLmodel /signature")
    loaded = mlmodel.load(model)
    assert loaded.signature is None
    assert loaded.predict("whatever") == "sklearn"
    assert installed[0].asked == [("whatever", None)]


def test_signatures_from_type_hints_are_the_models_own(model: Path, installed: list[Fake]) -> None:
    apply(model, "set MLmodel /is_signature_from_type_hint true")
    assert mlmodel.load(model).predict(["x"]) == "sklearn"


@pytest.mark.parametrize(
    ("spec", "data", "said"),
    [
        (
            tensor("float64", [-1, 2]),
            np.zeros((3, 3)),
            r"the tensor has shape \(3, 3\), and the signature says \(-1, 2\) \(-1 is any length\); reshape it",
        ),
        (
            tensor("float64", [-1, 2]),
            np.zeros((3, 2), dtype="float32"),
            r"the tensor is float32, and the signature says float64; convert it \(\.astype\('float64'\)\)",
        ),
        (
            tensor("float64", [-1, 2]),
            [[1.0, 2.0]],
            r"the input is a list; give a numpy array of float64 with shape \(-1, 2\)",
        ),
        (
            tensor("float64", [-1], name="x"),
            {"X": np.zeros(3)},
            "tensor 'x' is missing; is 'X' meant",
        ),
        (tensor("float64", [-1], name="x"), {"x": [1.0]}, "tensor 'x' is a list; give a numpy array"),
        (tensor("float64", [-1], name="x"), [1.0], "the signature has tensors called 'x'"),
    ],
)
def test_tensors_that_do_not_fit(model: Path, spec: dict[str, Any], data: Any, said: str) -> None:
    sign(model, inputs=[spec])
    with pytest.raises(InputError, match=said):
        mlmodel.load(model).predict(data)


def test_tensors_that_fit(model: Path, installed: list[Fake]) -> None:
    sign(model, inputs=[tensor("float64", [-1, 2], name="x")])
    loaded = mlmodel.load(model)
    rows = np.zeros((3, 2))
    loaded.predict(rows)
    with pytest.warns(UserWarning, match="ignored: tensor 'y', which the signature does not know") as caught:
        loaded.predict({"y": rows, "x": rows})
    assert caught[0].filename == __file__
    assert [list(inputs) for inputs, _ in installed[0].asked] == [["x"], ["x"]]
    assert installed[0].asked[1][0]["x"] is rows


PARAMS: list[dict[str, Any]] = [
    {"name": "k", "type": "double", "default": 1, "shape": None},
    {"name": "words", "type": "string", "default": ["a"], "shape": [-1]},
    {"name": "since", "type": "datetime", "default": "2026-01-31", "shape": None},
    {"name": "gap", "type": "double", "default": float("nan"), "shape": None},
]


def test_params(model: Path, installed: list[Fake]) -> None:
    apply(model, "unset MLmodel /signature/inputs")
    sign(model, params=PARAMS)
    loaded = mlmodel.load(model)
    with pytest.warns(UserWarning, match=r"ignored: param 'K'; is 'k' meant\?"):
        loaded.predict(None, {"words": np.array(["b", "c"]), "K": 2})
    params = dict(installed[0].asked[0][1])
    assert np.isnan(params.pop("gap"))
    assert str(params.pop("since")) == "2026-01-31"
    assert params == {"k": 1.0, "words": ["b", "c"]}
    assert type(params["k"]) is float


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"k": "2"}, "param 'k' is '2', a str, and the signature says double; give a float"),
        ({"words": "b"}, "param 'words' is 'b', and the signature says a list of string"),
        ({"words": ["b", 1]}, "param 'words', item 1 is 1, an int, and the signature says string"),
        ({"since": "soon"}, "param 'since' is 'soon', which is no date"),
        ([1], "params are a list; give a dict"),
    ],
)
def test_params_that_do_not_fit(model: Path, params: Any, said: str) -> None:
    sign(model, params=PARAMS)
    apply(model, "unset MLmodel /signature/inputs")
    with pytest.raises(InputError, match=said):
        mlmodel.load(model).predict(None, params)


def test_columns_need_pandas(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        InputError, match="a signature with columns needs pandas, which is not installed: pip"
    ):
        mlmodel.load(model).predict({"a": 1.0, "b": 2.0})


# -- params without a schema, and their order ------------------------------------------------------------


def test_params_as_mlflow_hands_them_on() -> None:
    notes: list[str] = []
    assert enforce_params(None, None, notes) is None
    assert enforce_params({}, None, notes) == {}
    assert notes == []
    assert enforce_params({"k": 1}, None, notes) == {}
    assert notes == ["ignored: param 'k'; the signature has no params"]
    specs = [{"name": name, "type": "long", "default": 1, "shape": None} for name in ("a", "b", "c")]
    assert list((enforce_params({"c": 3, "b": 2}, specs, notes) or {}).items()) == [
        ("c", 3),
        ("b", 2),
        ("a", 1),
    ]
