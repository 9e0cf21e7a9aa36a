# ruff: noqa: E402 - what is imported must stand after the paths
"""Makes packages of the files that libraries write themselves, and asks them through MLflow, ours and the library itself.

Run with the interpreter of a release and of the libraries.  Arguments: the folder of mlmodel, one with what that environment
lacks, the folder to write to, and the names of the forms.  Prints, as JSON, what was written and what was answered.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = sys.argv[1:3]
warnings.simplefilter("ignore")
os.environ["KERAS_BACKEND"] = "torch"

import mlflow
import numpy as np
import pandas as pd
from click.testing import CliRunner

import mlmodel
from mlmodel.cli.write import command

logging.disable()
out = Path(sys.argv[3])
ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
CLASSES = (ROWS["a"] > 0).astype(int)
TARGET = ROWS["a"] * 2 + ROWS["b"]
FLOATS = ROWS.to_numpy(dtype="float32")
TEXTS = ["how are you", "fine"]

Made = tuple[str, Any, Any]
"""The name of the file, what is asked, and what the library itself answers."""


def xgboost_booster(suffix: str) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        import xgboost

        data = xgboost.DMatrix(ROWS, TARGET)
        model = xgboost.train({"max_depth": 2}, data, 3)
        model.save_model(folder / f"m.{suffix}")
        return f"m.{suffix}", ROWS, model.predict(data)

    return make


def xgboost_classifier(folder: Path) -> Made:
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(ROWS, CLASSES)
    model.save_model(folder / "m.ubj")
    return "m.ubj", ROWS, model.predict(ROWS)


def lightgbm_text(folder: Path) -> Made:
    import lightgbm

    model = lightgbm.train({"verbose": -1}, lightgbm.Dataset(ROWS, TARGET), 3)
    model.save_model(folder / "m.anything")
    return "m.anything", ROWS, model.predict(ROWS)


def catboost_classifier(form: str) -> Callable[[Path], Made]:
    def make(folder: Path) -> Made:
        import catboost

        model = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False)
        model.fit(ROWS, CLASSES)
        model.save_model(str(folder / f"m.{form}"), format=form)
        return f"m.{form}", ROWS, model.predict(ROWS)

    return make


def onnx_model(folder: Path) -> Made:
    import onnx
    from onnx import TensorProto, helper

    node = helper.make_node("Add", ["x", "x"], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3]) for name in ("x", "y")]
    graph = helper.make_graph([node], "twice", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save_model(model, folder / "m.onnx")
    return "m.onnx", FLOATS, {"y": FLOATS * 2}


def keras_archive(folder: Path) -> Made:
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    model.save(folder / "m.keras")
    return "m.keras", FLOATS, model.predict(FLOATS, verbose=0)


def exported(folder: Path) -> Made:
    import torch

    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2).eval()
    program = torch.export.export(
        model, (torch.from_numpy(FLOATS),), dynamic_shapes=[{0: torch.export.Dim.AUTO}]
    )
    torch.export.save(program, folder / "m.pt2")
    return "m.pt2", FLOATS, model(torch.from_numpy(FLOATS)).detach().numpy()


def bert(folder: Path, kind: str) -> Any:
    import torch
    import transformers

    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "are", "you", "fine"]
    (folder / "vocab.txt").write_text("\n".join(words))
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = transformers.BertConfig(vocab_size=len(words), max_position_embeddings=32, **sizes)
    tokenizer = transformers.BertTokenizerFast(
        vocab_file=str(folder / "vocab.txt"), vocab={w: i for i, w in enumerate(words)}
    )
    model = getattr(transformers, kind)(config).eval()
    model.save_pretrained(folder / "m")
    tokenizer.save_pretrained(folder / "m")
    return transformers


def classifier(folder: Path) -> Made:
    transformers = bert(folder, "BertForSequenceClassification")
    answers = transformers.pipeline("text-classification", model=str(folder / "m"))(TEXTS)
    return "m", TEXTS, pd.DataFrame(answers)


def sentences(folder: Path) -> Made:
    bert(folder, "BertModel")
    import sentence_transformers

    model = sentence_transformers.SentenceTransformer(str(folder / "m"))
    model.save(str(folder / "s"))
    return "s", TEXTS, model.encode(TEXTS)


FORMS: dict[str, Callable[[Path], Made]] = {
    "xgboost json": xgboost_booster("json"),
    "xgboost ubj": xgboost_booster("ubj"),
    "xgboost classifier": xgboost_classifier,
    "lightgbm": lightgbm_text,
    "catboost cbm": catboost_classifier("cbm"),
    "catboost json": catboost_classifier("json"),
    "onnx": onnx_model,
    "keras": keras_archive,
    "pt2": exported,
    "transformers": classifier,
    "sentence_transformers": sentences,
}


def listed(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return [listed(value[name].to_numpy()) for name in value]
    if isinstance(value, dict):
        return {name: listed(each) for name, each in value.items()}
    array = np.asarray(value)
    return (
        np.round(array.astype(float), 4).reshape(-1).tolist()
        if array.dtype.kind in "fiub"
        else array.tolist()
    )


told = {}
for name in sys.argv[4:]:
    folder = out / name.replace(" ", "-")
    folder.mkdir(parents=True)
    file, asked, expected = FORMS[name](folder)
    written = str(folder / "package")
    done = CliRunner().invoke(command, [str(folder / file), "--out", written, "--no-predict"])
    told[name] = {"code": done.exit_code, "said": done.output}
    if done.exit_code == 0:
        told[name] |= {
            "expected": listed(expected),
            "mlflow": listed(mlflow.pyfunc.load_model(written).predict(asked)),
            "loaded": listed(mlmodel.load(written, trust=True).predict(asked)),
        }
print(json.dumps(told))
