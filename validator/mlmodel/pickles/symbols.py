"""What reading a pickle gives: frozen data, and nothing of it was imported, called or built."""

from __future__ import annotations

from enum import Enum
from typing import Final

from mlmodel.common.records import Record


class ProblemKind(Enum):
    """Why a stream is not what a pickler writes, or could not be read to its end."""

    TRUNCATED = "truncated"
    """It ends before STOP, or an argument reaches past the end."""
    OPCODE = "opcode"
    """A byte that is no opcode, or a protocol that does not exist."""
    STACK = "stack"
    """An opcode takes from the stack or the memo what is not there, or not of the kind it needs."""
    FRAME = "frame"
    """Frames that do not end where their content does: readers differ in what they read."""
    OPERAND = "operand"
    """The name of a global is computed, or is none that could be kept."""
    PROTOCOL = "protocol"
    """PROTO anywhere but at the start."""
    ARRAY = "array"
    """An array between the opcodes (joblib) whose size cannot be known."""
    LIMIT = "limit"
    """More of something than is read."""


class Problem(Record):
    """One thing that is wrong with a stream."""

    trouble: ProblemKind
    message: str
    offset: int


class _Symbol:
    """A value that is compared by its fields.

    It is no tuple: the recorder tells symbols from the tuples of a stream by that.  It is no dataclass: importing
    ``dataclasses`` costs as much as reading a small file, process start included.
    """

    __slots__: tuple[str, ...] = ()

    def _fields(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({inside})"


class Global(_Symbol):
    """A name that the stream has imported, as the stream writes it."""

    __slots__ = ("extension", "module", "name", "offset", "opcode", "protocol")

    def __init__(
        self,
        module: str | None,
        name: str | None,
        protocol: int,
        opcode: str,
        offset: int,
        extension: int | None = None,
    ) -> None:
        self.module: Final = module
        """None when the stream computes it, and for an extension code."""
        self.name: Final = name
        """May be dotted.  None as for :attr:`module`."""
        self.protocol: Final = protocol
        """In force when it was asked for: below 3 readers map names of Python 2, from 4 on names may be dotted."""
        self.opcode: Final = opcode
        self.offset: Final = offset
        """Of the opcode that first asked for it."""
        self.extension: Final = extension
        """The code in ``copyreg``'s registry, which only the reading process knows."""

    @property
    def target(self) -> tuple[str, str] | None:
        """Module and name after the mapping of Python 2's names; None when they are not known."""
        if self.module is None or self.name is None:
            return None
        if self.protocol >= 3:
            return self.module, self.name
        from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

        given = self.module, self.name
        return NAME_MAPPING.get(given) or (IMPORT_MAPPING.get(self.module, self.module), self.name)


class CallResult(_Symbol):
    """What a call gave back."""

    __slots__ = ("by", "depth", "opcode")

    def __init__(self, by: Global | CallResult | None, opcode: str, depth: int = 1) -> None:
        self.by: Final = by
        """What was called; None when that is no global, nor made by one."""
        self.opcode: Final = opcode
        self.depth: Final = depth
        """How many calls lie between this and a global; more than a few are not told apart."""

    @property
    def root(self) -> Global | None:
        """The global at the bottom."""
        by = self.by
        while isinstance(by, CallResult):
            by = by.by
        return by


class Value(Record):
    """A value on the stack, as far as it is known without building it."""

    kind: str
    """``str``, ``bytes``, ``int``, ``float``, ``bool``, ``None``, ``list``, ``dict``, ``set``, ``tuple``, ``global``,
    ``result``, ``persistent``, ``buffer`` or ``unknown``."""
    value: str | int | float | bool | tuple[Value, ...] | Global | CallResult | None = None
    """The start of a string, a small number, a tuple's elements, a dictionary's keys and values in turn, the global, the
    result; None for what is not kept (bytes, a list's items, those of a large dictionary) and for None."""
    start: int = 0
    """Where the payload of a string or of bytes begins."""
    size: int = 0
    """Its length in bytes."""


class Call(Record):
    """One call in detail: what an opcode did with something named."""

    callee: Global | CallResult | None
    """None when it is neither a global nor made by a call."""
    opcode: str
    """``REDUCE``, ``NEWOBJ``, ``NEWOBJ_EX``, ``OBJ``, ``INST``, ``BUILD``, ``BINPERSID``, ``PERSID``; and ``APPEND``,
    ``APPENDS``, ``SETITEM``, ``SETITEMS``, ``ADDITEMS`` on anything but a plain container."""
    offset: int
    arguments: tuple[Value, ...] | None
    """None when they are not known.  Of BUILD with a dictionary: its keys and values in turn."""


class State(Record):
    """A kind of state, given to an object by BUILD, that is no dictionary."""

    callee: Global | CallResult | None
    """What it is given to."""
    kind: str
    """``object``: what a call gave, or a global, which the methods of its class act for; ``slots``: a pair whose second part is a
    dictionary, which is set attribute by attribute where the class has no ``__setstate__``; ``tuple``: one whose items are not known."""
    keys: tuple[str | None, ...] | None
    """Of the slots, None where they are computed or not known."""
    offset: int


class Use(Record):
    """How often an opcode did something with one thing: the roles of a global."""

    callee: Global | CallResult | None
    opcode: str
    times: int
    """How often."""
    offset: int
    """Of the first."""


class Code(Record):
    """Code that travels in the stream itself and not as a reference (cloudpickle, dill)."""

    kind: str
    """``code``: a code object; ``class``: a class made by value."""
    name: str | None
    offset: int
    filename: str | None = None
    names: tuple[str, ...] = ()
    """Globals and attributes that it uses (``co_names``)."""
    constants: tuple[str, ...] = ()
    """The strings among its constants."""
    python: str | None = None
    """The Python releases whose code objects have this form: ``>=3.11``."""


class Stream(Record):
    """One pickle: from its first opcode to STOP, or to where reading ended."""

    start: int
    end: int
    """One past the last byte read."""
    protocol: int
    """The highest that PROTO names; 0 without it."""
    complete: bool
    """Whether STOP was reached."""
    view: str = "plain"
    """Whose reading this is: ``plain``; ``arrays``: joblib's, with arrays between the opcodes; ``frames``: that of
    CPython's C unpickler from a file, which drops what is left of a frame when an argument crosses its end."""
    globals: tuple[Global, ...] = ()
    uses: tuple[Use, ...] = ()
    calls: tuple[Call, ...] = ()
    """The first of every :class:`Use`, and all of those that were watched."""
    omitted_calls: int = 0
    """How many calls that were watched are missing from :attr:`calls`, because there are too many."""
    code: tuple[Code, ...] = ()
    imports: tuple[str, ...] = ()
    """Modules that the stream imports by calling something, and not by naming a global."""
    rare: frozenset[str] = frozenset()
    """The opcodes in it besides the most frequent; most of them a pickler of today does not write."""
    problems: tuple[Problem, ...] = ()
    nested: tuple[Stream, ...] = ()
    """Pickles inside it that its reader reads along with it: object arrays of joblib."""
    alternatives: tuple[Stream, ...] = ()
    """What other readers take the same bytes for, where they ask for something more."""
    methods: frozenset[str] = frozenset()
    """Strings in it that are names of methods which reading runs without a call: ``__setstate__``."""
    escapes: bool = False
    """Whether texts of protocol 0 have letters as escapes, so that names cannot be searched for."""
    hashes: bool = False
    """Whether what a class by value made is a key of a dictionary or an item of a set."""
    slots: bool = False
    """Whether what a class by value made is given a state that is set attribute by attribute: a pair whose second part is
    of slots.  A dictionary goes into ``__dict__`` as it is (``pickle._Unpickler.load_build``)."""
    values: frozenset[Global] = frozenset()
    """The globals that something holds, or is given as an argument that is not judged by itself: they may be called later."""
    states: tuple[State, ...] = ()
    """The states that are no dictionaries, one of each kind."""

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but plain values, as picklers write them, of which there is nothing to say."""
        return self.complete and not any(
            (self.uses, self.globals, self.problems, self.rare, self.methods, self.nested, self.alternatives)
        )

    @property
    def modules(self) -> frozenset[str]:
        """The modules that reading it imports, names of Python 2 mapped, nested pickles included."""
        targets = (item.target for item in self.globals)
        own = {target[0] for target in targets if target is not None}
        return frozenset(own.union(self.imports, *(stream.modules for stream in self.nested)))
