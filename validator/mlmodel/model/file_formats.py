"""What the bytes of a file say of its format: magic numbers, and the lengths that headers state.

The formats are data (``schemas/files.json``); what a header says about lengths is read here, one function a format.
Only what is certain is said: what is reported is no such file, or lacks bytes, and every reader of it fails.
"""

from __future__ import annotations

import json
import math
import re
import struct
from functools import cache
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.standard.schemas import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmodel.sources.base import Entry, Source

    Reader = Callable[[Source, Entry, bytes], "Problem | None"]

HEAD = 512
"""Bytes that are read to tell a format."""
MAX_JSON = 8 << 20
"""Bytes of a JSON file that are parsed; of larger ones, the beginning and the end are looked at."""
_MAX_HEADER = 100_000_000
"""Bytes of a safetensors header (safetensors, ``MAX_HEADER_SIZE``)."""


class Problem(Record):
    """Why a file is not what its reader opens."""

    cut: bool
    """Whether bytes are missing, or else the file is of another format."""
    message: str
    kind: str = ""
    """What it is, where it is of another format."""


def names() -> Mapping[str, Any]:
    """The formats, by name: ``title``, ``magic``, ``reader``, ``minimum``."""
    formats: Mapping[str, Any] = schema("files.json")["formats"]
    return formats


def problem(directory: Source, entry: Entry, expected: tuple[str, ...]) -> Problem | None:
    """What keeps a file from being one of the expected formats; None where nothing is certain.

    Raises:
        UnreadableError: the file cannot be read.
    """
    head = directory.head(entry.path, HEAD)
    plain = _plain(expected)
    fitting = [name for name in plain if _begins(name, head)]
    if not fitting:
        titles = dict.fromkeys(names()[name]["title"] for name in expected)
        return _other(head, " or ".join(titles))
    found = None
    for name in fitting:
        found = _inside(directory, entry, head, name)
        if found is None:
            return None
    return found


def may_be_empty(expected: tuple[str, ...]) -> bool:
    """Whether a file of one of the formats may have no bytes: where that says so."""
    return any(names()[name].get("minimum") == 0 for name in _plain(expected))


def _other(head: bytes, wanted: str, reader: str = "its reader opens") -> Problem:
    """The file is of another format than is wanted."""
    kind = kind_of(head)
    return Problem(cut=False, message=f"it is {kind}, and {reader} {wanted}", kind=kind)


@cache
def _plain(expected: tuple[str, ...]) -> tuple[str, ...]:
    """The formats, those that stand for several replaced by these."""
    formats = names()
    return tuple(one for name in expected for one in formats[name].get("any-of", (name,)))


@cache
def _magic(name: str) -> tuple[tuple[bytes, int], ...]:
    """The bytes that a file of a format has, and where; one of them is enough."""
    found = []
    for text in names()[name].get("magic", ()):
        digits, _, offset = text.partition("@")
        found.append((bytes.fromhex(digits), int(offset or 0)))
    return tuple(found)


def _begins(name: str, head: bytes) -> bool:
    """Whether a file may be of a format, by its first bytes: a beginning of the magic number is a file that was cut."""
    magic = _magic(name)
    if not magic:
        return True
    for number, offset in magic:
        there = head[offset : offset + len(number)]
        if there == number or (len(head) < offset + len(number) and number.startswith(there)):
            return True
    return False


def _inside(directory: Source, entry: Entry, head: bytes, name: str) -> Problem | None:
    about = names()[name]
    minimum = about.get("minimum", 0)
    reader = READERS.get(about.get("reader", ""))
    found = reader(directory, entry, head) if reader is not None else None
    if found is not None:
        return found
    if entry.size < minimum:
        return Problem(cut=True, message=f"{about['title']} has at least {minimum} bytes")
    end = about.get("end")
    if end is not None and directory.tail(entry.path, len(end) // 2) != bytes.fromhex(end):
        return Problem(cut=True, message=f"{about['title']} ends otherwise")
    return None


_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"CBM1", "a CatBoost model"),
    (b"binf", "XGBoost's old binary format"),
    (b"{L", "UBJSON"),
    (b"tree\n", "LightGBM's text format"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x7fELF", "a program"),
)


