"""What loaders open beyond the paths of the MLmodel file: absent, of another format, cut, changed; and what stays silent."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mlmodel import Finding, Severity, fixing, validate
from mlmodel.model import file_formats, file_indexes
from mlmodel.standard import schemas
from tests.command import ROOT

FILES = json.loads((ROOT / "schemas" / "files.json").read_text(encoding="utf-8"))
FORM = json.loads((ROOT / "schemas" / "files.schema.json").read_text(encoding="utf-8"))
FLAVORS = sorted((ROOT / "schemas" / "flavors").glob("*.schema.json"))
RULES = ("MLM007", "MLM008", "MLM010", "MLM011", "MLM012", "MLM02", "MLM22", "MLM618", "MLM9")


def safetensors(size: int = 8, missing: int = 0) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(size - missing)


def varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx(location: str = "", length: int = 16, ir: int = 8, opset: int = 17) -> bytes:
    pairs = [("location", location), ("offset", "4"), ("length", str(length))] if location else []
    external = b"".join(field(13, field(1, key.encode()) + field(2, value.encode())) for key, value in pairs)
    graph = field(5, field(8, b"w") + external + field(14, 1 if location else 0))
    return field(1, ir) + field(7, graph) + field(8, field(2, opset))


def crc(content: bytes) -> bytes:
    return b"crc\0" + struct.pack(">II", 512, zlib.crc32(content))


def step(kind: str, data: str, load: str = "runnable_load") -> dict[str, str]:
    return {"model_type": kind, "model_data": data, "model_load": load}


def stage(name: str, **params: Any) -> str:
    return json.dumps({"class": name, "uid": "x", "paramMap": params}) + "\n"


PARQUET = b"PAR1" + bytes(20) + struct.pack("<I", 16) + b"PAR1"
TREES = "Tree=0\nnum_leaves=1\n\n"
LIGHTGBM = f"tree\nversion=v4\ntree_sizes={len(TREES)}\n\n{TREES}\nend of trees\n\nparameters:\n[boosting: gbdt]\nend of parameters\n\npandas_categorical:[]\n"
PICKLE = b"\x80\x02N."
SAVED_MODEL = field(1, 1) + field(2, field(7, field(1, field(7, field(1, 1)))))


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A block of an SSTable, keys in full, and its type and checksum."""
    body = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return body + struct.pack("<II", 0, 1) + b"\0" + bytes(4)


def tensor_index(*tensors: tuple[int, int, int]) -> bytes:
    """The index of a checkpoint whose tensors have these shards, offsets and sizes."""
    entries = [(b"", field(1, 1))]
    for number, (shard, offset, size) in enumerate(tensors):
        entries.append((b"v%d" % number, field(1, 1) + field(3, shard) + field(4, offset) + field(5, size)))
    data, nothing = block(entries), block([])
    index = block([(b"w", varint(0) + varint(len(data) - 5))])
    handles = varint(len(data)) + varint(len(nothing) - 5)
    handles += varint(len(data) + len(nothing)) + varint(len(index) - 5)
    return data + nothing + index + handles.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")


CONFIG = {"model_type": "bert"}
TOKENIZER: dict[str, Any] = {
    "components/tokenizer/tokenizer.json": {},
    "components/tokenizer/tokenizer_config.json": {},
}
SPARK = "org.apache.spark.ml."
PIPELINE = """[nlp]
pipeline = ["textcat","sentencizer","entity_ruler","ner"]

[nlp.tokenizer]
@tokenizers = "spacy.Tokenizer.v1"

[components]

[components.textcat]
factory = "textcat"

[components.sentencizer]
factory = "sentencizer"

[components.entity_ruler]
factory = "entity_ruler"

[components.ner]
factory = "ner"
"""
ARRAY = (
    b"\x93NUMPY\x01\x00\x46\x00"
    + b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".ljust(69)
    + b"\n"
    + bytes(24)
)
MESSAGE = b"\x82\xa1a\x92\x01\xc4\x03xyz\xa1b\xcb\0\0\0\0\0\0\0\0"
STORE = {"index_store/data": {"x": {"__type__": "vector_store", "__data__": "{}"}}}

