"""Random programs of the pickle machine, most of which run for a while."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[st.SearchStrategy[int]], int]

NAMES = ("a", "b", "os", "m.n", "", "na\xefve", "x" * 40, "4", "\\", "'q'", "n.o.p", "\n")


def _strings(name: str) -> list[bytes]:
    """All the ways to push a string."""
    raw = name.encode()
    size = len(raw)
    ways = [
        b"\x8c" + bytes([size]) + raw,
        b"X" + pack("<I", size) + raw,
        b"\x8d" + pack("<Q", size) + raw,
    ]
    if name.isascii():
        ways += [b"U" + bytes([size]) + raw, b"T" + pack("<I", size) + raw]
        if "\n" not in name:
            ways += [
                b"S" + repr(name).encode() + b"\n",
                b'S"' + b"".join(b"\\x%02x" % byte for byte in raw) + b'"\n',
            ]
    escaped = name.encode("raw-unicode-escape").replace(b"\\", rb"\u005c").replace(b"\n", rb"\u000a")
    return [*ways, b"V" + escaped + b"\n"]


STRINGS = [way for name in NAMES for way in _strings(name)]
PUSHES = [
    b"N", b"\x88", b"\x89", b"K\x05", b"K\x94", b"M\x01\x02", b"J\x01\0\0\0", b"G" + bytes(8), b"]", b"}", b")", b"\x8f",
    b"I1\n", b"I01\n", b"L12L\n", b"F1.5\n", b"\x8a\x01\x05", b"\x8b\x01\0\0\0\x05", b"C\x03abc", b"C\x00",
    b"B\x02\0\0\0.c", b"\x8e\x03" + bytes(7) + b"c.\n", b"\x96\x01" + bytes(7) + b"x", b"\x97", b"cm.n\na\n", b"cos\nb\n",
    b"Pid\n", b"\x82\x05", b"\x83\x07\0", b"\x84\x09\0\0\0",
]  # fmt: skip
CALLS = [
    b")R",
    b")\x81",
    b"}b",
    b"N\x85R",
    b"N\x85\x94R",
    b"NN\x86\x94\x81",
    b")}\x92",
    b"N\x87\x94b",
    b"Q",
    b"]b",
]
ENDS = [b"t", b"l", b"d", b"\x91", b"1", b"e", b"u", b"\x90", b"o", b"ios\na\n", b"0"]
TAKES = {
    1: [b"0", b"2", b"Q", b"\x85", b"\x94", b"\x98"],
    2: [b"a", b"b", b"R", b"\x81", b"\x86", b"\x93"],
    3: [b"s", b"\x87", b"\x92"],
}
MEMO = [b"q%c", b"r%c\0\0\0", b"p%d\n", b"h%c", b"j%c\0\0\0", b"g%d\n"]


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    """Opcodes that mostly find on the stack and in the memo what they take."""
    out: list[bytes] = []
    size = draw(st.integers(1, 40))
    depth, stored = 0, 0
    marks: list[int] = []
    if draw(st.booleans()):
        out.append(b"\x80" + bytes([draw(st.sampled_from((0, 1, 2, 3, 4, 5)))]))
    for _ in range(size):
        kind = draw(st.integers(0, 19))
        fence = marks[-1] if marks else 0
        free = depth - fence
        if kind < 4:
            out.append(draw(st.sampled_from(STRINGS)))
            depth += 1
        elif kind < 6:
            out += (draw(st.sampled_from(STRINGS)), draw(st.sampled_from((b"", b"\x94", b"q\x00"))))
            out += (draw(st.sampled_from(STRINGS)), draw(st.sampled_from((b"", b"\x94", b"q\x01"))), b"\x93")
            stored += 1
            depth += 1
        elif kind < 8:
            out.append(draw(st.sampled_from(PUSHES)))
            depth += 1
        elif kind < 9 and free > 0:
            out.append(draw(st.sampled_from(CALLS)))
        elif kind < 11 and free > 0:
            out.append(b"\x94")
            stored += 1
        elif kind < 13:
            form = draw(st.sampled_from(MEMO))
            index = draw(
                st.integers(0, max(1, stored)) if draw(st.integers(0, 9)) else st.sampled_from((7, 48, 200))
            )
            out.append(form % index)
            stored += form[:1] in b"qrp"
            depth += form[:1] in b"hjg"
        elif kind < 14:
            out.append(b"(")
            marks.append(depth)
        elif kind < 16 and marks:
            out.append(draw(st.sampled_from(ENDS)))
            depth = marks.pop() + (out[-1] not in (b"1", b"e", b"u", b"\x90", b"0"))
        elif kind < 18 and free > 0:
            takes = draw(st.integers(1, min(3, free)))
            out.append(draw(st.sampled_from(TAKES[takes])))
            depth = max(fence, depth - takes + 1)
        elif kind < 19:
            out.append(b"\x95" + pack("<Q", draw(st.integers(0, 60))))
        else:
            out.append(
                draw(st.sampled_from((b"\x80\x04", b"\x80\x02", b"\x8c\x01", b"h", b"(K\x01K\x02e", b"\xff")))
            )
    return b"".join(out) + draw(st.sampled_from((b".", b".", b"N.", b"")))


_STEPS = [
    b"K\x050", b"M\x05\x060", b"N0", b"J\1\2\3\x040", b"cm.n\na\n0", b"cos\nb\n0", b"\x8c\x01m\x8c\x01n\x930", b"Vm\nVn\n\x930",
    b"B\x0a\0\0\0cos\nhid\n0N0", b"X\x09\0\0\0cos\nhid\n00", b"C\x05\x8c\x01m\x8c\x010", b"U\x07cm.n\nb\n0", b"(K\x01t0", b"]0", b"\x940"[1:],
    b"B\x07\x01\0\0\0\0cm.n\nz\n0", b"I12\n0", b"F1.\n0",
]  # fmt: skip


@st.composite
def framed(draw: st.DrawFn) -> bytes:
    """Steps that leave the stack as it was, with frames that end anywhere."""
    out = [b"\x80\x04N"]
    for _ in range(draw(st.integers(1, 25))):
        if draw(st.integers(0, 2)):
            out.append(draw(st.sampled_from(_STEPS)))
        else:
            out.append(b"\x95" + pack("<Q", draw(st.integers(0, 40))))
    return b"".join(out) + b"." * draw(st.sampled_from((1, 1, 60)))
