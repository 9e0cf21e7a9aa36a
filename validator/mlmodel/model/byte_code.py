"""Byte code of Python (``.pyc``), read and never run: whether it would be used, and which names it has (PEP 552)."""

from __future__ import annotations

from mlmodel.common.records import Record

MAX_BYTES = 1 << 22
"""Bytes of one file that are read."""
MAX_DEPTH = 100
"""Objects inside each other."""

_HEADER = 16
_NEW_LAYOUT = 3450
"""Magic numbers from here on (3.11) have the fields of code objects in their later order."""
_SHORT, _LONG = frozenset("zZ"), frozenset("aAut")
"""Types of texts whose length takes one byte, and four."""


class ByteCode(Record):
    """What a file of byte code says."""

    is_hashed: bool
    """Whether it is tied to its source by a hash, and not by time and size."""
    is_checked: bool
    """Whether Python compares it with the source before it runs it."""
    source_size: int
    """Bytes of the source, where it is tied by time and size."""
    names: frozenset[str] | None
    """The names of globals, attributes and modules that its code uses; None where it cannot be read."""
    texts: frozenset[str] = frozenset()
    """The texts among its constants."""


class _UnknownFormatError(Exception):
    pass


def read(content: bytes) -> ByteCode | None:
    """What a file says, None where it is no byte code of Python 3.7 or later."""
    if len(content) <= _HEADER or content[2:4] != b"\r\n":
        return None
    flags = int.from_bytes(content[4:8], "little")
    if flags not in (0, 1, 3):
        return None
    try:
        reader = _Reader(content, int.from_bytes(content[:2], "little") >= _NEW_LAYOUT)
        reader.value(0)
        names: frozenset[str] | None = frozenset(reader.names)
        texts = frozenset(reader.texts)
    except (_UnknownFormatError, IndexError, TypeError):
        names, texts = None, frozenset()
    return ByteCode(bool(flags & 1), flags != 1, int.from_bytes(content[12:16], "little"), names, texts)


class _Reader:
    """The format of ``marshal``, as far as byte code has it."""

    def __init__(self, data: bytes, new_layout: bool) -> None:
        self._data = data
        self._at = _HEADER
        self._new = new_layout
        self._references: list[object] = []
        self.names: set[str] = set()
        self.texts: set[str] = set()

    def _take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise _UnknownFormatError
        self._at += size
        return self._data[self._at - size : self._at]

    def _number(self, size: int = 4) -> int:
        return int.from_bytes(self._take(size), "little", signed=size > 1)

    def value(self, depth: int) -> object:
        """The next object; texts and tuples as they are, None for what does not matter."""
        if depth > MAX_DEPTH:
            raise _UnknownFormatError
        first = self._take(1)[0]
        kind = chr(first & 0x7F)
        place = len(self._references)
        if first & 0x80:
            self._references.append(None)
        found = self._of_kind(kind, depth)
        if first & 0x80:
            self._references[place] = found
        return found

    def _of_kind(self, kind: str, depth: int) -> object:
        if kind in "0NFTS.":
            return None
        if kind == "r":
            return self._references[self._number()]
        if kind in _SHORT:
            return self._take(self._number(1)).decode("latin-1")
        if kind in _LONG:
            return self._take(self._number()).decode("utf-8", "replace")
        if kind == "s":
            self._take(self._number())
            return None
        if kind in ("i", "g", "y", "I"):
            self._take({"i": 4, "g": 8, "y": 16, "I": 8}[kind])
            return None
        if kind == "l":
            self._take(2 * abs(self._number()))
            return None
        if kind in ("f", "x"):
            for _ in range(1 if kind == "f" else 2):
                self._take(self._number(1))
            return None
        if kind == ")":
            return self._several(self._number(1), depth)
        if kind in ("(", "[", "<", ">"):
            return self._several(self._number(), depth)
        if kind == ":":
            return self._several(3, depth)
        if kind == "c":
            self._code(depth)
            return None
        raise _UnknownFormatError

    def _several(self, count: int, depth: int) -> tuple[object, ...]:
        if not 0 <= count <= len(self._data):
            raise _UnknownFormatError
        return tuple(self.value(depth + 1) for _ in range(count))

    def _code(self, depth: int) -> None:
        self._take(4 * (5 if self._new else 6))
        self.value(depth + 1)  # the instructions
        self._constants(self.value(depth + 1))  # code objects among them
        names = self.value(depth + 1)
        if isinstance(names, tuple):
            self.names.update(name for name in names if isinstance(name, str))
        # Variables, their kinds, file, name, qualified name; before: variables, free ones, cells, file, name.
        for _ in range(5):
            self.value(depth + 1)
        self._take(4)
        for _ in range(2 if self._new else 1):
            self.value(depth + 1)

    def _constants(self, value: object) -> None:
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, tuple):
                self._constants(item)
            elif isinstance(item, str):
                self.texts.add(item)


def of_source(content: bytes) -> ByteCode | None:
    """What the byte code of a source would say, compiled here and not run; None where this Python cannot compile it."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pending = [compile(content, "", "exec", dont_inherit=True)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names: set[str] = set()
    texts: set[str] = set()
    while pending:
        code = pending.pop()
        names.update(code.co_names)
        constants = list(code.co_consts)
        while constants:
            item = constants.pop()
            if isinstance(item, type(code)):
                pending.append(item)
            elif isinstance(item, (tuple, frozenset)):
                constants += item
            elif isinstance(item, str):
                texts.add(item)
    return ByteCode(False, True, len(content), frozenset(names), frozenset(texts))
