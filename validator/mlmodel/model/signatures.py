"""The signature as values: the JSON texts of its sections, the columns and tensors in them, and what fits a type."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.documents import Document, parse_json
from mlmodel.model.model import fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.model import Model

SECTIONS = ("inputs", "outputs", "params")
SCHEMAS = {
    "inputs": "signature-columns.schema.json",
    "outputs": "signature-columns.schema.json",
    "params": "signature-params.schema.json",
}
NUMPY = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "str",
    "binary": "bytes",
    "datetime": "datetime64[ns]",
}
"""The numpy type of each scalar type (``mlflow.types.DataType``)."""
SCALARS = tuple(NUMPY)

ALIASES = {
    "int": "integer",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "int64": "long",
    "bigint": "long",
    "float16": "float",
    "float32": "float",
    "float64": "double",
    "number": "double",
    "decimal": "double",
    "str": "string",
    "text": "string",
    "object_": "string",
    "category": "string",
    "bool": "boolean",
    "bool_": "boolean",
    "bytes": "binary",
    "timestamp": "datetime",
    "date": "datetime",
    "datetime64": "datetime",
    "datetime64[ns]": "datetime",
    "list": "array",
    "dict": "object",
    "struct": "object",
    "vector": "sparkml_vector",
}
"""Names from pandas, numpy, Spark and SQL, and the type of the standard that holds such values."""


class Section(Record):
    """One of ``inputs``, ``outputs`` and ``params``: a JSON array in a string."""

    name: str
    document: Document

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items that are objects; empty when the text is no array."""
        data = self.document.data
        return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []

    def numbered(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The items that are objects, with their index."""
        data = self.document.data
        if isinstance(data, list):
            for index, item in enumerate(data):
                if isinstance(item, dict):
                    yield index, item

    @property
    def columns(self) -> bool:
        """Whether all items are columns."""
        return bool(self.items) and all(not is_tensor(item) for item in self.items)

    @property
    def tensors(self) -> bool:
        """Whether all items are tensors."""
        return bool(self.items) and all(map(is_tensor, self.items))


@fact
def of(model: Model) -> dict[str, Section]:
    """The sections of a model's signature that are texts; the empty string means none (MLflow >= 2.8.1)."""
    document = model.mlmodel
    signature = model.config.get("signature")
    if document is None or not isinstance(signature, dict):
        return {}
    return {
        name: Section(
            name,
            parse_json(signature[name], document.path, parent=document, anchor=("signature", name)),
        )
        for name in SECTIONS
        if isinstance(signature.get(name), str) and signature[name]
    }


def is_tensor(item: dict[str, Any]) -> bool:
    """Whether an item is a tensor spec, not a column spec."""
    return item.get("type") == "tensor"


def is_named(item: dict[str, Any]) -> bool:
    """Whether MLflow counts an item as named (``Schema.__init__``: the name is not None)."""
    return item.get("name") is not None


def is_required(item: dict[str, Any]) -> bool:
    """Whether a value must be given; absent means yes for scalars, no for the other types (MLflow >= 2.18)."""
    if item.get("optional"):
        return False
    return bool(item.get("required", item.get("type") in SCALARS))


# What numpy.dtype accepts and MLflow's TensorSpec reads back: tried with numpy 1.26 and 2.4.
_DTYPE_NAMES = frozenset(
    """bool bool_ int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 int_ float float16 float32 float64 half
    single double complex complex64 complex128 csingle cdouble str str_ bytes bytes_ unicode object object_ void
    longlong ulonglong short ushort byte ubyte intc uintc intp uintp datetime64 timedelta64
    long ulong longdouble clongdouble float96 float128 complex192 complex256""".split()
)
_DTYPE_NUMPY_1 = frozenset(
    """bool8 int0 uint0 string_ unicode_ object0 void0 bytes0 str0 float_ complex_ cfloat longfloat longcomplex
    singlecomplex clongfloat""".split()
)
_DTYPE_PLATFORM = frozenset(
    "int uint int_ intp uintp long ulong longdouble clongdouble float96 float128 complex192 complex256 l L p P g G".split()
)
_TIME_UNIT = r"(?:\[(?:\d*(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)|generic)\])?"
_DTYPE_CODES = (
    r"[<>=|]?(?:[?bBhHiIlLqQpPefdgFDGOVc]|[USa]0?|b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|O[48]|V\d+"
    rf"|[mM]8?{_TIME_UNIT})"
)
_DTYPE_TIME = rf"(?:datetime|timedelta)64{_TIME_UNIT}"


def is_dtype(name: str) -> bool:
    """Whether a tensor's dtype can be read: a numpy name or code without a size (no ``U10``).

    A structured dtype (``f4,i4``) is none: MLflow reads it, and writes it again as another one.
    """
    return (
        name in _DTYPE_NAMES
        or name in _DTYPE_NUMPY_1
        or re.fullmatch(_DTYPE_TIME, name) is not None
        or re.fullmatch(_DTYPE_CODES, name) is not None
    )


def dtype_doubt(name: str) -> str | None:
    """Why a dtype is not the same everywhere, None when it is."""
    if name in _DTYPE_NUMPY_1:
        return "numpy 2 no longer has it"
    if name.lstrip("<>=|") in _DTYPE_PLATFORM:
        return "its size depends on the platform"
    return None


# What numpy.datetime64 reads and turns into a date or datetime of Python, relative words (``today``) aside.
_DATETIME = (
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.\d{0,6})?)?)?"
    r"(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?)?)?"
)


