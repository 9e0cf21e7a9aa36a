"""What cannot be typed."""

from __future__ import annotations

from mlmodel.common.errors import MlmodelError


class UntypedError(MlmodelError, ValueError):
    """A value or a hint has no type in a signature; the message is one line and says what to give instead."""
