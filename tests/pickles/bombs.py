"""Files made to cost a reader time or memory.  Run as a script: reads one of them and says what that took."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import resource
import sys
import time
import zipfile
import zlib
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 2_000_000

_ARRAYS = b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n\x940cnumpy\ndtype\n\x940("
_WATCHED = b"\x80\x04ccloudpickle.cloudpickle\nsubimport\n\x940"


def _full(unit: bytes, *, of: int = SIZE) -> bytes:
    return unit * (of // len(unit))


def _numbered(form: bytes, size: int = 12) -> bytes:
    return b"".join(form % number for number in range(1, SIZE // size))


def _archive(members: int, content: bytes, compression: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for number in range(members):
            archive.writestr(f"m{number}", content)
    return file.getvalue()


def _nested() -> bytes:
    data = b"\x80\x04N."
    for _ in range(40):
        data = _archive(1, data, zipfile.ZIP_DEFLATED)
    return data


def _overlapping() -> bytes:
    """Thousands of members that are all the same bytes."""
    body = b"\x80\x04" + b"N0" * 500_000 + b"N."
    local = pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, len(body), len(body), 1, 0) + b"a" + body
    records = b"".join(
        pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, len(body) - size, len(body), 1, 0, 0, 0, 0, 0, 0
        )
        + b"a"
        for size in range(9000)
    )
    return local + records + pack("<4s4H2IH", b"PK\5\6", 0, 0, 9000, 9000, len(records), len(local), 0)


BOMBS: dict[str, Callable[[], bytes]] = {
    "deep tuple": lambda: b"\x80\x04)" + _full(b"\x85\x94") + b".",
    "deep tuple as a key": lambda: b"\x80\x04})" + _full(b"\x85") + b"Ns.",
    "marks": lambda: b"(" * SIZE,
    "marks and lists": lambda: b"(" * SIZE + b"l" * SIZE,
    "values": lambda: b"\x80\x04" + _full(b"U\0"),
    "memo": lambda: b"\x80\x04N" + b"\x94" * SIZE + b".",
    "memo of memo": lambda: b"\x80\x04]\x94" + b"h\0h\0\x86\x94" * 200 + _full(b"h\1\x85\x940") + b".",
    "memo index": lambda: b"Nr\xff\xff\xff\xff" + _full(b"j\xff\xff\xff\xff0") + b".",
    "memo holes": lambda: (
        b"N" + b"".join(b"r" + pack("<I", number * 65536 & 0xFFFFFFFF) for number in range(SIZE // 5))
    ),
    "colliding indices": lambda: (
        b"N" + b"".join(b"p%d\n" % (5 + number * (2**61 - 1)) for number in range(SIZE // 23))
    ),
    "index of many digits": lambda: b"\x80\x02Np" + b"9" * SIZE + b"\n.",
    "indices of many digits": lambda: b"\x80\x02N" + _full(b"p1" + b"9" * 4000 + b"\n") + b".",
    "decimal number": lambda: b"\x80\x02I" + b"9" * SIZE + b"\n.",
    "decimal numbers": lambda: b"\x80\x02" + _full(b"L" + b"9" * 4000 + b"L\n0") + b"N.",
    "decimal numbers told": lambda: _WATCHED + _full(b"h\0L" + b"9" * 4000 + b"L\n\x85R0") + b"N.",
    "long number": lambda: b"\x80\x02\x8b" + pack("<i", SIZE) + b"\x7f" * SIZE + b".",
    "globals": lambda: _numbered(b"cm%d\na\n0"),
    "same global": lambda: _full(b"cm\na\n0") + b"N.",
    "long names": lambda: _numbered(b"c%d" + b"m" * 900 + b"\n" + b"n" * 900 + b"\n0", 1810),
    "pairs of names": lambda: (
        b"\x80\x04"
        + b"".join(b"X" + pack("<I", 1000) + b"%04d" % number * 250 + b"\x940" for number in range(256))
        + b"".join(
            b"h%ch%c\x930" % divmod(random.Random(number).randrange(65536), 256)
            for number in range(SIZE // 6)
        )
    ),
    "lines without end": lambda: b"c" * SIZE,
    "instances without end": lambda: b"(i" * (SIZE // 2),
    "tiny frames": lambda: b"\x80\x04" + _full(b"\x95\1\0\0\0\0\0\0\0N"),
    "crossed frames": lambda: b"\x80\x04" + _full(b"\x95\2\0\0\0\0\0\0\0J\1\2\3\x040") + b"N.",
    "nested frames": lambda: (
        b"\x80\x04" + b"".join(b"\x95" + pack("<Q", SIZE - 9 * at) for at in range(SIZE // 9))
    ),
    "calls of calls": lambda: b"\x80\x04cm\na\n" + _full(b")R") + b".",
    "calls": lambda: b"\x80\x04cm\na\n\x940" + _full(b"h\0h\0\x85R0") + b"N.",
    "distinct calls": lambda: b"\x80\x04" + _numbered(b"cm%d\na\n)R)R)R0", 17),
    "calls that are told": lambda: _WATCHED + _full(b"h\0\x8c\3abc\x85R0") + b"N.",
    "tuples of tuples told": lambda: (
        _WATCHED
        + b"("
        + b"N" * 4000
        + b"t\x940("
        + b"h\1" * 4000
        + b"t\x940("
        + b"h\2" * 4000
        + b"t\x940"
        + _full(b"h\0h\3R0")
        + b"N."
    ),
    "kept tuples": lambda: _WATCHED + _full(b"NN\x860") + b"N.",
    "dtypes": lambda: _ARRAYS + b"N" * 4000 + b"t\x940" + _full(b"h\1h\2R0") + b"N.",
    "states of a dtype": lambda: _ARRAYS + b"h\1" * 4000 + b"t\x940h\1h\2R" + _full(b"h\2b") + b".",
    "arrays": lambda: (
        _ARRAYS
        + b"N" * 4000
        + b"t\x940h\1\x8c\2f8\x85R\x940\x8c\5shape\x940\x8c\5dtype\x940h\0)\x81\x940"
        + _full(b"h\6}(h\4)h\5h\3h\2h\2ub" + bytes(8) + b"0")
        + b"N."
    ),
    "items of a global": lambda: b"\x80\x04cm\na\n" + _full(b"(u") + b".",
    "runs that fail": lambda: b"\x80\x04]" + _full(b"(" + b"K\1" * 1000 + b"]e") + b".",
    "runs inside runs": lambda: b"\x80\x04]" + _full(b"(K\1"),
    "persistent ids": lambda: b"\x80\x02" + _full(b"U\1aQ0") + b"N.",
    "extension codes": lambda: (
        b"\x80\x02" + b"".join(b"\x84" + pack("<i", code + 1) + b"0" for code in range(SIZE // 6))
    ),
    "pickles in a row": lambda: _full(b"\x80\x04N."),
    "random bytes": lambda: random.Random(1).randbytes(SIZE),
    "a length that lies": lambda: b"\x80\x04\x8e" + b"\xff" * 8 + b"x" * SIZE,
    "gzip bomb": lambda: gzip.compress(b"\x80\x04" + bytes(400_000_000), 1),
    "gzip bomb in gzip": lambda: gzip.compress(gzip.compress(b"\x80\x04" + bytes(300_000_000), 9), 9),
    "bzip2 bomb": lambda: bz2.compress(b"\x80\x04" + bytes(400_000_000)),
    "xz bomb": lambda: lzma.compress(b"\x80\x04" + bytes(300_000_000), preset=0),
    "gzip streams": lambda: _full(gzip.compress(b"\x80\x04N.")),
    "zlib streams": lambda: _full(zlib.compress(b"\x80\x04N.")),
    "members": lambda: _archive(30_000, b"\x80\x04N."),
    "members that overlap": _overlapping,
    "members that are bombs": lambda: _archive(20, b"\x80\x04" + bytes(30_000_000), zipfile.ZIP_DEFLATED),
    "headers": lambda: _full(pack("<4s5H3I2H", b"PK\3\4", 20, 8, 0, 0, 0, 0, 0, 0, 1, 0) + b"a\x80\x04N0"),
    "archives in archives": _nested,
}


def peak() -> float:
    """The most memory that this process had, in MiB; on Linux without that of the process that started it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Read one bomb; seconds of CPU, MiB more than before, and what was found, as JSON."""
    from mlmodel.pickles import scan
    from mlmodel.sources.directory import ModelDirectory

    directory = ModelDirectory(sys.argv[1])
    before = peak()
    started = time.process_time()
    found = [type(item).__name__ for item in scan(directory, "bomb")]
    seconds = time.process_time() - started
    print(json.dumps([seconds, peak() - before, found[:2000]]))


if __name__ == "__main__":
    main()
