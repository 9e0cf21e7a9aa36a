"""Compressed bytes, unpacked piece by piece and never more than is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.pickles.formats import is_lzma, is_zlib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.pickles.operands import Buffer
    from mlmodel.pickles.scan_options import ScanBudget

_INPUT = 1 << 16
"""Compressed bytes that are taken at once."""
_OUTPUT = 1 << 20
"""Bytes that are unpacked at once."""
_MAX_MEMBERS = 4096
"""Compressed streams one behind the other that are unpacked."""
_MAX_DICTIONARY = 1 << 28
"""Memory that LZMA may take."""
_FREE = 1 << 26
_RATIO = 1100
"""Guard against decompression bombs: up to ``_FREE`` bytes (64 MiB) may come from however few; beyond that at most
``_RATIO`` times the compressed size (DEFLATE reaches 1,032)."""

_WINDOW_BITS = {"zlib": 15, "deflate": -15}
_STARTS = {"gzip": b"\x1f\x8b", "zlib": b"", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0", "lzma": b"\x5d\0"}


class UnpackError(Exception):
    """The compressed bytes are broken, or more than is allowed."""

    def __init__(self, message: str, *, limited: bool = False) -> None:
        super().__init__(message)
        self.limited = limited
        """Whether a reader without our limits could go on."""


class Unpacked(Record):
    """What came out."""

    data: bytearray
    problem: str | None
    """Why that is not all."""
    limited: bool = False
    """Whether it is a limit of ours that stands in the way, so that other readers get more."""


def unpack(
    data: Buffer, start: int, end: int, form: str, budget: ScanBudget, most: int | None = None
) -> Unpacked:
    """The unpacked bytes; with ``most`` about that many of the first and no complaint about the rest."""
    out = bytearray()
    if budget.left <= 0:
        return Unpacked(out, "more comes out of the containers in this file than is unpacked", limited=True)
    allowed = min(budget.left, max(_FREE, _RATIO * (end - start)))
    try:
        for piece in _pieces(data, start, end, form, most or _OUTPUT):
            out += piece
            if most is not None and len(out) >= most:
                return Unpacked(out, None)
            if len(out) > allowed:
                del out[allowed:]
                budget.left -= allowed
                return Unpacked(out, f"more than {allowed:,} bytes come out of {end - start:,}", limited=True)
    except UnpackError as error:
        if most is None:
            budget.left -= len(out)
        return Unpacked(out, str(error), error.limited)
    if most is None:
        budget.left -= len(out)
    return Unpacked(out, None)


def _pieces(data: Buffer, start: int, end: int, form: str, step: int) -> Iterator[bytes]:
    if form == "lz4":
        yield from _lz4(data, start, end)
        return
    if form == "zip-lzma":
        yield from _zip_lzma(data, start, end, step)
        return
    at, pending = start, b""
    for _ in range(_MAX_MEMBERS):
        decompressor = _decompressor(form)
        while not decompressor.eof:
            if not pending and getattr(decompressor, "needs_input", True):
                pending = bytes(data[at : min(end, at + _INPUT)])
                at += len(pending)
                if not pending:
                    raise UnpackError(f"{form}: the compressed data is cut")
            try:
                piece = decompressor.decompress(pending, step)
            except Exception as error:  # noqa: BLE001 - each of the libraries has its own
                if "limit" in str(error):
                    raise UnpackError(
                        f"{form}: it asks for more memory than is given", limited=True
                    ) from None
                raise UnpackError(f"{form}: the compressed data is broken ({error})") from None
            pending = getattr(decompressor, "unconsumed_tail", b"")
            if piece:
                yield piece
        problem = getattr(decompressor, "problem", None)
        if problem is not None:
            raise UnpackError(f"{form}: the compressed data is broken ({problem})")
        pending = decompressor.unused_data
        if form == "deflate":
            return
        if not pending:
            pending = bytes(data[at : min(end, at + _INPUT)])
            at += len(pending)
        if form != "zlib":
            pending = pending.lstrip(b"\0")
        following = _following(form, pending)
        if following is None:
            return
        form = following
    raise UnpackError(f"{form}: more than {_MAX_MEMBERS:,} compressed streams in a row")


def _following(form: str, head: bytes) -> str | None:
    """The form of a stream that stands behind one of ``form`` and continues it, None where the bytes are none.

    ``lzma.LZMAFile`` goes on with either of its two forms.
    """
    if form in ("xz", "lzma"):
        if head.startswith(_STARTS["xz"]):
            return "xz"
        return "lzma" if is_lzma(head) else None
    if form == "zlib":
        return form if is_zlib(head) else None
    return form if head.startswith(_STARTS[form]) else None


def _lz4(data: Buffer, start: int, end: int) -> Iterator[bytes]:
    from mlmodel.pickles import lz4

    try:
        yield from lz4.pieces(data, start, end)
    except lz4.BrokenError as error:
        raise UnpackError(f"lz4: {error}") from None


def _zip_lzma(data: Buffer, start: int, end: int, step: int) -> Iterator[bytes]:
    """A member of a zip archive by LZMA: two bytes of a version, the size of the properties, these, and the stream, whose
    end need not be marked (APPNOTE 5.8.8)."""
    import lzma

    properties = bytes(data[start + 4 : start + 9])
    at = start + 4 + int.from_bytes(bytes(data[start + 2 : start + 4]), "little")
    if len(properties) < 5 or properties[0] >= 9 * 5 * 5 or at > end:
        raise UnpackError("LZMA: the properties are broken")
    rest, literal = divmod(properties[0], 9)
    position, low = divmod(rest, 5)
    dictionary = min(int.from_bytes(properties[1:], "little"), _MAX_DICTIONARY)
    filters = [
        {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": literal, "lp": low, "pb": position},
    ]
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
        while not decompressor.eof:
            pending = bytes(data[at : min(end, at + _INPUT)]) if decompressor.needs_input else b""
            at += len(pending)
            piece = decompressor.decompress(pending, step)
            if not piece and not pending:
                return
            yield piece
    except (lzma.LZMAError, ValueError) as error:
        raise UnpackError(f"LZMA: the compressed data is broken ({error})") from None


class _Gzip:
    """A gzip member as ``gzip.GzipFile`` reads it: the check of its header is skipped, and that of its end comes when all was read."""

    def __init__(self) -> None:
        import zlib

        self._add = zlib.crc32
        self._raw = zlib.decompressobj(-15)
        self._header: bytes | None = b""
        self._trailer = b""
        self._sum = 0
        self._size = 0
        self.problem: str | None = None
        """What is wrong with the check, which comes when all was read."""
        self.eof = False
        self.unused_data = b""
        self.unconsumed_tail = b""

    def decompress(self, data: bytes, most: int) -> bytes:
        """As the method of ``zlib.decompressobj()``."""
        self.unconsumed_tail = b""
        if self._header is not None:
            self._header += data
            after = _after_gzip_header(self._header)
            if after is None:
                if len(self._header) > _MAX_HEADER:
                    raise ValueError("its header does not end")
                return b""
            data, self._header = self._header[after:], None
        piece = b""
        if not self._raw.eof:
            piece = self._raw.decompress(data, most)
            self._sum, self._size = self._add(piece, self._sum), self._size + len(piece)
            data = self._raw.unused_data
        if not self._raw.eof:
            self.unconsumed_tail = self._raw.unconsumed_tail
            return piece
        self._trailer += data
        if len(self._trailer) >= _TRAILER:
            self.eof = True
            self.unused_data = self._trailer[_TRAILER:]
            size = self._size & 0xFFFFFFFF
            if self._trailer[:_TRAILER] != self._sum.to_bytes(4, "little") + size.to_bytes(4, "little"):
                self.problem = "incorrect data check"
        return piece


_TRAILER = 8
"""Bytes behind the compressed data: its check and its size."""
_MAX_HEADER = 1 << 18


def _after_gzip_header(data: bytes) -> int | None:
    """Where the compressed data begins (RFC 1952, 2.3); None where there is too little."""
    if len(data) < 10:
        return None
    flags, at = data[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for bit in (8, 16):
        if flags & bit:
            at = data.find(b"\0", at) + 1
            if at == 0:
                return None
    at += 2 if flags & 2 else 0
    return at if at <= len(data) else None


def _decompressor(form: str) -> Any:
    """An object with the methods that the decompressors of zlib, bz2 and lzma share."""
    try:
        if form == "gzip":
            return _Gzip()
        if form in _WINDOW_BITS:
            import zlib

            return zlib.decompressobj(_WINDOW_BITS[form])
        if form == "bzip2":
            import bz2

            return bz2.BZ2Decompressor()
        import lzma

        # FORMAT_AUTO refuses dictionaries whose size is not 2^n or 2^n + 2^(n-1), and files that readers take.
        kind = lzma.FORMAT_ALONE if form == "lzma" else lzma.FORMAT_AUTO
        return lzma.LZMADecompressor(kind, memlimit=_MAX_DICTIONARY)
    except ImportError:
        raise UnpackError(f"{form}: this Python cannot unpack it") from None
