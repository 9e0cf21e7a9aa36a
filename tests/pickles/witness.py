"""What CPython's unpicklers ask for: run as a process of its own, which may be thrown away.

Reads from stdin, again and again: a letter for the reader, a length of four bytes, a pickle.  Answers with one line of
JSON: the names that ``find_class`` was asked for, in order.  With the reader ``real`` names are imported, which is
for pickles of our own; with all others ``find_class`` gives a class that can do everything and does nothing.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import json
import os
import pickle
import resource
import struct
import sys
from pathlib import Path
from typing import Any

EXTENSIONS = range(1, 256)


class Inert:
    """Takes every call and does nothing."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Any:
        return object.__new__(cls)

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        return type("Inert", (Inert,), {})()

    append = extend = add = __setitem__ = __setstate__ = __call__


def asked(reader: str, data: bytes) -> list[list[str]]:
    """The names that one reader asks for."""
    names: list[list[str]] = []
    base: Any = pickle._Unpickler if reader == "P" else pickle.Unpickler

    class Recorder(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            names.append([module, name])
            if reader == "R":
                return super().find_class(module, name)
            return type("Inert", (Inert,), {})

        def persistent_load(self, _identifier: Any) -> Any:
            return Inert()

    file: Any = io.BytesIO(data)
    if reader.isdigit():  # a file object with a buffer of its own, which the C unpickler looks into
        file = io.BufferedReader(file, 1 << int(reader))
    copyreg._extension_cache.clear()  # type: ignore[attr-defined]
    unpickler = Recorder(file, buffers=[bytearray(1)] * 20 if reader != "R" else None)
    with contextlib.suppress(Exception):  # what it asked for until then is what counts
        unpickler.load()
    return names


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.chdir("/")
    sys.path[:] = [entry for entry in sys.path if entry]
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints must not disturb the answers
    if sys.argv[1:] == ["real"]:
        sys.path.insert(0, str(Path(__file__).parents[2]))
    else:
        for code in EXTENSIONS:
            copyreg.add_extension("extension", f"number_{code}", code)
    while header := stdin.read(5):
        reader, size = struct.unpack("<cI", header)
        print(json.dumps(asked(reader.decode(), stdin.read(size))), file=stdout, flush=True)


if __name__ == "__main__":
    main()
