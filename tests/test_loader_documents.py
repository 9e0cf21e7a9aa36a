"""Names in documents that loaders import, call or fetch: what is of the loader's library passes, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlmodel import Finding, Severity, validate
from mlmodel.loading import load
from mlmodel.loading.errors import LoadError
from tests.overlay import make_model

RULES = ("MLM6", "MLM007")


def model(tmp_path: Path, flavor: str, conf: dict[str, Any], files: dict[str, Any], **function: Any) -> Path:
    """A model directory with one flavor; files that are no text are written as JSON."""
    target = make_model(tmp_path / "model")
    for name in ("model.pkl", "input_example.json", "serving_input_payload.json"):
        (target / name).unlink()
    data = yaml.safe_load((target / "MLmodel").read_text())
    data.pop("saved_input_example_info", None)
    entry = {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": f"mlflow.{flavor}",
        "python_version": "3.11.7",
        **function,
    }
    data["flavors"] = {"python_function": entry, flavor: {"code": None, **conf}}
    (target / "MLmodel").write_text(yaml.safe_dump(data))
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return target


def told(target: Path) -> list[Finding]:
    return [finding for finding in validate(target).findings if finding.rule.startswith(RULES)]


def rules(target: Path) -> set[str]:
    return {finding.rule for finding in told(target)} - {"MLM621"}


def refused(target: Path) -> None:
    with pytest.raises(LoadError):
        load(target)


# -- sentence-transformers -----------------------------------------------------------------------

FOLDER = "model.sentence_transformer"
BERT = {"architectures": ["BertModel"], "model_type": "bert"}


def sentence(
    tmp_path: Path, kind: Any = "sentence_transformers.models.Transformer", config: Any = None, **files: Any
) -> Path:
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": kind},
        {"idx": 1, "name": "1", "path": "1_Dense", "type": "sentence_transformers.models.Dense"},
    ]
    written = {
        f"{FOLDER}/modules.json": modules,
        f"{FOLDER}/config.json": config or BERT,
        f"{FOLDER}/model.safetensors": "x",
    }
    written |= {f"{FOLDER}/{name.replace('__', '/')}": content for name, content in files.items()}
    conf = {"sentence_transformers_version": "3.1.0", "pipeline_model_type": "BertModel"}
    return model(tmp_path, "sentence_transformers", conf, written, data=FOLDER)


@pytest.mark.parametrize(
    "kind",
    ["os.system", "subprocess.Popen", "sys.exit", "antigravity.fly", "runpy.run_path", "numpy.savetxt", "torch.hub.load",
     "mlflow.projects.run", "joblib.load", "builtins.exec", "importlib.import_module", "pip.main", "no name.X",
     "sentence_transformers.util.http_get", "sentence_transformers.models.os", "sentence_transformers.util.os.system",
     "sentence_transformers.models.Transformer.load", "torch.utils.cpp_extension.load", "pandas.read_pickle", "..evil.X", "posixpath.os"],
)  # fmt: skip
def test_types_of_modules(kind: str, tmp_path: Path) -> None:
    target = sentence(tmp_path, kind)
    assert "MLM613" in rules(target)
    refused(target)


@pytest.mark.parametrize(
    "name", ["sys.exit", "os.abort", "torch.load", "torch.hub.load", "builtins.print", "code.interact"]
)
@pytest.mark.parametrize("key", ["activation_function", "activation_fn"])
def test_activation_functions(name: str, key: str, tmp_path: Path) -> None:
    assert "MLM613" in rules(sentence(tmp_path, **{"1_Dense__config.json": {"in_features": 8, key: name}}))


def test_a_tokenizer_class_and_routes(tmp_path: Path) -> None:
    words = {"tokenizer_class": "os.getcwd"}
    assert "MLM613" in rules(sentence(tmp_path, **{"wordembedding_config.json": words}))
    routes = {"types": {"query_0": "shutil.rmtree"}}
    assert "MLM613" in rules(sentence(tmp_path / "b", **{"router_config.json": routes}))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("sentence_transformers.models.Transformer", {}),
        ("sentence_transformers.base.modules.transformer.Transformer", {}),
        ("sentence_transformers.models.Transformer", {"1_Dense__config.json": {"activation_function": "torch.nn.modules.activation.Tanh"}}),
        ("sentence_transformers.models.Transformer", {"config_sentence_transformers.json": {"similarity_fn_name": "cosine"}}),
    ],
)  # fmt: skip
def test_honest_sentence_transformers(kind: str, more: dict[str, Any], tmp_path: Path) -> None:
    target = sentence(tmp_path, kind, {**BERT, "activation_function": "gelu_new"}, **more)
    assert not rules(target) & {"MLM606", "MLM613", "MLM630", "MLM631", "MLM632"}


def test_a_library_that_nobody_knows_is_a_warning(tmp_path: Path) -> None:
    assert "MLM606" in rules(sentence(tmp_path, "pylate.models.Dense"))


def test_python_beside_modules_json(tmp_path: Path) -> None:
    target = sentence(
        tmp_path, "custom.Transformer", **{"custom.py": "from .helper import x\n", "helper.py": "x = 1\n"}
    )
    found = [finding for finding in told(target) if finding.rule == "MLM630"]
    assert len(found) == 1
    assert "custom.py" in found[0].message
    assert "helper.py" in found[0].message
    refused(target)


MAPS = (
    {"AutoModel": "net.Model"}, {"AutoModel": "acme/x--net.M"}, {"AutoTokenizer": ["tok.T", None]}, {"AutoTokenizer": [None, "acme/x--tok.T"]},
    {"AutoProcessor": "acme/x--p.P"}, {"AutoConfig": "conf.C"}, {"AutoConfig": "acme/x--conf.C"}, {"AutoConfig": "../up.C"}, {"AutoConfig": "/abs.C"},
    {"AutoModel": "a/b--c.D", "AutoConfig": "conf.C"}, {"AutoFeatureExtractor": "acme/x--p.P"}, {"AutoImageProcessor": "acme/x--p.P"},
)  # fmt: skip


@pytest.mark.parametrize("given", MAPS)
def test_every_auto_map_is_told(given: dict[str, Any], tmp_path: Path) -> None:
    """A local folder has sentence-transformers run it whatever is trusted."""
    target = sentence(
        tmp_path, config={**BERT, "auto_map": given}, **{"conf.py": "x = 1\n", "net.py": "x = 1\n"}
    )
    assert rules(target) & {"MLM630", "MLM631", "MLM007"}
    refused(target)


def test_auto_map_of_the_directory(tmp_path: Path) -> None:
    config = {**BERT, "auto_map": {"AutoConfig": "conf.Config", "AutoModel": "net.Model"}}
    target = sentence(tmp_path, config=config, **{"conf.py": "import torch\n"})
    assert {"MLM630", "MLM007"} <= rules(target)
    lost = [finding for finding in told(target) if finding.rule == "MLM007" and "net.py" in finding.message]
    assert lost[0].location.file == f"{FOLDER}/config.json"


def test_code_of_a_hub(tmp_path: Path) -> None:
    config = {**BERT, "auto_map": {"AutoModel": "acme/impl--net.Model"}}
    assert "MLM631" in rules(sentence(tmp_path, config=config))
    assert "MLM631" in rules(sentence(tmp_path / "b", "acme/impl--net.Model"))
    pinned = sentence(
        tmp_path / "c",
        config=config,
        **{"sentence_bert_config.json": {"model_args": {"code_revision": "abc"}}},
    )
    assert rules(pinned) & {"MLM631", "MLM632"} == {"MLM632"}


# -- transformers --------------------------------------------------------------------------------


def pipeline(
    tmp_path: Path, kind: str, config: Any, files: dict[str, Any] | None = None, **conf: Any
) -> Path:
    given = {
        "task": "text-classification",
        "pipeline_model_type": kind,
        "model_binary": "model",
        "transformers_version": "4.44.2",
    }
    written = {"model/config.json": config, "model/model.safetensors": "x", **(files or {})}
    return model(tmp_path, "transformers", given | conf, written)


CUSTOM = {
    "architectures": ["Mine"],
    "model_type": "mine",
    "auto_map": {"AutoConfig": "conf.Config", "AutoModelForCausalLM": "net.Mine"},
}
SOURCES = {"model/conf.py": "import os\n", "model/net.py": "from .conf import Config\n"}


def test_a_class_that_transformers_has_not(tmp_path: Path) -> None:
    target = pipeline(tmp_path, "Mine", CUSTOM, SOURCES)
    assert "MLM630" in rules(target)
    refused(target)
    assert "MLM007" in rules(pipeline(tmp_path / "b", "Mine", CUSTOM))


def test_what_its_code_imports_is_listed(tmp_path: Path) -> None:
    files = {
        "model/conf.py": "import torch\nimport einops_exts\nfrom .net import Mine\n",
        "model/net.py": "try:\n    import flash_attn\nexcept ImportError:\n    pass\n",
    }
    found = [
        finding
        for finding in validate(pipeline(tmp_path, "Mine", CUSTOM, files)).findings
        if finding.rule in ("MLM404", "MLM405")
    ]
    names = {finding.message.split("'")[1] for finding in found if finding.location.file == "model/conf.py"}
    assert "einops_exts" in names
    assert not names & {"net", "flash_attn"}


def test_a_class_that_it_has(tmp_path: Path) -> None:
    target = pipeline(
        tmp_path,
        "BertForSequenceClassification",
        {**CUSTOM, "architectures": ["BertForSequenceClassification"]},
        SOURCES,
    )
    assert not rules(target) & {"MLM630", "MLM631", "MLM007"}


def test_a_class_of_a_later_release(tmp_path: Path) -> None:
    config = {
        "architectures": ["Qwen3ForCausalLM"],
        "auto_map": {"AutoModelForCausalLM": "net.Qwen3ForCausalLM"},
    }
    assert "MLM630" in rules(pipeline(tmp_path, "Qwen3ForCausalLM", config, SOURCES))
    later = pipeline(tmp_path / "b", "Qwen3ForCausalLM", config, SOURCES, transformers_version="4.57.1")
    assert "MLM630" not in rules(later)


def test_an_auto_class_asks(tmp_path: Path) -> None:
    config = {**CUSTOM, "architectures": ["Other"]}
    target = pipeline(tmp_path, "AutoModelForCausalLM", config, SOURCES)
    assert any("asks on the terminal" in finding.message for finding in told(target))
    refused(target)


@pytest.mark.parametrize(
    ("component", "file", "entry"),
    [
        ("tokenizer", "tokenizer_config.json", {"AutoTokenizer": ["tok.Slow", None]}),
        ("tokenizer", "tokenizer_config.json", ["tok.Slow", "tok.Fast"]),
        ("feature_extractor", "preprocessor_config.json", {"AutoFeatureExtractor": "tok.X"}),
        ("image_processor", "preprocessor_config.json", {"AutoImageProcessor": "tok.X"}),
        ("processor", "processor_config.json", {"AutoProcessor": "tok.X"}),
    ],
)
def test_components(component: str, file: str, entry: Any, tmp_path: Path) -> None:
    files = {
        f"components/{component}/{file}": {"auto_map": entry},
        f"components/{component}/tok.py": "x = 1\n",
    }
    target = pipeline(tmp_path, "BertModel", BERT, files, **{f"{component}_type": "MineTokenizer"})
    assert "MLM630" in rules(target)
    known = pipeline(tmp_path / "b", "BertModel", BERT, files, **{f"{component}_type": "BertTokenizer"})
    assert "MLM630" not in rules(known)


def test_weights_and_class_of_a_hub(tmp_path: Path) -> None:
    target = pipeline(tmp_path, "Mine", BERT, source_model_name="acme/m", source_model_revision="abc")
    (target / "model/config.json").unlink()
    assert "MLM632" in rules(target)
    hub = {**CUSTOM, "auto_map": {"AutoConfig": "acme/impl--conf.Config"}}
    assert "MLM631" in rules(pipeline(tmp_path / "b", "Mine", hub))


# -- the others ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["os.system", "antigravity.LLM", "subprocess.Popen", "numpy.load", "torch.load", "sys.exit", "mlflow.run",
                                  "builtins.eval", "pickle.loads", "cloudpickle.loads", "a b.c"])  # fmt: skip
@pytest.mark.parametrize("place", ["_llm", "_transformations"])
def test_llama_index(name: str, place: str, tmp_path: Path) -> None:
    entry: Any = {"object_constructor": name, "object_kwargs": {}}
    settings = {place: [entry] if place.endswith("s") else entry}
    target = model(
        tmp_path,
        "llama_index",
        {"engine_type": "query", "llama_index_version": "0.10.68"},
        {"settings.json": settings},
    )
    assert "MLM613" in rules(target)
    refused(target)


def test_honest_llama_index(tmp_path: Path) -> None:
    settings = {
        "_llm": {"object_constructor": "llama_index.core.llms.mock.MockLLM", "object_kwargs": {}},
        "_embed_model": {"object_constructor": "acme_embeddings.base.Embedding", "object_kwargs": {}},
    }
    target = model(tmp_path, "llama_index", {"llama_index_version": "0.10.68"}, {"settings.json": settings})
    assert rules(target) & {"MLM613", "MLM606"} == {"MLM606"}


@pytest.mark.parametrize(
    "name",
    [
        "antigravity",
        "os",
        "subprocess",
        "pip",
        "numpy",
        "torch",
        "code",
        "runpy",
        "idlelib",
        "mlflow.projects",
        "tensorflow",
        "tensorflow.ker",
        "keras.ap",
    ],
)
def test_the_module_of_keras(name: str, tmp_path: Path) -> None:
    conf = {"data": "data", "model_type": "keras", "keras_version": "2.15.0", "save_format": "h5"}
    target = model(
        tmp_path, "tensorflow", conf, {"data/keras_module.txt": name, "data/model.h5": "x"}, data="data"
    )
    assert "MLM617" in rules(target)
    key = model(
        tmp_path / "b", "tensorflow", {**conf, "keras_module": name}, {"data/model.h5": "x"}, data="data"
    )
    assert "MLM617" in rules(key)


@pytest.mark.parametrize(
    "name", ["keras", "tensorflow.keras", "tf_keras", "tensorflow.python.keras.api._v2.keras"]
)
def test_the_modules_that_keras_has(name: str, tmp_path: Path) -> None:
    conf = {"data": "data", "model_type": "keras", "keras_version": "2.15.0", "save_format": "h5"}
    target = model(
        tmp_path, "tensorflow", conf, {"data/keras_module.txt": name, "data/model.h5": "x"}, data="data"
    )
    assert not rules(target) & {"MLM617", "MLM606"}


@pytest.mark.parametrize(
    ("flavor", "name", "rule"),
    [
        ("xgboost", "helper.make", "MLM613"),
        ("xgboost", "os.system", "MLM613"),
        ("xgboost", "xgboostx.core.Booster", "MLM613"),
        ("lightgbm", "helper.make", "MLM606"),
    ],
)
def test_model_class(flavor: str, name: str, rule: str, tmp_path: Path) -> None:
    conf = {
        "data": "model.x",
        "model_class": name,
        "xgb_version" if flavor == "xgboost" else "lgb_version": "2.1.1",
    }
    assert rule in rules(model(tmp_path, flavor, conf, {"model.x": "tree\n"}, data="model.x"))


@pytest.mark.parametrize("name", ["xgboost.core.Booster", "xgboost.sklearn.XGBClassifier"])
def test_classes_of_xgboost(name: str, tmp_path: Path) -> None:
    conf = {"data": "model.x", "model_class": name, "xgb_version": "2.1.1"}
    assert "MLM613" not in rules(model(tmp_path, "xgboost", conf, {"model.x": "x"}, data="model.x"))


@pytest.mark.parametrize(
    ("settings", "severity"),
    [
        ({"jvm_custom_args": ["-XX:OnOutOfMemoryError=touch x"]}, Severity.ERROR),
        ({"jvm_custom_args": ["-javaagent:x.jar"]}, Severity.ERROR),
        ({"jvm_custom_args": ["-agentpath:/x.so"]}, Severity.ERROR),
        ({"jvm_custom_args": "-Xmx1g -Xrunx"}, Severity.ERROR),
        ({"jvm_custom_args": ["--patch-module", "java.base=x"]}, Severity.ERROR),
        ({"extra_classpath": ["x.jar"]}, Severity.ERROR),
        ({"jvm_custom_args": ["-Xss4m"]}, Severity.WARNING),
        ({"url": "http://example.org:54321"}, Severity.WARNING),
        ({"ip": "example.org"}, Severity.WARNING),
        ({"max_mem_size": "1G", "nthreads": 2}, None),
    ],
)
def test_h2o(settings: dict[str, Any], severity: Severity | None, tmp_path: Path) -> None:
    files = {"model.h2o/h2o.yaml": yaml.safe_dump({"model_file": "m", "init": settings}), "model.h2o/m": "x"}
    target = model(tmp_path, "h2o", {"data": "model.h2o", "h2o_version": "3.46.0.4"}, files, data="model.h2o")
    found = [finding.severity for finding in told(target) if finding.rule in ("MLM606", "MLM613")]
    assert found == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        ({"_type": "llm_bash_chain"}, "MLM613"),
        ({"_type": "pal_chain"}, "MLM613"),
        ({"_type": "sequential", "chains": [{"_type": "sql_database_chain"}]}, "MLM613"),
        ({"_type": "prompt", "template_path": "/etc/passwd"}, "MLM613"),
        ({"_type": "prompt", "template_path": "lc://prompts/x"}, "MLM613"),
        ({"_type": "few_shot", "examples_path": "../../x.json"}, "MLM613"),
        ({"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {}}, "MLM613"),
        ({"lc": 1, "type": "constructor", "id": ["subprocess", "Popen"], "kwargs": {}}, "MLM613"),
        ({"lc": 1, "type": "secret", "id": ["AWS_SECRET_ACCESS_KEY"]}, "MLM606"),
        ({"_type": "prompt", "template": "{{ x.__class__ }}", "template_format": "jinja2"}, "MLM606"),
        ({"_type": "llm_chain", "prompt": {"_type": "prompt", "template": "{x}"}}, None),
        (
            {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "PromptTemplate"], "kwargs": {}},
            None,
        ),
    ],
)
def test_langchain(document: Any, rule: str | None, tmp_path: Path) -> None:
    conf = {
        "model_data": "model.yaml",
        "model_load": "base_load",
        "model_type": "LLMChain",
        "langchain_version": "0.2.0",
    }
    target = model(tmp_path, "langchain", conf, {"model.yaml": yaml.safe_dump(document)})
    assert rules(target) & {"MLM606", "MLM613"} == ({rule} if rule else set())


SPACY = '[nlp]\nlang = "en"\nbefore_creation = null\n\n[components]\n\n[components.ner]\nfactory = "ner"\n\n[components.ner.model]\n@architectures = "spacy.TransitionBasedParser.v2"\n\n[training.logger]\n@loggers = "mine.Logger.v1"\n'  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "fires"),
    [
        ("", "", False),
        ('"ner"', '"mine_component"', True),
        ("spacy.TransitionBasedParser.v2", "mine.Parser.v1", True),
        ('factory = "ner"', 'factory : "mine"', True),
        ("[components.ner]", "[components.ner] ; a section", False),
        ('factory = "ner"', 'factory = "ner"\nother = {"a": {"@misc": "mine.Evil.v1"}}', True),
        ("before_creation = null", '@callbacks = "mine.start"', True),
        ('factory = "ner"', 'source = "other_model"', True),
        ("before_creation = null", '@misc = "srsly.read_yaml.v1"', True),
        ("spacy.TransitionBasedParser.v2", "spacy-transformers.TransformerModel.v3", False),
    ],
)
def test_spacy(old: str, new: str, fires: bool, tmp_path: Path) -> None:
    files = {
        "model.spacy/config.cfg": SPACY.replace(old, new, 1) if old else SPACY,
        "model.spacy/meta.json": "{}",
    }
    target = model(
        tmp_path, "spacy", {"data": "model.spacy", "spacy_version": "3.7.0"}, files, data="model.spacy"
    )
    assert ("MLM606" in rules(target)) is fires
