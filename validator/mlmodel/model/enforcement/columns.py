"""Columns as pandas makes them of JSON values, and what MLflow makes of these.

``cast`` is ``cast_df_types_according_to_schema`` (``mlflow/utils/proto_json_utils.py``), ``convert`` is
``_enforce_mlflow_datatype`` (``mlflow/models/utils.py``), both of 2.22.5 and 3.18.0.  Only what is certainly refused is
refused.
"""

from __future__ import annotations

import binascii
import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.common.texts import describe
from mlmodel.model.enforcement.misfits import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlmodel.model.enforcement.readers import Reader

NAN = float("nan")
_NONE = type(None)
_INT64 = 2**63
BITS = {"integer": 32, "long": 64}


class Float32(float):
    """A float that numpy holds in 32 bits."""


class Column(Record):
    """Values under one name, and the type that pandas gives the column."""

    values: Sequence[Any]
    dtype: str
    """``bool``, ``int32``, ``int64``, ``uint64``, ``float32``, ``float64``, ``object``, ``str`` (texts, and nothing
    else but missing values), ``datetime`` or ``bytes``."""


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: null, or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def column(values: Sequence[Any]) -> Column:
    """The column that pandas makes of Python values (``pandas._libs.lib.maybe_convert_objects``)."""
    return Column(values, _dtype(values))


def _dtype(values: Sequence[Any]) -> str:
    kinds = set(map(type, values))
    if kinds == {Float32}:
        return "float32"
    if kinds == {float}:
        return "float64"
    if kinds == {bool}:
        return "bool"
    if kinds and kinds <= {dt.datetime, _NONE}:
        return "datetime" if dt.datetime in kinds else "object"
    if str in kinds:
        rest = kinds - {str, _NONE}
        texts = not rest or (
            rest == {float} and all(map(is_missing, (value for value in values if type(value) is float)))
        )
        return "str" if texts else "object"
    if not kinds or not kinds <= {int, float, _NONE} or kinds == {_NONE}:
        return "object"
    if int not in kinds:
        return "float64"
    integers = [value for value in values if type(value) is int]
    low, high = min(integers), max(integers)
    if low < -_INT64 or high >= 2 * _INT64 or (low < 0 and high >= _INT64):
        return "object"
    if len(kinds) > 1:
        return "float64"
    return "int64" if high < _INT64 else "uint64"


# -- reading ---------------------------------------------------------------------------------------------


def cast(column: Column, type_: str, reader: Reader) -> Column:
    """A column of a data frame after it was read, by the scalar type that the signature has for it.

    Raises:
        RefusedError: ``steps`` is the number of the row.
    """
    values, dtype = column
    if type_ == "binary":
        for row, value in enumerate(values):
            _decode(value, row)
        return Column(values, "bytes")
    if type_ == "string":
        return Column(values, "str" if dtype == "str" else "object")
    if type_ == "boolean":
        missing = reader.keeps_null and any(map(is_missing, values))
        return Column([*map(bool, values)], "object" if missing else "bool")
    if type_ == "datetime":
        return _cast_dates(column, reader)
    if type_ in BITS:
        return cast_integers(column, BITS[type_])
    if dtype in ("object", "str"):
        for row, value in enumerate(values):
            _number(value, row)
    return Column(values, "float32" if type_ == "float" else "float64")


def _decode(value: Any, row: int) -> None:
    if not isinstance(value, str):
        raise RefusedError(f"{describe(value)}, where base64 text is expected", row)
    try:
        binascii.a2b_base64(value.encode())
    except (binascii.Error, UnicodeEncodeError) as error:
        raise RefusedError(f"{describe(value)}, which is no base64 text ({error})", row) from None


def cast_integers(column: Column, bits: int, *, signed: bool = True) -> Column:
    """A column of integers of so many bits, after it was read.

    Raises:
        RefusedError: as :func:`cast`.
    """
    values, dtype = column
    if dtype == "float64":
        for row, value in enumerate(values):
            if value is None or not -1e400 < value < 1e400:
                raise RefusedError(f"{describe(value)}, which no integer column holds", row)
    elif dtype in ("object", "str"):
        for row, value in enumerate(values):
            _whole(value, bits if signed else bits + 1, row)
            if not signed and value is not None and int(value) < 0:
                raise RefusedError(f"{describe(value)}, and the type has no sign", row)
    return Column(values, "int32" if bits == 32 else "int64")


