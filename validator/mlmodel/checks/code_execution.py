"""Chapter 7, serialized objects: Python of the directory that a loader runs, and what hides or replaces it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.common.texts import quoted
from mlmodel.environment import distributions, recorded
from mlmodel.findings import Location, Severity
from mlmodel.model import own_code, python_files, serialized
from mlmodel.sources.directory import Kind, UnreadableError
from mlmodel.standard.rules import new_finding
from mlmodel.standard.standard_library import is_standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.byte_code import ByteCode
    from mlmodel.model.model import Model

_HINT = "delete it; find out who wrote it"
_MOST = 20
"""Findings of one rule."""
_NATIVE = (".so", ".pyd")


def runs_own_code(model: Model) -> Iterator[Finding]:
    """MLM621: that loading the model runs Python of its directory, once a model."""
    parts = [*own_code.of(model), *_torchscript(model)]
    if not parts or model.mlmodel is None:
        return
    more = f"; and {len(parts) - _MOST_PARTS:,} more" if len(parts) > _MOST_PARTS else ""
    shown = "; ".join(map(quoted, parts[:_MOST_PARTS]))
    message = f"loading this model runs Python of its directory ({shown}{more})"
    yield model.finding("MLM621", message, model.mlmodel, ("flavors",), hint=_SWITCH)


_MOST_PARTS = 6
_SWITCH = "MLflow 3.18 refuses it where MLFLOW_ALLOW_MODEL_CODE_EXECUTION is false; `--severity MLM621=error` does so here"


def _torchscript(model: Model) -> Iterator[str]:
    for file, found in serialized.of(model).named():
        if any(getattr(item, "form", None) == "torchscript" for item in found):
            yield f"TorchScript: {file}"


# -- byte code -----------------------------------------------------------------------------------


def byte_code(model: Model) -> Iterator[Finding]:
    """MLM633, MLM634: byte code that Python would run in place of the source beside it, or that has none."""
    count = 0
    for path, entry in model.directory.entries.items():
        if not path.endswith(".pyc") or entry.kind is not Kind.FILE:
            continue
        for finding in _of_byte_code(model, path):
            count += 1
            if count <= _MOST:
                yield finding


def _of_byte_code(model: Model, path: str) -> Iterator[Finding]:
    from mlmodel.model import byte_code as reader

    folder, _, name = path.rpartition("/")
    if folder.rpartition("/")[2] != "__pycache__":
        if any(f"{folder}/".startswith(f"{code}/") for code in python_files.code_folders(model)):
            source = path.removesuffix("c")
            if model.directory.look(source).kind is not Kind.FILE:
                message = (
                    f"{quoted(path)} is byte code without its source: nobody can read what importing it runs"
                )
                yield new_finding("MLM634", message, Location(path), "bring the source instead")
        return
    parent = folder.rpartition("/")[0]
    source = f"{parent}/{name.partition('.')[0]}.py".lstrip("/")
    if model.directory.look(source).kind is not Kind.FILE:
        return  # Python does not look into __pycache__ without the source
    try:
        found = reader.read(model.directory.read(path, reader.MAX_BYTES))
        size = model.directory.look(source).size
    except UnreadableError:
        return
    if found is None or (not found.is_hashed and found.source_size != size & 0xFFFFFFFF):
        return  # Python compiles the source anew
    if not found.is_checked:
        message = f"{quoted(path)} is byte code that Python runs without looking at the source beside it"
        yield new_finding("MLM633", message, Location(path), _HINT)
        return
    foreign = _not_in_source(model, source, found)
    if foreign:
        shown = ", ".join(quoted(name[:80]) for name in sorted(foreign)[:5])
        message = (
            f"{quoted(path)} has what {quoted(source)} does not have ({shown}): Python would run it instead"
        )
        yield new_finding("MLM633", message, Location(path), _HINT)


def _not_in_source(model: Model, source: str, found: ByteCode) -> set[str]:
    """The names and texts of byte code that its source does not have; none where either cannot be read."""
    import ast

    from mlmodel.documents import python_source
    from mlmodel.model import byte_code as reader

    tree = python_files.parsed(model, source).tree
    if tree is None or found.names is None:
        return set()
    known: set[str] = set()
    texts: set[str] = set()
    for node in ast.walk(tree):
        for field in ("id", "attr", "name", "arg", "asname", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                known |= {value, *value.split(".")}
        for field in ("annotation", "returns"):
            kept = getattr(node, field, None)  # as a text, where annotations are not evaluated
            if isinstance(kept, ast.expr):
                texts.add(_folded(ast.unparse(kept)))
    # Texts that the compiler puts together are known from compiling the source here.
    ours = reader.of_source(model.directory.read(source, python_source.MAX_BYTES))
    if ours is None:
        return {name for name in found.names if name not in known and not _is_made(name, known)}
    known |= ours.names or frozenset()
    texts.update(map(_folded, ours.texts))
    return {
        *(name for name in found.names if name not in known and not _is_made(name, known)),
        *(text for text in found.texts if _folded(text) not in texts and not _is_dotted(text)),
    }


def _folded(text: str) -> str:
    """Without blanks: releases of Python differ in the indentation of docstrings, and in how they write annotations."""
    return "".join(text.split())


def _is_dotted(text: str) -> bool:
    """Whether a text may be a qualified name, or that of a keyword."""
    return all(part.isidentifier() or part == "<locals>" for part in text.split("."))


def _is_made(name: str, known: set[str]) -> bool:
    """Whether the compiler itself puts such a name there: its own, and private ones with the class before them."""
    if name.startswith("__") and name.endswith("__"):
        return name not in (
            "__import__",
            "__builtins__",
            "__globals__",
            "__subclasses__",
            "__loader__",
            "__code__",
        )
    return name.startswith(".") or ("__" in name and name[name.index("__", 1) :] in known) or "." in name


# -- names in code/ ------------------------------------------------------------------------------


class _Module(Record):
    name: str
    path: str


_SHARED = frozenset({"test", "code"})
"""Names of the standard library that folders of projects have, too, and that no library imports."""
_AT_START = frozenset({"sitecustomize", "usercustomize"})


def shadowing(model: Model) -> Iterator[Finding]:
    """MLM634, MLM636, MLM637: modules in ``code/`` that are imported in place of others."""
    for name in sorted(_AT_START):
        if model.directory.look(f"{name}.py").kind is Kind.FILE:
            for finding in _of_module(model, _Module(name, f"{name}.py")):
                yield finding._replace(
                    severity=Severity.WARNING
                )  # imported only where a tool is started in there
    for folder in python_files.code_folders(model):
        modules = list(_modules(model, folder))
        for module in modules[:1000]:
            yield from _of_module(model, module)
        sources = {module.name: module.path for module in modules if module.path.endswith(".py")}
        for module in modules:
            if module.path.endswith(_NATIVE) and module.name in sources:
                message = f"{quoted(module.path)} is compiled code, which Python imports in place of {quoted(sources[module.name])}"
                yield new_finding("MLM634", message, Location(module.path), "bring one of them")


def _modules(model: Model, folder: str) -> Iterator[_Module]:
    """What can be imported by its own name with the folder on ``sys.path``."""
    inside = f"{folder}/"
    for path, entry in model.directory.entries.items():
        if not path.startswith(inside):
            continue
        name, _, rest = path[len(inside) :].partition("/")
        if rest.startswith("__init__.") and "/" not in rest:
            yield _Module(name, path)
        elif not rest and entry.kind is Kind.FILE and path.endswith((".py", ".pyc", *_NATIVE)):
            yield _Module(name.partition(".")[0], path)


def _of_module(model: Model, module: _Module) -> Iterator[Finding]:
    python = recorded.of(model).python
    name, path = quoted(module.name), module.path
    if module.name in _AT_START:
        message = f"{name} is a module that Python imports by itself when it starts"
        yield new_finding("MLM636", message, Location(path), _HINT)
    elif module.name == "mlflow" or (is_standard(module.name, python) and module.name not in _SHARED):
        whose = "MLflow" if module.name == "mlflow" else "the standard library"
        message = f"{name} has the name of a module of {whose}, and is imported in its place: 'code' comes first on sys.path"
        yield new_finding("MLM636", message, Location(path), "rename the module")
    else:
        holders = distributions.providers(module.name) & distributions.reach(recorded.of(model)).names
        if holders:
            message = (
                f"{name} is imported in place of the library {min(holders)}, which the environment installs"
            )
            yield new_finding(
                "MLM637", message, Location(path), "rename the module, or take the library from the lists"
            )


CHECKS = (runs_own_code, byte_code, shadowing)
