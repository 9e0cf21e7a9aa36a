# ruff: noqa: E402 - what is imported must stand after the paths
# mypy: disable-error-code="import-not-found, misc"
"""Writes neural networks without MLflow, then loads them with the MLflow beside it, and what that wrote with ours.

Arguments: the folder of mlmodel, one with what that environment lacks, the folder to write to.
"""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ["KERAS_BACKEND"] = "torch"
os.environ["HF_HUB_OFFLINE"] = "1"
# MLflow 2.15 reads .pth with the default of torch, which 2.6 changed.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
sys.path[:0] = sys.argv[1:3]
warnings.simplefilter("ignore")

import numpy as np
import pandas as pd
import yaml

from mlmodel.flavors import flavor_named
from mlmodel.writer import write_model

ROWS = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)
FRAME = pd.DataFrame(ROWS, columns=["a", "b"])
TEXTS = ["good day", "bad night"]
TENSOR = {
    "inputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]',
    "outputs": None,
    "params": None,
}
TEXT = {"inputs": '[{"type": "string"}]', "outputs": None, "params": None}
out = Path(sys.argv[3])
out.mkdir()


class Model(NamedTuple):
    name: str
    flavor: str
    object: Any
    inputs: Any
    expected: Any
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed
    since: tuple[int, int] = (0, 0)


def of_onnx() -> Iterator[Model]:
    import onnx
    from onnx import TensorProto, helper

    names = [("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["x", "axes"], ["y"], keepdims=1)],
        "sum",
        [helper.make_tensor_value_info(names[0][0], TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info(names[0][1], TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert isinstance(model, onnx.ModelProto)
    answer = ROWS.sum(axis=1, keepdims=True)
    yield Model("onnx", "onnx", model, ROWS, {"y": answer}, {"signature": TENSOR, "input_example": ROWS})
    yield Model("onnx-frame", "onnx", model, FRAME, {"y": answer})


def of_torch() -> Iterator[Model]:
    import torch

    torch.manual_seed(0)

    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(2, 1)

        def forward(self, rows: Any) -> Any:
            return self.linear(rows) * 2

    plain = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).eval()
    own = Own().eval()
    scripted = torch.jit.script(plain)
    given = {"signature": TENSOR, "input_example": ROWS}
    with torch.no_grad():
        answers = [model(torch.from_numpy(ROWS)).numpy() for model in (plain, own)]
    yield Model("torch", "pytorch", plain, ROWS, answers[0], given)
    yield Model("torch-frame", "pytorch", plain, FRAME, answers[0])
    yield Model("torch-own", "pytorch", own, ROWS, answers[1])
    yield Model("torch-script", "pytorch", scripted, ROWS, answers[0])
    yield Model(
        "torch-pt2", "pytorch", own, ROWS[:2], answers[1][:2], {**given, "serialization": "pt2"}, (3, 9)
    )


def of_keras() -> Iterator[Model]:
    import keras

    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1)]
    )
    answer = model.predict(ROWS, verbose=0)
    yield Model("keras", "keras", model, ROWS, answer, {"signature": TENSOR, "input_example": ROWS})
    yield Model("keras-frame", "keras", model, FRAME, answer)


def of_spacy() -> Iterator[Model]:
    import spacy

    language = spacy.blank("en")
    categories = language.add_pipe("textcat")
    for label in ("good", "bad"):
        categories.add_label(label)
    language.initialize()
    texts = pd.DataFrame({"text": TEXTS})
    answer = [[language(text).cats[label] for label in ("good", "bad")] for text in TEXTS]
    yield Model("spacy", "spacy", language, texts, answer)
    yield Model("spacy-blank", "spacy", spacy.blank("en"), None, None)


def _tiny_bert(kind: str, folder: Path) -> tuple[Any, Any]:
    import torch
    import transformers

    torch.manual_seed(0)
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day", "night"]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = transformers.BertTokenizerFast(
        vocab_file=str(folder / "vocab.txt"),
        vocab=str(folder / "vocab.txt") if transformers.__version__ >= "5" else None,
    )
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    model = getattr(transformers, kind)(config).eval()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model, tokenizer


def of_sentence_transformers() -> Iterator[Model]:
    import sentence_transformers
    from sentence_transformers import models

    folder = out / "tiny-sentences"
    _tiny_bert("BertModel", folder)
    words = models.Transformer(str(folder), max_seq_length=16)
    model = sentence_transformers.SentenceTransformer(
        modules=[words, models.Pooling(words.get_word_embedding_dimension())], device="cpu"
    )
    answer = model.encode(TEXTS)
    yield Model("sentences", "sentence_transformers", model, TEXTS, answer, {"signature": TEXT})


