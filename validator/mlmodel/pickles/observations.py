"""What can be said of a serialized object."""

from __future__ import annotations

from enum import Enum

from mlmodel.common.records import Record


class Kind(Enum):
    """What a remark is about."""

    EXECUTES = "executes"
    """Reading it runs, opens, imports or changes something that reading an object does not need."""
    REFERS = "refers"
    """It holds a dangerous function, to be called later."""
    ODD = "odd"
    """No pickler writes it so, and readers may disagree in what they read."""
    BROKEN = "broken"
    """It cannot be read to its end; what stands before has run by then."""
    UNEXPLAINED = "unexplained"
    """Nobody has reviewed what it names or calls."""
    CODE = "code"
    """It carries code by value."""
    RUNS_CODE = "runs code"
    """It carries code by value, and runs it itself."""
    TRUSTED = "trusted"
    """It has objects that are accepted because the user trusts their library."""
    UNREAD = "unread"
    """There is more than is read."""


class Remark(Record):
    """One thing to say of a stream."""

    kind: Kind
    message: str
    offset: int