Files = dict[str, Any]
TRANSFORMERS = {
    "task": "text-classification",
    "pipeline_model_type": "BertForSequenceClassification",
    "model_binary": "model",
    "components": ["tokenizer"],
    "tokenizer_type": "BertTokenizerFast",
    "transformers_version": "4.44.2",
}
WHOLE: dict[str, tuple[dict[str, Any], Files]] = {
    "transformers": (
        {"transformers": TRANSFORMERS},
        {"model/config.json": CONFIG, "model/model.safetensors": safetensors(), **TOKENIZER},
    ),
    "transformers in shards": (
        {"transformers": TRANSFORMERS},
        {
            "model/config.json": CONFIG,
            "model/model.safetensors.index.json": {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}},
            "model/model-1.safetensors": safetensors(),
            "model/model-2.safetensors": safetensors(),
            **TOKENIZER,
        },
    ),
    "peft": (
        {"transformers": {**TRANSFORMERS, "peft_adaptor": "peft"}},
        {
            "model/config.json": CONFIG,
            "model/model.safetensors": safetensors(),
            "peft/adapter_config.json": {},
            "peft/adapter_model.safetensors": safetensors(),
            **TOKENIZER,
        },
    ),
    "sentence_transformers": (
        {"sentence_transformers": {"sentence_transformers_version": "5.1.2"}},
        {
            "model.sentence_transformer/modules.json": [
                {"path": "", "type": "sentence_transformers.models.Transformer"},
                {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
            ],
            "model.sentence_transformer/config.json": CONFIG,
            "model.sentence_transformer/tokenizer.json": {},
            "model.sentence_transformer/model.safetensors": safetensors(),
            "model.sentence_transformer/1_Pooling/config.json": {"word_embedding_dimension": 8},
        },
    ),
    "spark": (
        {"spark": {"model_data": "sparkml", "pyspark_version": "3.5.2"}},
        {
            "sparkml/metadata/part-00000": stage(f"{SPARK}PipelineModel", stageUids=["a", "b"]),
            "sparkml/stages/0_a/metadata/part-00000": stage(f"{SPARK}feature.VectorAssembler"),
            "sparkml/stages/1_b/metadata/part-00000": stage(f"{SPARK}regression.LinearRegressionModel"),
            "sparkml/stages/1_b/data/part-0.parquet": PARQUET,
        },
    ),
    "tensorflow": (
        {"tensorflow": {"model_type": "tf2-module", "saved_model_dir": "tf2model"}},
        {
            "tf2model/saved_model.pb": SAVED_MODEL,
            "tf2model/variables/variables.index": tensor_index((0, 0, 16), (0, 16, 24)),
            "tf2model/variables/variables.data-00000-of-00001": b"x" * 40,
        },
    ),
    "onnx": ({"onnx": {"data": "model.onnx"}}, {"model.onnx": onnx("w.data"), "w.data": bytes(20)}),
    "lightgbm": ({"lightgbm": {"data": "model.lgb", "model_class": "lightgbm.basic.Booster"}}, {"model.lgb": LIGHTGBM}),
    "catboost": (
        {"catboost": {"data": "model.cb", "model_type": "CatBoost", "save_format": "cbm"}},
        {"model.cb": b"CBM1" + struct.pack("<I", 8) + bytes(8)},
    ),
    "xgboost": ({"xgboost": {"data": "model.ubj"}}, {"model.ubj": b"{L\0\0\0\0\0\0\0\7learner{}" + b"}" * 3}),
    "prophet": ({"prophet": {"data": "model.pr"}}, {"model.pr": json.dumps(json.dumps({"growth": "linear"}))}),
    "pytorch": (
        {"pytorch": {"model_data": "data", "pytorch_version": "2.8.0"}},
        {"data/model.pth": PICKLE, "data/pickle_module_info.txt": "mlflow.pytorch.pickle_module"},
    ),
    "spacy": (
        {"spacy": {"data": "model.spacy", "spacy_version": "3.7.5"}},
        {
            "model.spacy/meta.json": {"spacy_version": ">=3.7.5,<3.8.0"},
            "model.spacy/config.cfg": PIPELINE,
            "model.spacy/tokenizer": MESSAGE,
            "model.spacy/vocab/strings.json": [],
            "model.spacy/vocab/vectors": ARRAY,
            "model.spacy/vocab/vectors.cfg": {"mode": "default"},
            "model.spacy/vocab/key2row": b"\x80",
            "model.spacy/textcat/cfg": {"labels": []},
            "model.spacy/textcat/model": MESSAGE,
            "model.spacy/sentencizer.json": {"punct_chars": None},
            "model.spacy/entity_ruler/cfg": {"overwrite": False},
            "model.spacy/entity_ruler/patterns.jsonl": '{"label": "ORG", "pattern": "MLflow"}\n',
            "model.spacy/ner/cfg": {},
            "model.spacy/ner/moves": MESSAGE,
            "model.spacy/ner/model": MESSAGE,
        },
    ),
    "langchain": (
        {"langchain": {"model_data": "model", "model_load": "runnable_load", "model_type": "RunnableSequence"}},
        {
            "model/steps.yaml": yaml.safe_dump(
                {
                    "0": step("RunnableParallel", "model"),
                    "1": step("RunnableBranch", "model"),
                    "2": step("RunnableAssign", "model"),
                    "3": step("RunnableBinding", "model"),
                    "4": step("PromptTemplate", "model.yaml", "config_load"),
                    "5": step("LLMChain", "model.json", "base_load"),
                }
            ),
            "model/steps/0/model/steps.yaml": yaml.safe_dump({"a": step("RunnableLambda", "model.pkl")}),
            "model/steps/0/model/steps/a/model.pkl": b"\x80\x04N.",
            "model/steps/1/model/branches.yaml": yaml.safe_dump(
                {
                    "0-0": step("RunnableLambda", "model.pkl"),
                    "0-1": step("RunnableLambda", "model.pkl"),
                    "default": step("RunnablePassthrough", "model.pkl"),
                }
            ),
            "model/steps/1/model/branches/0/0/model.pkl": b"\x80\x04N.",
            "model/steps/1/model/branches/0/1/model.pkl": b"\x80\x04K\1.",
            "model/steps/1/model/branches/default/model.pkl": b"\x80\x04K\2.",
            "model/steps/2/model/mapper/steps.yaml": yaml.safe_dump(
                {"b": step("RunnableLambda", "model.pkl")}
            ),
            "model/steps/2/model/mapper/steps/b/model.pkl": b"\x80\x04K\3.",
            "model/steps/3/model/binding_conf.yaml": yaml.safe_dump(
                {"bound": step("RunnableLambda", "model.pkl"), "kwargs": step("dict", "kwargs.pkl", "pickle_load"), "n": 1}
            ),
            "model/steps/3/model/model.pkl": b"\x80\x04K\4.",
            "model/steps/3/model/kwargs.pkl": b"\x80\x04}.",
            "model/steps/4/model.yaml": "_type: prompt\ntemplate: hello\n",
            "model/steps/5/model.json": "{}",
        },
    ),
    "dspy": (
        {"dspy": {"model_path": "data/model"}},
        {
            "data/model/program.pkl": PICKLE,
            "data/model/metadata.json": {"dependency_versions": {"python": "3.11"}},
            "data/dspy_config.pkl": PICKLE,
        },
    ),
    "shap": (
        {"shap": {"serialized_explainer": "explainer.shap", "underlying_model_flavor": None}},
        {"explainer.shap": PICKLE},
    ),
    "paddle in training": ({"paddle": {"pickled_model": "model"}}, {"model.pdparams": PICKLE}),
    "diffusers": (
        {"diffusers": {"base_model": "a/b", "adapter_type": "lora", "adapter_weights": "adapter_weights"}},
        {"adapter_weights/pytorch_lora_weights.safetensors": safetensors()},
    ),
    "promptflow": (
        {"promptflow": {"entry": "flow/flow.dag.yaml"}},
        {
            "flow/flow.dag.yaml": yaml.safe_dump({"nodes": [{"name": "a", "source": {"path": "a.py"}}]}),
            "flow/a.py": "def a(): ...\n",
        },
    ),
    "llama_index": (
        {"llama_index": {"engine_type": "query"}},
        {
            "settings.json": {},
            "index/docstore.json": {},
            "index/index_store.json": STORE,
            "index/graph_store.json": {},
            "index/default__vector_store.json": {},
            "index/image__vector_store.json": {},
        },
    ),
    "h2o": ({"h2o": {"data": "model.h2o"}}, {"model.h2o/h2o.yaml": "model_file: GBM_1\n", "model.h2o/GBM_1": b"x"}),
    "paddle": ({"paddle": {"pickled_model": "model"}}, {"model.json": {}, "model.pdiparams": b"x"}),
    "sklearn": ({"sklearn": {"pickled_model": "model.pkl"}}, {"model.pkl": PICKLE}),
}  # fmt: skip


