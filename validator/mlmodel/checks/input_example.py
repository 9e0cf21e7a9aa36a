"""Chapter 6, the input example: its form, and whether the signature accepts it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.documents import ProblemKind
from mlmodel.findings import Location
from mlmodel.model import examples, paths, signatures
from mlmodel.model.outline import misplaced_keys
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.examples import Example
    from mlmodel.model.model import Model

_ROWS = 1000
"""Rows of an example that are compared with the signature."""
_CELLS = 1_000_000
"""Cells that are compared; fewer rows where there are very many columns, but one at least."""


def presence(model: Model) -> Iterator[Finding]:
    """MLM512, MLM513: is there an example, and a signature with it."""
    document = model.mlmodel
    if document is None or "python_function" not in model.flavors:
        return
    if model.config.get("saved_input_example_info") is None and (
        "saved_input_example_info",
    ) not in misplaced_keys.excused(model):
        yield model.finding("MLM512", "no input example: nobody can try the model", document, ())
    elif model.config.get("signature") is None and ("signature",) not in misplaced_keys.excused(model):
        message = (
            "an input example is stored, but no signature: MLflow could not infer it, or was not asked to"
        )
        yield model.finding("MLM513", message, document, ("saved_input_example_info",), key=True)


def form(model: Model) -> Iterator[Finding]:
    """MLM504, MLM505, MLM514, MLM515: the file is JSON of the form that its type asks for."""
    example = examples.stored(model)
    if example is None:
        return
    document = example.document
    yield from _problems(document, "MLM504")
    if not document.readable:
        return
    found = schemas.violations("input-example.schema.json", document.data, examples.definition(example))
    yield from model.violations(found, document)
    yield from _width(model, example)
    yield from _era(model, example)


def _problems(document: Document, rule: str) -> Iterator[Finding]:
    rules = {ProblemKind.DUPLICATE_KEY: "MLM104", ProblemKind.LIMIT: "MLM903", ProblemKind.NAN: "MLM515"}
    for problem in document.problems:
        line, column = problem.position or (None, None)
        source = document.source_line(line) if line else None
        place = Location(document.path, line, column, None, source)
        message = f"not JSON: {problem.message}" if problem.kind is ProblemKind.SYNTAX else problem.message
        yield new_finding(rules.get(problem.kind, rule), message, place)


def _width(model: Model, example: Example) -> Iterator[Finding]:
    """MLM505: rows and column names that make a data frame (``pandas.DataFrame(rows, columns=names)``)."""
    table = examples.table(example) if example.type == "dataframe" else None
    if table is None or table.names is None or table.records:
        return
    width = max(map(len, table.rows), default=len(table.names))
    if width != len(table.names):
        message = f"{len(table.names)} columns are named, and the rows have {width}"
        yield model.finding("MLM505", message, example.document, table.data_pointer)


def _era(model: Model, example: Example) -> Iterator[Finding]:
    if example.type == "ndarray" and example.wrapped is not None:
        others = "MLflow 2.16 and later" if example.wrapped else "MLflow 2.15 and earlier"
        message = f"{others} cannot read this form of an ndarray example"
        yield model.finding("MLM514", message, example.document, ())


def against_signature(model: Model) -> Iterator[Finding]:
    """MLM506-MLM510: the example is input that the signature accepts."""
    example = examples.stored(model)
    if example is None or not example.document.readable:
        return
    yield from _params(model, example)
    section = signatures.of(model).get("inputs")
    if section is None or not section.document.readable or not _is_sound(section):
        return
    if section.columns:
        table = examples.table(example)
        if table is not None:
            yield from _columns(model, example, section, table)
    elif section.tensors:
        yield from _tensors(model, example, section)


def _is_sound(section: signatures.Section) -> bool:
    """Whether the section has no violation of its own; those were said, and nothing can be compared with them."""
    return schemas.conforms(signatures.SCHEMAS[section.name], section.document.data)


def _columns(
    model: Model, example: Example, section: signatures.Section, table: examples.Table
) -> Iterator[Finding]:
    document = example.document
    items = section.items
    if not any(map(signatures.is_named, items)):
        width = max((len(row) for row in table.rows), default=0)
        if table.rows and width < len(items) and not table.nested:
            message = f"the signature has {len(items)} unnamed columns, the example {width}"
            yield model.finding("MLM509", message, document, table.data_pointer)
        return
    if table.names is None:
        required = next((item["name"] for item in items if signatures.is_required(item)), None)
        if isinstance(required, str):
            message = f"the example has no column names; the signature requires {quoted(required)}"
            yield model.finding("MLM506", message, document, table.names_pointer)
        return
    index_of = {name: index for index, name in enumerate(table.names)}
    folded: dict[str, str] | None = None
    rows = min(_ROWS, _CELLS // len(items) + 1)
    for item in items:
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name not in index_of:
            if signatures.is_required(item):
                if folded is None:
                    folded = {_folded(other): other for other in reversed(table.names)}
                yield _missing(model, example, name, table, folded.get(_folded(name)))
            continue
        for row, value in table.values(index_of[name], name, rows):
            complaint = _misfit(value, str(item.get("type")))
            if complaint is not None:
                pointer = table.cell(row, index_of[name], name)
                message = f"column {quoted(name)} is {item['type']}, but the example has {complaint}"
                yield model.finding("MLM508", message, document, pointer)
                break
    declared = {item.get("name") for item in items}
    extra = [name for name in table.names if name not in declared]
    if extra:
        names = ", ".join(quoted(name) for name in extra[:5])
        message = f"the signature does not name {names}: readers drop such columns"
        yield model.finding("MLM507", message, document, table.names_pointer)


def _folded(name: str) -> str:
    return re.sub(r"\s", "", name).lower()


def _missing(model: Model, example: Example, name: str, table: examples.Table, near: str | None) -> Finding:
    hint = (
        f"the example calls it {quoted(near)}: names must be equal to the letter"
        if near is not None
        else None
    )
    message = f"the example has no column {quoted(name)}, which the signature requires"
    return model.finding("MLM506", message, example.document, table.names_pointer, hint=hint)


_WHOLE = r"[+-]?\d[\d_]*"
_NUMBER = r"(?i)[+-]?(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)"
_TIME = r"(?is).*\d.*|nat|now|today|"
_READABLE = {"integer": _WHOLE, "long": _WHOLE, "float": _NUMBER, "double": _NUMBER, "datetime": _TIME}
"""The texts that become a value of a type; pandas reads more forms of a date than could be listed."""


def _misfit(value: Any, type_: str) -> str | None:
    """Why no reader can make a JSON value one of a scalar type; None where one may."""
    if type_ not in signatures.SCALARS:
        return None
    if type_ == "binary":
        return None if isinstance(value, str) else describe(value)
    if type_ in ("string", "boolean"):
        return None  # anything has a text, and a truth
    if isinstance(value, (list, dict)):
        return describe(value)
    if isinstance(value, str):
        return None if re.fullmatch(_READABLE[type_], value.strip()[:100]) else describe(value)
    if value is None and type_ in ("integer", "long"):
        return "null, which makes the column a float"
    return None


def _tensors(model: Model, example: Example, section: signatures.Section) -> Iterator[Finding]:
    payload, pointer = example.payload
    if example.type in ("sparse_matrix_csr", "sparse_matrix_csc"):
        yield from _sparse_shape(model, example, section)
    elif example.type != "ndarray":
        return
    elif isinstance(payload, dict):
        for item in section.items:
            name = item.get("name")
            if isinstance(name, str) and name not in payload and item.get("required") is not False:
                message = f"the example has no tensor {quoted(name)}, which the signature names"
                yield model.finding("MLM506", message, example.document, pointer)
            elif isinstance(name, str) and name in payload:
                yield from _shape(model, example, item, payload[name], (*pointer, name))
    elif len(section.items) == 1:
        yield from _shape(model, example, section.items[0], payload, pointer)


def _sparse_shape(model: Model, example: Example, section: signatures.Section) -> Iterator[Finding]:
    payload, pointer = example.payload
    actual = payload.get("shape") if isinstance(payload, dict) else None
    expected = section.items[0]["tensor-spec"]["shape"]
    if isinstance(actual, list) and len(section.items) == 1 and not _fits(actual, expected):
        message = f"the example has shape {tuple(actual)}, the signature asks for {tuple(expected)}"
        yield model.finding("MLM509", message, example.document, (*pointer, "shape"))


def _fits(actual: list[Any], expected: list[int]) -> bool:
    return len(actual) == len(expected) and all(
        want in (-1, have) for want, have in zip(expected, actual, strict=True)
    )


def _shape(
    model: Model, example: Example, item: dict[str, Any], value: Any, pointer: tuple[str | int, ...]
) -> Iterator[Finding]:
    expected = item["tensor-spec"]["shape"]
    actual = examples.shape(value)
    if actual is None or not expected:
        return
    if not _fits(actual, expected):
        message = f"the example has shape {tuple(actual)}, the signature asks for {tuple(expected)}"
        yield model.finding("MLM509", message, example.document, pointer)


def _params(model: Model, example: Example) -> Iterator[Finding]:
    section = signatures.of(model).get("params")
    params = example.params
    if section is None or not isinstance(params, dict):
        return
    declared = {str(item.get("name")): item for item in section.items}
    for name, value in params.items():
        item = declared.get(name)
        if item is None:
            continue  # readers warn, and leave it out
        type_ = str(item.get("type", item.get("dtype")))
        if item.get("shape") == [-1]:
            fits = isinstance(value, list) and all(signatures.fits_param(each, type_) for each in value)
        else:
            fits = value is None or isinstance(value, dict) or signatures.fits_param(value, type_)
        if not fits:
            message = f"param {quoted(name)} is {describe(value)}; the signature declares {type_}"
            if item.get("shape") == [-1]:
                message += ", a list"
            yield model.finding("MLM510", message, example.document, ("params", name))


def serving(model: Model) -> Iterator[Finding]:
    """MLM511: the request that a scoring server is to accept."""
    info = model.config.get("saved_input_example_info")
    path = info.get("serving_input_path") if isinstance(info, dict) else None
    if not isinstance(path, str) or not path or paths.fault(path) is not None:
        return
    document = model.json(path)
    if document is None:
        return
    if document.readable:
        yield from model.violations(schemas.violations("serving-input.schema.json", document.data), document)
    else:
        yield from _problems(document, "MLM511")


CHECKS = (presence, form, against_signature, serving)
