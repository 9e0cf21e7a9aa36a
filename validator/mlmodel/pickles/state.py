"""What the opcode machine keeps while it reads one pickle: stack, marks, memo and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles.memo import Memo
from mlmodel.pickles.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.pickles.operands import Buffer
    from mlmodel.pickles.scan_options import ScanOptions


class MachineState:
    """The state of :class:`mlmodel.pickles.machine.Machine` that handlers of single opcodes read and change."""

    def __init__(
        self, data: Buffer, start: int, end: int, target: ScanOptions, place: Callable[[int], int]
    ) -> None:
        self.data = data
        self.start = start
        self.end = end
        self.at = start
        """Where reading stands; kept up to date between windows and when reading ends."""
        self.stack: list[int] = []
        self.marks: list[int] = []
        self.memo = Memo()
        self.protocol = 0
        self.seen = Recorder(data, end, target, place)
