"""What the supervisors of every system share: how a confined process went, and the limits that are watched from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.runtime.confinement import disk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlmodel.runtime.confinement.policy import Limits

MAX_REPORT = 4 * 1024 * 1024
"""Bytes of a report; a process that writes more is ended."""
MAX_OUTPUT = 64 * 1024
"""Bytes of standard output and error that are kept, the last ones."""
INTERVAL = 0.1
CANCELLED = "the end of what it was for"
"""The limit of what was stopped."""


class UnconfinedError(Exception):
    """The process cannot be confined here as it has to be, and was not started."""

    def __init__(self, message: str, missing: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)


class Outcome(Record):
    """How a confined process went."""

    report: bytes
    status: int
    """Its exit status, negative for the signal that ended it."""
    limit: str | None
    """The limit at which it was ended, in words."""
    output: bytes
    """The end of what it printed."""
    enforced: tuple[str, ...]
    """What of what is promised was refused when it was tried, and which limits are watched."""
    open: tuple[str, ...]
    """What was not."""
    layers: tuple[str, ...]
    tried: tuple[tuple[str, bool], ...] = ()
    """What was tried, by the names of :mod:`promises`, and whether it was refused."""


def _seconds(wall: float) -> str:
    return f"{wall:g} seconds"


def exceeded(
    resident: int, report: bytearray, scratch: str, limits: Limits, left: float, removed: int = 0
) -> str | None:
    """The limit that was reached, in words."""
    if left <= 0:
        return _seconds(limits.wall)
    if len(report) > MAX_REPORT:
        return f"{MAX_REPORT >> 20} MiB of report"
    if resident > limits.memory:
        return f"{limits.memory / (1 << 30):.3g} GiB of memory"
    return disk.exceeded(scratch, limits.disk, removed)


def held(protected: Mapping[str, Sequence[str]], proofs: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """What of the protected is enforced, since all was refused that has to be, and what is not."""
    enforced = [name for name, needed in protected.items() if all(proofs.get(proof) for proof in needed)]
    return enforced, [name for name in protected if name not in enforced]
