"""The client of ``witness.py``."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

READERS = "CP3456789"
"""C from memory, Python, and C from files whose buffer is 8 ... 512 bytes."""


class Witness:
    """A process that is asked what CPython's unpicklers ask for."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Witness:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-X",
                "faulthandler",
                str(Path(__file__).with_name("witness.py")),
                *self._arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def ask(self, reader: str, data: bytes) -> set[tuple[str, str]]:
        """The names that one reader asks for."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(struct.pack("<cI", reader.encode(), len(data)) + data)
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        return {(module, name) for module, name in json.loads(answer)}
