"""The arrays that joblib writes between the opcodes of a pickle, and how many bytes each takes.

joblib pickles a small object in the place of each array, and the array's bytes right behind the BUILD that
completes it.  How many there are follows from the shape and the dtype in its state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlmodel.pickles.operands import Buffer
    from mlmodel.pickles.symbols import Global, Value

_WRAPPERS = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
}
_MAX_DIMENSIONS = 64
MAX_STATES = 2
"""States of a dtype that are kept: a second one is one too many."""
_HAS_OBJECTS = 0x01
_DESCRIPTION = lazy_pattern(r"[<>|=]?([?bBhHiIlLqQefdgFDGSaUVMmOuc])(\d{0,9})")
_BY_KIND = {"U": 4}
"""Bytes of an element for each unit of its size."""


def role(symbol: Global) -> str | None:
    """What a global has to do with arrays between the opcodes."""
    name = (symbol.module, symbol.name)
    if name in _WRAPPERS:
        return "wrapper"
    return "dtype" if name == ("numpy", "dtype") else None


class DType:
    """A ``numpy.dtype``, from the description and the states that it is pickled with."""

    def __init__(self, description: object, states: Sequence[Sequence[Value]]) -> None:
        self.itemsize: int | None = None
        self.objects: bool | None = None
        """Whether elements are, or hold, Python objects; None when that is not known."""
        match = _DESCRIPTION.fullmatch(description) if isinstance(description, str) else None
        self._kind = match[1] if match is not None else ""
        if match is not None and match[2]:
            self.itemsize = int(match[2]) * _BY_KIND.get(self._kind, 1)
            self.objects = {"O": True, "V": None}.get(self._kind, False)
        if len(states) == 1:
            self._build(states[0])
        elif states:  # no pickler sets the state twice
            self.itemsize = self.objects = None

    def _build(self, state: Sequence[Value]) -> None:
        """Version, byte order, base, names, fields, size, alignment and flags: the last count for texts, bytes and
        structures only."""
        size, flags = (state[5].value, state[7].value) if len(state) == 8 else (None, None)
        if isinstance(size, int) and isinstance(flags, int) and state[2].kind == "None":
            if self._kind in ("S", "U", "V") and size >= 0:
                self.itemsize, self.objects = size, bool(flags & _HAS_OBJECTS)
                return
            if size < 0 and (self._kind == "O" or not flags & _HAS_OBJECTS):
                return
        self.itemsize = self.objects = None


class Wrapper:
    """One array between the opcodes, from the state of the object that stands for it."""

    def __init__(
        self,
        state: Mapping[str, int],
        dtype: DType | None,
        value: Callable[[int], Value],
    ) -> None:
        self.objects = dtype.objects if dtype is not None else None
        """Whether a pickle follows, and not bytes; None when that is not known."""
        self.padded = "numpy_array_alignment_bytes" in state and (
            value(state["numpy_array_alignment_bytes"]).kind != "None"
        )
        """Whether a byte that counts the bytes of padding stands before the array."""
        self.size: int | None = None
        shape = value(state["shape"]).value if "shape" in state else None
        if isinstance(shape, tuple) and len(shape) <= _MAX_DIMENSIONS and dtype is not None:
            self.size = dtype.itemsize
            for length in shape:
                number = length.value if length.kind == "int" else None
                if not isinstance(number, int) or number < 0 or self.size is None:
                    self.size = None
                    break
                self.size *= number

    def end(self, data: Buffer, start: int) -> int | None:
        """Where the bytes of the array end that begin at ``start``; None when that is not known."""
        if self.objects is not False or self.size is None:
            return None
        if self.padded:
            padding = data[start : start + 1]
            start += 1 + (padding[0] if padding else 0)
        return start + self.size
