"""A second, slow reading of a pickle: pickletools' own description of every opcode, and a real stack and memo."""

from __future__ import annotations

import pickletools
from typing import Any


def names(data: bytes) -> set[tuple[str, str]]:
    """The globals of all pickles in a row; raises when one is broken."""
    found: set[tuple[str, str]] = set()
    at = 0
    while at < len(data):
        at = _one(data, at, found)
    return found


def _one(data: bytes, start: int, found: set[tuple[str, str]]) -> int:
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    mark = object()
    argument: Any
    for opcode, argument, position in pickletools.genops(data[start:]):
        assert position is not None
        if opcode.name == "STOP":
            return start + position + 1
        if opcode.name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif opcode.name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        else:
            before = [item.name for item in opcode.stack_before]
            taken: list[Any] = []
            if "mark" in before and opcode.name != "POP":
                while stack[-1] is not mark:
                    stack.pop()
                stack.pop()
                before = before[: before.index("mark")]
            for _ in before:
                taken.insert(0, stack.pop())
            if opcode.name in ("GLOBAL", "INST"):
                module, name = argument.split(" ", 1)
                found.add((module, name))
            elif opcode.name == "STACK_GLOBAL":
                found.add((taken[0], taken[1]))
            for item in opcode.stack_after:
                if item.name == "mark":
                    stack.append(mark)
                else:
                    stack.append(
                        argument if isinstance(argument, str) else taken[0] if opcode.name == "DUP" else None
                    )
    raise AssertionError("no STOP")