def make(folder: Path, name: str) -> Path:
    flavors, files = WHOLE[name]
    folder.mkdir()
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors}), encoding="utf-8")
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, (str, bytes)) else json.dumps(content)
        target.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return folder


def found(folder: Path) -> list[Finding]:
    return [finding for finding in validate(folder).findings if finding.rule.startswith((*RULES, "MLM127"))]


def severe(folder: Path) -> list[str]:
    return [
        f"{finding.rule} {finding.location.label}"
        for finding in found(folder)
        if finding.severity is Severity.ERROR
    ]


# -- the data ------------------------------------------------------------------------------------------


def test_files_follow_their_schema() -> None:
    jsonschema.Draft7Validator(FORM).validate(FILES)


@pytest.mark.parametrize("path", FLAVORS, ids=lambda path: path.name.split(".")[0])
def test_the_files_of_a_flavor_follow_the_schema(path: Path) -> None:
    entries = json.loads(path.read_text(encoding="utf-8")).get("x-files", [])
    jsonschema.Draft7Validator({**FORM, "$ref": "#/definitions/entries"}).validate(entries)


def entries_everywhere() -> list[dict[str, Any]]:
    of_flavors = [json.loads(path.read_text(encoding="utf-8")).get("x-files", []) for path in FLAVORS]
    return [entry for entries in (*FILES["layouts"].values(), *of_flavors) for entry in entries]


