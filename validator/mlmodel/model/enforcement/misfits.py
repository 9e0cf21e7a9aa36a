"""What is wrong with an example, and where in it."""

from __future__ import annotations

from mlmodel.common.records import Record

Pointer = tuple["str | int", ...]


class Misfit(Record):
    """One reason why a reader refuses an example."""

    kind: str
    """``form``: no data frame, array or matrix can be made of it; ``missing``: a required column or tensor is not
    there; ``shape``; ``type``: a value is of another type; ``lost``: JSON does not hold what the signature asks for."""
    message: str
    pointer: Pointer = ()
    """Where, from the root of the value that was held against the signature."""
    hint: str | None = None


class RefusedError(Exception):
    """A reader refuses a value; ``steps`` lead to it from the value that was asked about."""

    def __init__(self, message: str, *steps: str | int, kind: str = "type", hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.steps: Pointer = steps
        self.kind = kind
        self.hint = hint

    def below(self, *steps: str | int) -> RefusedError:
        """The same, with the steps that lead to the value asked about."""
        self.steps = (*steps, *self.steps)
        return self

    def misfit(self, *steps: str | int) -> Misfit:
        """As a value."""
        return Misfit(self.kind, self.message, (*steps, *self.steps), self.hint)


class UndecidedError(Exception):
    """What a reader makes of the value depends on libraries whose rules are not told here; nothing is said of it."""
