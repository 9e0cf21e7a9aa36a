"""What a model answered, against its signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.texts import quoted
from mlmodel.documents import location_of
from mlmodel.findings import Location
from mlmodel.model import signatures
from mlmodel.model.signatures import is_required
from mlmodel.standard.rules import new_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model
    from mlmodel.model.signatures import Section
    from mlmodel.runtime.probe_report import Run

_DTYPES = {
    "boolean": ("bool", "boolean", "object"),
    "integer": ("int8", "int16", "int32", "uint8", "uint16", "Int8", "Int16", "Int32", "object"),
    "long": ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "Int64", "Int32", "object"),
    "float": ("float16", "float32", "Float32", "object"),
    "double": ("float16", "float32", "float64", "Float32", "Float64", "object"),
    "string": ("object", "str", "string", "category"),
    "binary": ("object", "bytes"),
    "datetime": ("datetime64", "object"),
}
"""The dtypes of columns that hold a type of the signature: what pandas and numpy convert to it without loss."""


def judge(model: Model, run: Run) -> Iterator[Finding]:
    """MLM731, MLM733, MLM735, MLM736: the answer, its form, and whether it can be sent."""
    example, predict, again = run.of("example"), run.of("predict"), run.of("again")
    if run.passed("load") and example is not None and example.outcome == "skipped":
        reason = example.detail.get("reason")
        yield new_finding("MLM735", f"it loads, but nothing is predicted: {reason}"[:300], Location())
    if predict is not None and predict.outcome == "passed":
        output = predict.detail.get("output")
        section = signatures.of(model).get("outputs")
        if isinstance(output, dict) and section is not None and run.passed("output"):
            place = location_of(section.document, ())
            asked = example.detail.get("input") if example is not None else None
            for what in _lacking(section, asked, output) or disagreements(section, output):
                yield new_finding(
                    "MLM731", f"the model answers otherwise than its signature says: {what}", place
                )
    if again is not None and again.detail.get("same") is False:
        yield new_finding("MLM733", "the same example, asked a second time, gets another answer", Location())
    for name in ("output", "serve"):
        phase = run.of(name)
        problem = phase.detail.get("json") if phase is not None else None
        if isinstance(problem, str):
            yield new_finding("MLM736", f"the answer cannot be written as JSON: {problem}"[:500], Location())
            return


def _lacking(section: Section, asked: object, output: dict[str, Any]) -> list[str]:
    """That nothing was answered, or not for every row that was asked for."""
    if output.get("none") is True:
        return [
            "the answer is None" if output.get("form") == "other" else "every value of the answer is None"
        ]
    wanted, found = _rows(asked), _rows(output)
    if wanted is None or found is None or found >= wanted or not (section.columns or section.tensors):
        return []
    for item in section.items if section.tensors else ():
        spec = item.get("tensor-spec")
        shape = spec.get("shape") if isinstance(spec, dict) else None
        if not isinstance(shape, list) or shape[:1] != [-1]:
            return []  # the signature itself says how many
    return [f"{found} row{'' if found == 1 else 's'} for {wanted}"]


def _rows(summary: object) -> int | None:
    """How many rows data has, by its summary; None where it has none."""
    if not isinstance(summary, dict):
        return None
    if summary.get("form") == "mapping":
        leaves = summary.get("items")
        rows = (
            [_rows({**leaf, "form": "array"}) for leaf in leaves.values()] if isinstance(leaves, dict) else []
        )
        known = [count for count in rows if count is not None]
        return max(known) if known and len(known) == len(rows) else None
    if summary.get("form") == "list":
        length = summary.get("length")
        return length if isinstance(length, int) else None
    shape = summary.get("shape")
    return shape[0] if isinstance(shape, list) and shape and isinstance(shape[0], int) else None


def disagreements(section: Section, output: dict[str, Any]) -> list[str]:
    """In what an answer differs from the outputs of the signature; what cannot be compared is passed over."""
    if section.columns:
        return _columns(section.items, output)[:10]
    if section.tensors:
        return _tensors(section.items, output)[:10]
    return []


def _columns(items: list[dict[str, Any]], output: dict[str, Any]) -> list[str]:
    named = [item for item in items if isinstance(item.get("name"), str)]
    form = output.get("form")
    if form == "table":
        names, dtypes = output.get("names"), output.get("dtypes")
        if not isinstance(names, list) or not isinstance(dtypes, list):
            return []
        if named and len(named) == len(items):
            return _by_name(named, dict(zip(names, dtypes, strict=False)))
        if not named and len(items) != len(names):
            return [f"{_count(len(names))}, not {len(items)}"]
        return _by_place(items, dtypes) if not named else []
    shape = output.get("shape")
    if form in ("array", "series") and len(items) == 1 and isinstance(shape, list) and len(shape) == 1:
        return _by_place(items, [output.get("dtype")])
    if form == "mapping" and named and len(named) == len(items):
        keys = output.get("items")
        missing = [item for item in named if isinstance(keys, dict) and item["name"] not in keys]
        return [f"no {quoted(item['name'])}" for item in missing if is_required(item)]
    return []


def _count(columns: int) -> str:
    return f"{columns} column{'' if columns == 1 else 's'}"


def _by_name(items: list[dict[str, Any]], found: dict[str, Any]) -> list[str]:
    wrong = [f"no column {quoted(i['name'])}" for i in items if i["name"] not in found and is_required(i)]
    for item in items:
        dtype = found.get(item["name"])
        if isinstance(dtype, str) and not _holds(item.get("type"), dtype):
            wrong.append(f"column {quoted(item['name'])} is {dtype}, not {item.get('type')}")
    extra = [name for name in found if name not in {item["name"] for item in items}]
    return wrong + [f"a column {quoted(name)} more" for name in extra]


def _by_place(items: list[dict[str, Any]], dtypes: list[Any]) -> list[str]:
    wrong = []
    for number, (item, dtype) in enumerate(zip(items, dtypes, strict=False), 1):
        if isinstance(dtype, str) and not _holds(item.get("type"), dtype):
            what = "it" if len(items) == 1 else f"column {number}"
            wrong.append(f"{what} is {dtype}, not {item.get('type')}")
    return wrong


def _holds(type_: object, dtype: str) -> bool:
    """Whether values of a dtype are of a type of the signature; types that no dtype stands for pass."""
    wanted = _DTYPES.get(type_) if isinstance(type_, str) else None
    if wanted is None or dtype in wanted:
        return True
    if type_ == "string" and dtype.startswith(("<U", "string", "str", "object")):
        return True
    if type_ == "binary" and dtype.startswith(("|S", "S")):
        return True
    return type_ == "datetime" and dtype.startswith("datetime64")


def _tensors(items: list[dict[str, Any]], output: dict[str, Any]) -> list[str]:
    if output.get("form") in ("array", "series") and len(items) == 1:
        return _tensor(items[0], output, "it")
    if output.get("form") == "mapping":
        found = output.get("items")
        wrong = []
        for item in items:
            name = item.get("name")
            leaf = found.get(name) if isinstance(found, dict) and isinstance(name, str) else None
            if isinstance(name, str) and isinstance(found, dict) and name not in found:
                wrong.append(f"no tensor {quoted(name)}")
            elif isinstance(leaf, dict) and "dtype" in leaf:
                wrong += _tensor(item, leaf, f"tensor {quoted(name)}")
        return wrong
    return []


def _tensor(item: dict[str, Any], found: dict[str, Any], what: str) -> list[str]:
    spec = item.get("tensor-spec")
    if not isinstance(spec, dict):
        return []
    wrong = []
    dtype, shape = found.get("dtype"), found.get("shape")
    wanted, size = spec.get("dtype"), spec.get("shape")
    if isinstance(dtype, str) and isinstance(wanted, str) and not _same_dtype(dtype, wanted):
        wrong.append(f"{what} is {dtype}, not {wanted}")
    if isinstance(shape, list) and isinstance(size, list):
        fits = len(shape) == len(size) and all(s in (-1, f) for f, s in zip(shape, size, strict=True))
        if not fits:
            wrong.append(f"{what} has the shape {tuple(shape)}, not {tuple(size)}")
    return wrong


def _same_dtype(found: str, wanted: str) -> bool:
    if found == wanted or wanted not in _PLAIN:
        return True  # other names of dtypes are not compared
    if wanted in ("str", "object"):
        return found.startswith(("<U", ">U", "object", "str", "string"))
    return False


_PLAIN = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 str object".split()
)
