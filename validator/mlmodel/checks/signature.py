"""Chapter 4, the signature: JSON texts that describe inputs, outputs and params."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mlmodel.common.spelling import MANY, nearest
from mlmodel.common.texts import describe, quoted
from mlmodel.documents import ProblemKind, location_of
from mlmodel.findings import Location
from mlmodel.model import signatures
from mlmodel.model.outline import misplaced_keys
from mlmodel.model.signatures import Section, is_named, is_tensor
from mlmodel.standard import releases, schemas
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.documents import Document
    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.standard.schemas import Violation

_RULES = {
    ProblemKind.SYNTAX: "MLM304",
    ProblemKind.DUPLICATE_KEY: "MLM104",
    ProblemKind.LIMIT: "MLM903",
}


def presence(model: Model) -> Iterator[Finding]:
    """MLM326, MLM327, MLM333, MLM113: is there a signature, and what does it leave out."""
    document = model.mlmodel
    if document is None or not model.config:
        return
    signature = model.config.get("signature")
    if signature is None:
        if "python_function" in model.flavors and ("signature",) not in misplaced_keys.excused(model):
            yield model.finding(
                "MLM326", "no signature: readers cannot check or convert their input", document, ()
            )
        return
    if not isinstance(signature, dict):
        return  # MLM301, by the schema
    place = ("signature",)
    others = signature.get("outputs") or signature.get("params")
    if not signature.get("inputs") and others and releases.at_most(model.release, "2.6.0"):
        message = f"MLflow reads a signature without inputs since 2.8, the file says {model.config['mlflow_version']}"
        yield model.finding("MLM313", message, document, place)
    elif signature.get("outputs") == "" and releases.at_most(model.release, "2.6.0"):
        message = (
            f"MLflow takes an empty text for null since 2.8, the file says {model.config['mlflow_version']}"
        )
        yield model.finding("MLM313", message, document, (*place, "outputs"))
    if signature.get("inputs") and not signature.get("outputs"):
        message = "no outputs: Unity Catalog and MLServer refuse such a signature"
        yield model.finding("MLM327", message, document, place)
    for key in signature.keys() - set(signatures.SECTIONS):
        if (*place, key) in misplaced_keys.pointers(model):
            continue
        near = (
            nearest(key, set(signatures.SECTIONS) - signature.keys(), 0.7) if len(signature) <= MANY else None
        )
        rule, message = "MLM333", f"readers ignore the key {quoted(key)} in signature"
        if near:
            rule, message = "MLM113", f"unknown key {key!r} in signature; did you mean {near!r}?"
        yield model.finding(rule, message, document, (*place, key), key=True)


def sections(model: Model) -> Iterator[Finding]:
    """MLM304-MLM325, MLM334: every section that is a text."""
    for section in signatures.of(model).values():
        document = section.document
        for problem in document.problems:
            if problem.kind is ProblemKind.NAN:
                continue  # a default of NaN: MLflow writes and reads it
            line, column = problem.position or (None, None)
            source = document.source_line(line) if line else None
            location = Location(document.path, line, column, document.pointer(()), source)
            message = (
                f"signature.{section.name} is not JSON: {problem.message}"
                if problem.fatal
                else problem.message
            )
            yield new_finding(_RULES[problem.kind], message, location, _json_hint(document))
        if document.readable:
            yield from _section(model, section)


def _json_hint(document: Document) -> str | None:
    if document.text.lstrip()[:2] in ("['", "[{") and "'" in document.text and '"' not in document.text:
        return "JSON wants double quotes: this looks like a Python literal"
    return None


def _section(model: Model, section: Section) -> Iterator[Finding]:
    document = section.document
    if not isinstance(document.data, list):
        message = f"signature.{section.name} holds {describe(document.data)}, not a JSON array"
        yield model.finding("MLM304", message, document, ())
        return
    for violation in schemas.violations(signatures.SCHEMAS[section.name], document.data):
        yield _violation(document, violation)
    if section.name == "params":
        yield from _params(model, section)
    elif not document.data:
        if model.predates_versions or releases.at_most(model.release, "2.6.0"):
            message = f"signature.{section.name} is an empty array, which MLflow 2.8 and later refuse to load"
            hint = "write null where there is nothing to describe"
            yield model.finding("MLM334", message, document, (), hint=hint)
        else:
            message = f"signature.{section.name} is an empty array: MLflow refuses to load the model"
            hint = "write null where there is nothing to describe"
            yield model.finding("MLM305", message, document, (), hint=hint)
    else:
        yield from _names(model, section)
        yield from _era_of_columns(model, section)
        yield from _tensors(model, section)
        yield from _advice(model, section)


def _violation(document: Document, violation: Violation) -> Finding:
    hint = None
    if violation.rule in ("MLM306", "MLM322"):
        value: Any = document.data
        for step in violation.pointer:
            value = value[step]
        if isinstance(value, str):
            near = signatures.ALIASES.get(value.lower()) or value.lower()
            names = (*signatures.SCALARS, "array", "object", "map", "any", "tensor", "sparkml_vector")
            close = nearest(near, names, 0.75)
            hint = f'did you mean "{close}"?' if close else None
    if violation.rule == "MLM110" and violation.pointer[-1:] == ("name",):
        hint = "flatten the columns before the signature is inferred: df.columns = ['_'.join(map(str, name)) for name in df.columns]"
    return new_finding(
        violation.rule,
        violation.message,
        location_of(document, violation.pointer, key=violation.missing is not None),
        hint,
    )


# -- columns -----------------------------------------------------------------------------------------


def _names(model: Model, section: Section) -> Iterator[Finding]:
    """MLM311, MLM314: names that stand twice, or are numbers or booleans."""
    document = section.document
    places: defaultdict[str, list[int]] = defaultdict(list)
    numbers: list[int] = []
    for index, item in section.numbered():
        name = item.get("name")
        if isinstance(name, str):
            places[name].append(index)
        elif isinstance(name, (int, float)):
            numbers.append(index)
    if numbers and section.name != "outputs":  # nothing is matched with the outputs' names
        name = document.data[numbers[0]]["name"]
        message = f"the name is {describe(name)}: data with the name as text does not match it"
        yield model.finding("MLM314", message, document, (numbers[0], "name"))
    for name, indexes in places.items():
        if len(indexes) > 1:
            message = (
                f"name {quoted(name)} stands {len(indexes)} times: predict cannot tell the columns apart"
            )
            yield model.finding("MLM311", message, document, (indexes[1], "name"))


def _era_of_columns(model: Model, section: Section) -> Iterator[Finding]:
    """MLM307, MLM312, MLM313, MLM316: what the recorded release, and later ones, can read."""
    release = model.release
    document = section.document
    version = model.config.get("mlflow_version")
    eras = schemas.value_eras(signatures.SCHEMAS[section.name], "type")
    for pointer, item in _typed(document.data):
        era = eras.get(item["type"])
        if era is not None and releases.at_most(release, era["x-not-in"]):
            message = f"MLflow reads type {item['type']!r} since {era['x-since']}, the file says {version}"
            yield model.finding("MLM313", message, document, (*pointer, "type"))
    for index, item in section.numbered():
        if is_tensor(item):
            continue
        if "optional" in item and (item.get("type") in signatures.SCALARS or "required" in item):
            old = release is not None and not releases.at_least(release, "2.18.0") and "required" not in item
            readable = old and not releases.at_most(release, "2.3.2")
            rule = "MLM312" if readable else "MLM307"
            message = "MLflow 2.18 and later cannot load a column with 'optional'"
            if "required" in item:
                message = "a column has either 'optional' or 'required', never both"
            elif old and not readable:
                message = f"MLflow {version} cannot load a column with 'optional'"
            hint = f'write "required": {str(not item["optional"]).lower()}'
            yield model.finding(rule, message, document, (index, "optional"), key=True, hint=hint)
        if "required" in item and releases.at_most(release, "2.9.2"):
            message = f"MLflow reads 'required' since 2.10, the file says {version}"
            yield model.finding("MLM313", message, document, (index, "required"), key=True)
        elif (
            "required" not in item
            and item.get("type") in ("array", "object", "map", "any", "sparkml_vector")
            and not releases.at_most(release, "2.9.2")
        ):
            message = f"without 'required' MLflow takes a column of type {item['type']!r} for optional"
            yield model.finding("MLM316", message, document, (index,), hint='write "required": true')


def _typed(data: Any) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every mapping with a ``type`` in a schema, at any depth, with its place.  Depth is bounded by the parser."""
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while pending:
        pointer, value = pending.pop()
        if isinstance(value, list):
            pending += [((*pointer, index), item) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            if isinstance(value.get("type"), str):
                yield pointer, value
            for key in ("items", "values"):
                if isinstance(value.get(key), dict):
                    pending.append(((*pointer, key), value[key]))
            properties = value.get("properties")
            if isinstance(properties, dict):
                pending += [((*pointer, "properties", key), item) for key, item in properties.items()]


def _tensors(model: Model, section: Section) -> Iterator[Finding]:
    """MLM318, MLM320, MLM332: dtypes and shapes."""
    document = section.document
    for index, item in section.numbered():
        spec = item.get("tensor-spec")
        if not is_tensor(item) or not isinstance(spec, dict):
            continue
        place: tuple[str | int, ...] = (index, "tensor-spec", "dtype")
        dtype, shape = spec.get("dtype"), spec.get("shape")
        if isinstance(dtype, str):
            doubt = signatures.dtype_doubt(dtype)
            if not signatures.is_dtype(dtype):
                message = f"dtype {quoted(dtype)} is none that MLflow reads"
                yield model.finding("MLM318", message, document, place, hint=_dtype_hint(dtype))
            elif doubt is not None:
                yield model.finding("MLM332", f"dtype {dtype!r}: {doubt}", document, place)
        if (
            section.name == "inputs"
            and isinstance(shape, list)
            and shape
            and type(shape[0]) is int
            and shape[0] != -1
        ):
            message = f"the first dimension is fixed to {shape[0]}: a batch of another size is refused"
            yield model.finding("MLM320", message, document, (index, "tensor-spec", "shape", 0))


def _dtype_hint(dtype: str) -> str | None:
    if dtype[:1] in "<>=|US" and dtype.lstrip("<>=|")[:1] in ("U", "S"):
        return 'strings have no size in a signature: "str" or "bytes"'
    names = {
        "string": "str",
        "bfloat16": "float32",
        "boolean": "bool",
        "integer": "int32",
        "category": "object",
    }
    return f'did you mean "{names[dtype]}"?' if dtype in names else None


def _advice(model: Model, section: Section) -> Iterator[Finding]:
    """MLM328-MLM331: what surprises clients of columns; once a kind, for inputs only."""
    if section.name != "inputs" or not section.columns:
        return
    document = section.document

    def first(types: tuple[str, ...]) -> int | None:
        return next((index for index, item in section.numbered() if item.get("type") in types), None)

    advice = (
        ("MLM328", ("long", "integer"), "integer columns refuse missing values: pandas makes them float64"),
        ("MLM329", ("integer", "float"), "32-bit columns refuse the 64-bit values that Python clients send"),
        ("MLM331", ("datetime",), "JSON clients must send datetime values as ISO text without a time zone"),
    )
    for rule, types, message in advice:
        index = first(types)
        if index is not None:
            yield model.finding(rule, message, document, (index, "type"))
    if len(section.items) > 1 and not any(map(is_named, section.items)):
        message = f"{len(section.items)} unnamed columns: readers match them by position only"
        yield model.finding("MLM330", message, document, ())


# -- params ------------------------------------------------------------------------------------------


def _params(model: Model, section: Section) -> Iterator[Finding]:
    """MLM313, MLM323-MLM325: defaults, shapes and names of params (``ParamSchema``, ``ParamSpec``)."""
    document = section.document
    seen: set[str] = set()
    for index, item in section.numbered():
        name = str(item.get("name"))
        if name in seen:
            yield model.finding(
                "MLM325", f"param {quoted(name)} is declared twice", document, (index, "name")
            )
        seen.add(name)
        if item.get("type") == "object" and releases.at_most(model.release, "2.19.0"):
            message = f"MLflow reads object params since 2.20, the file says {model.config['mlflow_version']}"
            yield model.finding("MLM313", message, document, (index, "type"))
        if "default" in item:
            yield from _default(model, document, index, item)


def _default(model: Model, document: Document, index: int, item: dict[str, Any]) -> Iterator[Finding]:
    """MLM323; what is wrong with the type or the shape itself, the schema has said."""
    type_, default, shape = item.get("type", item.get("dtype")), item["default"], item.get("shape")
    place: tuple[str | int, ...] = (index, "default")
    message = None
    if type_ == "object":
        faults = {fault.rule for fault in schemas.violations("signature-columns.schema.json", item, "type")}
        if shape is None and faults <= {"MLM315"} and not signatures.fits_object(default, item):
            message = f"the default, {describe(default)}, is not what the properties ask for"
    elif type_ not in signatures.SCALARS or shape not in (None, [-1]):
        return
    elif isinstance(default, list) != (shape == [-1]):
        message = f"shape [-1] wants a list as default, not {describe(default)}"
        if shape is None:
            message = "the default is a list, so the shape must be [-1]"
    else:
        values = default if isinstance(default, list) else [default]
        for position, value in enumerate(values):
            if value is None and type_ == "datetime":
                yield from _null_date(
                    model, document, (*place, position) if shape else place, in_list=bool(shape)
                )
            elif not signatures.fits_param(value, type_):
                place = (*place, position) if shape else place
                message = f"the default is {describe(value)}, which is no {type_}"
                break
    if message is not None:
        yield model.finding("MLM323", message, document, place)


def _null_date(
    model: Model, document: Document, place: tuple[str | int, ...], *, in_list: bool
) -> Iterator[Finding]:
    """MLM335: a null date, which releases before 3.18, and in a list all releases, read and cannot write
    (``ParamSpec.to_dict``)."""
    if in_list:
        message = (
            "the default has null in a list of datetimes: MLflow reads the model, and cannot save it again"
        )
        yield model.finding("MLM335", message, document, place)
    elif not releases.at_least(model.release, "3.18.0"):
        message = (
            "the default of a datetime is null: MLflow before 3.18 reads the model, and cannot save it again"
        )
        yield model.finding("MLM335", message, document, place)


CHECKS = (presence, sections)