def of_transformers() -> Iterator[Model]:
    import torch
    import transformers

    model, tokenizer = _tiny_bert("BertForSequenceClassification", out / "tiny-classes")
    pipeline = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    answer = [[entry["label"], entry["score"]] for entry in pipeline(TEXTS)]
    yield Model("classes", "transformers", pipeline, TEXTS, answer, {"signature": TEXT})
    masked, tokenizer = _tiny_bert("BertForMaskedLM", out / "tiny-mask")
    filling = transformers.pipeline("fill-mask", model=masked, tokenizer=tokenizer, device="cpu")
    texts = [f"{text} [MASK]" for text in TEXTS]
    answer = [entry[0]["token_str"] for entry in filling(texts)]
    yield Model("mask", "transformers", filling, texts, answer, {"signature": TEXT})
    features = transformers.pipeline(
        "feature-extraction", model=masked.bert, tokenizer=tokenizer, device="cpu"
    )
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=9, n_positions=64, n_embd=8, n_layer=1, n_head=2, pad_token_id=0
    )
    writer = transformers.GPT2LMHeadModel(config).eval()
    writing = transformers.pipeline("text-generation", model=writer, tokenizer=tokenizer, device="cpu")
    fixed = {"do_sample": False, "max_new_tokens": 4}
    writer.generation_config.update(**fixed)
    answer = [entry[0]["generated_text"].strip() for entry in writing(TEXTS)]
    yield Model("writing", "transformers", writing, TEXTS, answer, {"signature": TEXT})
    yield Model(
        "features", "transformers", features, TEXTS[:1], features(TEXTS[:1])[0][0], {"signature": TEXT}
    )


def flat(answer: Any) -> list[Any]:
    """Numbers rounded, words as they are, whatever they come in."""
    if isinstance(answer, dict):
        return [item for value in answer.values() for item in flat(value)]
    if isinstance(answer, pd.DataFrame):
        return [item for row in answer.to_numpy().tolist() for item in flat(row)]
    if isinstance(answer, (list, tuple, np.ndarray)):
        return [item for value in answer for item in flat(value)]
    return [answer if isinstance(answer, str) else round(float(answer), 4)]


wanted = [f"of_{name}" for name in sys.argv[4:]] or [
    name for name in list(globals()) if name.startswith("of_")
]
models = [model for name in wanted for model in globals()[name]()]
reports = {}
for model in models:
    report = write_model(model.object, out / model.name, check_example=False, **model.more)
    reports[model.name] = [
        f"{finding.rule} {finding.message}" for finding in report.findings if finding.severity.name != "INFO"
    ]
    pins = (out / model.name / "requirements.txt").read_text().split()
    assert all("+" not in pin for pin in pins), pins
assert "mlflow" not in sys.modules

import mlflow

RELEASE = tuple(int(part) for part in mlflow.__version__.split(".")[:2])


def ours(folder: Path, name: str, inputs: Any) -> Any:
    flavor = flavor_named(name)
    assert flavor is not None
    flavors = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]
    predict = flavor.predictor(flavor.load(str(folder), flavors[name]), flavors["python_function"])
    return predict(inputs, {})


for model in models:
    folder = out / model.name
    if model.inputs is None:
        native = __import__(f"mlflow.{model.flavor}", fromlist=["load_model"])
        assert native.load_model(str(folder)).pipe_names == []
        continue
    expected = flat(model.expected)
    if model.since <= RELEASE:
        answer = mlflow.pyfunc.load_model(str(folder)).predict(model.inputs)
        assert flat(answer) == expected, (model.name, answer)
    answer = ours(folder, model.flavor, model.inputs)
    assert flat(answer) == expected, (model.name, answer)

# The other way: what MLflow writes, loaded by ours.
for model in models:
    if model.inputs is None or model.more.get("serialization"):
        continue
    folder = out / f"{model.name}-theirs"
    native = __import__(f"mlflow.{model.flavor}", fromlist=["save_model"])
    more: dict[str, Any] = {"pip_requirements": ["mlflow"]}
    if model.flavor == "pytorch" and RELEASE >= (3, 12):
        more["serialization_format"] = "pickle"
    native.save_model(model.object, path=str(folder), **more)
    answer = ours(folder, model.flavor, model.inputs)
    assert flat(answer) == flat(model.expected), (model.name, "saved by MLflow", answer)
print(json.dumps(reports))