def kind_of(head: bytes) -> str:
    """What a file is, by its first bytes, in words of a message."""
    for magic, title in _KINDS:
        if head.startswith(magic):
            return title
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "a pickle"
    start = head.lstrip()[:14].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if start[:1] == b"<":
        return "XML or HTML"
    if start[:1] in (b"{", b"["):
        return "JSON, or like it"
    if head and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return "text"
    return "something else"


# -- readers ---------------------------------------------------------------------------------------


def _pickle(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    if head[:1] == b"\x80":
        if head[1:2] > b"\x05":
            return Problem(
                cut=False, message=f"it says that it is a pickle of protocol {head[1]}, which no Python has"
            )
        if head[1:2] in (b"\x04", b"\x05"):
            reason = _pickle_frames(directory, entry)
            return Problem(cut=True, message=reason) if reason else None
        if len(head) < 4:
            return Problem(cut=True, message="the pickle ends without STOP")
        return None
    if not _is_old_pickle(directory, entry):
        return _other(head, "a pickle")
    return None


MAX_OLD_PICKLE = 64 << 20
"""Bytes of a pickle without a mark that are read."""


def _is_old_pickle(directory: Source, entry: Entry) -> bool:
    """Whether a file without the mark of a pickle is one all the same, of protocol 0 or 1."""
    if entry.size > MAX_OLD_PICKLE:
        return True
    from mlmodel.pickles.reading import read

    with directory.open_mapped(entry.path) as data:
        return read(data, 0, len(data)).complete


# Opcodes after which a length stands, in pickles that CPython's C pickler writes: a frame, or a large object
# outside of frames (PEP 3154, "Framing"; PEP 574).
_LENGTHS = {0x95: "<Q", 0x8E: "<Q", 0x8D: "<Q", 0x96: "<Q", 0x42: "<I", 0x58: "<I"}


def _pickle_frames(directory: Source, entry: Entry) -> str | None:
    position = 2
    for _ in range(10_000):
        header = directory.read_at(entry.path, position, 9)
        if not header:
            return f"the pickle ends without STOP after byte {position:,}" if position == entry.size else None
        form = _LENGTHS.get(header[0])
        if form is None:
            return None
        width = 1 + struct.calcsize(form)
        if len(header) < width:
            return f"a pickle frame header is cut at byte {position:,}"
        position += width + int(struct.unpack_from(form, header, 1)[0])
        if position > entry.size:
            return f"a pickle frame reaches to byte {position:,}"
        if position == entry.size:
            return None  # the frame holds the STOP opcode
    return None


_ZIP_END = b"PK\x05\x06"


def _zip(directory: Source, entry: Entry, _: bytes) -> Problem | None:
    """A zip archive ends with its end-of-central-directory record (APPNOTE 4.3.16), a comment after it at most."""
    if directory.tail(entry.path, 22).startswith(_ZIP_END):
        return None
    if _ZIP_END in directory.tail(entry.path, 22 + 0xFFFF):
        return None
    return Problem(cut=True, message="a zip archive without its end record")


def _hdf5(_: Source, entry: Entry, head: bytes) -> Problem | None:
    """The end-of-file address in the superblock (HDF5 File Format Specification 3.0, II.A)."""
    version = head[8] if len(head) > 8 else None
    offset = {0: 40, 1: 44, 2: 28, 3: 28}.get(version or 0)
    if version is None or offset is None or len(head) < offset + 8:
        return (
            Problem(cut=True, message="an HDF5 file that ends in its superblock")
            if len(head) < HEAD
            else None
        )
    size_of_offsets = head[13] if version < 2 else head[9]
    if size_of_offsets != 8:
        return None
    end = int(struct.unpack_from("<Q", head, offset)[0])
    if end > entry.size:
        return Problem(cut=True, message=f"the HDF5 superblock says that the file ends at byte {end:,}")
    return None


def _parquet(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    """``PAR1``, columns, the file's metadata, its length in four bytes, ``PAR1`` (Parquet format, "File format")."""
    tail = directory.tail(entry.path, 8)
    if len(tail) < 8 or tail[4:] != head[:4]:
        return Problem(cut=True, message="a Parquet file ends with PAR1, and this one does not")
    size = int(struct.unpack_from("<I", tail)[0])
    if size + 12 > entry.size:
        return Problem(cut=True, message=f"the footer of the Parquet file says that it has {size:,} bytes")
    return None


def _safetensors(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    if len(head) < 9:
        return Problem(cut=True, message="a safetensors file begins with the length of its header")
    size = int(struct.unpack_from("<Q", head)[0])
    if size > _MAX_HEADER or head[8:9] not in (b"{", b" "):
        return _other(head, "safetensors")
    if 8 + size > entry.size:
        return Problem(cut=True, message=f"the safetensors header reaches to byte {8 + size:,}")
    if size > MAX_JSON:
        return None
    try:
        header = json.loads(directory.read_at(entry.path, 8, size))
    except (ValueError, RecursionError):
        return Problem(cut=False, message="its safetensors header is no JSON")
    end = 0
    for name, tensor in header.items() if isinstance(header, dict) else ():
        offsets = tensor.get("data_offsets") if isinstance(tensor, dict) and name != "__metadata__" else None
        if isinstance(offsets, list) and len(offsets) == 2 and isinstance(offsets[1], int):
            end = max(end, offsets[1])
    if 8 + size + end > entry.size:
        return Problem(
            cut=True, message=f"the safetensors header says that the data reaches to byte {8 + size + end:,}"
        )
    return None


def _json(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    return _json_of(directory, entry, head)


def _json_object(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    return _json_of(directory, entry, head, kind=dict)


def _prophet(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    return _json_of(directory, entry, head, kind=str)


_OPENING = {dict: b"{", str: b'"'}
_CLOSING = {b"{": b"}", b"[": b"]", b'"': b'"'}


def _json_of(
    directory: Source, entry: Entry, head: bytes, kind: type[dict[str, Any] | str] | None = None
) -> Problem | None:
    """A JSON text: parsed where it is small, else by its first and last character."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    wanted = _OPENING.get(kind) if kind is not None else None
    if wanted is not None and start != wanted:
        what = "a JSON object" if kind is dict else "JSON in a JSON string"
        return _other(head, what)
    if kind is None and start not in _CLOSING:
        return _other(head, "JSON")
    if entry.size <= MAX_JSON:
        try:
            json.loads(directory.read(entry.path, MAX_JSON))
        except RecursionError:
            return None
        except ValueError as error:
            position = getattr(error, "pos", None)
            is_cut = position is None or directory.tail(entry.path, 64).rstrip()[-1:] != _CLOSING[start]
            return Problem(cut=is_cut, message=f"it is no JSON: {error}"[:200])
    elif directory.tail(entry.path, 64).rstrip()[-1:] != _CLOSING[start]:
        return Problem(cut=True, message="the JSON does not end")
    return None


def _text(_: Source, __: Entry, head: bytes) -> Problem | None:
    """No format has zero bytes in its text."""
    if b"\0" in head or head.startswith((b"\x1f\x8b", b"\x80")):
        return _other(head, "text")
    return None


def _catboost(_: Source, entry: Entry, head: bytes) -> Problem | None:
    """``CBM1``, then a length of four bytes (catboost/libs/model, ``TModelTrees``)."""
    if len(head) < 8:
        return Problem(cut=True, message="the CatBoost model ends in its header")
    size = int(struct.unpack_from("<I", head, 4)[0])
    if 8 + size > entry.size:
        return Problem(
            cut=True, message=f"the header of the CatBoost model says that it reaches to byte {8 + size:,}"
        )
    return None


def _lightgbm(directory: Source, entry: Entry, _: bytes) -> Problem | None:
    """The header has the size of every tree in bytes; the trees follow it after an empty line (LightGBM, gbdt_model_text.cpp)."""
    with directory.open_mapped(entry.path) as data:
        start = data.find(b"\ntree_sizes=")
        if start < 0:
            is_old = data.find(b"\nTree=") >= 0 or data.find(b"\nend of trees") >= 0
            return None if is_old else Problem(cut=True, message="LightGBM's text ends in its header")
        end = data.find(b"\n", start + 1)
        trees = data.find(b"Tree=", end)
        sizes = data[start + 12 : min(end, start + MAX_JSON)].split() if end >= 0 else []
        if end < 0 or (sizes and trees < 0):
            return Problem(cut=True, message="LightGBM's text ends in its header")
        there = len(data)
        if data.find(b"\nparameters:", trees) >= 0 and data.find(b"\nend of parameters", trees) < 0:
            return Problem(
                cut=True, message="LightGBM's text ends in its parameters, and LightGBM reads on beyond"
            )
    try:
        end = trees + sum(map(int, sizes)) if sizes else 0
    except ValueError:
        return None
    if end > there:
        return Problem(
            cut=True, message=f"the header of LightGBM's text says that the trees reach to byte {end:,}"
        )
    return None


def _xgboost(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    name = entry.path.rsplit("/", 1)[-1]
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    is_json = head.lstrip()[:1] == b"{" and head.lstrip()[1:].lstrip()[:1] == b'"'
    is_ubj = head[:2] in (b"{L", b"{i", b"{l", b"{I", b"{U", b"{$", b"{#")
    if suffix == "json" and not is_json:
        return _other(head, "JSON in a file named .json", "XGBoost reads")
    if suffix == "ubj" and not is_ubj:
        return _other(head, "UBJSON in a file named .ubj", "XGBoost reads")
    if is_json:
        return _json_object(directory, entry, head)
    if is_ubj:
        if directory.tail(entry.path, 1) != b"}":
            return Problem(cut=True, message="the UBJSON does not end")
        return None
    if not head.startswith(b"binf") and (
        head[:1] in b"<" or head.startswith((b"\x1f\x8b", b"PK\x03\x04", b"\x80"))
    ):
        return _other(head, "its own formats", "XGBoost reads")
    return None


def _onnx(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    if head[:1] not in (b"\x08", b"\x12", b"\x1a", b"\x3a", b"\x42", b"\x10"):
        return _other(head, "ONNX")
    return _protobuf(directory, entry, head)


def _protobuf(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    from mlmodel.model.protobuf import BrokenError, fields  # few flavors have any

    with directory.open_mapped(entry.path) as data:
        try:
            for _ in fields(data, 0, len(data)):
                pass
        except BrokenError as error:
            if error.end is not None and kind_of(head) == "something else":
                return Problem(cut=True, message=f"{error}")
            return _other(head, "a protobuf message")
    return None


def _msgpack(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    from mlmodel.model import msgpack  # few flavors have any

    with directory.open_mapped(entry.path) as data:
        try:
            end = msgpack.end_of_object(data, entry.size)
        except msgpack.BrokenError as error:
            if error.is_cut:
                return Problem(cut=True, message="its MessagePack object does not end")
            return _other(head, "MessagePack")
    return _other(head, "one MessagePack object") if end is not None and end != entry.size else None


_DESCRIPTION = rb"\{'descr': '[<>|=]?([a-zA-Z])(\d{1,9})', 'fortran_order': (?:True|False), 'shape': \(([0-9, ]{0,200})\),? *\}"


def _npy(_: Source, entry: Entry, head: bytes) -> Problem | None:
    """The header states the shape and the size of an item (NumPy, ``numpy.lib.format``); other headers are not read."""
    width = 2 if head[6:7] == b"\x01" else 4
    start = 8 + width + int.from_bytes(head[8 : 8 + width], "little")
    if start > entry.size:
        return Problem(cut=True, message=f"the header of the array reaches to byte {start:,}")
    match = re.match(_DESCRIPTION, head[8 + width :])
    if match is None:
        return None
    item = int(match[2]) * (4 if match[1] == b"U" else 1)
    end = start + item * math.prod(
        int(length) for length in match[3].replace(b" ", b"").split(b",") if length
    )
    if end > entry.size:
        return Problem(cut=True, message=f"the header of the array says that it reaches to byte {end:,}")
    return None


def _json_lines(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    if entry.size > MAX_JSON:
        return None
    for number, line in enumerate(directory.read(entry.path, MAX_JSON).splitlines(), 1):
        try:
            if line.strip():
                json.loads(line)
        except RecursionError:
            return None
        except ValueError as error:
            return Problem(cut=False, message=f"line {number} is no JSON: {error}"[:200], kind=kind_of(head))
    return None


def _spacy_config(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    """As thinc reads it: sections and keys, whose values are looked at by those who use them (``thinc.config.Config``)."""
    from configparser import ConfigParser, Error  # few flavors have any

    other = _text(directory, entry, head)
    if other is not None:
        return other
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(directory.head(entry.path, _MAX_LINE).decode())
    except UnicodeDecodeError:
        return _other(head, "text")
    except Error as error:
        message = " ".join(str(error).replace("'<string>'", "the file").split())
        return Problem(cut=entry.size > 0, message=f"it cannot be parsed: {message}"[:200])
    return None


_MAX_LINE = 1 << 20


def _spark_metadata(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    return _spark(directory, entry, head)[0]


def _spark(directory: Source, entry: Entry, head: bytes) -> tuple[Problem | None, dict[str, Any]]:
    """The first line of the metadata of a stage (Spark, ``DefaultParamsReader.loadMetadata``)."""
    line = directory.head(entry.path, _MAX_LINE).partition(b"\n")[0]
    if head.lstrip()[:1] != b"{":
        return _other(head, "the metadata of a Spark stage, a JSON object"), {}
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        is_cut = len(line) == entry.size
        return Problem(cut=is_cut, message=f"its first line is no JSON: {error}"[:200]), {}
    if not isinstance(found, dict) or not isinstance(found.get("class"), str):
        return Problem(cut=False, message="its first line does not say the class of the stage"), {}
    return None, found


def _spark_pipeline(directory: Source, entry: Entry, head: bytes) -> Problem | None:
    problem, metadata = _spark(directory, entry, head)
    params = metadata.get("paramMap")
    by_python = isinstance(params, dict) and params.get("language") == "Python"
    name = metadata.get("class")
    if (
        problem is None
        and name not in ("org.apache.spark.ml.PipelineModel", "pyspark.ml.pipeline.PipelineModel")
        and not by_python
    ):
        message = f"its class is {str(name)[:200]}, and the loader opens a PipelineModel only"
        return Problem(cut=False, message=message)
    return problem


READERS: Mapping[str, Reader] = {
    "pickle": _pickle,
    "zip": _zip,
    "hdf5": _hdf5,
    "parquet": _parquet,
    "safetensors": _safetensors,
    "json": _json,
    "json-object": _json_object,
    "json-lines": _json_lines,
    "msgpack": _msgpack,
    "npy": _npy,
    "prophet": _prophet,
    "text": _text,
    "catboost": _catboost,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "onnx": _onnx,
    "protobuf": _protobuf,
    "spark-metadata": _spark_metadata,
    "spacy-config": _spacy_config,
    "spark-pipeline": _spark_pipeline,
}
"""The function that looks into a file, by the ``reader`` of its format."""


def truncated(directory: Source, entry: Entry, head: bytes) -> str | None:
    """How a file whose format only its own bytes tell says that bytes are missing; None where it does not."""
    found = None
    if head[:1] == b"\x80" and head[1:2] in (b"\x04", b"\x05"):
        return _pickle_frames(directory, entry)
    if head.startswith(b"PK\x03\x04"):
        found = _zip(directory, entry, head)
    elif head.startswith(b"\x89HDF\r\n\x1a\n"):
        found = _hdf5(directory, entry, head)
    elif head.startswith(b"PAR1"):
        found = _parquet(directory, entry, head)
    elif head.startswith(b"CBM1"):
        found = _catboost(directory, entry, head)
    elif entry.path.endswith(".safetensors"):
        found = _safetensors(directory, entry, head)
    return found.message if found is not None and found.cut else None
