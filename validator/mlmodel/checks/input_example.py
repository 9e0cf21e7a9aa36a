"""Chapter 6, the input example: its form, and whether the signature accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import describe, quoted
from mlmodel.documents import ProblemKind
from mlmodel.findings import Location
from mlmodel.model import examples, paths, signatures
from mlmodel.model.model import fact
from mlmodel.model.outline import misplaced_keys
from mlmodel.standard import schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.enforcement import Misfit
    from mlmodel.model.examples import Example
    from mlmodel.model.model import Model

_RULES = {
    "form": "MLM505",
    "missing": "MLM506",
    "type": "MLM508",
    "shape": "MLM509",
    "lost": "MLM516",
    "depends": "MLM517",
}
"""The rule of each kind of :class:`Misfit`."""
_REQUESTS = {"dataframe_split": "dataframe", "dataframe_records": "records", "inputs": "ndarray"}
"""The keys of a request whose content is held against the signature, and the form of an example that it has."""


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


def example(model: Model) -> Iterator[Finding]:
    """MLM504-MLM510, MLM514-MLM517: the file is JSON of the form that its type asks for, and fits the signature."""
    stored = examples.stored(model)
    if stored is None:
        return
    document = stored.document
    yield from _problems(document, "MLM504")
    if not document.readable:
        return
    yield from _faults(model)
    yield from _era(model, stored)
    yield from _params(model, stored)
    yield from _extra(model, stored)


@fact
def _faults(model: Model) -> list[Finding]:
    """MLM505, MLM506, MLM508, MLM509, MLM516, MLM517: why the readers of the recorded release refuse the example."""
    stored = examples.stored(model)
    if stored is None or not stored.document.readable:
        return []
    document = stored.document
    definition = examples.definition(stored)
    violations = schemas.violations("input-example.schema.json", document.data, definition)
    payload, pointer = stored.payload
    return [*model.violations(violations, document)] or [
        model.finding(
            _RULES[misfit.kind], misfit.message, document, (*pointer, *misfit.pointer), hint=misfit.hint
        )
        for misfit in _misfits(model, stored, payload)
    ]


def _misfits(model: Model, stored: Example, payload: Any) -> list[Misfit]:
    from mlmodel.model import enforcement

    section = _inputs(model)
    if section is None:
        return enforcement.unreadable(payload, stored.type)
    return enforcement.misfits(payload, stored.type, section.items, model.release, hinted=_is_hinted(model))


def _is_hinted(model: Model) -> bool:
    return bool(model.config.get("is_signature_from_type_hint"))


def _inputs(model: Model) -> signatures.Section | None:
    """The inputs of the signature; None where there are none, or they are wrong themselves, which was said."""
    section = signatures.of(model).get("inputs")
    if section is None or not section.document.readable or not section.items:
        return None
    sound = (section.columns or section.tensors) and schemas.conforms(
        signatures.SCHEMAS[section.name], section.document.data
    )
    return section if sound else None


def _extra(model: Model, stored: Example) -> Iterator[Finding]:
    """MLM507: columns that the signature does not name."""
    section = _inputs(model)
    if section is None or not section.columns or not signatures.is_named(section.items[0]):
        return
    payload, pointer = stored.payload
    names: list[Any] = []
    if stored.type == "dataframe" and isinstance(payload, dict) and isinstance(payload.get("columns"), list):
        names, pointer = payload["columns"], (*pointer, "columns")
    elif stored.type == "json_object" and isinstance(payload, dict):
        names = list(payload)
    declared = {item.get("name") for item in section.items}
    extra = [name for name in names if isinstance(name, (str, int, float)) and name not in declared]
    if extra:
        said = ", ".join(map(quoted, extra[:5]))
        message = f"the signature does not name {said}: readers drop such columns"
        yield model.finding("MLM507", message, stored.document, pointer)


def _problems(document: Document, rule: str) -> Iterator[Finding]:
    rules = {ProblemKind.DUPLICATE_KEY: "MLM104", ProblemKind.LIMIT: "MLM903", ProblemKind.NAN: "MLM515"}
    for problem in document.problems:
        line, column = problem.position or (None, None)
        source = document.source_line(line) if line else None
        place = Location(document.path, line, column, None, source)
        message = f"not JSON: {problem.message}" if problem.kind is ProblemKind.SYNTAX else problem.message
        yield new_finding(rules.get(problem.kind, rule), message, place)


def _era(model: Model, stored: Example) -> Iterator[Finding]:
    if stored.type == "ndarray" and stored.wrapped is not None:
        others = "MLflow 2.16 and later" if stored.wrapped else "MLflow 2.15 and earlier"
        message = f"{others} cannot read this form of an ndarray example"
        yield model.finding("MLM514", message, stored.document, ())


def _params(model: Model, stored: Example) -> Iterator[Finding]:
    section = signatures.of(model).get("params")
    params = stored.params
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
            yield model.finding("MLM510", message, stored.document, ("params", name))


def serving(model: Model) -> Iterator[Finding]:
    """MLM511, MLM518: the request that a scoring server is to accept."""
    info = model.config.get("saved_input_example_info")
    path = info.get("serving_input_path") if isinstance(info, dict) else None
    if not isinstance(path, str) or not path or paths.fault(path) is not None:
        return
    document = model.json(path)
    if document is None:
        return
    if document.readable:
        found = schemas.violations("serving-input.schema.json", document.data)
        violations = [*model.violations(found, document)]
        yield from violations or _request(model, document)
    else:
        yield from _problems(document, "MLM511")


def _request(model: Model, document: Document) -> Iterator[Finding]:
    """MLM518: what the server makes of the request, held against the signature; unless the example has said so."""
    section, key = _inputs(model), next((key for key in _REQUESTS if key in document.data), None)
    if section is None or key is None or _faults(model):
        return
    from mlmodel.model import enforcement

    found = enforcement.misfits(
        document.data[key],
        _REQUESTS[key],
        section.items,
        model.release,
        hinted=_is_hinted(model),
        request=True,
    )
    for misfit in found[:1]:
        message = f"the server refuses the request: {misfit.message}"
        yield model.finding("MLM518", message, document, (key, *misfit.pointer), hint=misfit.hint)


CHECKS = (presence, example, serving)