def _whole(value: Any, bits: int, row: int) -> None:
    number = value
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            raise RefusedError(f"{describe(value)}, which is no whole number", row) from None
    if isinstance(number, (list, dict)) or is_missing(number):
        raise RefusedError(f"{describe(value)}, where a whole number is expected", row)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise RefusedError(f"{describe(value)}, which has no place in {bits} bits", row)


def _number(value: Any, row: int) -> None:
    if isinstance(value, (list, dict)):
        raise RefusedError(f"{describe(value)}, where a number is expected", row)
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            raise RefusedError(f"{describe(value)}, which is no number", row) from None
    elif isinstance(value, int):
        try:
            float(value)
        except OverflowError:
            raise RefusedError("a number too large for a float", row) from None


def _cast_dates(column: Column, reader: Reader) -> Column:
    values, dtype = column
    if dtype == "bool" and reader.keeps_null:
        raise RefusedError(f"{describe(values[0])}, where a date is expected", 0)
    if dtype in ("object", "str"):
        for row, value in enumerate(values):
            date(value, reader, row)
        if reader.keeps_null:
            _one_format(values)
    return Column(values, "datetime")


def _one_format(values: Sequence[Any]) -> None:
    """Since it reads dates by ``pandas.to_datetime``, MLflow takes the form of the first text for that of all."""
    texts = [(row, value) for row, value in enumerate(values) if not is_missing(value) and value != ""]
    matches = [_ISO.fullmatch(value) if isinstance(value, str) else None for _, value in texts]
    first = matches[0] if matches else None
    if first is None:
        return
    for (row, value), match in zip(texts, matches, strict=True):
        if isinstance(value, str) and value.lower() in (
            "nat",
            "nan",
            "none",
            "null",
            "now",
            "today",
            "na",
            "n/a",
        ):
            continue
        if match is None or _form(match) != _form(first):
            said = f"{describe(value)}, which is written in another way than the first date ({describe(texts[0][1])})"
            raise RefusedError(said, row, hint="write all dates in one way, 2026-01-31T12:00:00")


def _form(match: re.Match[str]) -> tuple[Any, ...]:
    text = match[0].strip()
    return tuple(part is not None for part in match.groups()), text[10:11], "." in text


# -- dates -----------------------------------------------------------------------------------------------

_ISO = lazy_pattern(
    r"\s*(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?)?\s*"
)
_DAYS = frozenset(
    """jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov
    november dec december mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun
    sunday now today nat nan none null""".split()
)
"""Words that are a date by themselves, or none."""
_WORDS = _DAYS | frozenset(
    "am pm a p h hour hours m minute minutes s second seconds at on and ad t of st nd rd th utc gmt z q".split()
)
"""Words that pandas and dateutil know in a date."""


def date(value: Any, reader: Reader, *steps: int) -> None:
    """Refuse what pandas certainly does not read as a date without a time zone.

    Raises:
        RefusedError: it does not.
    """
    if value is None or isinstance(value, (float, dt.datetime)) or type(value) is int:
        return
    if not isinstance(value, str):
        raise RefusedError(f"{describe(value)}, where a date is expected", *steps)
    fault = _fault(value)
    if fault is not None and not (reader.reads_zones and fault.startswith("which has a time zone")):
        raise RefusedError(f"{describe(value)}, {fault}", *steps)


def is_impossible_date(text: str) -> bool:
    """Whether a text has the form of an ISO date, and names a day or a time that there is not."""
    fault = _fault(text)
    return fault is not None and fault.startswith("which is no date (")


