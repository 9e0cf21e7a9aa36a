"""What the probe tells the validator, and by which way."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_TEXT = 4000
MAX_WARNINGS = 40


class Skip(Exception):  # noqa: N818 -- no error: the phase has nothing to do
    """A phase does not apply; its text says why."""


class Channel:
    """The pipe to the validator."""

    def __init__(self, descriptor: int) -> None:
        if os.name == "nt":
            import msvcrt

            descriptor = msvcrt.open_osfhandle(descriptor, os.O_WRONLY)  # type: ignore[attr-defined]
        self._file = os.fdopen(descriptor, "w", encoding="ascii")

    def send(self, **event: Any) -> None:
        """Write one line."""
        self._file.write(json.dumps(event) + "\n")
        self._file.flush()


class Logs:
    """Warnings that MLflow logs and does not raise, such as that versions differ."""

    def __init__(self, noted: list[dict[str, str]]) -> None:
        import logging

        self._logger = logging.getLogger("mlflow")
        self._handler = logging.Handler(logging.WARNING)
        self._handler.emit = lambda record: note(  # type: ignore[method-assign]
            noted, record.name, record.getMessage()
        )
        self._logger.addHandler(self._handler)

    def close(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self._handler)


def note(noted: list[dict[str, str]], category: str, message: object) -> None:
    """Keep a warning, each once."""
    entry = {"category": category, "message": cut(str(message), MAX_TEXT)}
    if entry not in noted and len(noted) < MAX_WARNINGS:
        noted.append(entry)


def cut(text: str, most: int) -> str:
    """The beginning of a text, with nothing in it that ASCII JSON could not carry."""
    return text if len(text) <= most else text[:most] + " ..."
