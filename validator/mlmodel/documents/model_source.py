"""What a model from code would come to, read from its syntax tree: whether it sets a model, and which methods that has.

MLflow executes the file and takes what it gave to ``mlflow.models.set_model`` (``_load_model_code_path``); it calls
``load_context(context=...)`` then, and ``predict`` with or without the context (``_PythonModelPyfuncWrapper``).
Only what is certain is a fault: whatever may come from elsewhere, by a base class, a decorator or an import, passes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.documents.python_source import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_SET, BAD_METHOD, NO_PREDICT, NO_CONFIG = "not set", "method", "no predict", "no config"


class Fault(Record):
    """Something that keeps the file from giving a model that loads and predicts."""

    kind: str
    message: str
    line: int
    column: int


_MODELS = frozenset({"PythonModel", "ChatModel", "ChatAgent", "ResponsesAgent"})
"""Base classes of MLflow whose ``predict`` has to be defined."""
_PLAIN_BASES = frozenset({"object", "ABC", "abc.ABC"})


def faults(tree: ast.Module, *, has_config: bool) -> Iterator[Fault]:
    """What is wrong with a model from code.

    Args:
        tree: the file.
        has_config: whether the MLmodel file records a configuration for ``ModelConfig``.
    """
    module = _Module(tree)
    if not has_config:
        for call in module.calls("ModelConfig"):
            message = "makes a ModelConfig, and no 'config' is recorded: development_config counts only while the model is saved"
            yield Fault(NO_CONFIG, message, call.lineno, call.col_offset + 1)
            break
    calls = module.calls("set_model")
    if not calls:
        fault = module.not_set()
        if fault is not None:
            yield fault
    for call in calls:
        yield from module.of_model(call)


class ParamsTaken(Record):
    """A method ``predict`` that takes params."""

    message: str
    line: int
    column: int


def params_taken(tree: ast.Module) -> Iterator[ParamsTaken]:
    """The methods ``predict`` that take params, of the PythonModels that the file sets."""
    module = _Module(tree)
    for call in module.calls("set_model"):
        node = module.class_set(call)
        parts = None if node is None else module.parts(node)
        if node is None or parts is None or not parts.is_plain:
            continue
        member = parts.method("predict")
        if member is not None and _predict(member.args) is None and _takes_params(member):
            yield ParamsTaken(f"{node.name}.predict takes params", member.lineno, member.col_offset + 1)


def defines(tree: ast.Module, name: str) -> bool:
    """Whether a module may have an attribute: it is bound anywhere at its top level, or could come from a star."""
    for node in _executed(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if node.name in (name, "__getattr__"):
                return True
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if any((alias.asname or alias.name) in (name, "*") for alias in node.names):
                return True
        elif (isinstance(node, ast.Call) and dotted(node.func) in ("globals", "setattr", "exec", "vars")) or (
            isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        ):
            return True
    return False


class _Module:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._aliases = {"set_model": {"set_model"}, "ModelConfig": {"ModelConfig"}}
        self._classes: dict[str, ast.ClassDef] = {}
        self._values: dict[str, list[ast.expr]] = {}
        self._opaque: set[str] = set()
        for node in _executed(tree.body):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in self._aliases and alias.asname:
                    self._aliases[alias.name].add(alias.asname)
                self._opaque.add(alias.asname or alias.name)
        elif isinstance(node, ast.ClassDef):
            if node.name in self._classes:
                self._opaque.add(node.name)
            self._classes[node.name] = node
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self._opaque.add(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._values.setdefault(target.id, []).append(node.value)
                else:
                    self._opaque |= {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            self._values.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, (ast.For, ast.AugAssign, ast.NamedExpr)):
            self._opaque |= {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._opaque |= {name.id for name in ast.walk(node.optional_vars) if isinstance(name, ast.Name)}

    def calls(self, name: str) -> list[ast.Call]:
        """The calls of a function of MLflow that run when the file does, outside of functions and of ``try``."""
        guarded = name == "ModelConfig"
        found = [node for node in _executed(self._tree.body, tries=not guarded) if isinstance(node, ast.Call)]
        return [call for call in found if self._is(call, name)]

    def _is(self, call: ast.Call, name: str) -> bool:
        function = dotted(call.func)
        return function in self._aliases[name] or function.endswith(f".{name}")

    def not_set(self) -> Fault | None:
        """Why no call of ``set_model`` runs; None where one may."""
        inside = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call) and self._is(node, "set_model")
        ]
        names = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        if not inside:
            hidden = names & {"exec", "eval", "__import__", "globals", "getattr"} or any(
                isinstance(node, ast.Attribute)
                and node.attr in ("import_module", "run_path", "run_module", "exec_module")
                for node in ast.walk(self._tree)
            )
            named = self._aliases["set_model"] & names
            if hidden or named:
                return None
            return Fault(
                NOT_SET, "never calls mlflow.models.set_model, so that loading it gives no model", 1, 1
            )
        call = inside[0]
        if any(call in ast.walk(guard) for guard in self._guards()):
            message = "calls set_model only where __name__ is '__main__', which it is not when MLflow loads the file"
            return Fault(NOT_SET, message, call.lineno, call.col_offset + 1)
        if self._may_run(inside):
            return None
        message = "calls set_model only in a function that nothing calls"
        return Fault(NOT_SET, message, call.lineno, call.col_offset + 1)

    def _guards(self) -> list[ast.stmt]:
        return [
            statement
            for node in ast.walk(self._tree)
            if isinstance(node, ast.If) and _is_main(node.test)
            for statement in node.body
        ]

    def _may_run(self, calls: list[ast.Call]) -> bool:
        """Whether a function around one of the calls is used anywhere but in itself and under ``__main__``."""
        used = {id(node) for guard in self._guards() for node in ast.walk(guard)}
        for function in ast.walk(self._tree):
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            within = {id(node) for node in ast.walk(function)}
            if not any(id(call) in within for call in calls):
                continue
            if function.decorator_list:
                return True
            for node in ast.walk(self._tree):
                if id(node) in within or id(node) in used:
                    continue
                if getattr(node, "id", None) == function.name or getattr(node, "attr", None) == function.name:
                    return True
        return False

    # -- the model that is set

    def of_model(self, call: ast.Call) -> Iterator[Fault]:
        """What is wrong with the argument of ``set_model``."""
        given = _argument(call)
        if given is None or isinstance(given, ast.Starred):
            return
        value = self._resolved(given)
        place = given.lineno, given.col_offset + 1
        literal = _literal(value)
        if literal is not None:
            yield Fault(
                NOT_SET,
                f"sets {literal} as the model; set_model takes an object that predicts, or a function",
                *place,
            )
        elif isinstance(value, ast.Name) and value.id in self._classes and value.id not in self._opaque:
            if self._is_model(self._classes[value.id]):
                message = (
                    f"sets the class {value.id} as the model, and not an object of it: write {value.id}()"
                )
                yield Fault(NOT_SET, message, *place)
        else:
            node = self.class_set(call)
            if node is not None:
                yield from self._of_class(node)

    def class_set(self, call: ast.Call) -> ast.ClassDef | None:
        """The class of this file of which a call of ``set_model`` gets a fresh object; None where that is not certain."""
        given = _argument(call)
        value = None if given is None else self._resolved(given)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            name = value.func.id
            if name in self._classes and name not in self._opaque and name not in self._values:
                return self._classes[name]
        return None

    def _resolved(self, node: ast.expr) -> ast.expr:
        """What a name stands for, where it is assigned once."""
        for _ in range(10):
            if not isinstance(node, ast.Name) or node.id in self._opaque or node.id in self._classes:
                return node
            values = self._values.get(node.id, [])
            if len(values) != 1:
                return node
            node = values[0]
        return node

    def _line(self, node: ast.ClassDef) -> list[ast.ClassDef] | None:
        """The class and its bases in this file, in the order of lookup; None where a base is of elsewhere and no model of
        MLflow."""
        found = [node]
        for base in node.bases:
            name = dotted(base)
            last = name.rpartition(".")[2]
            if name in self._classes and name not in self._opaque and len(found) < 20 and name != node.name:
                further = self._line(self._classes[name])
                if further is None:
                    return None
                found += further
            elif last not in _MODELS and name not in _PLAIN_BASES:
                return None
        return found

    def _is_model(self, node: ast.ClassDef) -> bool:
        return any(
            dotted(base).rpartition(".")[2] in _MODELS
            for one in self._line(node) or [node]
            for base in one.bases
        )

    def parts(self, node: ast.ClassDef) -> _Parts | None:
        """What a class of models has; None where it is none, or where other code makes it."""
        line = self._line(node)
        if (
            line is None
            or any(one.decorator_list or one.keywords for one in line)
            or not self._is_model(node)
        ):
            return None
        is_plain = any(dotted(base).endswith("PythonModel") for one in line for base in one.bases)
        return _Parts(is_plain, [member for one in line for member in _members(one)])

    def _of_class(self, node: ast.ClassDef) -> Iterator[Fault]:
        parts = self.parts(node)
        if parts is None:
            return
        names = {name for name, _ in parts.members}
        if "predict" not in names and "__getattr__" not in names and "__getattribute__" not in names:
            message = f"{node.name} has no method predict: the model loads, and cannot predict"
            yield Fault(NO_PREDICT, message, node.lineno, node.col_offset + 1)
        checked = (("load_context", _load_context), ("predict", _predict if parts.is_plain else _any_method))
        for name, wrong in checked:
            member = parts.method(name)
            why = None if member is None else wrong(member.args)
            if member is not None and why is not None:
                text = f"{node.name}.{name}({ast.unparse(member.args)}) {why}"
                yield Fault(BAD_METHOD, text, member.lineno, member.col_offset + 1)


class _Parts(Record):
    """The members of a class of models, its own and those of its bases."""

    is_plain: bool
    """Whether it is a PythonModel, and no chat model or agent."""
    members: list[tuple[str, ast.AST]]
    """In the order of lookup."""

    def method(self, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The method that is called by a name; None where there is none, or where other code makes it."""
        member = next((value for key, value in self.members if key == name), None)
        if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)) and not member.decorator_list:
            return member
        return None