def test_what_entries_refer_to_is_there() -> None:
    readers = {about.get("reader") for about in FILES["formats"].values()} - {None}
    assert readers == set(file_formats.READERS)
    names = [entry.get("names", {}) for entry in entries_everywhere()]
    assert {about["reader"] for about in names if "reader" in about} == set(file_indexes.READERS)
    layouts = [entry["layout"] for entry in entries_everywhere() if "layout" in entry]
    layouts += [layout for about in names for layout in about.get("layouts", {}).values()]
    assert set(layouts) == set(FILES["layouts"])
    formats = [entry.get("format", []) for entry in (*entries_everywhere(), *names)]
    used = {one for given in formats for one in ([given] if isinstance(given, str) else given)}
    assert used <= set(FILES["formats"])


def test_keys_of_entries_are_keys_of_the_flavor() -> None:
    for path in FLAVORS:
        schema = json.loads(path.read_text(encoding="utf-8"))
        for entry in schema.get("x-files", []):
            assert entry.get("in", entry.get("key")) in (None, *schema["properties"]), path.name


# -- whole models, and damaged ones --------------------------------------------------------------------


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_model_has_no_finding(name: str, tmp_path: Path) -> None:
    assert found(make(tmp_path / "model", name)) == []


REQUIRED = [(name, path) for name, (_, files) in WHOLE.items() for path in files]
FREE = {
    ("transformers", "components/tokenizer/tokenizer_config.json"),
    ("transformers in shards", "components/tokenizer/tokenizer_config.json"),
    ("peft", "components/tokenizer/tokenizer_config.json"),
    ("sentence_transformers", "model.sentence_transformer/modules.json"),  # MLM020
    ("llama_index", "index/image__vector_store.json"),
    ("spacy", "model.spacy/vocab/vectors"),
    ("spacy", "model.spacy/vocab/vectors.cfg"),
    ("spacy", "model.spacy/vocab/key2row"),
    ("spacy", "model.spacy/textcat/cfg"),
}
"""Files without which loading goes on."""


