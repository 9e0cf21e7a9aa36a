"""What a stream asks for while it is read: globals, what is done with them, and with which arguments.

A value with a meaning is a negative number, the place of its symbol in a list; all others are the positive
numbers of :mod:`mlmodel.pickles.operands`.  However often a stream calls the same thing, the result is one symbol,
so that memory follows the number of distinct names and not of opcodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles import arrays, code_by_value
from mlmodel.pickles.dictionaries import DICTIONARIES, MAX_OF_ONE, Dictionaries
from mlmodel.pickles.memo import UNSET
from mlmodel.pickles.opcodes import NAMES
from mlmodel.pickles.operands import MAX_LONG_TEXT, MAX_TEXT, text, value_at
from mlmodel.pickles.plain_values import TAKE_OBJECTS, is_plain, read_by
from mlmodel.pickles.scan_options import OBJECTS
from mlmodel.pickles.symbols import Call, CallResult, Code, Global, Problem, ProblemKind, State, Use, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlmodel.pickles.operands import Buffer
    from mlmodel.pickles.scan_options import ScanOptions

MAX_GLOBALS = 20_000
"""Distinct globals of one stream.  Large honest ones have some hundreds."""
MAX_USES = 50_000
"""Distinct pairs of a thing and an opcode that does something with it."""
MAX_PARTS = 200_000
"""Arrays between the opcodes, and their dtypes, that are told apart."""
MAX_STATES = 2_000
"""Kinds of states that are told apart."""
MAX_KEPT = 1 << 20
"""Elements of all tuples of one stream that are kept."""
MAX_CALLS = 20_000
"""Calls of one stream that are kept in detail."""
MAX_VALUES = 200_000
"""Arguments of all calls of one stream that are kept."""
MAX_LONG_TEXTS = 1 << 24
"""Bytes of long strings among them that are kept."""
MAX_PROBLEMS = 100
MAX_ELEMENTS = 4096
"""Elements of a tuple that are kept."""
MAX_DEPTH = 3
"""Levels of tuples in tuples that are shown, and of calls on the result of a call that are told apart."""
_DTYPE_STATE = 8
"""Items of the state of a dtype that are read; that of dates has a ninth."""
_MAX_STATE = 64
"""Items of the state of an array, and lengths of its shape, that are read."""
MAX_PAIRS = 10_000
"""Pairs of operands of STACK_GLOBAL that are remembered."""

FRESH = -1
"""Stands for the tuple or dictionary that the very next opcode takes."""
PERSISTENT = -3
"""Stands for what ``persistent_load`` of the reader returns."""
_FIRST = 4


_ARRAY_ROLES = ("dtype", "made by dtype", "wrapper", "made by wrapper")


_TAKES = "takes objects"
_MAKERS = frozenset(
    {
        (module, name)
        for module in ("copyreg", "copy_reg")
        for name in ("_reconstructor", "__newobj__", "__newobj_ex__")
    }
)
"""What does what NEWOBJ does: the class is its first argument."""
_JUDGED = frozenset(
    "getattr _reconstructor __newobj__ __newobj_ex__ _reconstruct _mareconstruct _mrreconstruct newObj _rebuild_from_type"
    " _rebuild_from_type_v2 _new_Index _new_DatetimeIndex _new_TimedeltaIndex _new_PeriodIndex _new_IntervalIndex"
    " _make_skeleton_class _rehydrate_skeleton_class _getattribute _get_attr _type_reconstructor".split()
)
"""Functions whose arguments are judged as such: a class or a function among them is no value that is kept."""
_LISTS = (0x5D, 0x6C)
_NUMBERS = frozenset({0x4A, 0x4B, 0x4D, 0x8A, 0x47, 0x4E, 0x88, 0x89})
_MOST_PLAIN = 100
"""Calls of one thing after which those with numbers only are not kept."""
_TUPLES = (0x74, 0x85, 0x86, 0x87)


class BrokenError(Exception):
    """Reading ends here."""

    def __init__(self, trouble: ProblemKind, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.message = message


def _is_no_string(symbol: Global | CallResult | None) -> bool:
    """Whether a result is surely no ``str``: readers take no subclass of it for a name.

    Reading joblib's arrays of objects as one pickle mixes up the memo, and so meets such results.
    """
    by = symbol.by if isinstance(symbol, CallResult) else None
    if not isinstance(symbol, CallResult) or not isinstance(by, Global) or by.module is None:
        return False
    if symbol.opcode in ("NEWOBJ", "NEWOBJ_EX"):
        return by.module not in ("builtins", "__builtin__")
    return by.module.partition(".")[0] == "numpy" and by.name in ("dtype", "_reconstruct")


class _Used:
    """A :class:`Use` while it is counted."""

    __slots__ = ("callee", "count", "offset", "opcode", "result", "role", "watched")

    def __init__(self, callee: Global | CallResult | None, opcode: str, offset: int, result: int) -> None:
        self.callee = callee
        self.opcode = opcode
        self.count = 0
        self.offset = offset
        self.result = result
        self.watched = False
        self.role: str | None = None


class Recorder:
    """The symbols of one stream and what happens to them."""

    def __init__(self, data: Buffer, end: int, target: ScanOptions, place: Callable[[int], int]) -> None:
        self._data = data
        self._end = end
        self._watch = target.watch
        self._tells = target.calls
        self._place = place
        self.keep = target.detail
        """Whether tuples are kept that are not taken by the next opcode."""
        self.fresh: list[int] = []
        """The elements that :data:`FRESH` stands for."""
        self._symbols: list[Global | CallResult | tuple[int, ...] | None] = [None] * _FIRST
        self._known: dict[tuple[str | None, str | None, int, int | None], int] = {}
        self._pairs: dict[tuple[int, int], int] = {}
        self.uses_by_value: dict[int, _Used] = {}
        """By a symbol's value, shifted by eight bits, and an opcode."""
        self._roles: dict[int, str] = {}
        self._values = MAX_VALUES
        self._long = MAX_LONG_TEXTS
        self._room = MAX_KEPT
        self._dtypes: dict[int, list[Sequence[int]]] = {}
        """The arguments of each dtype and its states, read when an array of it stands between the opcodes."""
        self._wrappers: set[int] = set()
        """Objects that stand for arrays and have no state yet."""
        self._origins: dict[int, int] = {}
        """By the value of one of these or of a dtype: the result that stands for all in :attr:`uses`."""
        self.tracks = False
        """Whether the items of dictionaries are kept: from the first global on."""
        self.dictionaries = Dictionaries(data)
        self.fill = self.dictionaries.fill
        self.items_of = self.dictionaries.items_of
        self.loose: set[int] = set()
        """Globals that do not stand as a value so far, and tuples of arguments that have some."""
        self._held: set[int] = set()
        """Globals that do."""
        self._judged: set[int] = set()
        self._spared: dict[int, set[int]] = {}
        self.states: dict[object, State] = {}
        self._remade: set[tuple[int, ...]] = set()
        self.wrapper: arrays.Wrapper | None = None
        self.calls: list[Call] = []
        self.omitted_calls = 0
        self.code: list[Code] = []
        self.hashes = False
        """Whether an object of a class by value is a key or an item of a set."""
        self.slots = False
        """Whether such an object is given a state that is no dictionary."""
        self.imports: dict[str, None] = {}
        self.problems: list[Problem] = []

    # -- globals ---------------------------------------------------------------------------------

    def ask(
        self,
        module: str | None,
        name: str | None,
        protocol: int,
        opcode: str,
        offset: int,
        extension: int | None = None,
    ) -> int:
        """A global that the stream asks for."""
        key = (module, name, protocol, extension)
        value = self._known.get(key)
        if value is not None:
            return value
        if len(self._known) >= MAX_GLOBALS:
            raise BrokenError(ProblemKind.LIMIT, f"more than {MAX_GLOBALS:,} distinct globals")
        symbol = Global(module, name, protocol, opcode, self._place(offset), extension)
        value = self._known[key] = self._symbol(symbol)
        if extension is None and (module is None or name is None):
            self.odd(ProblemKind.OPERAND, f"{opcode} takes a name that the stream computes", offset)
        elif max(len(module or ""), len(name or "")) >= MAX_TEXT:
            self.odd(ProblemKind.OPERAND, f"{opcode} takes a name of {MAX_TEXT:,} characters or more", offset)
        if not self.tracks:
            self.tracks = True
            self.dictionaries.begin(offset)
        self.loose.add(value)
        if name is not None and (name in _JUDGED or name.startswith("__pyx_unpickle_")):
            self._judged.add(value)
        role = code_by_value.role(symbol) or arrays.role(symbol)
        if role is None and (module, name) in _MAKERS:
            role = "maker"
        watched = self._watch is not None and self._watch(symbol)
        if role is None and ((module, name) in TAKE_OBJECTS or watched == OBJECTS):
            self._roles[value] = _TAKES
            self.keep = self.keep or protocol < 2  # whose tuples all go through the memo
        if role is not None:
            self._roles[value] = role
        if role is not None or watched is True:
            self._roles.setdefault(value, "watched")
            self.keep = self.keep or role != "dtype"
        return value

    def ask_stack(self, module: int, name: int, protocol: int, offset: int) -> int:
        """A global whose names are two values of the stack."""
        pair = (module, name)
        value = self._pairs.get(pair)
        if value is not None:
            symbol = self._symbols[-value]
            if isinstance(symbol, Global) and symbol.protocol == protocol:
                return value
        value = self.ask(self._operand(module), self._operand(name), protocol, "STACK_GLOBAL", offset)
        if len(self._pairs) >= MAX_PAIRS:
            self._pairs.clear()
        self._pairs[pair] = value
        return value

    def _operand(self, value: int) -> str | None:
        if value < 0:
            symbol = self._symbols[-value]
            if isinstance(symbol, tuple) or value in (FRESH, UNSET) or _is_no_string(symbol):
                raise BrokenError(ProblemKind.STACK, "STACK_GLOBAL takes what is no string")
            return None  # what a call or the reader gave: it may be a string
        string = text(self._data, value, self._end)
        if string is None:
            raise BrokenError(ProblemKind.STACK, "STACK_GLOBAL takes what is no string")
        return string

    # -- calls -----------------------------------------------------------------------------------

    def call(self, opcode: int, callee: int, arguments: int, offset: int) -> int:
        """An opcode does something with a value; the value of what it gives."""
        callee = min(callee, 0)
        used = self.uses_by_value.get((callee << 8) | opcode)
        if used is None:
            used = self._first(opcode, callee, offset)
        used.count += 1
        if used.watched or (self._tells and used.count == 1):
            return self._told(used, callee, arguments, offset)
        return used.result

    def call_with(self, opcode: int, callee: int, elements: list[int], offset: int) -> int:
        """As :meth:`call`, with the arguments themselves."""
        self.fresh = elements
        return self.call(opcode, callee, FRESH, offset)

    def call_with_keywords(self, callee: int, arguments: int, keywords: int, offset: int) -> int:
        """NEWOBJ_EX: what the keywords give counts as further arguments."""
        given = self._elements(arguments)
        items = self.items_of(keywords)
        if given is None or items is None:
            return self.call(0x92, callee, keywords if given is not None else arguments, offset)
        return self.call_with(0x92, callee, [*given, *items[1::2]], offset)

    def build(self, target: int, state: int, offset: int) -> bool:
        """BUILD; says whether an array stands between the opcodes now (joblib)."""
        self.wrapper = None
        self.call(0x62, target, state, offset)
        return self.wrapper is not None

    def _first(self, opcode: int, callee: int, offset: int) -> _Used:
        """The first time that an opcode meets a symbol."""
        origin = self._origins.get(callee)
        if origin is not None:  # one of many dtypes: they are counted together
            return self.uses_by_value.get((origin << 8) | opcode) or self._first(opcode, origin, offset)
        if len(self.uses_by_value) >= MAX_USES:
            raise BrokenError(ProblemKind.LIMIT, f"more than {MAX_USES:,} distinct calls")
        symbol = self._symbols[-callee]
        by = None if isinstance(symbol, tuple) else symbol
        name = NAMES[opcode]
        role = self._roles.get(callee)
        if isinstance(by, CallResult) and by.depth >= MAX_DEPTH:
            result = callee
        else:
            result = self._symbol(CallResult(by, name, by.depth + 1 if isinstance(by, CallResult) else 1))
        if role is not None and result != callee and role != _TAKES:
            self._roles[result] = f"made by {role}" if not role.startswith("made by ") else role
        used = _Used(by, name, self._place(offset), result)
        used.role = role
        used.watched = role is not None or name in ("BINPERSID", "PERSID")
        self.uses_by_value[(callee << 8) | opcode] = used
        return used

    def _told(self, used: _Used, callee: int, arguments: int, offset: int) -> int:
        """A call in detail."""
        role = used.role
        result = used.result
        if role == _TAKES:
            elements = self._elements(arguments)
            if elements and isinstance(used.callee, Global):
                elements = elements[read_by(used.callee.module, used.callee.name)]
            if self._takes_plainly(elements):
                return result
        if role in _ARRAY_ROLES:
            result = self._array_part(
                role, used, callee, self._elements(arguments) or self.items_of(arguments)
            )
            if used.count > 1 or not self._tells:
                return result
        elements = self._elements(arguments)
        if (
            used.count > _MOST_PLAIN
            and role == "watched"
            and elements is not None
            and all(map(self._is_number, elements))
        ):
            return result
        if used.opcode == "BUILD" and elements is None and arguments > 0:
            elements = self.items_of(arguments)
        if role == "maker":
            result, known = self._made(elements, result, offset)
            if known:
                return result
        if len(self.calls) >= MAX_CALLS:
            self.omitted_calls += 1
            return result
        values: tuple[Value, ...] | None = None
        if elements is not None and len(elements) <= min(MAX_ELEMENTS, self._values):
            values = tuple(map(self.value, elements))
        if (
            used.opcode == "BUILD"
            and isinstance(used.callee, CallResult)
            and isinstance(used.callee.by, CallResult)
        ):
            is_dictionary = arguments > 0 and self._data[arguments - 1] in DICTIONARIES
            self.slots |= not is_dictionary
        place = self._place(offset)
        self.calls.append(Call(used.callee, used.opcode, place, values))
        if role is not None and used.opcode != "BUILD":
            found, module = code_by_value.carried(role, values, place)
            if found is not None:
                self.code.append(found)
            if module is not None:
                self.imports[module] = None
        return result

    def _made(self, elements: Sequence[int] | None, result: int, offset: int) -> tuple[int, bool]:
        """The object that a function makes as NEWOBJ does; whether the same was told before."""
        if not elements or elements[0] >= 0 or not isinstance(self._symbols[-elements[0]], Global):
            return result, False
        told = (
            (*elements[:2], len(elements)) in self._remade
            and len(elements) == 3
            and self._is_none(elements[2])
        )
        if len(self._remade) < MAX_STATES:
            self._remade.add((*elements[:2], len(elements)))
        # copyreg._reconstructor(class, object, None), and copyreg.__newobj__(class, *arguments).
        rest = [] if len(elements) == 3 and self._is_none(elements[2]) else list(elements[1:])
        return self.call_with(0x81, elements[0], rest, offset), told

    def _is_number(self, value: int) -> bool:
        """Whether a value is a number or one of Python's constants, or made by Python or NumPy."""
        if value > 0:
            return self._data[value - 1] in _NUMBERS
        symbol = self._symbols[-value]
        return isinstance(symbol, CallResult) and is_plain(symbol)

    def _is_none(self, value: int) -> bool:
        return value > 0 and self._data[value - 1] == 0x4E

    # -- globals as values -----------------------------------------------------------------------

    def hold(self, values: Sequence[int], callee: int = 0, store: int = 0) -> None:
        """Values become part of something: globals among them are kept as such from here on.

        Args:
            values: the values.
            callee: what they are arguments of, if they are.
            store: the tuple of them that the memo may keep.
        """
        found = self.loose.intersection(values)
        if not found:
            return
        if callee in self._judged and store <= 0:
            if store < 0:
                self._spared[store] = found
                self.loose.add(store)
            return
        self.loose -= found
        for value in found:
            if value in self._spared:
                self.hold(list(self._spared.pop(value)))
            else:
                self._held.add(value)

    def hold_tuple(self, arguments: int, callee: int) -> None:
        """A tuple from the memo, which was that of a call, becomes that of another."""
        if callee not in self._judged:
            self.hold((arguments,))

    @property
    def values(self) -> frozenset[Global]:
        """The globals that stand as values, and are not only called or made objects of."""
        symbols = (self._symbols[-value] for value in self._held)
        return frozenset(symbol for symbol in symbols if isinstance(symbol, Global))

    # -- states ----------------------------------------------------------------------------------

    def restore(self, callee: int, state: int, offset: int) -> None:
        """BUILD with anything but a dictionary."""
        self.hold((state,))
        if state < 0:
            symbol = self.fresh if state == FRESH else self._symbols[-state]
            if not isinstance(symbol, (list, tuple)):
                return self._restored(callee, "object", None, offset)
            if len(symbol) != 2:
                return None
            keys = self.items_of(symbol[1])
            if keys is None and symbol[1] > 0 and self._data[symbol[1] - 1] not in DICTIONARIES:
                return None
            texts = tuple(self._text(key) for key in keys[::2]) if keys is not None else None
            return self._restored(callee, "slots", texts, offset)
        if self._data[state - 1] in _TUPLES:
            return self._restored(callee, "tuple", None, offset)
        return None

    def _restored(self, callee: int, kind: str, keys: tuple[str | None, ...] | None, offset: int) -> None:
        known = (callee, kind, keys)
        if known not in self.states and len(self.states) < MAX_STATES:
            symbol = self._symbols[-callee] if callee < 0 else None
            by = symbol if isinstance(symbol, (Global, CallResult)) else None
            self.states[known] = State(by, kind, keys, self._place(offset))

    def _text(self, value: int) -> str | None:
        return text(self._data, value, self._end) if value > 0 else None

    def _takes_plainly(self, elements: Sequence[int] | None) -> bool:
        """Whether no argument is an object whose class has a say in how it is read."""
        for element in elements or ():
            symbol = self._symbols[-element] if element < 0 else None
            if isinstance(symbol, CallResult) and not is_plain(symbol):
                return False
            if element > 0 and self.code and self._data[element - 1] in _LISTS:
                return False  # it may hold objects of a class by value, whose __hash__ then runs
        return elements is not None

    def _array_part(self, role: str, used: _Used, callee: int, elements: Sequence[int] | None) -> int:
        """A call that says how large an array between the opcodes is."""
        result = used.result
        given = elements[:_MAX_STATE] if elements is not None else ()
        made = (role, used.opcode) in (("dtype", "REDUCE"), ("wrapper", "NEWOBJ"))
        if made and len(self._origins) < MAX_PARTS:
            result = self._symbol(CallResult(used.callee, used.opcode))
            self._origins[result] = used.result
            if role == "dtype":
                self._dtypes[result] = [given[:1]]
            else:
                self._wrappers.add(result)
        elif role == "made by dtype" and used.opcode == "BUILD" and callee in self._dtypes:
            parts = self._dtypes[callee]
            if len(parts) <= arrays.MAX_STATES:
                parts.append(given[:_DTYPE_STATE])
        elif role == "made by wrapper" and used.opcode == "BUILD":
            keys = (text(self._data, key, self._end) if key > 0 else None for key in given[::2])
            state = {key: item for key, item in zip(keys, given[1::2], strict=False) if key is not None}
            if callee not in self._wrappers:
                state.clear()  # what it had before is not known
            self._wrappers.discard(callee)
            left, self._values = self._values, _MAX_STATE * 4
            self.wrapper = arrays.Wrapper(state, self._dtype(state.get("dtype", 0)), self.value)
            self._values = left
        return result

    def _dtype(self, value: int) -> arrays.DType | None:
        """The dtype that a value is; None when it is none, or not known."""
        parts = self._dtypes.get(value)
        if parts is None:
            return None
        (description, *states) = ([self.value(item) for item in part] for part in parts)
        return arrays.DType(description[0].value if description else None, states)

    def _elements(self, arguments: int) -> Sequence[int] | None:
        if arguments == FRESH:
            return self.fresh
        if arguments > 0:
            return () if self._data[arguments - 1] == 0x29 else None
        symbol = self._symbols[-arguments]
        return symbol if isinstance(symbol, tuple) else None

    # -- values ----------------------------------------------------------------------------------

    def _symbol(self, symbol: Global | CallResult | tuple[int, ...]) -> int:
        self._symbols.append(symbol)
        return 1 - len(self._symbols)

    def kept(self, elements: list[int], value: int) -> int:
        """A tuple that is kept; ``value`` stands for it when it is not."""
        size = len(elements)
        if size > min(MAX_ELEMENTS, self._room):
            return value
        self._room -= size + 1
        return self._symbol((*elements,))

    def hashed(self, values: Sequence[int], depth: int = 0) -> None:
        """Keys of a dictionary, or items of a set: reading runs their ``__hash__``."""
        for value in values:
            symbol = self._symbols[-value] if value < 0 else None
            if isinstance(symbol, tuple) and depth < MAX_DEPTH:
                self.hashed(symbol[:_MAX_STATE], depth + 1)
            elif isinstance(symbol, CallResult) and isinstance(symbol.by, CallResult):
                self.hashes = True

    def value(self, value: int, depth: int = 0) -> Value:
        """What a value is, as long as there is room for it and its elements."""
        self._values -= 1
        if value > 0:
            items = self.items_of(value) if depth < MAX_DEPTH else None
            if items is not None and len(items) <= min(MAX_OF_ONE, self._values):
                return Value("dict", tuple(self.value(item, depth + 1) for item in items))
            found = value_at(self._data, value, self._end)
            if found.size >= MAX_TEXT and found.kind == "str" and self._long >= MAX_LONG_TEXT:
                self._long -= min(found.size, MAX_LONG_TEXT)
                return value_at(self._data, value, self._end, MAX_LONG_TEXT)
            return found
        if value == PERSISTENT:
            return Value("persistent")
        symbol = self._symbols[-value]
        if isinstance(symbol, Global):
            return Value("global", symbol)
        if isinstance(symbol, CallResult):
            return Value("result", symbol)
        if symbol is None:
            return Value("unknown")
        if depth >= MAX_DEPTH or len(symbol) > self._values:
            return Value("tuple")
        return Value("tuple", tuple(self.value(item, depth + 1) for item in symbol))

    # -- the outcome -----------------------------------------------------------------------------

    def odd(self, trouble: ProblemKind, message: str, offset: int) -> None:
        """Something that picklers do not write, though it can be read."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(trouble, message, self._place(offset)))

    @property
    def globals(self) -> tuple[Global, ...]:
        """All globals, in the order in which they were asked for."""
        symbols = (self._symbols[-value] for value in self._known.values())
        return tuple(symbol for symbol in symbols if isinstance(symbol, Global))

    @property
    def uses(self) -> tuple[Use, ...]:
        """All uses, in the order of the first."""
        return tuple(
            Use(use.callee, use.opcode, use.count, use.offset) for use in self.uses_by_value.values()
        )
