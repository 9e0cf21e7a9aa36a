"""What the reader of a pickle is told beside the bytes: what to keep, and how much to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlmodel.pickles.symbols import Global


OBJECTS = "objects"


class ScanBudget:
    """How many bytes may still be looked at, payloads that are skipped not counted."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


class ScanOptions(Record):
    """What the caller of the machine wants to know more of, and what it may take."""

    watch: Callable[[Global], bool | str] | None = None
    """Whether all calls of a global, and on what it makes, are kept in detail and not only the first; :data:`OBJECTS` for those
    that are given objects."""
    detail: bool = False
    """Whether tuples and states are kept from the start, and not only from the first watched global on."""
    effort: ScanBudget | None = None
    calls: bool = True
    """Whether the first call of each kind is kept with its arguments."""