def _fault(text: str) -> str | None:
    match = _ISO.fullmatch(text)
    if match is not None:
        if match[7]:
            return "which has a time zone: columns of datetime have none"
        year, month, day, hour, minute, second = (
            int(part or default) for part, default in zip(match.groups(), (1, 1, 1, 0, 0, 0), strict=False)
        )
        try:
            dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
        except ValueError as error:
            return f"which is no date ({error})"
        if not 1678 <= year <= 2261:
            return "which nanoseconds in 64 bits do not reach"
        return None
    words = re.findall(r"[^\W\d_]+", text)
    if not re.search(r"\d", text) and not any(word.lower() in _DAYS for word in words):
        return "which is no date"
    if not text.strip():
        return None
    if re.search(r"[^\w\s./,:;+'()-]|_", text) or _is_small_number(text):
        return "which is no date"
    unknown = any(word.lower() not in _WORDS and not (word.isupper() and len(word) <= 5) for word in words)
    if unknown or (words and len(text) > 100):
        return "which is no date"
    return None


def _is_small_number(text: str) -> bool:
    """Whether pandas takes a text for a number, and not for a date (``_does_string_look_like_datetime``)."""
    try:
        return not text.startswith("0") and float(text) < 1000
    except ValueError:
        return False


# -- predicting ------------------------------------------------------------------------------------------


def convert(column: Column, type_: str, reader: Reader) -> Column:
    """A column as ``predict`` gets it.

    Raises:
        RefusedError: the type cannot be had without loss; ``steps`` is the number of the row that tells why, or empty.
    """
    values, dtype = column
    if dtype == "object" and type_ not in ("binary", "string"):
        dtype = _dtype(values)  # infer_objects
        dtype = "object" if dtype == "str" and not reader.is_pandas_3 else dtype
    if dtype == "str" and not reader.is_pandas_3:
        dtype = "object"
    wanted = _WANTED[type_]
    if dtype == wanted or (dtype, wanted) in _WIDER:
        return Column(values, wanted)
    if type_ in ("string", "binary") and dtype in ("object", "str", "bytes"):
        return column
    if type_ == "boolean" and dtype in ("bool", "object", "bytes"):
        return column
    if type_ == "datetime" and dtype == "object":
        for row, value in enumerate(values):
            if isinstance(value, float) and not is_missing(value):
                continue
            date(value, reader, row)
        return Column([_as_date(value) for value in values], "datetime")
    if type_ == "double" and dtype == "object":
        for row, value in enumerate(values):
            if type(value) is bool or (isinstance(value, (str, list, dict)) and not value):
                continue
            _number(value, row)
            if isinstance(value, str) and "_" in value:
                raise RefusedError(f"{describe(value)}, which is no number", row)
        missing: tuple[Any, ...] = (None, "", [], {})
        return Column([NAN if value in missing else float(value) for value in values], "float64")
    if dtype == "int64" and type_ in ("float", "double") and set(values) <= {0, 1}:
        return Column([Float32(value) if type_ == "float" else float(value) for value in values], wanted)
    raise RefusedError(*_refusal(values, dtype, type_))


_WANTED = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "str",
    "binary": "bytes",
    "datetime": "datetime",
}
_WIDER = {("int32", "int64"), ("float32", "float64"), ("int32", "float64")}


def _as_date(value: Any) -> Any:
    """Something that pandas takes for a date, whatever date it is."""
    return None if is_missing(value) else dt.datetime(2000, 1, 1)  # noqa: DTZ001


def _refusal(values: Sequence[Any], dtype: str, type_: str) -> tuple[Any, ...]:
    for row, value in enumerate(values):
        if is_missing(value):
            if type_ in BITS:
                return "null, which makes the column a float", row
            continue
        if _is_plainly(value, type_):
            continue
        extra = {
            ("double", int): ", and integers of 64 bits are not made floats",
            ("float", int): ", and integers of 64 bits are not made floats",
            ("float", float): ", and numbers in JSON have 64 bits, which are not made 32",
            ("integer", int): ", and numbers in JSON have 64 bits, which are not made 32",
        }.get((type_, type(value)), "")
        return describe(value) + extra, row
    return (f"values that make a column of {dtype}",)


def _is_plainly(value: Any, type_: str) -> bool:
    kinds = {"boolean": bool, "long": int, "double": float, "string": str, "binary": str, "datetime": str}
    return type(value) is kinds.get(type_)