@pytest.mark.parametrize(("name", "path"), REQUIRED)
def test_one_absent_file_is_one_finding(name: str, path: str, tmp_path: Path) -> None:
    folder = make(tmp_path / "model", name)
    (folder / path).unlink()
    told = [finding for finding in found(folder) if finding.severity is Severity.ERROR]
    if (name, path) in FREE:
        assert told == []
    else:
        assert [finding.rule for finding in told] == ["MLM007"], told


TEXTS = (
    "data-00000-of-00001",
    "GBM_1",
    "w.data",
    "pdiparams",
    "flow/a.py",
)
"""Files whose content nothing is known of, or that are not looked into."""


@pytest.mark.parametrize(("name", "path"), [one for one in REQUIRED if not one[1].endswith(TEXTS)])
def test_a_file_of_another_format_is_an_error(name: str, path: str, tmp_path: Path) -> None:
    folder = make(tmp_path / "model", name)
    whole = (folder / path).read_bytes()
    for content in (gzip.compress(whole), b"<!DOCTYPE html><html></html>"):
        (folder / path).write_bytes(content)
        assert severe(folder), (path, content)


@pytest.mark.parametrize(
    ("name", "path", "content", "rule"),
    [
        ("transformers", "model/model.safetensors", safetensors(missing=1), "MLM012"),
        ("transformers in shards", "model/model-2.safetensors", safetensors(missing=3), "MLM012"),
        ("onnx", "model.onnx", onnx("w.data")[:-3], "MLM012"),
        ("onnx", "w.data", bytes(19), "MLM012"),
        ("catboost", "model.cb", b"CBM1" + struct.pack("<I", 8) + bytes(7), "MLM012"),
        ("catboost", "model.cb", b"{}", "MLM021"),
        ("lightgbm", "model.lgb", LIGHTGBM[: LIGHTGBM.index("num_leaves")], "MLM012"),
        ("lightgbm", "model.lgb", LIGHTGBM[: LIGHTGBM.index("end of parameters")], "MLM012"),
        ("lightgbm", "model.lgb", LIGHTGBM.replace("\n", "\r\n"), "MLM022"),
        ("xgboost", "model.ubj", b"binf" + bytes(40), "MLM021"),
        ("xgboost", "model.ubj", b'{"learner": {}, "version": [2, 0]}', "MLM021"),
        ("xgboost", "model.ubj", b"{L\0\0\0\0\0\0\0\7learner{L\0\0\0\0\0\0", "MLM012"),
        ("prophet", "model.pr", b'"{\\"growth\\": \\"lin', "MLM012"),
        ("prophet", "model.pr", b'{"growth": "linear"}', "MLM021"),
        ("spark", "sparkml/metadata/part-00000", stage(f"{SPARK}feature.Tokenizer"), "MLM021"),
        ("spark", "sparkml/stages/1_b/data/part-0.parquet", PARQUET[:-2], "MLM012"),
        ("spark", "sparkml/metadata/.part-00000.crc", crc(b"other"), "MLM023"),
        ("pytorch", "data/pickle_module_info.txt", "mlflow.pytorch.pickle_module\n", "MLM022"),
        ("sklearn", "model.pkl", "hello world\n", "MLM021"),
        ("sklearn", "model.pkl", '{"a": 1}', "MLM021"),
        ("tensorflow", "tf2model/variables/variables.index", bytes(60), "MLM012"),
        ("tensorflow", "tf2model/variables/variables.data-00000-of-00001", b"x" * 39, "MLM012"),
        ("tensorflow", "tf2model/variables/variables.index", tensor_index((0, 40, 8)), "MLM012"),
        ("spacy", "model.spacy/config.cfg", PIPELINE + "lim", "MLM012"),
        ("spacy", "model.spacy/tokenizer", MESSAGE[:-1], "MLM012"),
        ("spacy", "model.spacy/tokenizer", MESSAGE + b"\0", "MLM021"),
        ("spacy", "model.spacy/textcat/model", b"\xc1", "MLM021"),
        ("spacy", "model.spacy/vocab/key2row", b"", "MLM010"),
        ("spacy", "model.spacy/vocab/vectors", ARRAY[:-1], "MLM012"),
        ("spacy", "model.spacy/vocab/vectors", ARRAY[:60], "MLM012"),
        ("spacy", "model.spacy/entity_ruler/patterns.jsonl", '{"label": "ORG"}\n{"lab', "MLM021"),
        ("spacy", "model.spacy/sentencizer.json", '{"punct_chars"', "MLM012"),
    ],
)
def test_damage_of_one_kind(name: str, path: str, content: bytes | str, rule: str, tmp_path: Path) -> None:
    folder = make(tmp_path / "model", name)
    (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    assert [finding.rule for finding in found(folder) if finding.severity is Severity.ERROR] == [rule]


@pytest.mark.parametrize(
    ("name", "path", "content"),
    [
        ("lightgbm", "model.lgb", LIGHTGBM[: LIGHTGBM.index("parameters:")]),
        ("xgboost", "model.xgb", b"binf" + bytes(40)),
        ("sklearn", "model.pkl", b"(dp0\n."),
        (
            "spark",
            "sparkml/metadata/.part-00000.crc",
            crc(stage(f"{SPARK}PipelineModel", stageUids=["a", "b"]).encode()),
        ),
        (
            "spark",
            "sparkml/metadata/part-00000",
            stage("acme.Pipeline", language="Python", stageUids=["a", "b"]),
        ),
        ("tensorflow", "tf2model/saved_model.pb", field(1, 1)),
        ("tensorflow", "tf2model/variables/variables.data-00000-of-00001", b"x" * 41),
        ("tensorflow", "tf2model/variables/variables.index", tensor_index((1, 1 << 40, 8), (0, 0, 40))),
        ("spacy", "model.spacy/entity_ruler/patterns.jsonl", b""),
        ("spacy", "model.spacy/entity_ruler/patterns.jsonl", b'\n{"label": "ORG", "pattern": "x"}'),
        ("spacy", "model.spacy/tokenizer", b"\xdc\x00\x02\xd4\x01x\xa0"),
        ("spacy", "model.spacy/vocab/vectors", ARRAY.replace(b"(2, 3), }", b"(0, 3), }")[:80]),
    ],
)
def test_near_misses_stay_silent(name: str, path: str, content: bytes | str, tmp_path: Path) -> None:
    folder = make(tmp_path / "model", name)
    (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    assert found(folder) == []


def test_spacy_begins_without_a_vocabulary(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "spacy")
    shutil.rmtree(folder / "model.spacy" / "vocab")
    assert [(finding.rule, finding.severity) for finding in found(folder)] == [("MLM020", Severity.WARNING)]


def test_spacy_opens_what_its_own_classes_save(tmp_path: Path) -> None:
    """A tokenizer of another class may save a folder, and the patterns of an entity ruler may stand in one file."""
    folder = make(tmp_path / "model", "spacy") / "model.spacy"
    (folder / "tokenizer").unlink()
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "cfg").write_text("{}")
    (folder / "config.cfg").write_text(PIPELINE.replace("spacy.Tokenizer.v1", "spacy.zh.ChineseTokenizer"))
    shutil.rmtree(folder / "entity_ruler")
    (folder / "entity_ruler.jsonl").write_text('{"label": "ORG", "pattern": "x"}')
    assert found(folder.parent) == []
    (folder / "entity_ruler.jsonl").unlink()
    assert set(severe(folder.parent)) == {"MLM007 model.spacy/config.cfg"}


def test_a_lost_normalize_folder_is_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "sentence_transformers")
    assert not (folder / "model.sentence_transformer" / "2_Normalize").exists()
    assert found(folder) == []


