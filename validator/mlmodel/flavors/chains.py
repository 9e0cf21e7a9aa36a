"""LangChain and LlamaIndex from code: a Python file that gives a chain or an engine to ``mlflow.models.set_model``.

They are written for the flavor's loader, which asks them by their own methods (``invoke``, ``query``), where
``python_function`` would call them.  The file is not run to write it.
"""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from mlmodel.flavors import Request, Saved, UnsuitableError, code_model
from mlmodel.flavors.importing import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FUNCTION = "python_function"


class _FromCode:
    def __init__(self, name: str, title: str, distribution: str) -> None:
        self.name = name
        """The key under ``flavors``."""
        self._title = title
        self._distribution = distribution

    def knows(self, kind: type) -> bool:
        """No object: they are asked for by the name of the flavor, with the path of a file."""
        del kind
        return False

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        """Copy the file.

        Raises:
            UnsuitableError: it is an object, a form or artifacts were asked for, or the library is not installed.
        """
        if not isinstance(model, (str, os.PathLike)):
            raise UnsuitableError(
                f"{self._title} is written from code: give the path of a file that calls set_model"
            )
        if request.serialization is not None or request.artifacts:
            raise UnsuitableError(f"serialization and artifacts are not for {self._title} from code")
        function = code_model.save(model, folder)
        try:
            found = version(self._distribution)
        except PackageNotFoundError:
            raise UnsuitableError(f"the model needs {self._distribution}, which is not installed") from None
        flavor, more = self._keys(folder, found)
        function = {**function, "loader_module": f"mlflow.{self.name}", **more}
        return Saved(flavor, function, (function["model_code_path"],), (self._distribution,))

    def _keys(self, folder: str, found: str) -> tuple[dict[str, Any], dict[str, Any]]:
        raise NotImplementedError

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        """What the file sets; other forms are MLflow's to load.

        Raises:
            UnsuitableError: the model is not one from code, or sets nothing.
        """
        del keys
        from mlmodel.documents.yaml import parse_yaml

        with open(os.path.join(folder, "MLmodel"), "rb") as stream:
            function = parse_yaml(stream.read(), "MLmodel").data["flavors"].get(_FUNCTION) or {}
        file = function.get("model_code_path")
        if not file:
            raise UnsuitableError(f"only MLflow loads {self._title} that is not from code")
        return code_model.load(os.path.join(folder, os.path.basename(file)))


class _LangChain(_FromCode):
    def _keys(self, folder: str, found: str) -> tuple[dict[str, Any], dict[str, Any]]:
        del folder
        # What a chain is made of can stream.
        return (
            {"langchain_version": found, "streamable": True},
            {"predict_stream_fn": "predict_stream", "streamable": True},
        )

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``_LangChainModelWrapper.predict`` does, but for requests in OpenAI's chat format, which it converts."""
        del keys
        if not hasattr(model, "invoke"):
            raise UnsuitableError("what is no Runnable of LangChain only MLflow asks; use .native")

        def ask(one: Any, params: Mapping[str, Any]) -> Any:
            if isinstance(one, dict) and set(one) == {"messages"}:
                raise UnsuitableError("requests in the chat format only MLflow converts; use .native")
            try:
                return model.invoke(one, **params)
            except TypeError:
                if not isinstance(one, dict):
                    raise
                # The one column of a data frame, for what takes a text.
                return model.invoke(next(iter(one.values())), **params)

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            given = _plain_input(data)
            if isinstance(given, list):
                return [_serializable(ask(one, dict(params or {}))) for one in given]
            return _serializable(ask(given, dict(params or {})))

        return answer


class _LlamaIndex(_FromCode):
    def _keys(self, folder: str, found: str) -> tuple[dict[str, Any], dict[str, Any]]:
        # The loader reads the settings of the process that saved the model; the file makes its own.
        with open(os.path.join(folder, "settings.json"), "w", encoding="ascii") as stream:
            stream.write("{}")
        return {"engine_type": None, "llama_index_version": found}, {}

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What ``QueryEngineWrapper`` and ``ChatEngineWrapper`` do for texts and requests."""
        del keys
        core = needed("llama_index.core")
        is_chat, is_query = hasattr(model, "chat"), hasattr(model, "query")
        if not (is_chat or is_query):
            raise UnsuitableError("what is no engine of LlamaIndex only MLflow asks; use .native")

        def ask(one: Any, params: Mapping[str, Any]) -> Any:
            if is_chat:
                given = {"message": one} if isinstance(one, str) else dict(one)
                return model.chat(**given, **params).response
            bundle = core.QueryBundle(query_str=one) if isinstance(one, str) else core.QueryBundle(**one)
            return model.query(bundle, **params).response

        def answer(data: Any, params: Mapping[str, Any] | None) -> Any:
            given = _plain_input(data)
            if isinstance(given, dict) and "inputs" in given:
                given = given["inputs"]
            if isinstance(given, list) and len(given) == 1:
                (given,) = given
            if isinstance(given, list):
                return [ask(one, dict(params or {})) for one in given]
            return ask(given, dict(params or {}))

        return answer


LANGCHAIN = _LangChain("langchain", "a model of LangChain", "langchain")
LLAMA_INDEX = _LlamaIndex("llama_index", "a model of LlamaIndex", "llama-index-core")


def _plain_input(data: Any) -> Any:
    """``_convert_llm_input_data`` of MLflow: a data frame as records, arrays as lists."""
    if hasattr(data, "columns"):
        data = data.to_dict("list")[0] if list(data.columns) == [0] else data.to_dict(orient="records")
    return _listed(data)


def _listed(value: Any) -> Any:
    if isinstance(value, list):
        return [_listed(each) for each in value]
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


def _serializable(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _serializable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_serializable(each) for each in value)
    return value
