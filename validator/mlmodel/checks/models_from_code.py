"""Chapter 7, serialized objects: Python that loading a model runs, read without running it; and what it says of the signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.texts import quoted
from mlmodel.environment import recorded
from mlmodel.findings import Location
from mlmodel.model import loader_documents, python_files, signatures
from mlmodel.model.loader_items import OwnModule
from mlmodel.sources.directory import Kind
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from mlmodel.documents.model_source import ParamsTaken
    from mlmodel.documents.python_source import Parsed
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_MOST = 20
"""Findings of one rule in the Python of one model."""


def python(model: Model) -> Iterator[Finding]:
    """MLM640-MLM647: what keeps the Python files that a loader runs from running, or from giving a model; MLM337: params
    that the signature lacks."""
    scripts = list(dict.fromkeys(_scripts(model)))
    loaders = list(dict.fromkeys(_loader_files(model)))
    others = [
        item.file for item in loader_documents.of(model) if isinstance(item, OwnModule) and item.is_there
    ]
    if not scripts and not loaders and not others:
        return
    files = list(dict.fromkeys((*scripts, *loaders, *others, *_reached(model, scripts, loaders))))
    for file in files[: python_files.MAX_FILES]:
        parsed = _parsed(model, file)
        if parsed.fault is not None:
            yield _no_python(file, parsed)
        elif parsed.tree is not None:
            if file in scripts:
                yield from _of_script(model, file, parsed, parsed.tree)
            elif file in loaders:
                yield from _of_loader(file, parsed.tree)
            yield from _of_any(file, parsed, parsed.tree)


def _parsed(model: Model, file: str) -> Parsed:
    from mlmodel.documents import python_source

    parsed = python_files.parsed(model, file)
    fault = parsed.fault
    if fault is not None and not fault.is_magic and python_source.is_later(recorded.of(model).python):
        return parsed._replace(fault=None)
    return parsed


def _scripts(model: Model) -> Iterator[str]:
    for conf in model.flavors.values():
        path = conf.get("model_code_path")
        if isinstance(path, str) and path:
            name = path.replace("\\", "/").rpartition("/")[2]
            if name.endswith(".py") and model.directory.look(name).kind is Kind.FILE:
                yield name


def _loader_files(model: Model) -> Iterator[str]:
    """The file of a loader module that the model brings itself: what is imported last of a dotted name."""
    loader = model.flavors.get("python_function", {}).get("loader_module")
    if not isinstance(loader, str) or loader.partition(".")[0] == "mlflow" or len(loader) > 500:
        return
    stem = loader.replace(".", "/")
    for folder in python_files.code_folders(model):
        for path in (f"{folder}/{stem}.py", f"{folder}/{stem}/__init__.py"):
            if model.directory.look(path).kind is Kind.FILE:
                yield path
                return


def _reached(model: Model, scripts: list[str], loaders: list[str]) -> Iterator[str]:
    """The files of ``code/`` that these import, whatever happens."""
    from mlmodel.environment.code import Code

    for folder in python_files.code_folders(model)[:1]:
        code = Code(model, folder)
        for _ in code.reached((), [*scripts, *loaders]):
            pass
        yield from code.read


def _no_python(file: str, parsed: Parsed) -> Finding:
    assert parsed.fault is not None
    fault = parsed.fault
    source = parsed.lines[fault.line - 1] if fault.line <= len(parsed.lines) else None
    place = Location(file, fault.line, fault.column, None, source)
    if fault.is_magic:
        message = f"{quoted((source or '').strip())} is a command of a notebook, and no Python: loading the model fails here"
        return new_finding(
            "MLM640", message, place, "delete the line; what it installs belongs into requirements.txt"
        )
    return new_finding("MLM640", f"this is no Python: {fault.message}; loading the model fails here", place)


def _of_script(model: Model, file: str, parsed: Parsed, tree: ast.Module) -> Iterator[Finding]:
    from mlmodel.documents import model_source

    rules = {
        model_source.NOT_SET: "MLM641",
        model_source.BAD_METHOD: "MLM642",
        model_source.NO_PREDICT: "MLM643",
        model_source.NO_CONFIG: "MLM644",
    }
    has_config = any(conf.get("config") for conf in model.flavors.values())
    for fault in model_source.faults(tree, has_config=has_config):
        if fault.kind == model_source.NOT_SET and fault.line == 1 and _is_set_elsewhere(model, file):
            continue
        yield new_finding(
            rules[fault.kind],
            f"the file {fault.message}"
            if fault.kind in (model_source.NOT_SET, model_source.NO_CONFIG)
            else fault.message,
            _place(file, parsed, fault.line, fault.column),
        )
    if _lacks_params(model):
        for taken in model_source.params_taken(tree):
            yield _unstated(file, parsed, taken)


def _lacks_params(model: Model) -> bool:
    """Whether there is a signature, and no params in it; that there is none at all has a finding of its own."""
    sections = signatures.of(model)
    return bool(sections) and ("params" not in sections or sections["params"].document.data == [])


def _unstated(file: str, parsed: Parsed, taken: ParamsTaken) -> Finding:
    message = (
        f"{taken.message}, and the signature has none: MLflow hands none on to it, whatever a caller gives"
    )
    hint = "state them with their defaults: infer_signature(..., params={...})"
    return new_finding("MLM337", message, _place(file, parsed, taken.line, taken.column), hint)


def _is_set_elsewhere(model: Model, file: str) -> bool:
    """Whether a module of the model's own, which the file may import, mentions ``set_model``."""
    for folder in python_files.code_folders(model):
        inside = f"{folder}/"
        for path, entry in model.directory.entries.items():
            is_source = path.startswith(inside) and path.endswith(".py") and entry.kind is Kind.FILE
            if is_source and path != file and any("set_model" in line for line in _parsed(model, path).lines):
                return True
    return False


def _of_loader(file: str, tree: ast.Module) -> Iterator[Finding]:
    from mlmodel.documents import model_source

    if not model_source.defines(tree, "_load_pyfunc"):
        message = "the loader module has no function _load_pyfunc, which MLflow calls"
        yield new_finding("MLM647", message, Location(file), "define _load_pyfunc(path) in it")


def _of_any(file: str, parsed: Parsed, tree: ast.Module) -> Iterator[Finding]:
    from mlmodel.documents import model_source

    for count, (path, line, column) in enumerate(model_source.author_paths(tree)):
        if count == _MOST:
            break
        message = f"{quoted(path)} is a path of the author's machine"
        hint = "log the file as an artifact, and open it by context.artifacts"
        yield new_finding("MLM645", message, _place(file, parsed, line, column), hint)
    used = model_source.free_name(tree, "dbutils")
    if used is not None:
        message = "dbutils is there on Databricks only; elsewhere MLflow puts a stand-in in its place whose calls give nothing"
        hint = "take what it gives from an environment variable"
        yield new_finding("MLM646", message, _place(file, parsed, used.lineno, used.col_offset + 1), hint)


def _place(file: str, parsed: Parsed, line: int, column: int) -> Location:
    return Location(file, line, column, None, parsed.lines[line - 1] if line <= len(parsed.lines) else None)


CHECKS = (python,)
