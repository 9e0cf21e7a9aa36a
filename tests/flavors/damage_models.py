# ruff: noqa: E402 - what is imported must stand after the variables
"""Saves models with the MLflow beside it: one directory for each form.  Arguments: the folder to write to, the names of forms (all without)."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-call, attr-defined, untyped-decorator"

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["HF_HUB_OFFLINE"] = "1"
warnings.simplefilter("ignore")

import mlflow
import numpy as np
import pandas as pd

RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame(RANDOM.normal(size=(80, 3)), columns=["a", "b", "c"])
CLASSES = (ROWS["a"] > 0).astype(int)
TARGET = ROWS["a"] * 2 + ROWS["b"]
SERIES = pd.Series(np.sin(np.arange(80)) + np.arange(80) / 50, index=pd.date_range("2024-01-01", periods=80))
GIVEN: dict[str, Any] = {"pip_requirements": ["mlflow"]}
FORMS: dict[str, Callable[[str], None]] = {}


def form(function: Callable[[str], None]) -> Callable[[str], None]:
    """Register a form under the function's name."""
    FORMS[function.__name__] = function
    return function


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002
        return model_input


@form
def python_model(path: str) -> None:
    mlflow.pyfunc.save_model(path, python_model=Echo(), **GIVEN)


@form
def python_model_code(path: str) -> None:
    script = Path(path).parent / "answer.py"
    script.write_text(
        "import mlflow\n\n\nclass Model(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n        return model_input\n\n\n"
        "mlflow.models.set_model(Model())\n"
    )
    mlflow.pyfunc.save_model(path, python_model=str(script), **GIVEN)


@form
def sklearn_pickle(path: str) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(ROWS, CLASSES)
    mlflow.sklearn.save_model(model, path, serialization_format="pickle", **GIVEN)


@form
def sklearn_cloudpickle(path: str) -> None:
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(3).fit(ROWS, CLASSES)
    mlflow.sklearn.save_model(model, path, serialization_format="cloudpickle", **GIVEN)


@form
def sklearn_skops(path: str) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(ROWS, CLASSES)
    mlflow.sklearn.save_model(model, path, serialization_format="skops", **GIVEN)


def _booster() -> Any:
    import xgboost

    return xgboost.train({"max_depth": 3}, xgboost.DMatrix(ROWS, TARGET), 6)


@form
def xgboost_ubj(path: str) -> None:
    mlflow.xgboost.save_model(_booster(), path, model_format="ubj", **GIVEN)


@form
def xgboost_json(path: str) -> None:
    mlflow.xgboost.save_model(_booster(), path, model_format="json", **GIVEN)


@form
def xgboost_xgb(path: str) -> None:
    mlflow.xgboost.save_model(_booster(), path, model_format="xgb", **GIVEN)


@form
def xgboost_sklearn(path: str) -> None:
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=4, max_depth=2).fit(ROWS, CLASSES)
    mlflow.xgboost.save_model(model, path, **GIVEN)


@form
def lightgbm_booster(path: str) -> None:
    import lightgbm

    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(ROWS, TARGET), 5)
    mlflow.lightgbm.save_model(booster, path, **GIVEN)


@form
def lightgbm_estimator(path: str) -> None:
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(ROWS, CLASSES)
    mlflow.lightgbm.save_model(model, path, serialization_format="cloudpickle", **GIVEN)


@form
def lightgbm_skops(path: str) -> None:
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(ROWS, CLASSES)
    types = ["collections.OrderedDict", "lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"]
    mlflow.lightgbm.save_model(model, path, serialization_format="skops", skops_trusted_types=types, **GIVEN)


def _catboost() -> Any:
    import catboost

    options = {"iterations": 4, "verbose": 0, "allow_writing_files": False}
    return catboost.CatBoostClassifier(**options).fit(ROWS, CLASSES)


@form
def catboost_cbm(path: str) -> None:
    mlflow.catboost.save_model(_catboost(), path, **GIVEN)


@form
def catboost_json(path: str) -> None:
    mlflow.catboost.save_model(_catboost(), path, format="json", **GIVEN)


def _network() -> Any:
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(RANDOM.normal(size=(3, 400)).astype("float32"), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 400])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@form
def onnx_plain(path: str) -> None:
    mlflow.onnx.save_model(_network(), path, save_as_external_data=False, **GIVEN)


@form
def onnx_external(path: str) -> None:
    mlflow.onnx.save_model(_network(), path, save_as_external_data=True, **GIVEN)


@form
def statsmodels(path: str) -> None:
    import statsmodels.api as sm

    mlflow.statsmodels.save_model(sm.OLS(TARGET, ROWS).fit(), path, **GIVEN)


