"""Python that loading runs is parsed, never run: what keeps it from giving a model is an error at its line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlmodel import Finding, validate
from tests.overlay import apply, make_model

HEAD = "import mlflow\nfrom mlflow.models import ModelConfig, set_model\nfrom mlflow.pyfunc import PythonModel\n\n\n"
CLASS = "class M(PythonModel):\n    def predict(self, context, model_input, params=None):\n        return model_input\n\n\n"
GOOD = HEAD + CLASS + "set_model(M())\n"


def model(tmp_path: Path, source: str | bytes, python: str = "3.11.7", **more: Any) -> Path:
    """A model from code; ``more`` are keys of python_function, and files by names with a dot."""
    target = make_model(tmp_path / "model")
    for name in ("model.pkl", "input_example.json", "serving_input_payload.json"):
        (target / name).unlink()
    data = yaml.safe_load((target / "MLmodel").read_text())
    data.pop("saved_input_example_info", None)
    entry = {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": "mlflow.pyfunc.loaders.code_model",
        "model_code_path": "/home/someone/agent.py",
        "python_version": python,
    }
    data["flavors"] = {
        "python_function": entry | {key: value for key, value in more.items() if "." not in key}
    }
    (target / "MLmodel").write_text(yaml.safe_dump(data))
    (target / "agent.py").write_bytes(source if isinstance(source, bytes) else source.encode())
    for name, content in more.items():
        if "." in name:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(content)
    return target


def told(target: Path) -> list[Finding]:
    return [finding for finding in validate(target).findings if finding.rule.startswith("MLM64")]


def rules(target: Path) -> set[str]:
    return {finding.rule for finding in told(target)}


def test_a_good_one(tmp_path: Path) -> None:
    assert told(model(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%pip install -U mlflow", "command of a notebook"),
        ("!pip install x", "command of a notebook"),
        ("%%time", "command of a notebook"),
        ("%load_ext autoreload", "command of a notebook"),
        ("?mlflow", "command of a notebook"),
        ("def (", "no Python"),
        ("print 'hello'", "no Python"),
        ("<<<<<<< HEAD", "no Python"),
        ("  indented = 1", "no Python"),
        ("x = '''open", "no Python"),
        ("x = \0", "no Python"),
        ("# -*- coding: no-such -*-", "no Python"),
    ],
)
def test_no_python(line: str, said: str, tmp_path: Path) -> None:
    (finding,) = told(model(tmp_path, f"{line}\n{GOOD}"))
    assert finding.rule == "MLM640"
    assert said in finding.message
    assert finding.location.file == "agent.py"
    assert finding.location.line


def test_a_command_that_is_a_comment_is_one(tmp_path: Path) -> None:
    assert told(model(tmp_path, "# Databricks notebook source\n# MAGIC %pip install foo\n" + GOOD)) == []


def test_syntax_of_a_later_python_is_no_fault(tmp_path: Path) -> None:
    later = f"3.{sys.version_info[1] + 2}.1"
    target = model(tmp_path, "def (\n" + GOOD, later)
    for name, old, new in (("python_env.yaml", "3.11.7", later), ("conda.yaml", "3.11.7", later)):
        (target / name).write_text((target / name).read_text().replace(old, new))
    assert told(target) == []


NOT_SET = {
    "nothing": CLASS,
    "another function": CLASS + "mlflow.models.set_models(M())\n",
    "under __main__": CLASS + 'if __name__ == "__main__":\n    set_model(M())\n',
    "under __main__, the other way round": CLASS + 'if "__main__" == __name__:\n    set_model(M())\n',
    "in a function that nothing calls": CLASS + "def main():\n    set_model(M())\n",
    "in one that __main__ calls": CLASS
    + 'def main():\n    set_model(M())\n\n\nif __name__ == "__main__":\n    main()\n',
    "a class": CLASS + "set_model(M)\n",
    "a class by another name": CLASS + "model = M\nmlflow.models.set_model(model)\n",
    "a class by keyword": CLASS + "set_model(model=M)\n",
    "a dictionary": CLASS + 'set_model({"model": M()})\n',
    "a name of one": CLASS + 'models = {"a": M()}\nset_model(models)\n',
    "a list": CLASS + "set_model([M()])\n",
    "a text": CLASS + 'set_model("model.pkl")\n',
    "a text with a value in it": CLASS + 'set_model(f"{M}")\n',
    "nothing at all": CLASS + "set_model(None)\n",
    "a number": CLASS + "set_model(42)\n",
}


@pytest.mark.parametrize("name", NOT_SET)
def test_no_model_is_set(name: str, tmp_path: Path) -> None:
    assert rules(model(tmp_path, HEAD.replace("ModelConfig, ", "") + NOT_SET[name])) == {"MLM641"}


SET = {
    "by the module": CLASS + "mlflow.models.set_model(M())\n",
    "by another name": "from mlflow.models import set_model as done\n" + CLASS + "done(M())\n",
    "in a function that is called": CLASS + "def main():\n    set_model(M())\n\n\nmain()\n",
    "in a branch": CLASS + "if mlflow.__version__:\n    set_model(M())\nelse:\n    set_model(M())\n",
    "in a try": CLASS + "try:\n    set_model(M())\nexcept Exception:\n    raise\n",
    "in a with": CLASS + "with mlflow.start_run():\n    set_model(M())\n",
    "a function": "def predict(model_input):\n    return model_input\n\n\nset_model(predict)\n",
    "what a function gives": CLASS + "def build():\n    return M()\n\n\nset_model(build())\n",
    "what a library gives": "from acme import chain\n\nset_model(chain)\n",
    "a class that is called as a function": "class F:\n    def __init__(self, x):\n        self.x = x\n\n\nset_model(F)\n",
    "by an attribute": "import mlflow.models as m\n" + CLASS + "m.set_model(M())\n",
    "by exec": CLASS + 'exec("set_model(M())")\n',
    "a name that is set twice": CLASS + "model = {}\nmodel = M()\nset_model(model)\n",
}


@pytest.mark.parametrize("name", SET)
def test_a_model_is_set(name: str, tmp_path: Path) -> None:
    assert rules(model(tmp_path, HEAD + SET[name])) == set()


def test_it_may_be_set_in_code(tmp_path: Path) -> None:
    files = {"code/build.py": GOOD}
    assert rules(model(tmp_path, "import build\n", code="code", **files)) == set()


def written(method: str, base: str = "PythonModel", before: str = "") -> str:
    predict = (
        ""
        if "def predict" in method
        else "    def predict(self, context, model_input):\n        return model_input\n"
    )
    return f"{HEAD}{before}class M({base}):\n    {method}\n        return 1\n\n{predict}\n\nset_model(M())\n"


@pytest.mark.parametrize(
    "method",
    [
        "def load_context(context):",
        "def load_context(self):",
        "def load_context():",
        "def load_context(self, ctx):",
        "def load_context(self, context, extra):",
        "def load_context(self, *, other):",
        "def load_context(self, context, /):",
        "def predict():",
        "def predict(self):",
        "def predict(model_input):",
        "def predict(self, context):",
        "def predict(self, params=None):",
        "def predict(self, context, model_input, extra):",
        "def predict(self, context, model_input, *, key):",
    ],
)
def test_methods_that_cannot_be_called(method: str, tmp_path: Path) -> None:
    (finding,) = told(model(tmp_path, written(method)))
    assert finding.rule == "MLM642"
    assert finding.location.line


@pytest.mark.parametrize(
    "method",
    [
        "def load_context(self, context):",
        "def load_context(self, context=None, more=1):",
        "def load_context(self, **kwargs):",
        "def load_context(self, *, context):",
        "def predict(self, model_input):",
        "def predict(self, context, model_input):",
        "def predict(self, ctx, model_input, params=None):",
        "def predict(self, model_input: list[str], params=None):",
        "def predict(self, context, model_input, params=None, extra=1):",
        "def predict(self, *args):",
        "def predict(self, context, model_input, **kwargs):",
        "@staticmethod\n    def predict(model_input):",
    ],
)
def test_methods_that_can(method: str, tmp_path: Path) -> None:
    assert told(model(tmp_path, written(method))) == []


@pytest.mark.parametrize(
    ("source", "fires"),
    [
        ("class M(PythonModel):\n    def run(self):\n        pass\n", True),
        ("class M(mlflow.pyfunc.PythonModel):\n    pass\n", True),
        ("class B(PythonModel):\n    pass\n\n\nclass M(B):\n    pass\n", True),
        ("class M(mlflow.pyfunc.ChatAgent):\n    def answer(self):\n        pass\n", True),
        (
            "class B(PythonModel):\n    def predict(self, model_input):\n        pass\n\n\nclass M(B):\n    pass\n",
            False,
        ),
        ("class M(Mixin, PythonModel):\n    pass\n", False),
        ("class M(PythonModel):\n    predict = mlflow.predict\n", False),
        ("class M(PythonModel):\n    def __getattr__(self, name):\n        pass\n", False),
        ("@mlflow.decorate\nclass M(PythonModel):\n    pass\n", False),
        (
            "class M(PythonModel):\n    if mlflow:\n        def predict(self, model_input):\n            pass\n",
            False,
        ),
        (
            "class M(mlflow.pyfunc.ChatModel):\n    def predict(self, context, messages, params):\n        pass\n",
            False,
        ),
    ],
)
def test_predict(source: str, fires: bool, tmp_path: Path) -> None:
    found = rules(model(tmp_path, f"{HEAD}{source}\n\nset_model(M())\n"))
    assert found == ({"MLM643"} if fires else set())


def test_a_configuration(tmp_path: Path) -> None:
    source = HEAD + 'CONFIG = ModelConfig(development_config={"k": 1})\n\n\n' + CLASS + "set_model(M())\n"
    assert rules(model(tmp_path, source)) == {"MLM644"}
    assert rules(model(tmp_path / "b", source, config={"k": 2})) == set()
    assert rules(model(tmp_path / "c", source, config={})) == {"MLM644"}
    guarded = source.replace("CONFIG = ", "try:\n    CONFIG = ").replace(
        "\n\n\nclass", "\nexcept FileNotFoundError:\n    pass\n\n\nclass", 1
    )
    assert rules(model(tmp_path / "d", guarded)) == set()
    assert (
        rules(
            model(
                tmp_path / "e",
                HEAD + CLASS.replace("return", "ModelConfig()\n        return") + "set_model(M())\n",
            )
        )
        == set()
    )


@pytest.mark.parametrize(
    ("line", "fires"),
    [
        ('open("/home/someone/x.json")', True),
        ('mlflow.load("/Users/jane/models/x")', True),
        ('PATH = "/home/someone/x.json"\nopen(PATH)', True),
        ('open(f"/home/someone/{1}.json")', True),
        ('open(file="C:\\\\Users\\\\jane\\\\x.json")', True),
        ('open("/dbfs/FileStore/x")', True),
        ('open("/Workspace/Users/x")', True),
        ('open("/content/drive/x")', True),
        ('print("/home/someone/x.json")', False),
        ('"""Reads /home/someone/x.json."""', False),
        ('open("/opt/ml/model/x")', False),
        ('open("home/someone/x")', False),
        ('mlflow.get("PATH", "/home/someone/x")', False),
        ('if __name__ == "__main__":\n    open("/home/someone/x")', False),
    ],
)
def test_paths_of_the_author(line: str, fires: bool, tmp_path: Path) -> None:
    assert rules(model(tmp_path, f"{HEAD}{line}\n\n\n{CLASS}set_model(M())\n")) == (
        {"MLM645"} if fires else set()
    )


def test_dbutils(tmp_path: Path) -> None:
    line = 'TOKEN = dbutils.secrets.get("a", "b")\n'
    (finding,) = told(model(tmp_path, HEAD + line + CLASS + "set_model(M())\n"))
    assert (finding.rule, finding.severity.label) == ("MLM646", "info")
    assert told(model(tmp_path / "b", HEAD + "dbutils = mlflow\n" + line + CLASS + "set_model(M())\n")) == []


def test_what_code_imports_is_read_too(tmp_path: Path) -> None:
    files = {"code/helper.py": "def (\n", "code/unused.py": "def (\n"}
    found = told(model(tmp_path, "import helper\n" + GOOD, code="code", **files))
    assert [(finding.rule, finding.location.file) for finding in found] == [("MLM640", "code/helper.py")]


def test_loader_modules(tmp_path: Path) -> None:
    target = make_model(tmp_path / "model")
    apply(target, "set MLmodel /flavors/python_function/code code")
    apply(target, "set MLmodel /flavors/python_function/loader_module mine.loader")
    (target / "code/mine").mkdir(parents=True)
    (target / "code/mine/__init__.py").write_text("")
    for source, fires in (
        ("def load(path): pass\n", {"MLM647"}),
        ("def _load_pyfunc(path): pass\n", set()),
        ("from .other import _load_pyfunc\n", set()),
        ("from .other import *\n", set()),
        ("_load_pyfunc = print\n", set()),
        ("def __getattr__(name): pass\n", set()),
        ("%pip install x\n", {"MLM640"}),
    ):
        (target / "code/mine/loader.py").write_text(source)
        assert rules(target) == fires, source


def test_nothing_is_said_of_warnings(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told(
        model(
            tmp_path, GOOD.replace("import mlflow\n", 'import mlflow\nX = "\\d" is 1\nassert (1, "x")\n', 1)
        )
    )
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\0",
        b"(" * 50_000,
        b"x = " + b"[" * 5_000,
        b"a." * 100_000 + b"b",
        b"-" * 100_000 + b"1",
    ],
)
def test_hostile_sources_are_no_exception(content: bytes, tmp_path: Path) -> None:
    found = validate(model(tmp_path, content)).findings
    assert not {"MLM901", "MLM902"} & {finding.rule for finding in found}


SIGNED = "class M(PythonModel):\n    def predict(self, context, model_input, {}):\n        {}\n\n\nset_model(M())\n"
PARAMS = '[{"name": "limit", "type": "long", "default": 1, "shape": null}]'


@pytest.mark.parametrize(
    ("parameter", "body", "stated", "is_told"),
    [
        ("params=None", "return params", None, True),
        ("params=None", "return params", "[]", True),
        ("params", "return model_input[: params['limit']]", None, True),
        ("params=None", "return [self.f(lambda: params)]", None, True),
        ("params: dict | None = None", "return model_input", None, True),
        # The form of the base class; stated; another name.
        ("params=None", "return model_input", None, False),
        ("params=None", "return params", PARAMS, False),
        ("params=None", "return params", "[", False),
        ("options=None", "return options", None, False),
    ],
)
def test_params_that_the_signature_lacks(
    parameter: str, body: str, stated: str | None, is_told: bool, tmp_path: Path
) -> None:
    target = model(tmp_path, HEAD + SIGNED.format(parameter, body))
    data = yaml.safe_load((target / "MLmodel").read_text())
    data["signature"] = {
        "inputs": '[{"type": "string", "required": true}]',
        "outputs": None,
        "params": stated,
    }
    (target / "MLmodel").write_text(yaml.safe_dump(data))
    found = [finding for finding in validate(target).findings if finding.rule == "MLM337"]
    assert bool(found) == is_told
    for finding in found:
        assert "M.predict takes params, and the signature has none" in finding.message
        assert (finding.location.file, finding.location.line) == ("agent.py", 7)


@pytest.mark.parametrize("base", ["mlflow.pyfunc.ChatModel", "Elsewhere"])
def test_params_of_other_models(base: str, tmp_path: Path) -> None:
    """A chat model has those of its class; without a signature that is said."""
    source = HEAD + SIGNED.replace("PythonModel", base).format("params", "return params")
    assert "MLM337" not in {finding.rule for finding in validate(model(tmp_path, source)).findings}
    plain = model(tmp_path / "plain", HEAD + SIGNED.format("params", "return params"))
    data = yaml.safe_load((plain / "MLmodel").read_text())
    data.pop("signature")
    (plain / "MLmodel").write_text(yaml.safe_dump(data))
    found = {finding.rule for finding in validate(plain).findings}
    assert "MLM326" in found
    assert "MLM337" not in found