def test_modules_json_lost_is_a_warning(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "sentence_transformers")
    (folder / "model.sentence_transformer" / "modules.json").unlink()
    (finding,) = found(folder)
    assert (finding.rule, finding.severity) == ("MLM020", Severity.WARNING)
    assert "mean pooling" in finding.message


@pytest.mark.parametrize(
    ("text", "told"), [("h5", []), ("h", ["MLM021"]), ("tf", ["MLM021"]), ("h5\n", ["MLM022"])]
)
@pytest.mark.parametrize("flavor", ["keras", "tensorflow"])
def test_save_format_decides_which_file_is_opened(
    flavor: str, text: str, told: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    conf = {"data": "data", "model_type": "keras", "save_format": "h5"}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {flavor: conf}}), encoding="utf-8")
    (folder / "data" / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    (folder / "data" / "save_format.txt").write_bytes(text.encode())
    assert [f.rule for f in found(folder) if f.location.file == "data/save_format.txt"] == told


def test_a_step_of_a_chain_that_is_lost_whole_is_left_out(tmp_path: Path) -> None:
    """MLflow lists the folders that are there."""
    folder = make(tmp_path / "model", "langchain")
    shutil.rmtree(folder / "model" / "steps" / "4")
    (finding,) = found(folder)
    assert (finding.rule, finding.severity) == ("MLM020", Severity.WARNING)
    assert "model/steps/4" in finding.message
    assert "goes on without" in finding.message


def test_a_stage_of_spark_without_its_data(tmp_path: Path) -> None:
    """What else is in the folder, Spark does not read."""
    folder = make(tmp_path / "model", "spark")
    data = folder / "sparkml" / "stages" / "1_b" / "data"
    for name in ("_SUCCESS", "._SUCCESS.crc", ".part-0.parquet.crc"):
        (data / name).write_bytes(b"crc\0")
    (data / "part-0.parquet").unlink()
    assert [finding.rule for finding in found(folder)] == ["MLM007"]


def test_graphs_without_variables_need_none(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "tensorflow")
    shutil.rmtree(folder / "tf2model" / "variables")
    assert [finding.rule for finding in found(folder)] == ["MLM007"]
    (folder / "tf2model" / "saved_model.pb").write_bytes(
        field(1, 1) + field(2, field(7, field(1, field(4, b""))))
    )
    assert found(folder) == []


# -- what is said --------------------------------------------------------------------------------------


def test_all_keys_that_name_an_absent_file(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "sklearn")
    config = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    config["flavors"]["python_function"] = {"loader_module": "mlflow.sklearn", "model_path": "model.pkl"}
    (folder / "MLmodel").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "model.pkl").unlink()
    (finding,) = found(folder)
    text = finding.message + str(finding.location.pointer).replace("/", ".")
    assert "python_function.model_path" in text
    assert "sklearn.pickled_model" in text