def is_iso_datetime(text: str) -> bool:
    """Whether a text is an ISO 8601 date, or date and time, to the microsecond."""
    match = re.fullmatch(_DATETIME, text)
    if match is None:
        return False
    parts = [int(part or default) for part, default in zip(match.groups(), (1, 1, 1, 0, 0, 0), strict=True)]
    try:
        dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return False
    return True


def fits_param(value: Any, type_: str) -> bool:
    """Whether a param's value is of its scalar type (``_enforce_param_datatype``): integers widen to long, numbers
    to float and double, nothing else is converted; null is of every type."""
    if value is None:
        return True
    if type_ == "boolean":
        return isinstance(value, bool)
    if type_ == "string":
        return isinstance(value, str)
    if type_ == "datetime":
        return isinstance(value, str) and is_iso_datetime(value)
    if isinstance(value, bool):
        return False
    if type_ in ("integer", "long"):
        return isinstance(value, int)
    if type_ in ("float", "double"):
        return isinstance(value, (int, float))
    return True


def fits_object(value: Any, spec: dict[str, Any], *, required: bool = True) -> bool:
    """Whether a JSON value is of a nested type, as the default of an object param has to be (``_enforce_type``).

    Nothing is converted here, and JSON has no 32-bit numbers and no dates.
    """
    type_ = str(spec.get("type"))
    if type_ == "any" or (value is None and not required):
        return True
    if type_ == "object":
        return (value == {} and not required) or _fits_properties(value, spec["properties"])
    if type_ == "map":
        values = spec["values"]
        if value is None:
            return bool(values.get("type") == "any")
        return isinstance(value, dict) and all(
            fits_object(each, values, required=required) for each in value.values()
        )
    if type_ in ("array", "sparkml_vector"):
        items = spec.get("items", {"type": "double"})
        if value is None:
            return bool(items.get("type") == "any")
        return isinstance(value, list) and _fits_items(value, items, required=required)
    return _fits_scalar(value, type_)


def _fits_properties(value: Any, properties: dict[str, dict[str, Any]]) -> bool:
    if not isinstance(value, dict) or value.keys() - properties.keys():
        return False
    for name, spec in properties.items():
        required = bool(spec.get("required", True))
        if (required or name in value) and not (
            name in value and fits_object(value[name], spec, required=required)
        ):
            return False
    return True


def _fits_items(values: list[Any], items: dict[str, Any], *, required: bool) -> bool:
    type_ = str(items.get("type"))
    if type_ not in SCALARS:
        return all(fits_object(each, items, required=required) for each in values)
    given = [each for each in values if each is not None]
    if type_ in ("integer", "long", "float") and len(given) < len(values):
        return False  # pandas would make it a float64
    if type_ == "double" and (len(given) < len(values) or any(isinstance(each, float) for each in given)):
        return all(isinstance(each, (int, float)) for each in given)
    return all(_fits_scalar(each, type_) for each in given)


def _fits_scalar(value: Any, type_: str) -> bool:
    if type_ == "boolean":
        return isinstance(value, bool)
    if type_ in ("string", "binary"):
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    if type_ == "long":
        return isinstance(value, int) and -(2**63) <= value < 2**63
    if type_ == "double" and isinstance(value, float):
        return True
    return type_ in ("float", "double") and isinstance(value, int) and value in (0, 1)
