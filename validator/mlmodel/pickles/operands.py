"""The values that opcodes write out, read from where they stand.

The machine keeps a value as one number: the offset after the opcode that pushed it.  What it is can be read
from there when somebody asks, and costs nothing when nobody does.
"""

from __future__ import annotations

import re
from struct import unpack_from
from typing import TYPE_CHECKING, TypeAlias

from mlmodel.pickles.opcodes import COUNTED, NAMES
from mlmodel.pickles.symbols import Value

if TYPE_CHECKING:
    from mmap import mmap

    from mlmodel.sources.ranges import RangedBytes

    Buffer: TypeAlias = bytes | bytearray | mmap | RangedBytes
    """What holds a pickle: it can be sliced and searched."""

MAX_TEXT = 1024
"""Bytes of a string that are looked at.  No module or attribute has so long a name."""
MAX_LONG_TEXT = 1 << 15
"""As much of one that may be evaluated, a formula."""
MAX_DIGITS = 40
"""Digits of a decimal number that are read: reading a long one takes quadratic time."""

_TEXTS = {0x8C: 1, 0x58: 4, 0x8D: 8, 0x55: 1, 0x54: 4}
"""Opcodes that push a string, and the bytes that its length takes."""
_CONTAINERS = {
    0x5D: "list", 0x6C: "list",
    0x7D: "dict", 0x64: "dict",
    0x8F: "set", 0x91: "set",
    0x74: "tuple", 0x85: "tuple", 0x86: "tuple", 0x87: "tuple",
    0x4E: "None",
    0x97: "buffer",
}  # fmt: skip


def text(data: Buffer, value: int, end: int, limit: int = MAX_TEXT) -> str | None:
    """The string pushed at ``value``, cut after ``limit`` bytes; None when it is no string."""
    opcode = data[value - 1]
    if opcode in _TEXTS:
        begin, size = extent(data, value, end)
        raw = bytes(data[begin : begin + min(size, limit)])
        if size > limit:
            return raw.decode("utf-8", "ignore")  # which may end within a character
    elif opcode in (0x56, 0x53):
        raw = line(data, value, end, limit)
        if opcode == 0x56:
            return raw.decode("raw-unicode-escape", "replace")
        if len(raw) < 2 or raw[:1] not in (b"'", b'"'):
            return None
        raw = unescaped(raw[1:].removesuffix(raw[:1]))
    else:
        return None
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def extent(data: Buffer, value: int, end: int) -> tuple[int, int]:
    """Where the payload of an opcode with a length begins, and its bytes that are there."""
    width = COUNTED[NAMES[data[value - 1]]]
    begin = value + width
    return begin, max(0, min(int.from_bytes(data[value:begin], "little"), end - begin))


def line(data: Buffer, start: int, end: int, limit: int) -> bytes:
    """The bytes up to the newline, ``limit`` at most."""
    stop = data.find(b"\n", start, min(end, start + limit))
    return bytes(data[start : stop if stop >= 0 else min(end, start + limit)])


_ESCAPE = rb"(?s)\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.|\Z)"
_SIMPLE = {
    b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v",
    b"\\": b"\\", b"'": b"'", b'"': b'"', b"\n": b"",
}  # fmt: skip


def unescaped(raw: bytes) -> bytes:
    """The bytes that a Python string literal stands for."""

    def replacement(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code in _SIMPLE:
            return _SIMPLE[code]
        if code[:1] == b"x" and len(code) == 3:
            return bytes([int(code[1:], 16)])
        if code[:1].isdigit() and code[:1] < b"8":
            return bytes([int(code, 8) & 0xFF])
        return b"\\" + code

    return re.sub(_ESCAPE, replacement, raw) if b"\\" in raw else raw


def integer(data: Buffer, value: int, end: int) -> int | None:
    """The integer pushed at ``value``; None when it is none, or a huge one."""
    opcode = data[value - 1]
    if opcode == 0x4B:
        return data[value]
    if opcode in (0x4D, 0x4A):
        width = 2 if opcode == 0x4D else 4
        return int.from_bytes(data[value : value + width], "little", signed=width == 4)
    if opcode in (0x8A, 0x8B):
        begin, size = extent(data, value, end)
        return int.from_bytes(data[begin : begin + size], "little", signed=True) if size <= 64 else None
    if opcode in (0x49, 0x4C):
        return decimal(line(data, value, end, MAX_DIGITS + 2).removesuffix(b"L"))
    return None


def decimal(raw: bytes) -> int | None:
    """What ``int()`` makes of a short text, None for the rest."""
    try:
        return int(raw) if len(raw) <= MAX_DIGITS else None
    except ValueError:
        return None


def is_cut(value: Value) -> bool:
    """Whether a string is not known to its end."""
    string = str(value.value)
    return len(string.encode("utf-8", "surrogatepass")) < value.size or value.size in (
        MAX_TEXT,
        MAX_LONG_TEXT,
    )


def value_at(data: Buffer, value: int, end: int, limit: int = MAX_TEXT) -> Value:
    """What was pushed at ``value``; ``limit`` as for :func:`text`."""
    opcode = data[value - 1]
    if opcode in _CONTAINERS:
        return Value(_CONTAINERS[opcode])
    if opcode == 0x29:
        return Value("tuple", ())
    if opcode in (0x88, 0x89):
        return Value("bool", opcode == 0x88)
    if opcode == 0x47:
        raw = data[value : value + 8]
        return Value("float", float(unpack_from(">d", raw)[0]) if len(raw) == 8 else None)
    if opcode == 0x46:
        return Value("float")
    string = text(data, value, end, limit)
    if string is not None:
        if opcode in _TEXTS:
            begin, size = extent(data, value, end)
            return Value("str", string, begin, size)
        return Value("str", string, value, len(line(data, value, end, limit)))
    if opcode in (0x42, 0x43, 0x8E, 0x96):
        return Value("bytes", None, *extent(data, value, end))
    number = integer(data, value, end)
    return (
        Value("int", number) if number is not None or opcode in (0x8A, 0x8B, 0x49, 0x4C) else Value("unknown")
    )
