"""What keeps a model from being loaded or asked; each told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.errors import MlmodelError

if TYPE_CHECKING:
    from mlmodel.findings import Report


class LoadError(MlmodelError, ValueError):
    """The model was not loaded."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report
        """What the validator found, where that is the reason."""


class InputError(MlmodelError, ValueError):
    """Inputs or params are not what the signature says, and cannot be made so without loss."""


class MissingLibraryError(InputError):
    """A library that inputs of this kind need is not installed."""
