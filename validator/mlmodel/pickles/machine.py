"""The opcode machine: reads one pickle without doing what it says.

The stack, the marks and the memo are kept exactly, since they decide what a name is and what is called; values
are numbers (see :mod:`mlmodel.pickles.recorder`).  Containers are not built up, payloads are skipped by their length,
and every byte is looked at a bounded number of times.
"""

from __future__ import annotations

import re
import sys
from struct import Struct
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.pickles.memo import UNSET
from mlmodel.pickles.opcode_handlers import RARE
from mlmodel.pickles.opcodes import FIXED, HIGHEST_PROTOCOL, NAMES, TAKES_TUPLE
from mlmodel.pickles.recorder import FRESH, BrokenError
from mlmodel.pickles.state import MachineState
from mlmodel.pickles.symbols import ProblemKind, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.pickles.operands import Buffer
    from mlmodel.pickles.scan_options import ScanOptions

MAX_STACK = 1 << 21
"""Values on the stack.  Picklers write lists and dictionaries a thousand items at a time."""
MAX_MARKS = 1 << 18
"""Marks on the stack: containers inside each other that are not complete."""

_WINDOW = 1 << 17
"""Bytes that are taken from the file at once."""
_FIRST_WINDOW = 1 << 12
_MARGIN = 600
"""Bytes before the end of a window where no opcode is begun: more than any short one takes."""

# Numbers and memoized values between MARK and the opcode that puts them into a list or a dictionary: most of a
# numeric pickle.  A state (SETITEMS before BUILD) is read opcode by opcode.
_RUN = rb"(?:K.|M..|J....|G.{8}|[N\x88\x89]|h.|j....)"
_REPEATED = b"*+" if sys.version_info >= (3, 11) else b"{0,2100}"
_FLAT = lazy_pattern(rb"\(" + _RUN + _REPEATED + rb"(?:e|u(?=[^b]))", re.DOTALL)
_NUMBERS = lazy_pattern(rb"\((?:K.|M..|J....|G.{8}|[N\x88\x89])" + _REPEATED + rb"(?:e|u(?=[^b]))", re.DOTALL)
"""As :data:`_FLAT`, where what the memo holds may be a global."""
_METHODS = (
    "__setstate__", "__new__", "__del__", "__getattr__", "__getattribute__", "__setattr__", "__set_name__",
    "__init_subclass__", "__prepare__", "__hash__", "__eq__",
)  # fmt: skip
_METHOD = lazy_pattern(b"__(?:%s)" % b"|".join(name[2:].encode() for name in _METHODS))
"""Methods that reading runs without a call in the stream, where a class or an object has them."""
_METHOD_OF_ENUMS = lazy_pattern(b"_missing_")
_ESCAPED = lazy_pattern(rb"\\(?:x[3-6][0-9a-fA-F]|u00[3-6][0-9a-fA-F]|1[0-7][0-7]|0?6[0-7])(?<!5c)(?<!5C)")
_PATIENCE = 32
"""Runs that may fail, in one window, before no more are tried."""

_u32 = Struct("<I").unpack_from
_u64 = Struct("<Q").unpack_from

_NEEDS_MARK = {0x65, 0x75, 0x74, 0x90, 0x91, 0x6C, 0x64, 0x31, 0x6F, 0x69}
_NEEDS_MEMO = {0x68, 0x6A, 0x67}


