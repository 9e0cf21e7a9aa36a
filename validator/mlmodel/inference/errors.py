"""What cannot be typed."""

from __future__ import annotations


class UntypedError(ValueError):
    """A value or a hint has no type in a signature; the message is one line and says what to give instead."""
