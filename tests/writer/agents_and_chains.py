# ruff: noqa: E402 - what is imported must stand after the paths
"""Writes chat models, agents and chains with ours and with the MLflow beside it; run with the interpreter of a release.

Arguments: the folder of mlmodel, one with what that environment lacks, the folder to write to, and the names of the models.
Prints, as JSON, what the two say differently in the MLmodel file, and what loading and predicting answered.
"""

import importlib
import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path[:0] = sys.argv[1:3]
out = Path(sys.argv[3])
os.chdir(out)
sys.path.insert(0, str(out))
warnings.simplefilter("ignore")

from importlib import metadata

import yaml

import mlmodel
from mlmodel.writer import write_model

VARYING = {"model_uuid", "utc_time_created", "model_size_bytes", "mlflow_version"}
SOURCES = {
    "chat_model": """
import mlflow
from mlflow.types.llm import ChatCompletionResponse


class Echo(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params):
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        message = {"role": "assistant", "content": f"{messages[-1].content} {params.temperature}"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"choices": [choice], "usage": usage, "id": "1", "object": "chat.completion", "created": 1, "model": "echo"}
        return ChatCompletionResponse.from_dict(answer)


mlflow.models.set_model(Echo())
""",
    "chat_agent": """
from mlflow.models import set_model as give
import mlflow
from mlflow.pyfunc import ChatAgent as Base
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse


class Agent(Base):
    def predict(self, messages, context=None, custom_inputs=None):
        said = ChatAgentMessage(role="assistant", content=messages[-1].content, id="1")
        return ChatAgentResponse(messages=[said], custom_outputs=custom_inputs)


def build() -> Agent:
    return Agent()


agent = build()
mlflow.models.set_model(agent)
""",
    "responses_agent": """
import mlflow
from agent_of_another_file import Echo

mlflow.models.set_model(Echo())
""",
    "agent_of_another_file": """
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentResponse


class Echo(ResponsesAgent):
    def predict(self, request):
        said = self.create_text_output_item(request.input[-1].content, "1")
        return ResponsesAgentResponse(output=[said], custom_outputs=request.custom_inputs)
""",
    "langchain": """
import mlflow
from langchain_core.runnables import RunnableLambda

mlflow.models.set_model(RunnableLambda(lambda text: text.upper()) | RunnableLambda(lambda text: {"said": text}))
""",
    "llama_index": """
import mlflow
from llama_index.core.query_engine import CustomQueryEngine


class Shouting(CustomQueryEngine):
    def custom_query(self, query_str: str):
        return query_str.upper()


mlflow.models.set_model(Shouting())
""",
    "dspy": """
import dspy
import mlflow
from dspy.utils import DummyLM


class Answering(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.ask = dspy.Predict("question -> answer")

    def predict(self, context, model_input, params=None):
        with dspy.context(lm=DummyLM([{"answer": "yes"}] * 10)):
            return [self.ask(question=each).answer for each in model_input]


mlflow.models.set_model(Answering())
""",
}  # fmt: skip
MESSAGES = [{"role": "user", "content": "Hi"}]
ASKED: dict[str, Any] = {
    "chat_model": {"messages": MESSAGES, "temperature": 0.5},
    "chat_agent": {"messages": MESSAGES, "custom_inputs": {"a": 1}},
    "responses_agent": {"input": MESSAGES, "custom_inputs": {"a": 1}},
    "langchain": ["one", "two"],
    "llama_index": "one",
    "dspy": ["one", "two"],
}
MORE: dict[str, dict[str, Any]] = {
    "chat_model": {"input_example": {"messages": MESSAGES, "max_tokens": 3}},
    "responses_agent": {"code_paths": ["agent_of_another_file.py"]},
    "langchain": {"input_example": ["one"], "signature": None},
    "chat_agent": {"metadata": None},
}
for name, text in SOURCES.items():
    Path(f"{name}_of_test.py" if name in ASKED else f"{name}.py").write_text(text)


def plain(value: Any) -> Any:
    """Without what differs from one writing to the next, and without null and false."""
    if isinstance(value, dict):
        return {
            key: Path(each).name if key == "model_code_path" else plain(each)
            for key, each in value.items()
            if key not in VARYING and each is not None and each is not False
        }
    return value


def parsed(folder: Path) -> Any:
    found = yaml.safe_load((folder / "MLmodel").read_text())
    for key, text in (found.get("signature") or {}).items():
        found["signature"][key] = json.loads(text) if text else None
    return plain(found)


def different(one: Any, other: Any, where: str = "") -> dict[str, Any]:
    if isinstance(one, dict) and isinstance(other, dict):
        found: dict[str, Any] = {}
        for key in one.keys() | other.keys():
            found |= different(one.get(key), other.get(key), f"{where}/{key}")
        return found
    return {} if one == other else {where: [one, other]}


def read(folder: Path, name: str) -> Any:
    path = folder / name
    return json.loads(path.read_text()) if path.exists() else None


def written(name: str, model: Any, given: dict[str, Any], flavor: str | None) -> dict[str, Any]:
    ours, theirs = out / f"ours-{name}", out / f"theirs-{name}"
    before = set(sys.modules)
    report = write_model(model, ours, flavor=flavor, **given)
    imported = sorted(
        module
        for module in set(sys.modules) - before
        if module.endswith("_of_test")
        or module in ("agent_of_another_file", "langchain_core", "llama_index", "dspy")
    )
    import mlflow

    logging.disable()
    pinned = [f"{each}=={metadata.version(each)}" for each in ("mlflow", "cloudpickle")]
    if flavor is None:
        mlflow.pyfunc.save_model(str(theirs), python_model=model, pip_requirements=pinned, **given)
    else:
        kind = importlib.import_module(f"mlflow.{flavor}")
        kind.save_model(model, path=str(theirs), pip_requirements=pinned, **given)
    asked = ASKED[name.removesuffix("-object")]
    return {
        "imported": imported,
        "warned": [str(each) for each in report.findings if each.severity.name != "INFO"],
        "differs": different(parsed(ours), parsed(theirs)),
        "examples": [
            [read(folder, each) for each in ("input_example.json", "serving_input_example.json")]
            for folder in (ours, theirs)
        ],
        "expected": mlflow.pyfunc.load_model(str(theirs)).predict(asked),
        "pyfunc": mlflow.pyfunc.load_model(str(ours)).predict(asked),
        "loaded": mlmodel.load(ours, trust=True).predict(asked),
    }


answers = {}
for name in sys.argv[4:]:
    flavor = name if name in ("langchain", "llama_index") else None
    answers[name] = written(name, f"{name}_of_test.py", MORE.get(name, {}), flavor)
if "chat_model" in sys.argv[4:]:
    chat = importlib.import_module("chat_model_of_test").Echo
    given = {"code_paths": ["chat_model_of_test.py"]}
    answers["chat_model-object"] = written("chat_model-object", chat(), given, None)
    if "responses_agent" in sys.argv[4:]:
        given = {"code_paths": ["agent_of_another_file.py"]}
        agent = importlib.import_module("agent_of_another_file").Echo
        answers["responses_agent-object"] = written("responses_agent-object", agent(), given, None)
print(json.dumps(answers))
