"""Chat models and agents: the signature of their class, the request that is stored, and the task in the metadata."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.documents import python_source
from mlmodel.documents.agent_source import agent
from mlmodel.flavors import UnsuitableError, chat_types
from mlmodel.writer import settings
from mlmodel.writer.copying import CODE

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping


class Stated(Record):
    """What is recorded in place of what was given."""

    signature: Any
    example: Any
    metadata: Mapping[str, Any] | None


def in_code(folder: str, function: Mapping[str, Any] | None) -> str | None:
    """The class of MLflow of a model from code, as its file and those in ``code/`` say; nothing is imported.

    Args:
        folder: the model directory in the making.
        function: what its ``python_function`` says.
    """
    file = (function or {}).get("model_code_path")
    if not file:
        return None
    tree = _tree(os.path.join(folder, file))
    return agent(tree, lambda module: _module(folder, module)) if tree is not None else None


def _module(folder: str, name: str) -> ast.Module | None:
    base = os.path.join(folder, CODE, *name.split("."))
    for path in (f"{base}.py", os.path.join(base, "__init__.py")):
        if os.path.isfile(path):
            return _tree(path)
    return None


def _tree(path: str) -> ast.Module | None:
    with open(path, "rb") as stream:
        return python_source.parse(stream.read()).tree


def stated(name: str, release: str, signature: Any, example: Any, metadata: Any) -> Stated:
    """What is recorded of a model of a class.

    Args:
        name: the class.
        release: the release of MLflow that is recorded.
        signature: what was given, which must be nothing.
        example: what was given; None for that of the class.
        metadata: what was given, which the task of the class is added to.

    Raises:
        UnsuitableError: a signature was given, the example is no request, or the release does not know the class.
    """
    if signature is not None:
        raise UnsuitableError(f"a {name} has the signature of its class; give none")
    known = chat_types.named(name, release)
    request = dict(known.example) if example is None else chat_types.request(name, example)
    merged = {"task": known.task, **({} if metadata is None else settings.mapping("metadata", metadata))}
    return Stated(dict(known.signature), request, merged)