def test_the_name_that_mlflow_writes(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "pytorch")
    (folder / "data" / "model.pth").unlink()
    (finding,) = found(folder)
    assert "data/model.pth" in finding.message
    assert finding.location.pointer == "/flavors/pytorch/model_data"


def test_many_absent_files_are_one_finding_with_a_cause(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "transformers")
    for path in ("model/config.json", "model/model.safetensors", "components/tokenizer/tokenizer.json"):
        (folder / path).unlink()
    (finding,) = found(folder)
    assert finding.rule == "MLM007"
    assert finding.message.startswith("3 files")
    assert ".gitignore" in str(finding.hint)


def test_folders_that_an_upload_flattened(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "pytorch")
    for path in (folder / "data").iterdir():
        path.rename(folder / path.name)
    (folder / "data").rmdir()
    (finding,) = found(folder)
    assert "stand at the root" in str(finding.hint)
    assert "model.pth" in str(finding.hint)


def test_only_the_mlmodel_file(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "llama_index")
    shutil.rmtree(folder / "index")
    (folder / "settings.json").unlink()
    for rule in ("settings.json", "index"):
        assert any(rule in finding.message for finding in found(folder))


def test_conda_yaml_is_not_meant_by_another_name(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "h2o")
    (folder / "model.yaml").write_text("a: 1\n", encoding="utf-8")
    config = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    config["flavors"]["python_function"] = {"loader_module": "mlflow.h2o", "env": {"conda": "conda.yaml"}}
    (folder / "MLmodel").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert "model.yaml" not in "".join(str(finding.hint) for finding in validate(folder).findings)


