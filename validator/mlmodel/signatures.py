"""The signature as values: the JSON texts of its sections, the columns and tensors in them, and what fits a type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlmodel.documents import Document, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model import Model

SECTIONS = ("inputs", "outputs", "params")
SCHEMAS = {
    "inputs": "signature-columns.schema.json",
    "outputs": "signature-columns.schema.json",
    "params": "signature-params.schema.json",
}
SCALARS = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")

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


@dataclass(frozen=True, slots=True)
class Section:
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


def sections(model: Model) -> dict[str, Section]:
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
    """bool bool_ int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 int_ uint_ float float16 float32 float64 half
    single double complex complex64 complex128 csingle cdouble str str_ bytes bytes_ unicode object object_ void
    longlong ulonglong short ushort byte ubyte intc uintc intp uintp datetime64 timedelta64
    long ulong longdouble clongdouble float96 float128 complex192 complex256""".split()
)
_DTYPE_NUMPY_1 = frozenset("bool8 int0 uint0 string_ object0 void0 bytes0 str0 float_ complex_ longfloat".split())
_DTYPE_PLATFORM = frozenset(
    "int uint int_ intp uintp long ulong longdouble clongdouble float96 float128 complex192 complex256 l L p P g G".split()
)
_DTYPE_CODES = re.compile(
    r"[<>=|]?(?:[?bBhHiIlLqQpPefdgFDGOSUVac]|b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|O8|V\d+"
    r"|[mM](?:8)?(?:\[\d*(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?)"
)
_DTYPE_TIME = re.compile(r"(?:datetime|timedelta)64(?:\[\d*(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?")


def is_dtype(name: str) -> bool:
    """Whether a tensor's dtype can be read: a numpy name or code without a size (no ``U10``).

    Structured dtypes (``f4,i4``), which numpy reads and no MLflow writes, are accepted too.
    """
    return (
        name in _DTYPE_NAMES
        or name in _DTYPE_NUMPY_1
        or _DTYPE_TIME.fullmatch(name) is not None
        or _DTYPE_CODES.fullmatch(name) is not None
        or ("," in name and all(map(is_dtype, name.split(","))))
        or re.fullmatch(r"(?:\d+|\(\d+,?(?: ?\d+,?)*\))[a-zA-Z]\d+", name) is not None
    )


def dtype_doubt(name: str) -> str | None:
    """Why a dtype is not the same everywhere, None when it is."""
    if name in _DTYPE_NUMPY_1:
        return "numpy 2 no longer has it"
    if name.lstrip("<>=|") in _DTYPE_PLATFORM:
        return "its size depends on the platform"
    return None


_INTEGER_RANGE = {"integer": 2**31, "long": 2**63}
_ISO = re.compile(
    r"[+-]?\d{4,}(?:-?\d\d(?:-?\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?)?)?"
)


def is_iso_datetime(text: str) -> bool:
    """Whether a text has the form of an ISO 8601 date, or date and time."""
    return _ISO.fullmatch(text) is not None


def fits_param(value: Any, type_: str) -> bool:
    """Whether a param's value is of its type (``ParamSpec.enforce_param_datatype``): integers widen to long,
    numbers to float and double, nothing else is converted."""
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
