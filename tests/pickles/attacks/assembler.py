"""A small assembler for pickles, and what most attacks are made of."""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

COMMAND = "true # inert"


class Attack(NamedTuple):
    """One hostile file."""

    id: str
    content: bytes
    named: str | None = "os.system"
    """The call or name that the error must spell out; None where another error will do."""
    suffix: str = ".pkl"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw if len(raw) < 256 else b"X" + pack("<I", len(raw)) + raw


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def given(*arguments: bytes) -> bytes:
    return b"(" + b"".join(arguments) + b"t"


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + given(*(arguments or (text(COMMAND),))) + b"R"


def stream(body: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."


def framed(body: bytes) -> bytes:
    return b"\x80\x04\x95" + pack("<Q", len(body) + 1) + body + b"."


SYSTEM = call("os", "system")
EVIL = stream(SYSTEM)
LINES = b"cos\nsystem\n(S'true # inert'\ntR."
HONEST = stream(name("collections", "OrderedDict") + b")R")
