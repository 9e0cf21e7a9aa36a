"""What the C unpickler of CPython reads from a file when arguments cross the end of a frame.

Until 3.13.15 and 3.14.7 it takes a frame from the file as one buffer.  When an opcode or its argument asks for more
than is left there, it drops the rest and goes on behind the frame; from memory, or when the frame happens to
lie in the file object's own buffer, it does not.  So the same bytes have several readings, and only the bytes of
an ill-made stream: a pickler ends a frame between two opcodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.pickles.opcodes import ARGUMENTS, COUNTED, LINES, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.operands import Buffer

MAX_READINGS, MANY_READINGS = 8, 64
"""Readings of one stream that are followed; and of one so short that these are not more than :data:`MAX_WALKED`."""
MAX_WALKED = 1 << 20
"""Bytes that all readings of a short stream may have together."""
MAX_CUTS = 1_000
"""Places in one reading where something is dropped."""
MAX_JOINED = 1 << 26
"""Bytes of a stream that are put together without what is dropped."""

_READ_WHOLE = {"SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"}
"""Payloads that are completed from the file, with nothing dropped."""


class Reading(Record):
    """One way to take the bytes of a stream."""

    data: bytes
    pieces: list[tuple[int, int]]
    """Offset in :attr:`data`, and the original offset of what stands there."""

    def place(self, offset: int) -> int:
        """The original offset."""
        found = (0, self.pieces[0][1])
        for piece in self.pieces:
            if piece[0] > offset:
                break
            found = piece
        return found[1] + offset - found[0]


class _EndError(Exception):
    """The reader stops here, with an error or at STOP."""


class _Walk:
    """The opcodes of one stream, by their lengths alone, as a reader from a file takes them."""

    def __init__(self, data: Buffer, start: int, end: int, decisions: tuple[bool, ...]) -> None:
        self.data = data
        self.at = start
        self.end = end
        self.buffered = 0
        """Where the buffered frame ends; 0 outside of one."""
        self.decisions = decisions
        self.crossings = 0
        self.cuts: list[tuple[int, int]] = []

    def run(self) -> None:
        try:
            while self.at < self.end:
                self._opcode()
        except _EndError:
            pass

    def _opcode(self) -> None:
        name = NAMES.get(self.data[self.at])
        self.at += 1
        if name is None or name == "STOP":
            raise _EndError
        if name in LINES:
            for _ in range(LINES[name]):
                self._line()
        elif name in COUNTED:
            size = self._number(COUNTED[name])
            if name in _READ_WHOLE:
                self._advance(size)
            else:
                self._read(size)
        elif name == "FRAME":
            self._frame(self._number(8))
        elif name in ARGUMENTS:
            self._read(ARGUMENTS[name])

    def _cross(self) -> bool:
        """An argument crosses the end of the frame: whether the rest is dropped."""
        number = self.crossings
        self.crossings += 1
        drop = self.decisions[number] if number < len(self.decisions) else True
        if self.crossings > MAX_CUTS:
            raise _EndError
        if drop:
            self.cuts.append((self.at, self.buffered))
            self.at = self.buffered
        self.buffered = 0
        return drop

    def _advance(self, size: int) -> None:
        self.at += size
        if self.at > self.end:
            raise _EndError
        if self.at >= self.buffered:
            self.buffered = 0

    def _read(self, size: int) -> None:
        if self.at < self.buffered < self.at + size:
            self._cross()
        self._advance(size)

    def _number(self, width: int) -> int:
        self._read(width)
        return int.from_bytes(self.data[self.at - width : self.at], "little")

    def _line(self) -> None:
        if self.at < self.buffered and self.data.find(b"\n", self.at, self.buffered) < 0:
            self._cross()
        stop = self.data.find(b"\n", self.at, self.end)
        if stop < 0:
            raise _EndError
        self._advance(stop + 1 - self.at)

    def _frame(self, size: int) -> None:
        if self.at < self.buffered:
            if self.at + size <= self.buffered:
                return
            self._cross()
        if self.at + size > self.end:
            raise _EndError
        self.buffered = self.at + size


def readings(data: Buffer, start: int, end: int) -> Iterator[Reading | None]:
    """The readings of a stream in which something is dropped, and None at last when there are more."""
    pending: list[tuple[bool, ...]] = [()]
    most = max(MAX_READINGS, min(MANY_READINGS, MAX_WALKED // max(1, end - start)))
    for _ in range(most):
        decisions = pending.pop(0)
        walk = _Walk(data, start, end, decisions)
        walk.run()
        stop = min(walk.at, end)
        if walk.cuts and stop - start <= MAX_JOINED:
            yield _joined(data, start, stop, walk.cuts)
        if walk.crossings > MAX_CUTS or stop - start > MAX_JOINED:
            break
        decided = len(decisions)
        open_ = range(min(walk.crossings - decided, most))
        pending.extend((*decisions, *(True,) * number, False) for number in open_)
        if not pending:
            return
    yield None


def _joined(data: Buffer, start: int, end: int, cuts: list[tuple[int, int]]) -> Reading:
    joined = bytearray()
    pieces: list[tuple[int, int]] = []
    for begin, resume in [*cuts, (end, end)]:
        if begin > start or not pieces:
            pieces.append((len(joined), start))
            joined += data[start:begin]
        start = resume
    return Reading(bytes(joined), pieces)
