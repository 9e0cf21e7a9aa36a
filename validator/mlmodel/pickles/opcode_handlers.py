"""The opcodes that are few in a pickle, each as a function of the machine and its offset.

It returns the offset after the opcode and its arguments.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlmodel.pickles.memo import UNSET
from mlmodel.pickles.opcodes import COUNTED, NAMES
from mlmodel.pickles.operands import MAX_TEXT
from mlmodel.pickles.recorder import PERSISTENT, BrokenError
from mlmodel.pickles.symbols import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.pickles.state import MachineState


def _line_end(machine: MachineState, start: int) -> int:
    """The offset of the newline that ends the line at ``start``."""
    stop = machine.data.find(b"\n", start, machine.end)
    if stop < 0:
        raise BrokenError(ProblemKind.TRUNCATED, "a line without end")
    return stop


def _line(machine: MachineState, at: int) -> int:
    """INT, LONG, FLOAT, STRING, UNICODE."""
    stop = _line_end(machine, at + 1)
    machine.stack.append(at + 1)
    return stop + 1


def _counted(width: int, machine: MachineState, at: int) -> int:
    """An opcode with the length of its payload before it."""
    begin = at + 1 + width
    machine.stack.append(at + 1)
    return begin + int.from_bytes(machine.data[at + 1 : begin], "little")


def _names(machine: MachineState, at: int) -> tuple[str, str, int]:
    """Two lines, and the offset after them.

    The last line may end with the data: Python's own reader takes all but its last character then, and asks.
    """
    names: list[str] = []
    for _ in range(2):
        start = at
        stop = machine.data.find(b"\n", start, machine.end)
        at = stop + 1
        if stop < 0:
            stop, at = machine.end - 1, machine.end
        raw = bytes(machine.data[start : min(stop, start + MAX_TEXT)])
        try:
            names.append(raw.decode())
        except UnicodeDecodeError:
            names.append(raw.decode("latin-1"))
    return names[0], names[1], at


def _global(machine: MachineState, at: int) -> int:
    module, name, after = _names(machine, at + 1)
    machine.stack.append(machine.seen.ask(module, name, machine.protocol, "GLOBAL", at))
    return after


def _inst(machine: MachineState, at: int) -> int:
    module, name, after = _names(machine, at + 1)
    seen, stack = machine.seen, machine.stack
    called = seen.ask(module, name, machine.protocol, "INST", at)
    first = machine.marks.pop()
    arguments = stack[first:]
    del stack[first:]
    seen.hold(arguments, called)
    stack.append(seen.call_with(0x69, called, arguments, at))
    return after


def _stack_global(machine: MachineState, at: int) -> int:
    stack = machine.stack
    name = stack.pop()
    stack[-1] = machine.seen.ask_stack(stack[-1], name, machine.protocol, at)
    return at + 1


def _extension(width: int, machine: MachineState, at: int) -> int:
    after = at + 1 + width
    code = int.from_bytes(machine.data[at + 1 : after], "little", signed=width == 4)
    if code <= 0:
        raise BrokenError(ProblemKind.STACK, f"there is no extension code {code}")
    name = NAMES[machine.data[at]]
    machine.stack.append(machine.seen.ask(None, None, machine.protocol, name, at, code))
    return after


def _obj(machine: MachineState, at: int) -> int:
    stack = machine.stack
    first = machine.marks.pop()
    called = stack[first]
    arguments = stack[first + 1 :]
    machine.seen.hold(arguments, called)
    del stack[first:]
    stack.append(machine.seen.call_with(0x6F, called, arguments, at))
    return at + 1


def _newobj_ex(machine: MachineState, at: int) -> int:
    stack = machine.stack
    keywords = stack.pop()
    arguments = stack.pop()
    stack[-1] = machine.seen.call_with_keywords(stack[-1], arguments, keywords, at)
    return at + 1


def _persid(machine: MachineState, at: int) -> int:
    after = _line_end(machine, at + 1) + 1
    machine.seen.call(0x50, 0, 0, at)
    machine.stack.append(PERSISTENT)
    return after


def _binpersid(machine: MachineState, at: int) -> int:
    stack = machine.stack
    identifier = stack[-1]
    machine.seen.hold((identifier,))
    if identifier < 0:
        machine.seen.call(0x51, 0, identifier, at)
    else:
        machine.seen.call_with(0x51, 0, [identifier], at)
    stack[-1] = PERSISTENT
    return at + 1


def _put(machine: MachineState, at: int) -> int:
    stop = _line_end(machine, at + 1)
    if not machine.memo.put_text(bytes(machine.data[at + 1 : stop]), machine.stack[-1]):
        raise BrokenError(ProblemKind.STACK, "PUT: not a number")
    return stop + 1


def _get(machine: MachineState, at: int) -> int:
    stop = _line_end(machine, at + 1)
    value = machine.memo.get_text(bytes(machine.data[at + 1 : stop]))
    if value == UNSET:
        raise BrokenError(ProblemKind.STACK, "GET: the memo has no such entry")
    machine.stack.append(value)
    return stop + 1


def _collect(machine: MachineState, at: int) -> int:
    """LIST, DICT, FROZENSET: all above the mark becomes one value."""
    first = machine.marks.pop()
    if machine.seen.code:
        machine.seen.hashed(machine.stack[first:])
    machine.seen.hold(machine.stack[first:])
    if machine.data[at] == 0x64 and machine.seen.tracks and len(machine.stack) > first:
        machine.seen.fill(at + 1, machine.stack[first:])
    del machine.stack[first:]
    machine.stack.append(at + 1)
    return at + 1


def _additems(machine: MachineState, at: int) -> int:
    stack = machine.stack
    first = machine.marks.pop()
    if machine.seen.code:
        machine.seen.hashed(stack[first:])
    if stack[first - 1] < 0:
        machine.seen.call(0x90, stack[first - 1], 0, at)
    machine.seen.hold(stack[first:])
    del stack[first:]
    return at + 1


def _pop(machine: MachineState, at: int) -> int:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.stack.pop()
    return at + 1


def _pop_mark(machine: MachineState, at: int) -> int:
    del machine.stack[machine.marks.pop() :]
    return at + 1


def _dup(machine: MachineState, at: int) -> int:
    machine.stack.append(machine.stack[-1])
    return at + 1


def _push(machine: MachineState, at: int) -> int:
    """EMPTY_SET, NEXT_BUFFER."""
    machine.stack.append(at + 1)
    return at + 1


def _readonly_buffer(machine: MachineState, at: int) -> int:
    if not machine.stack:
        raise IndexError
    return at + 1


_BY_NAME: dict[str, Callable[[MachineState, int], int]] = {
    "INT": _line, "LONG": _line, "FLOAT": _line, "STRING": _line, "UNICODE": _line,
    "GLOBAL": _global, "INST": _inst, "STACK_GLOBAL": _stack_global,
    "EXT1": partial(_extension, 1), "EXT2": partial(_extension, 2), "EXT4": partial(_extension, 4),
    "OBJ": _obj, "NEWOBJ_EX": _newobj_ex,
    "PERSID": _persid, "BINPERSID": _binpersid,
    "PUT": _put, "GET": _get,
    "LIST": _collect, "DICT": _collect, "FROZENSET": _collect, "ADDITEMS": _additems,
    "POP": _pop, "POP_MARK": _pop_mark, "DUP": _dup,
    "EMPTY_SET": _push, "NEXT_BUFFER": _push, "READONLY_BUFFER": _readonly_buffer,
}  # fmt: skip
_BY_NAME |= {name: partial(_counted, width) for name, width in COUNTED.items()}

RARE = {code: _BY_NAME[name] for code, name in NAMES.items() if name in _BY_NAME}
"""By opcode."""