# -- repairs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "changed"),
    [
        ("pytorch", "data/pickle_module_info.txt", "mlflow.pytorch.pickle_module\r\n"),
        ("lightgbm", "model.lgb", LIGHTGBM.replace("\n", "\r\n")),
    ],
)
def test_changed_texts_are_repaired(name: str, path: str, changed: str, tmp_path: Path) -> None:
    folder = make(tmp_path / "model", name)
    whole = (folder / path).read_bytes()
    (folder / path).write_bytes(changed.encode())
    plan = fixing.plan(str(folder))
    assert [repair.rule for repair in plan.repairs] == ["MLM022"]
    fixing.write(plan)
    assert (folder / path).read_bytes() == whole


# -- bounds --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(
    "content", [b"", b"\0", b"\xff" * 70, b"{" * 5000, b"[" * 100_000, bytes(range(256)) * 3, b"tree\n"]
)
def test_no_content_stops_the_checks(name: str, content: bytes, tmp_path: Path) -> None:
    folder = make(tmp_path / "model", name)
    for path in WHOLE[name][1]:
        (folder / path).write_bytes(content)
    rules = [finding.rule for finding in validate(folder).findings]
    assert "MLM901" not in rules


def test_an_index_that_names_everything_is_bounded(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "transformers in shards")
    shards = {str(number): f"model-{number}.safetensors" for number in range(20_000)}
    (folder / "model" / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": shards}), encoding="utf-8"
    )
    assert len(found(folder)) == 1
    assert schemas.schema("files.json")["layouts"]


# -- the recorded size ---------------------------------------------------------------------------------


def sized(folder: Path, size: int) -> Path:
    with (folder / "MLmodel").open("a") as file:
        file.write(f"\nmodel_size_bytes: {size}\n")
    return folder


def test_what_is_lost_without_another_word_is_a_warning(tmp_path: Path) -> None:
    folder = sized(make(tmp_path / "model", "sklearn"), 1_000_000)
    assert [(finding.rule, finding.severity) for finding in found(folder)] == [("MLM127", Severity.WARNING)]


def test_a_little_less_is_nothing(tmp_path: Path) -> None:
    """Such as line ends that git has changed."""
    folder = make(tmp_path / "model", "sklearn")
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert found(sized(folder, total + 4_000)) == []


def test_what_another_finding_explains_is_not_said_twice(tmp_path: Path) -> None:
    folder = sized(make(tmp_path / "model", "sklearn"), 1_000_000)
    (folder / "model.pkl").unlink()
    assert [finding.rule for finding in found(folder)] == ["MLM007"]
