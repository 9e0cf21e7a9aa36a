"""Whatever a hostile call is written with, and however it is packed, it stays an error."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodel import Severity, validate
from tests.overlay import make_model
from tests.pickles.attacks.assembler import HONEST, text
from tests.pickles.attacks.names import STANDARD
from tests.pickles.attacks.packing import archive, npy, tape

Packer = Callable[[bytes], bytes]
PACKERS: dict[str, Packer] = {
    "nothing": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zlib": zlib.compress,
    "zip": lambda raw: archive(("a/data.pkl", raw)),
    "zip deflated": lambda raw: archive(("x", raw), method=zipfile.ZIP_DEFLATED),
    "zip behind another member": lambda raw: archive(("honest", HONEST), ("x.txt", raw)),
    "tar": lambda raw: tape(("a", raw)),
    "npy": lambda raw: npy("'|O'", raw) if raw[:1] == b"\x80" else raw,
}
PLAIN = [
    full
    for full in STANDARD
    if full.count(".") == 1
    and full.split(".")[0] in ("os", "subprocess", "builtins", "shutil", "socket", "pty")
]
DANGEROUS = [
    full
    for full in PLAIN
    if full.split(".")[1]
    not in ("iter", "next", "map", "filter", "sorted", "max", "print", "help", "hasattr", "memoryview")
]

STRINGS: list[Packer] = [
    lambda raw: b"\x8c" + bytes([len(raw)]) + raw,
    lambda raw: b"X" + pack("<I", len(raw)) + raw,
    lambda raw: b"\x8d" + pack("<Q", len(raw)) + raw,
    lambda raw: b"V" + b"".join(b"\\u%04x" % byte for byte in raw) + b"\n",
    lambda raw: b'S"' + b"".join(b"\\x%02x" % byte for byte in raw) + b'"\n',
    lambda raw: b"U" + bytes([len(raw)]) + raw,
]
DECOYS = [b"", b"N0", b"]0", text("json") + b"0", b"(K\1K\2t0", b"}" + text("a") + b"K\1s0", b"K\1\x940"]


@st.composite
def calls(draw: st.DrawFn) -> bytes:
    """A stream that calls something dangerous, in one of many ways of writing."""
    module, attribute = (part.encode() for part in draw(st.sampled_from(DANGEROUS)).split("."))
    string = st.sampled_from(STRINGS)
    before, between, behind = (draw(st.sampled_from(DECOYS)) for _ in range(3))
    way = draw(st.sampled_from(["GLOBAL", "STACK_GLOBAL", "memo", "INST", "OBJ"]))
    argument = draw(string)(b"x")
    one, two = draw(string)(module), draw(string)(attribute)
    if way == "GLOBAL":
        body = b"c" + module + b"\n" + attribute + b"\n" + between + b"(" + argument + b"tR"
    elif way == "STACK_GLOBAL":
        body = one + between + two + b"\x93(" + argument + b"tR"
    elif way == "memo":
        body = one + b"q\x200" + two + b"q\x210" + between + b"h\x20h\x21\x93(" + argument + b"tR"
    elif way == "INST":
        body = b"(" + argument + b"i" + module + b"\n" + attribute + b"\n"
    else:
        body = b"(c" + module + b"\n" + attribute + b"\n" + argument + b"o"
    protocol = draw(st.integers(2, 5))
    framed = protocol >= 4 and draw(st.booleans())
    inside = before + body + behind + b"."
    head = b"\x80" + bytes([protocol])
    return head + (b"\x95" + pack("<Q", len(inside)) if framed else b"") + inside


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("packed") / "model")


@given(stream=calls(), packing=st.lists(st.sampled_from(sorted(PACKERS)), max_size=3))
@settings(max_examples=400, deadline=None)
def test_it_stays_an_error(model: Path, stream: bytes, packing: list[str]) -> None:
    content = stream
    for name in packing:
        content = PACKERS[name](content)
    (model / "model.pkl").write_bytes(content)
    found = [finding for finding in validate(model).findings if finding.rule.startswith("MLM6")]
    assert any(finding.severity is Severity.ERROR for finding in found), (packing, stream)