@form
def prophet(path: str) -> None:
    from prophet import Prophet

    model = Prophet(n_changepoints=2, weekly_seasonality=False, yearly_seasonality=False)
    fitted = model.fit(pd.DataFrame({"ds": SERIES.index, "y": SERIES.to_numpy()}))
    mlflow.prophet.save_model(fitted, path, **GIVEN)


@form
def pmdarima(path: str) -> None:
    from pmdarima import ARIMA

    mlflow.pmdarima.save_model(ARIMA((1, 0, 0)).fit(SERIES.to_numpy()), path, **GIVEN)


@form
def spacy(path: str) -> None:
    import spacy

    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    language.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "Acme"}])
    mlflow.spacy.save_model(language, path, **GIVEN)


def _net() -> Any:
    import torch

    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 30), torch.nn.ReLU(), torch.nn.Linear(30, 1)).eval()


@form
def torch_pickle(path: str) -> None:
    mlflow.pytorch.save_model(_net(), path, serialization_format="pickle", **GIVEN)


@form
def torch_script(path: str) -> None:
    import torch

    mlflow.pytorch.save_model(torch.jit.script(_net()), path, serialization_format="pickle", **GIVEN)


@form
def torch_pt2(path: str) -> None:
    example = ROWS.to_numpy(dtype="float32")
    mlflow.pytorch.save_model(_net(), path, serialization_format="pt2", input_example=example, **GIVEN)


def _keras() -> Any:
    import keras

    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)]
    )


@form
def keras_3(path: str) -> None:
    from mlflow.keras.save import save_model

    save_model(_keras(), path, **GIVEN)


@form
def tensorflow_keras(path: str) -> None:
    mlflow.tensorflow.save_model(_keras(), path, **GIVEN)


@form
def tensorflow_h5(path: str) -> None:
    mlflow.tensorflow.save_model(_keras(), path, keras_model_kwargs={"save_format": "h5"}, **GIVEN)


@form
def tensorflow_module(path: str) -> None:
    import tensorflow

    class Product(tensorflow.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tensorflow.Variable(tensorflow.ones((3, 1)))

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 3), tensorflow.float32)])
        def __call__(self, rows: Any) -> Any:
            return rows @ self.weight

    mlflow.tensorflow.save_model(Product(), path, **GIVEN)


@form
def keras_exported(path: str) -> None:
    from mlflow.keras.save import save_model

    rows = ROWS.to_numpy(dtype="float32")
    signature = mlflow.models.infer_signature(rows, rows[:, :1])
    save_model(_keras(), path, save_exported_model=True, signature=signature, **GIVEN)


def _bert(kind: str, folder: Path) -> tuple[Any, Any]:
    import torch
    import transformers

    torch.manual_seed(0)
    folder.mkdir(exist_ok=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day", "night"]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(words))
    given = {"vocab": str(vocabulary)} if transformers.__version__ >= "5" else {"vocab_file": str(vocabulary)}
    tokenizer = transformers.BertTokenizerFast(**given)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    model = getattr(transformers, kind)(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model, tokenizer


@form
def transformers_classes(path: str) -> None:
    import transformers

    model, tokenizer = _bert("BertForSequenceClassification", Path(path).parent.parent / "tiny-classes")
    pipeline = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    mlflow.transformers.save_model(pipeline, path, **GIVEN)


@form
def transformers_shards(path: str) -> None:
    import transformers

    model, tokenizer = _bert("BertForMaskedLM", Path(path).parent.parent / "tiny-mask")
    pipeline = transformers.pipeline("fill-mask", model=model, tokenizer=tokenizer, device="cpu")
    mlflow.transformers.save_model(pipeline, path, **GIVEN)
    folder = Path(path) / "model"
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="3KB")


@form
def sentence_transformers(path: str) -> None:
    import sentence_transformers
    from sentence_transformers import models

    folder = Path(path).parent.parent / "tiny-sentences"
    _bert("BertModel", folder)
    words = models.Transformer(str(folder), max_seq_length=16)
    size = words.get_word_embedding_dimension()
    modules = [words, models.Pooling(size), models.Dense(size, 4), models.Normalize()]
    model = sentence_transformers.SentenceTransformer(modules=modules, device="cpu")
    mlflow.sentence_transformers.save_model(model, path, **GIVEN)


@form
def transformers_peft(path: str) -> None:
    import peft
    import transformers

    folder = Path(path).parent.parent / "tiny-peft"
    _bert("BertForSequenceClassification", folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules=["query"], task_type="SEQ_CLS"))
    pipeline = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    mlflow.transformers.save_model(pipeline, path, **GIVEN)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or FORMS:
        try:
            FORMS[name](str(out / name))
        except ImportError as error:
            print(f"{name}: {error}", file=sys.stderr)
