"""Chat models, agents and chains: what is written of them without running them, beside what MLflow writes."""

from __future__ import annotations

import ast
import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlmodel import WriteError, write_model
from mlmodel.documents.agent_source import agent
from mlmodel.flavors import UnsuitableError, chains, chat_types
from tests.environments import NEWEST, interpreter, release_with, run

ROOT = Path(__file__).parents[2]
CHAINS = {
    "2.22.5": ("langchain==0.3.25", "llama-index-core==0.12.37"),
    NEWEST: ("langchain==1.5.2", "llama-index-core==0.14.25", "dspy==3.4.1"),
}
DIFFERENT = {
    # What nothing unpickles needs no cloudpickle.
    "/flavors/python_function/cloudpickle_version": ("chat_model", "chat_agent", "responses_agent", "dspy"),
    # MLflow runs the chain on the example; we do with predict=True.
    "/signature/outputs": ("langchain",),
}
"""What MLflow says otherwise of models from code, and of which."""


def compared(python: str, names: tuple[str, ...], tmp_path: Path, lacking: Path) -> None:
    (tmp_path / "out").mkdir()
    script = Path(__file__).with_name("agents_and_chains.py")
    told = run(python, script, str(ROOT / "validator"), str(lacking), str(tmp_path / "out"), *names)
    answers = json.loads(told.splitlines()[-1])
    assert set(names) <= set(answers)
    for name, answer in answers.items():
        assert not answer["imported"], name
        assert not answer["warned"], name
        assert set(answer["differs"]) == {key for key, each in DIFFERENT.items() if name in each}, name
        assert answer["examples"][0] == answer["examples"][1], name
        assert answer["expected"] == answer["pyfunc"] == answer["loaded"], name


@pytest.mark.mlflow
@pytest.mark.parametrize("release", CHAINS)
def test_chat_models_and_agents(release: str, tmp_path: Path, lacking: Path) -> None:
    names = ("chat_model", "chat_agent", *(("responses_agent",) if release == NEWEST else ()))
    compared(interpreter(release), names, tmp_path, lacking)


@pytest.mark.mlflow
@pytest.mark.libraries
@pytest.mark.parametrize("release", CHAINS)
def test_chains(release: str, tmp_path: Path, lacking: Path) -> None:
    names = ("langchain", "llama_index", *(("dspy",) if release == NEWEST else ()))
    compared(release_with(f"chains-{release}", release, *CHAINS[release]), names, tmp_path, lacking)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class A(mlflow.pyfunc.ChatModel): ...\nmlflow.models.set_model(A())", "ChatModel"),
        (
            "from mlflow.pyfunc import ChatAgent as B\nclass A(B): ...\nx = A()\nmlflow.models.set_model(x)",
            "ChatAgent",
        ),
        (
            "import mlflow.pyfunc.model as m\nclass C(m.ResponsesAgent): ...\nclass A(C): ...\nm.set_model(model=A())",
            "ResponsesAgent",
        ),
        ("from theirs import Made\nset_model(Made())", "ChatAgent"),
        ("import theirs\nset_model(theirs.Made())", "ChatAgent"),
        ("from theirs import made\nset_model(made)", "ChatAgent"),
        ("class A(mlflow.pyfunc.ChatModel): ...\ndef f() -> A: ...\nset_model(f())", "ChatModel"),
        # None of them, or it cannot be told.
        ("class A(mlflow.pyfunc.PythonModel): ...\nmlflow.models.set_model(A())", None),
        ("class ChatModel: ...\nclass A(ChatModel): ...\nmlflow.models.set_model(A())", None),
        ("from elsewhere import ChatModel\nclass A(ChatModel): ...\nset_model(A())", None),
        ("class A(mlflow.pyfunc.ChatModel): ...\nset_model(globals()['A']())", None),
        ("class A(A): ...\nset_model(A())", None),
        ("x = y\ny = x\nset_model(x)", None),
        ("set_model()", None),
    ],
)
def test_the_class_of_a_model_from_code(text: str, expected: str | None) -> None:
    theirs = ast.parse("from mlflow.pyfunc import ChatAgent\nclass Made(ChatAgent): ...\nmade = Made()")
    tree = ast.parse(f"import mlflow\n{text}")
    assert agent(tree, {"theirs": theirs}.get) == expected


CHAT = """
import mlflow
class Echo(mlflow.pyfunc.ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None): ...
mlflow.models.set_model(Echo())
"""


def test_an_agent_from_code(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(CHAT)
    write_model(tmp_path / "agent.py", tmp_path / "model", metadata={"ours": 1})
    stated = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())
    assert stated["metadata"] == {"task": "agent/v2/chat", "ours": 1}
    assert next(column["name"] for column in json.loads(stated["signature"]["outputs"])) == "messages"
    assert stated["flavors"]["python_function"]["streamable"] is True
    example = json.loads((tmp_path / "model" / "input_example.json").read_text())
    assert example == {"messages": [{"role": "user", "content": "Hello!"}]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"signature": {"inputs": "[]"}}, "a ChatAgent has the signature of its class; give none"),
        ({"input_example": [1]}, "the input example of a ChatAgent is a dictionary with a list 'messages'"),
        ({"input_example": {"messages": "hi"}}, "is a dictionary with a list 'messages'"),
        ({"input_example": {"input": []}}, "is a dictionary with a list 'messages'"),
        ({"metadata": 3}, "metadata is int, and must be a dictionary"),
        ({"flavor": "nowhere"}, "no flavor writes 'nowhere'"),
    ],
)
def test_refusals(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    (tmp_path / "agent.py").write_text(CHAT)
    with pytest.raises(WriteError, match=re.escape(said)):
        write_model(tmp_path / "agent.py", tmp_path / "model", **options)
    assert not (tmp_path / "model").exists()


def test_what_a_release_records() -> None:
    old, new = (
        chat_types.named("ResponsesAgent", release).signature["inputs"] for release in ("3.4.0", "3.18.0")
    )
    names = [{column["name"] for column in json.loads(text or "")} for text in (old, new)]
    assert names[1] - names[0] == {"background"}
    with pytest.raises(UnsuitableError, match=r"3\.0\.1 and later, not for 2\.22\.5"):
        chat_types.named("ResponsesAgent", "2.22.5")


def test_chains_are_written_from_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chain.py").write_text("import mlflow\nmlflow.models.set_model(object())\n")
    with pytest.raises(WriteError, match="langchain, which is not installed"):
        write_model(tmp_path / "chain.py", tmp_path / "model", flavor="langchain")
    with pytest.raises(WriteError, match="a model of LlamaIndex is written from code: give the path"):
        write_model(object(), tmp_path / "model", flavor="llama_index")
    # As if it were installed.
    monkeypatch.setattr(chains, "version", lambda _: "0.12.37")
    monkeypatch.setattr(chains.LLAMA_INDEX, "_distribution", "packaging")
    write_model(tmp_path / "chain.py", tmp_path / "model", flavor="llama_index")
    stated = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())["flavors"]
    assert stated["python_function"]["loader_module"] == "mlflow.llama_index"
    assert stated["llama_index"] == {"code": None, "engine_type": None, "llama_index_version": "0.12.37"}
    assert (tmp_path / "model" / "settings.json").read_text() == "{}"
    assert (
        f"packaging=={metadata.version('packaging')}" in (tmp_path / "model" / "requirements.txt").read_text()
    )
