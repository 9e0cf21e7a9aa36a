"""Chapter 2, the MLmodel file: its syntax, and the keys of its top level."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.spelling import MANY, nearest
from mlmodel.common.texts import describe, quoted
from mlmodel.documents import ProblemKind, location_of
from mlmodel.findings import Location
from mlmodel.model.outline import misplaced_keys
from mlmodel.model.outline.places import top_level
from mlmodel.standard import releases, schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document, Problem
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.model.outline.placement import Misplaced
    from mlmodel.standard.schemas import Violation

_RULES = {
    ProblemKind.SYNTAX: "MLM101",
    ProblemKind.ENCODING: "MLM102",
    ProblemKind.DUPLICATE_KEY: "MLM104",
    ProblemKind.KEY_TYPE: "MLM105",
    ProblemKind.TAG: "MLM106",
    ProblemKind.DOCUMENTS: "MLM107",
    ProblemKind.TYPE: "MLM106",
    ProblemKind.FEATURE: "MLM108",
    ProblemKind.AMBIGUOUS: "MLM109",
    ProblemKind.TIMESTAMP: "MLM111",
    ProblemKind.BYTE_ORDER_MARK: "MLM130",
    ProblemKind.LIMIT: "MLM903",
}


def syntax(model: Model) -> Iterator[Finding]:
    """MLM101-MLM109, MLM211, MLM118, MLM130, MLM903: the file is one YAML mapping of the JSON-compatible subset."""
    document = model.mlmodel
    if document is None:
        return
    stand_in = _stand_in(model, document)
    if stand_in is not None:
        yield model.finding(*stand_in, document)
        return
    for problem in document.problems:
        if not _is_free(problem):
            yield _problem(document, problem)
    if document.readable and not isinstance(document.data, dict):
        what = "empty" if document.data is None else describe(document.data)
        hint = "MLflow fails on it before it reads a key" if document.data is None else None
        yield model.finding("MLM103", f"the file is {what}, not a mapping of keys", document, hint=hint)


_PYTHON_VERSION = ("flavors", "python_function", "python_version")


def _problem(document: Document, problem: Problem) -> Finding:
    line, column = problem.position or (None, None)
    pointer = document.pointer(problem.pointer) if problem.pointer else None
    source = document.source_line(line) if line else None
    hint = None
    if problem.kind is ProblemKind.TIMESTAMP:
        hint = "quote it, so that every reader sees a string"
    elif problem.kind is ProblemKind.SYNTAX and line:
        from mlmodel.model.outline.indentation import indentation_fault

        hint = indentation_fault(document.text, line)
    rule = _RULES[problem.kind]
    if problem.kind is ProblemKind.TIMESTAMP and problem.pointer == _PYTHON_VERSION:
        rule = "MLM211"
    return new_finding(rule, problem.message, Location(document.path, line, column, pointer, source), hint)


def _is_free(problem: Problem) -> bool:
    """Whether a problem stands where users may write what YAML allows: in ``metadata``, in a flavor's ``config``,
    and in deep keys."""
    if problem.kind is ProblemKind.KEY_TYPE:
        return len(problem.pointer) > 1 and problem.pointer[0] not in ("flavors", "signature")
    theirs = problem.pointer[:1] == ("metadata",) or problem.pointer[2:3] == ("config",)
    return theirs and problem.kind in (ProblemKind.TIMESTAMP, ProblemKind.TYPE, ProblemKind.FEATURE)


_SCRIPT = r"(?m)\A#!|^(?:import|from) \w[\w.]*(?: import .*)?\r?$|^(?:def|class) \w+.*:\r?$"


def _stand_in(model: Model, document: Document) -> tuple[str, str] | None:
    """The rule and message where another kind of file carries the name MLmodel, None where none does."""
    if document.readable and isinstance(document.data, dict):
        if "oid" in document.data and "git-lfs" in str(document.data.get("version")):
            return (
                "MLM011",
                "a Git LFS pointer stands here, not the MLmodel file: fetch it with `git lfs pull`",
            )
        return None
    head = model.directory.head("MLmodel", 16)
    if head[:1] == b"\x80" and head[1:2] <= b"\x05":
        return (
            "MLM103",
            "the file is a pickle, not an MLmodel file: MLflow reads the model's YAML description here",
        )
    if head[:4] == b"PK\x03\x04":
        return "MLM103", "the file is a zip archive, not YAML"
    if head.lstrip()[:5].lower() in (b"<!doc", b"<html"):
        return "MLM103", "the file is an HTML page, not YAML: a download that failed?"
    if not isinstance(document.data, (dict, list)) and re.search(_SCRIPT, document.text[:20_000]):
        return "MLM103", "the file is a Python script, not YAML"
    return None


def misplaced(model: Model) -> Iterator[Finding]:
    """MLM118: keys that belong elsewhere; one finding for all that belong below the same line."""
    document = model.mlmodel
    if document is None:
        return
    for group in misplaced_keys.of(model):
        yield new_finding(
            "MLM118", _misplaced_message(group), _first(document, group), _misplaced_hint(group)
        )


def _first(document: Document, group: Misplaced) -> Location:
    node = group.nodes[0]
    pointer = document.pointer(node.path) if document.readable else None
    return Location(document.path, node.line, node.column, pointer, document.source_line(node.line))


def _misplaced_message(group: Misplaced) -> str:
    keys = _listed([f"{node.key!r} (line {node.line})" for node in group.nodes])
    stand, belong = ("stands", "it belongs") if len(group.nodes) == 1 else ("stand", "they belong")
    if group.stands:
        place = f"under {'.'.join(group.stands)}"
    else:
        place = (
            "indented under nothing" if all(node.column > 1 for node in group.nodes) else "at the top level"
        )
    if group.lost:
        lines = f"line {_lost(group)} is" if len(group.lost) == 1 else f"lines {_lost(group)} are"
        return f"the {lines} missing above {keys}, which {stand} {place}"
    return f"{keys} {stand} {place}; {belong} {_path_words(group.belongs)}"


def _misplaced_hint(group: Misplaced) -> str:
    one = len(group.nodes) == 1
    if group.stands[-1:] == group.belongs[-1:]:
        return f"remove the inner `{group.stands[-1]}:`, and one step of the indentation below it"
    if not group.belongs:
        if group.stands[0] not in top_level():
            return f"remove the line `{group.stands[0]}:` and the indentation below it"
        return f"remove {'its' if one else 'their'} indentation"
    if group.lost:
        belong = f"{'it belongs' if one else 'they belong'} {_path_words(group.belongs)}"
        return f"write {_lost(group)} above line {group.nodes[0].line}, and indent {'it' if one else 'them'} below: {belong}"
    where = f"`{group.belongs[-1]}:`" + (f" (line {group.parent.line})" if group.parent else "")
    return f"put {'it' if one else 'them'} below {where}, one step deeper"


def _lost(group: Misplaced) -> str:
    return _listed([f"`{key}:`" for key in group.lost])


def _path_words(path: tuple[str, ...]) -> str:
    return f"under {'.'.join(path)}" if path else "at the top level"


def _listed(parts: list[str], limit: int = 12) -> str:
    if len(parts) > limit:
        parts = [*parts[:limit], f"{len(parts) - limit} more"]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def structure(model: Model) -> Iterator[Finding]:
    """MLM110-MLM112, MLM115, MLM116, MLM119-MLM126, MLM301-MLM303, MLM501, MLM502: what the schema of the file says."""
    document = model.mlmodel
    if document is not None and isinstance(document.data, dict):
        for violation in schemas.violations("mlmodel.schema.json", document.data):
            if violation.rule == "MLM112":
                yield _no_flavors(model, document)
            elif violation.rule != "MLM201" and not _is_misplaced(model, violation):
                yield from model.violations(iter((violation,)), document)


def _is_misplaced(model: Model, violation: Violation) -> bool:
    missing = (*violation.pointer, violation.missing)
    return violation.pointer in misplaced_keys.pointers(model) or missing in misplaced_keys.excused(model)


def _no_flavors(model: Model, document: Document) -> Finding:
    if "flavors" in model.config:
        message = "'flavors' names no flavor: no reader can load the model"
        return model.finding("MLM112", message, document, ("flavors",))
    message = "top-level key 'flavors' is missing: no reader can load the model"
    for group in misplaced_keys.of(model):
        if group.lost[:1] == ("flavors",):
            return new_finding("MLM112", message, _first(document, group))
    return model.finding("MLM112", message, document, ())


def top_level_keys(model: Model) -> Iterator[Finding]:
    """MLM113, MLM114: top-level keys that readers do not know."""
    document = model.mlmodel
    if document is None or not isinstance(document.data, dict):
        return
    known = top_level()
    reserved = schemas.schema("mlmodel.schema.json")["patternProperties"]
    for key in document.data:
        if (
            key in known
            or (key,) in misplaced_keys.pointers(model)
            or any(re.search(pattern, key) for pattern in reserved)
        ):
            continue  # MLM115, by the schema
        near = nearest(key, known - document.data.keys()) if len(document.data) <= MANY else None
        if near:
            yield model.finding(
                "MLM113", f"unknown key {key!r}; did you mean {near!r}?", document, (key,), key=True
            )
        else:
            yield model.finding(
                "MLM114", f"no reader knows the key {quoted(key)}", document, (key,), key=True
            )


def provenance(model: Model) -> Iterator[Finding]:
    """MLM117, MLM120, MLM127, MLM130: by what and as what the model was written."""
    document = model.mlmodel
    if document is None or not model.config:
        return
    if model.config.get("mlflow_version") is None:
        yield model.finding("MLM117", "'mlflow_version' is not recorded", document, ())
    yield from _identifiers(model, document)
    yield from _size(model, document)
    if not document.text.isascii():
        at_fault = re.search(r"[^\x00-\x7f]", document.text)
        assert at_fault is not None
        place = document.position(at_fault.start())
        line, column = place or (None, None)
        yield new_finding(
            "MLM130",
            "non-ASCII characters: MLflow on Windows opens the file in the locale's encoding",
            Location("MLmodel", line, column, None, document.source_line(line) if line else None),
        )


def _identifiers(model: Model, document: Document) -> Iterator[Finding]:
    uuid, identifier = model.config.get("model_uuid"), model.config.get("model_id")
    if isinstance(uuid, str) and isinstance(identifier, str) and uuid != identifier:
        yield model.finding("MLM120", "'model_uuid' and 'model_id' differ", document, ("model_id",))


_MUCH_MISSING = 4096
"""Bytes that a directory may lose to other line ends or formatting."""


def _size(model: Model, document: Document) -> Iterator[Finding]:
    recorded = model.config.get("model_size_bytes")
    if not isinstance(recorded, int) or isinstance(recorded, bool) or not model.directory.listed_all:
        return
    total = sum(entry.size for entry in model.directory.entries.values())
    if recorded - total > max(_MUCH_MISSING, recorded // 10):
        yield model.finding(
            "MLM127",
            f"'model_size_bytes' is {recorded:,}, but the files have {total:,} bytes: something is missing",
            document,
            ("model_size_bytes",),
            hint="compare the directory with the one that was saved, and bring back what is missing",
        )


def newer_keys(model: Model) -> Iterator[Finding]:
    """MLM129: keys that the recorded release did not write."""
    document = model.mlmodel
    if document is None or model.release is None:
        return
    tables: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [("mlmodel.schema.json", model.config, ())]
    tables += [
        (f"flavors/{flavor}.schema.json", conf, ("flavors", flavor))
        for flavor, conf in model.flavors.items()
        if flavor in schemas.flavor_names()
    ]
    for name, mapping, base in tables:
        for key, absent, since in schemas.newer_keys(name):
            if key in mapping and releases.at_most(model.release, absent):
                yield new_finding(
                    "MLM129",
                    f"MLflow writes {key!r} since {since}, the file says {model.config['mlflow_version']}",
                    location_of(document, (*base, key), key=True),
                )


def registered_model_meta(model: Model) -> Iterator[Finding]:
    """MLM128: the note that a download from a registry leaves behind."""
    document = model.yaml("registered_model_meta")
    if document is None:
        return
    if not document.readable:
        yield model.finding("MLM128", f"not YAML: {document.problems[0].message}", document)
    else:
        yield from model.violations(
            schemas.violations("registered-model-meta.schema.json", document.data), document
        )


CHECKS = (
    syntax,
    misplaced,
    structure,
    top_level_keys,
    provenance,
    newer_keys,
    registered_model_meta,
)