def _argument(call: ast.Call) -> ast.expr | None:
    """What ``set_model`` is called with."""
    if call.args:
        return call.args[0]
    return next((word.value for word in call.keywords if word.arg == "model"), None)


def _members(node: ast.ClassDef) -> Iterator[tuple[str, ast.AST]]:
    for statement in _executed(node.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name, statement
        elif isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
            yield statement.id, statement
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            for alias in statement.names:
                yield alias.asname or alias.name, statement


def _required(arguments: ast.arguments) -> tuple[list[str], list[str]]:
    """The positional parameters behind the first, and those without which the method cannot be called."""
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    needed = names[: len(names) - len(arguments.defaults)]
    needed += [
        item.arg
        for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return names[1:], [name for name in needed if name not in names[:1]]


def _any_method(arguments: ast.arguments) -> str | None:
    if arguments.posonlyargs or arguments.args or arguments.vararg:
        return None
    return "has no parameter for the object itself: calling it fails"


def _load_context(arguments: ast.arguments) -> str | None:
    wrong = _any_method(arguments)
    if wrong is not None:
        return wrong
    names, needed = _required(arguments)
    by_keyword = {item.arg for item in (*arguments.args, *arguments.kwonlyargs)}
    first = next((item.arg for item in (*arguments.posonlyargs, *arguments.args)), None)
    if first == "context":
        return "takes the context as the object itself: MLflow passes it by its name, and fails"
    if "context" not in by_keyword and arguments.kwarg is None:
        return "has no parameter 'context', by whose name MLflow passes it"
    more = [name for name in needed if name != "context"]
    del names
    return f"needs {', '.join(more)}, which MLflow does not pass" if more else None


def _predict(arguments: ast.arguments) -> str | None:
    wrong = _any_method(arguments)
    if wrong is not None:
        return wrong
    names, needed = _required(arguments)
    if arguments.vararg is not None:
        return None
    inputs = [name for name in names if name != "params"]
    if not inputs:
        return "has no parameter for the input"
    if "context" in names and len(inputs) < 2:
        return "has a parameter for the context and none for the input"
    with_context = "context" in names or len(inputs) == 2
    taken = inputs[: 2 if with_context else 1]
    more = [name for name in needed if name not in (*taken, "params")]
    return f"needs {', '.join(more)}, which MLflow does not pass" if more else None


def _takes_params(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a parameter ``params`` is used, or has a hint; one that is neither stands there because the base class has it."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameter = next((item for item in named if item.arg == "params"), None)
    if parameter is None:
        return False
    return parameter.annotation is not None or any(
        isinstance(node, ast.Name) and node.id == "params" and isinstance(node.ctx, ast.Load)
        for statement in function.body
        for node in ast.walk(statement)
    )


_LITERALS = {
    ast.Dict: "a dictionary",
    ast.DictComp: "a dictionary",
    ast.List: "a list",
    ast.ListComp: "a list",
    ast.Set: "a set",
    ast.SetComp: "a set",
    ast.Tuple: "a tuple",
    ast.GeneratorExp: "a generator",
    ast.JoinedStr: "a text",
}


def _literal(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return "a text" if isinstance(node.value, str) else f"{node.value!r:.50}"
    return _LITERALS.get(type(node))


# -- what runs when a file is imported -----------------------------------------------------------


def _is_main(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``."""
    return isinstance(test, ast.Compare) and any(
        isinstance(side, ast.Name) and side.id == "__name__" for side in (test.left, *test.comparators)
    )


def _executed(body: list[ast.stmt], *, tries: bool = True) -> Iterator[ast.AST]:
    """Every node that may run when the statements do: not what stands in functions, classes and under ``__main__``."""
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            pending += node.decorator_list
            continue
        if isinstance(node, (ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and _is_main(node.test):
            pending += reversed(node.orelse)
            continue
        if isinstance(node, ast.Try) and node.handlers and not tries:
            continue
        pending += reversed(list(ast.iter_child_nodes(node)))


# -- what ties a file to one machine -------------------------------------------------------------

_OF_AN_AUTHOR = lazy_pattern(
    r"(?:file://)?(?:/home/[^/]+/|/Users/[^/]+/|/root/|/Workspace/|/dbfs/|/content/|/kaggle/|/databricks/driver/|"
    r"[A-Za-z]:[\\/](?:Users|Documents|Temp|Projects|work|code|data)?[\\/]?\w)"
)
"""Paths of a person's machine, or of a notebook service."""
_SPEAKING = frozenset(
    {
        "print",
        "info",
        "debug",
        "warning",
        "error",
        "exception",
        "log",
        "warn",
        "get",
        "getenv",
        "setdefault",
        "add_argument",
    }
)
"""Calls whose texts are said, or taken only where nothing else is there."""


def author_paths(tree: ast.Module) -> Iterator[tuple[str, int, int]]:
    """Paths of the author's machine that calls are given, each once, with their place."""
    seen: set[str] = set()
    guards = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and _is_main(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in guards:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _SPEAKING:
            continue
        for value in (*node.args, *(word.value for word in node.keywords)):
            found = constants.get(value.id, value) if isinstance(value, ast.Name) else value
            if isinstance(found, ast.JoinedStr) and found.values:
                found = found.values[0]
            if isinstance(found, ast.Constant) and isinstance(found.value, str) and found.value not in seen:
                seen.add(found.value)
                if _OF_AN_AUTHOR.match(found.value):
                    yield found.value, found.lineno, found.col_offset + 1


def free_name(tree: ast.Module, name: str) -> ast.Name | None:
    """The first use of a name that nothing in the file binds."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if any((alias.asname or alias.name) == name for alias in node.names):
                return None
        elif (isinstance(node, ast.arg) and node.arg == name) or (
            isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        ):
            return None
    uses = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name)
    return min(uses, key=lambda node: (node.lineno, node.col_offset), default=None)
