"""``ChatModel``, ``ChatAgent`` and ``ResponsesAgent`` of MLflow, whose signature is that of their class.

What MLflow records of each (signature, example, task) stands in ``schemas/chat-types.json``, as 3.18.0 writes it; the tests hold it
against what releases write.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.flavors import UnsuitableError
from mlmodel.flavors.importing import needed
from mlmodel.standard.releases import at_least, parse
from mlmodel.standard.schemas import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LOADERS = {
    "ChatModel": "mlflow.pyfunc.loaders.chat_model",
    "ChatAgent": "mlflow.pyfunc.loaders.chat_agent",
    "ResponsesAgent": "mlflow.pyfunc.loaders.responses_agent",
}
"""The loader module of each, for objects that are pickled."""


class ChatType(Record):
    """What MLflow records of a class."""

    task: str
    example: Mapping[str, Any]
    """The request that is stored where none is given."""
    signature: Mapping[str, str | None]


def named(name: str, release: str) -> ChatType:
    """What a release of MLflow records of a class.

    Raises:
        UnsuitableError: the release does not have it, or records something else.
    """
    stated = _stated()[name]
    version = parse(release)
    if not at_least(version, stated["since"]):
        raise UnsuitableError(
            f"a {name} is written for MLflow {stated['since']} and later, not for {release}"
        )
    added = stated.get("added", {})
    inputs = [
        column
        for column in stated["inputs"]
        if column["name"] not in added or at_least(version, added[column["name"]])
    ]
    texts = {"inputs": json.dumps(inputs), "outputs": json.dumps(stated["outputs"]), "params": None}
    return ChatType(stated["task"], stated["example"], texts)


def of(model: object) -> str | None:
    """The class that an object inherits from; imports nothing."""
    return next(
        (
            kind.__name__
            for kind in type(model).__mro__
            if kind.__module__ == "mlflow.pyfunc.model" and kind.__name__ in LOADERS
        ),
        None,
    )


def _stated() -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema("chat-types.json")["types"]
    return found


def request(name: str, example: Any) -> dict[str, Any]:
    """An example as MLflow stores it: a request in JSON, of objects of MLflow, too.

    Raises:
        UnsuitableError: it is no request.
    """
    data: Any = example
    params: dict[str, Any] = {}
    if isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict):
        data, params = example
    if name == "ChatModel" and isinstance(data, list):
        data = {"messages": data}
    data = _plain(data)
    key = "input" if name == "ResponsesAgent" else "messages"
    if not isinstance(data, dict) or not isinstance(data.get(key), list):
        raise UnsuitableError(f"the input example of a {name} is a dictionary with a list {key!r}")
    if name == "ChatModel":
        columns = {column["name"] for column in _stated()[name]["inputs"]}
        data = {key: value for key, value in data.items() if key in columns}
    return {**data, **params}


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_none=True)
    if hasattr(value, "to_dict") and not isinstance(value, dict):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def predictor(name: str, model: Any, context: Any) -> Callable[[Any, Any], Any]:
    """What the loaders of MLflow make of an object: a request becomes objects of MLflow, and the answer a dictionary."""

    def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
        del params
        given = _request_of(data)
        if name == "ChatModel":
            return _chat(model, context, given)
        if name == "ChatAgent":
            return _agent(model, given)
        types = needed("mlflow.types.responses")
        return _answer(model.predict(types.ResponsesAgentRequest(**given)), types.ResponsesAgentResponse)

    return answer


def _chat(model: Any, context: Any, given: dict[str, Any]) -> Any:
    import inspect

    llm = needed("mlflow.types.llm")
    messages = [llm.ChatMessage.from_dict(message) for message in given.pop("messages", [])]
    params = llm.ChatParams.from_dict(given)
    names = inspect.signature(model.predict).parameters
    first = (context,) if "context" in names or len(names) == 3 else ()
    response = model.predict(*first, messages, params)
    if not isinstance(response, llm.ChatCompletionResponse):
        raise UnsuitableError(f"the model answers {type(response).__name__}, and not ChatCompletionResponse")
    return response.to_dict()


def _agent(model: Any, given: dict[str, Any]) -> Any:
    types = needed("mlflow.types.agent")
    messages = [types.ChatAgentMessage(**message) for message in given.get("messages", [])]
    context = types.ChatContext(**given["context"]) if "context" in given else None
    return _answer(model.predict(messages, context, given.get("custom_inputs")), types.ChatAgentResponse)


def _answer(response: Any, kind: Any) -> Any:
    if isinstance(response, kind):
        return response.model_dump(exclude_none=True)
    try:
        kind(**response)
    except Exception as error:
        raise UnsuitableError(f"the model answers what is no {kind.__name__}: {error}") from error
    return response


def _request_of(data: Any) -> dict[str, Any]:
    """The request in a dictionary, or in the row of a data frame that the signature makes of it."""
    if hasattr(data, "columns"):
        return {name: _listed(values[0]) for name, values in data.to_dict(orient="list").items()}
    if not isinstance(data, dict):
        raise UnsuitableError(f"a chat model takes a dictionary or a data frame, not {type(data).__name__}")
    return dict(data)


def _listed(value: Any) -> Any:
    if isinstance(value, list):
        return [_listed(each) for each in value]
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    # Arrays and numbers of numpy.
    return value.tolist() if hasattr(value, "tolist") else value