class Machine(MachineState):
    """One pickle being read."""

    def __init__(
        self,
        data: Buffer,
        start: int,
        end: int,
        target: ScanOptions,
        *,
        arrays: bool = True,
        place: Callable[[int], int] = int,
    ) -> None:
        super().__init__(data, start, end, target, place)
        self.highest = 0
        self.rare: set[int] = set()
        self.methods: set[str] = set()
        self.escapes = False
        self.framed = False
        """Whether a frame's end was crossed, or may have been when reading broke."""
        self.arrays: list[int] = []
        """Where arrays between the opcodes were (joblib)."""
        self._target = target
        self._wants_arrays = arrays
        self._place = place
        self._resume = 0
        self._nested: list[Stream] = []
        self._frames = False

    def run(self, view: str = "plain") -> Stream:
        """Read up to STOP, or as far as it goes."""
        complete = False
        try:
            self._loop()
            complete = True
        except BrokenError as error:
            self.seen.odd(error.trouble, error.message, self.at)
        except IndexError:
            self._underflow()
        self.framed = self.framed or (self._frames and not complete)
        seen = self.seen
        return Stream(
            self._place(self.start),
            self._place(min(self.at, self.end)),
            self.highest,
            complete,
            "arrays" if self.arrays and self._wants_arrays else view,
            seen.globals,
            seen.uses,
            tuple(seen.calls),
            seen.omitted_calls,
            tuple(seen.code),
            tuple(seen.imports),
            frozenset(NAMES[code] for code in self.rare),
            tuple(seen.problems),
            tuple(self._nested),
            methods=frozenset(self.methods),
            escapes=self.escapes,
            hashes=seen.hashes,
            slots=seen.slots,
            values=seen.values,
            states=tuple(seen.states.values()),
        )

    def _underflow(self) -> None:
        """An opcode took what is not there: say what."""
        code = self.data[self.at] if self.at < self.end else 0
        name = NAMES.get(code, "an opcode")
        what = "the stack is empty"
        if code in _NEEDS_MARK and not self.marks:
            what = "there is no MARK"
        elif code in _NEEDS_MEMO:
            what = "the memo has no such entry"
        self.seen.odd(ProblemKind.STACK, f"{name}: {what}", self.at)

    def _loop(self) -> None:
        data, end = self.data, self.end
        stack, marks, memo = self.stack, self.marks, self.memo
        seen = self.seen
        push, pop, mark = stack.append, stack.pop, marks.append
        entries, sparse, append, remember = memo.dense, memo.sparse, memo.dense.append, memo.add
        call, build, uses = seen.call, seen.build, seen.uses_by_value
        fixed, takes_tuple, flat, plain = FIXED, TAKES_TUPLE, _FLAT.match, _NUMBERS.match
        keep, tracks, carried, loose = seen.keep, seen.tracks, seen.code, seen.loose
        frame_end = 0
        size = _FIRST_WINDOW
        chunk, base, pos, usable = b"", self.start, 0, 0
        try:
            while True:
                at = base + pos
                if frame_end and at >= frame_end:
                    if at > frame_end:
                        self.framed = True
                    frame_end = 0
                    if self._resume:
                        at, self._resume = self._resume, 0
                        pos = at - base
                if at >= end:
                    self._past_end(at)
                if not 0 <= pos < usable:
                    if pos >= len(chunk):
                        size = _FIRST_WINDOW  # a payload was skipped: the next may follow soon
                    base, pos = at, 0
                    chunk = bytes(data[base : min(end, base + size)])
                    usable = len(chunk) - _MARGIN
                    if base + len(chunk) >= end:
                        usable = len(chunk)
                        chunk += bytes(_MARGIN)
                    if size < _WINDOW:
                        size *= 2
                    self._bounded(len(chunk))
                    if self.protocol < 2 and not self.escapes and b"\\" in chunk:
                        self.escapes = _ESCAPED.search(chunk) is not None
                    if b"__" in chunk:
                        self._look_for_methods(_METHOD, chunk)
                    if b"_missing_" in chunk:
                        self._look_for_methods(_METHOD_OF_ENUMS, chunk)
                limit = min(usable, frame_end - base) if frame_end else usable
                here = base + 1
                patience = _PATIENCE
                try:
                    while pos < limit:
                        op = chunk[pos]
                        step = fixed[op]
                        if step:
                            push(here + pos)
                            pos += step
                        elif op == 0x68:  # BINGET
                            push(entries[chunk[pos + 1]])
                            pos += 2
                        elif op == 0x8C:  # SHORT_BINUNICODE
                            push(here + pos)
                            pos += 2 + chunk[pos + 1]
                            if chunk[pos] == 0x94:
                                remember(stack[-1])
                                pos += 1
                        elif op == 0x28:  # MARK
                            if patience and (fixed[chunk[pos + 1]] or (chunk[pos + 1] == 0x68 and not loose)):
                                run = (plain if loose else flat)(chunk, pos, limit)
                                if run is not None and stack[-1] > 0:
                                    if tracks:
                                        seen.fill(stack[-1], None)
                                    pos = run.end()
                                    continue
                                patience -= 1
                            mark(len(stack))
                            pos += 1
                        elif op == 0x94:  # MEMOIZE
                            remember(stack[-1])
                            pos += 1
                        elif op == 0x75:  # SETITEMS
                            first = marks[-1]
                            if carried:
                                seen.hashed(stack[first::2])
                            if stack[first - 1] < 0:
                                call(op, stack[first - 1], 0, base + pos)
                            elif tracks:
                                seen.fill(stack[first - 1], stack[first:])
                            if loose and not loose.isdisjoint(stack[first:]):
                                seen.hold(stack[first:])
                            del stack[first:]
                            marks.pop()
                            pos += 1
                        elif op == 0x65:  # APPENDS
                            first = marks[-1]
                            if stack[first - 1] < 0:
                                call(op, stack[first - 1], 0, base + pos)
                            if loose and not loose.isdisjoint(stack[first:]):
                                seen.hold(stack[first:])
                            del stack[first:]
                            marks.pop()
                            pos += 1
                        elif op == 0x7D or op == 0x5D:  # EMPTY_DICT, EMPTY_LIST  # noqa: PLR1714 - a tuple is slower
                            push(here + pos)
                            pos += 1
                            if chunk[pos] == 0x94:
                                remember(here + pos - 1)
                                pos += 1
                        elif 0x85 <= op <= 0x87 or op == 0x74:  # TUPLE1, TUPLE2, TUPLE3, TUPLE
                            first = marks[-1] if op == 0x74 else len(stack) + 0x84 - op
                            if first < 0:
                                raise IndexError  # noqa: TRY301
                            value = here + pos
                            after = chunk[pos + 1]
                            if after == 0x94:
                                after = chunk[pos + 2]
                            elif after == 0x71:
                                after = chunk[pos + 3]
                            elif after == 0x72:
                                after = chunk[pos + 6]
                            if takes_tuple[after] and not self._resume:
                                seen.fresh = fresh = stack[first:]
                                del stack[first:]
                                # Whoever gets it from the memo later does not know its elements, unless they are kept.
                                store = seen.kept(seen.fresh, value) if keep else value
                                pos += 1
                                if chunk[pos] == 0x94:
                                    remember(store)
                                    pos += 1
                                elif chunk[pos] == 0x71:
                                    memo.put(chunk[pos + 1], store)
                                    remember = memo.add
                                    pos += 2
                                elif chunk[pos] == 0x72:
                                    memo.put(_u32(chunk, pos + 1)[0], store)
                                    remember = memo.add
                                    pos += 5
                                if loose and not loose.isdisjoint(fresh):
                                    seen.hold(fresh, stack[-1] if after == 0x52 else 0, store)
                                push(FRESH)
                            else:
                                if keep:
                                    value = seen.kept(stack[first:], value)
                                if loose and not loose.isdisjoint(stack[first:]):
                                    called = stack[first - 1] if after == 0x70 and first > 0 else 0
                                    seen.hold(stack[first:], called, value)
                                del stack[first:]
                                push(value)
                                pos += 1
                                if chunk[pos] == 0x94:
                                    remember(value)
                                    pos += 1
                            if op == 0x74:
                                marks.pop()
                        elif op == 0x6A:  # LONG_BINGET
                            push(entries[_u32(chunk, pos + 1)[0]])
                            pos += 5
                        elif op == 0x71:  # BINPUT
                            index = chunk[pos + 1]
                            if index == len(entries) and not sparse:
                                append(stack[-1])
                            else:
                                memo.put(index, stack[-1])
                                remember = memo.add
                            pos += 2
                        elif op == 0x72:  # LONG_BINPUT
                            index = _u32(chunk, pos + 1)[0]
                            if index == len(entries) and not sparse:
                                append(stack[-1])
                            else:
                                memo.put(index, stack[-1])
                                remember = memo.add
                            pos += 5
                        elif op == 0x58:  # BINUNICODE
                            push(here + pos)
                            pos += 5 + _u32(chunk, pos + 1)[0]
                        elif op == 0x52 or op == 0x81:  # REDUCE, NEWOBJ  # noqa: PLR1714
                            arguments = pop()
                            if arguments < FRESH and arguments in loose:
                                seen.hold_tuple(arguments, stack[-1])
                            used = uses.get(stack[-1] << 8 | op)
                            if used is None or used.watched:
                                stack[-1] = call(op, stack[-1], arguments, base + pos)
                            else:
                                used.count += 1
                                stack[-1] = used.result
                            pos += 1
                        elif op == 0x62:  # BUILD
                            state = pop()
                            used = uses.get(stack[-1] << 8 | op)
                            if state < 0 or data[state - 1] != 0x7D:
                                seen.restore(stack[-1], state, base + pos)
                            pos += 1
                            if used is not None and not used.watched:
                                used.count += 1
                            elif build(stack[-1], state, base + pos - 1):
                                stack[-1] = base + pos
                                after = self._array(base + pos, frame_end)
                                if frame_end <= base + pos:
                                    frame_end = 0
                                    pos = after - base
                                    break
                        elif op == 0x61:  # APPEND
                            value = pop()
                            if stack[-1] < 0:
                                call(op, stack[-1], 0, base + pos)
                            if value < 0 and value in loose:
                                seen.hold((value,))
                            pos += 1
                        elif op == 0x73:  # SETITEM
                            if carried:
                                seen.hashed(stack[-2:-1])
                            items = stack[-2:]
                            del stack[-2:]
                            if stack[-1] < 0:
                                call(op, stack[-1], 0, base + pos)
                            elif tracks:
                                seen.fill(stack[-1], items)
                            if loose and not loose.isdisjoint(items):
                                seen.hold(items)
                            pos += 1
                        elif op == 0x29:  # EMPTY_TUPLE
                            push(here + pos)
                            pos += 1
                        elif op == 0x43:  # SHORT_BINBYTES
                            push(here + pos)
                            pos += 2 + chunk[pos + 1]
                        elif op == 0x42:  # BINBYTES
                            push(here + pos)
                            pos += 5 + _u32(chunk, pos + 1)[0]
                        elif op == 0x2E:  # STOP
                            self.at = base + pos
                            value = pop()
                            if value in loose:
                                seen.hold((value,))
                            pos += 1
                            return
                        elif op == 0x95:  # FRAME
                            pos += 9
                            frame_end = self._frame(base + pos, _u64(chunk, pos - 8)[0], frame_end)
                            break
                        elif op == 0x80:  # PROTO
                            self._proto(base + pos, chunk[pos + 1])
                            pos += 2
                        else:
                            rare = RARE.get(op)
                            if rare is None:
                                raise BrokenError(ProblemKind.OPCODE, f"byte 0x{op:02x} is no opcode")
                            self.rare.add(op)
                            pos = rare(self, base + pos) - base
                            keep, tracks, remember = seen.keep, seen.tracks, memo.add
                except IndexError:
                    if op not in (0x68, 0x6A):
                        raise
                    # An index that no pickler writes: it is not in the array.
                    width = 1 if op == 0x68 else 4
                    value = memo.get(int.from_bytes(chunk[pos + 1 : pos + 1 + width], "little"))
                    if value == UNSET:
                        raise
                    push(value)
                    pos += 1 + width
        finally:
            self.at = base + pos

    def _look_for_methods(self, names: re.Pattern[bytes], chunk: bytes) -> None:
        """Take note of strings that are names of methods which run by themselves."""
        for match in names.finditer(chunk):
            start, size = match.start(), match.end() - match.start()
            before = chunk[max(0, start - 8) : start]
            is_text = before[-1:] in (b"V", b"'", b'"') and chunk[match.end() : match.end() + 1] in b"\n'\""
            if is_text or any(before.endswith(size.to_bytes(width, "little")) for width in (1, 4, 8)):
                self.methods.add(match[0].decode())

    def _bounded(self, size: int) -> None:
        """Take note of bytes that are looked at; ends the reading when it costs more than it may."""
        effort = self._target.effort
        if effort is not None:
            effort.left -= size
            if effort.left < 0:
                raise BrokenError(ProblemKind.LIMIT, "more has to be read than the size of the file explains")
        if len(self.stack) > MAX_STACK or len(self.marks) > MAX_MARKS or self.memo.full:
            raise BrokenError(ProblemKind.LIMIT, "more values on the stack or in the memo than are kept")

    def _past_end(self, at: int) -> None:
        if at > self.end:
            raise BrokenError(ProblemKind.TRUNCATED, "an argument reaches past the end")
        raise BrokenError(ProblemKind.TRUNCATED, "it ends without STOP")

    def _proto(self, at: int, protocol: int) -> None:
        if protocol > HIGHEST_PROTOCOL and at + 1 < self.end:
            raise BrokenError(ProblemKind.OPCODE, f"there is no pickle protocol {protocol}")
        if at != self.start:
            self.seen.odd(ProblemKind.PROTOCOL, "PROTO is not the first opcode", at)
        self.protocol = protocol
        self.highest = max(self.highest, protocol)

    def _frame(self, start: int, length: int, outer: int) -> int:
        """A frame begins; where it ends."""
        self._frames = True
        if outer > start:
            self.framed = True
            self.seen.odd(ProblemKind.FRAME, "a frame begins inside a frame", start)
        if start + length > self.end:
            self.seen.odd(ProblemKind.FRAME, "a frame reaches past the end", start)
            return 0
        return start + length

    def _array(self, at: int, frame_end: int) -> int:
        """An array between the opcodes (joblib), which reads it from the file: behind the frame that is read."""
        self.arrays.append(at)
        if not self._wants_arrays or self.seen.wrapper is None:
            return at
        start = self._resume or max(at, frame_end)
        after = self.seen.wrapper.end(self.data, start)
        if after is None and self.seen.wrapper.objects:
            inner = Machine(self.data, start, self.end, self._target, arrays=False, place=self._place)
            stream = inner.run()
            self._nested.append(stream)
            if not stream.complete:
                raise BrokenError(ProblemKind.ARRAY, "the objects of an array cannot be read to their end")
            after = inner.at
        if after is None:
            raise BrokenError(ProblemKind.ARRAY, "how large the array here is cannot be known")
        if after > self.end:
            raise BrokenError(ProblemKind.TRUNCATED, "an array reaches past the end")
        if frame_end > at:
            self.seen.odd(ProblemKind.FRAME, "an array does not stand at the end of a frame", at)
            self._resume = after
        return after
