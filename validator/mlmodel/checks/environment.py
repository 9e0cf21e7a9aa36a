"""Chapter 5, the environment files: their shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.spelling import MANY, nearest
from mlmodel.common.texts import describe, quoted
from mlmodel.documents import ProblemKind, decode
from mlmodel.findings import Location
from mlmodel.model import paths
from mlmodel.model.model import MAX_TEXT
from mlmodel.sources.directory import Kind
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

_MARKER = r"(?m)^(?:<{7}|={7}|>{7})(?:[ \t].*)?\r?$"


def _marker(text: str) -> re.Match[str] | None:
    """The first line of a merge conflict that was left in a text."""
    return re.search(_MARKER, text) if "<<<<<<<" in text or "=======" in text or ">>>>>>>" in text else None


def absent(model: Model) -> Iterator[Finding]:
    """MLM401: something says what to install."""
    conf = model.flavors.get("python_function")
    if conf is None or model.config.get("mlflow_version") is None:
        return  # MLflow 1.0 wrote none when it was given none
    names = {"conda.yaml", "python_env.yaml", "requirements.txt", *_env_files(model).values()}
    if not any(model.directory.look(name).kind is Kind.FILE for name in names if name):
        yield model.finding(
            "MLM401",
            "none of conda.yaml, python_env.yaml and requirements.txt is there: nobody can rebuild the environment",
        )


def _env_files(model: Model) -> dict[str, str]:
    """The file names that ``python_function.env`` gives, by their key; a string is the conda file."""
    env = model.flavors.get("python_function", {}).get("env")
    named = {"conda": env} if isinstance(env, str) else env if isinstance(env, dict) else {}
    return {key: name for key, name in named.items() if isinstance(name, str) and _is_plain(name)}


def _is_plain(name: str) -> bool:
    """Whether a name can be looked up at all; where it leads elsewhere, the path rules have spoken."""
    return bool(name) and paths.fault(name) is None


def _yaml(model: Model, key: str, default: str) -> Iterator[Document]:
    for name in sorted({_env_files(model).get(key, default), default}):
        document = model.yaml(name)
        if document is not None:
            yield document


def _problems(document: Document, rule: str) -> Iterator[Finding]:
    """Findings for what the file's syntax is not; features that YAML 1.1 readers understand pass."""
    rules = {
        ProblemKind.SYNTAX: rule,
        ProblemKind.ENCODING: rule,
        ProblemKind.TAG: rule,
        ProblemKind.DOCUMENTS: rule,
        ProblemKind.DUPLICATE_KEY: "MLM104",
        ProblemKind.LIMIT: "MLM903",
    }
    if _marker(document.text):
        yield from _markers(document.path, document.text)
        return
    for problem in document.problems:
        if problem.kind in rules:
            line, column = problem.position or (None, None)
            source = document.source_line(line) if line else None
            place = Location(document.path, line, column, None, source)
            yield new_finding(rules[problem.kind], problem.message, place)


def _markers(path: str, text: str) -> Iterator[Finding]:
    match = _marker(text)
    if match is not None:
        line = text.count("\n", 0, match.start()) + 1
        yield new_finding(
            "MLM403",
            "a merge conflict was left in the file",
            Location(path, line, 1, None, match.group().rstrip("\r")),
            "keep one side, and delete the lines <<<<<<<, ======= and >>>>>>>",
        )


def python_env(model: Model) -> Iterator[Finding]:
    """MLM410-MLM413: python_env.yaml as ``_PythonEnv.from_dict`` reads it."""
    for document in _yaml(model, "virtualenv", "python_env.yaml"):
        yield from _problems(document, "MLM410")
        if not document.readable:
            continue
        if isinstance(document.data, dict):
            found = schemas.violations("python-env.schema.json", document.data)
            yield from model.violations(found, document)
        else:
            what = "empty" if document.data is None else describe(document.data)
            yield model.finding("MLM410", f"the file is {what}, not a mapping", document)


def conda(model: Model) -> Iterator[Finding]:
    """MLM420-MLM425, MLM113: conda.yaml as MLflow and conda read it."""
    for document in _yaml(model, "conda", "conda.yaml"):
        yield from _problems(document, "MLM420")
        if not document.readable:
            continue
        if isinstance(document.data, dict):
            found = schemas.violations("conda.schema.json", document.data)
            yield from model.violations(found, document)
            yield from _conda_more(model, document)
        else:
            what = "empty" if document.data is None else describe(document.data)
            yield model.finding("MLM420", f"the file is {what}, not a mapping", document)


def _conda_more(model: Model, document: Document) -> Iterator[Finding]:
    known = set(schemas.schema("conda.schema.json")["properties"])
    for key in document.data.keys() - known:
        near = nearest(key, known - document.data.keys()) if len(document.data) <= MANY else None
        rule, message = "MLM424", f"conda does not know the key {quoted(key)}"
        if near:
            rule, message = "MLM113", f"unknown key {key!r}; did you mean {near!r}?"
        yield model.finding(rule, message, document, (key,), key=True)
    dependencies = document.data.get("dependencies")
    if isinstance(dependencies, list):
        pips = [index for index, item in enumerate(dependencies) if isinstance(item, dict) and "pip" in item]
        if len(pips) > 1:
            yield model.finding(
                "MLM423",
                "a second list of pip requirements: MLflow reads only the last",
                document,
                ("dependencies", pips[1]),
            )


def requirements(model: Model) -> Iterator[Finding]:
    """MLM402, MLM403: requirements.txt is text, and nobody left a merge conflict in it."""
    path = "requirements.txt"
    if model.directory.look(path).kind is not Kind.FILE:
        return
    content = model.directory.read(path, MAX_TEXT)
    text, problem = decode(content)
    if problem is None and "\0" in text:
        yield model.finding("MLM402", "the file holds NUL characters: it is no text", file=path)
    elif problem is not None:
        line, column = problem.position or (None, None)
        hint = "save it as UTF-8; PowerShell's > writes UTF-16"
        yield new_finding("MLM402", problem.message, Location(path, line, column), hint)
    yield from _markers(path, text)


CHECKS = (absent, python_env, conda, requirements)
