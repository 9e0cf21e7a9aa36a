"""Which chat model or agent of MLflow a model from code is, read from its syntax tree: nothing is imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmodel.documents.python_source import dotted

if TYPE_CHECKING:
    from collections.abc import Callable

    Other = Callable[[str], "ast.Module | None"]

AGENTS = ("ChatModel", "ChatAgent", "ResponsesAgent")
"""Classes of MLflow with a signature of their own."""
_DEEPEST = 8
"""Steps from the model to the class of MLflow, at most."""


def agent(tree: ast.Module, other: Other) -> str | None:
    """The class of MLflow that the model inherits from which a file gives to ``set_model``; None where that is none of
    them, or does not stand in the sources.

    Args:
        tree: the file.
        other: the tree of another module of the author's, by its dotted name; None where there is none.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "set_model":
            given = [*node.args, *(word.value for word in node.keywords if word.arg == "model")]
            found = _of(given[0], tree, other, _DEEPEST) if given else None
            if found is not None:
                return found
    return None


def _of(node: ast.expr, tree: ast.Module, other: Other, depth: int) -> str | None:
    """The class that a value is an object of: a call of a class or of an annotated function, or a name for one."""
    if depth <= 0:
        return None
    if isinstance(node, ast.Call):
        return _inherited(dotted(node.func), tree, other, depth - 1)
    if isinstance(node, ast.Name):
        for statement in ast.walk(tree):
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if isinstance(statement, ast.AnnAssign) and statement.value is not None:
                targets = [statement.target]
            if any(isinstance(target, ast.Name) and target.id == node.id for target in targets):
                return _of(statement.value, tree, other, depth - 1)  # type: ignore[attr-defined]
        where = _imported(node.id, tree)
        below = other(where[0]) if where is not None else None
        if where is not None and below is not None:
            return _of(ast.Name(where[1], ast.Load()), below, other, depth - 1)
    return None


def _inherited(name: str, tree: ast.Module, other: Other, depth: int) -> str | None:
    """The class of MLflow above a class, or above what a function says that it returns."""
    if depth <= 0 or not name:
        return None
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            bases = (_inherited(dotted(base), tree, other, depth - 1) for base in node.bases)
            return next((base for base in bases if base is not None), None)
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _inherited(dotted(node.returns), tree, other, depth - 1) if node.returns else None
    first, _, rest = name.partition(".")
    where = _imported(first, tree)
    if where is not None:
        module, original = where
        below = other(f"{module}.{original}" if rest else module) or (other(module) if rest else None)
        if below is not None:
            return _inherited(rest or original, below, other, depth - 1)
        last = (rest or original).rpartition(".")[2]
        return last if module.partition(".")[0] == "mlflow" and last in AGENTS else None
    return None


def _imported(name: str, tree: ast.Module) -> tuple[str, str] | None:
    """Where a name is imported from: the module, and what it is called there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return node.module, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    module, _, last = alias.name.rpartition(".")
                    return (module or last, last) if alias.asname else (name, name)
    return None
