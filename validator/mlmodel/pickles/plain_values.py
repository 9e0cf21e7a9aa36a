"""What makes values of Python and NumPy from others, and which of these others have a say in it."""

from __future__ import annotations

from mlmodel.pickles.symbols import CallResult, Global

_PLAIN = frozenset({"builtins", "__builtin__", "_codecs", "collections", "datetime", "numpy", "array"})


def is_plain(made: CallResult) -> bool:
    """Whether a result is a value of Python or NumPy, and no object that a class has a say in."""
    by = made.by
    top = (by.module or "").partition(".")[0] if isinstance(by, Global) else ""
    return made.opcode == "REDUCE" and top in _PLAIN and isinstance(by, Global) and by.name != "getattr"


_PATHS = "Path PosixPath PurePath PurePosixPath WindowsPath PureWindowsPath"
TAKE_OBJECTS = frozenset(
    (module, name)
    for module, names in {
        "builtins": "list tuple set frozenset dict bytes bytearray str int float complex bool range",
        "__builtin__": "list tuple set frozenset dict bytearray str unicode int long float complex bool xrange",
        "collections": "OrderedDict Counter deque defaultdict ChainMap UserDict UserList UserString",
        "itertools": "chain cycle repeat count",
        "array": "array",
        "pathlib": _PATHS,
        "pathlib._local": _PATHS,
        "datetime": "date datetime time timedelta",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "random": "Random",
        "statistics": "NormalDist",
        "io": "StringIO BytesIO",
        "_io": "StringIO BytesIO",
        "ipaddress": "IPv4Address IPv6Address",
        "zoneinfo": "ZoneInfo",
        "re": "_compile",
    }.items()
    for name in names.split()
)
"""What runs methods of its arguments when they are objects of some class: ``__iter__``, ``__str__``, ``__index__``, ``__fspath__``."""
_KEEP_FIRST = frozenset({("collections", "defaultdict")})
_KEEP_REST = frozenset({("datetime", "datetime"), ("datetime", "time")})


def read_by(module: str | None, name: str | None) -> slice:
    """Those arguments of something in :data:`TAKE_OBJECTS` whose methods it runs; it only keeps the others (a factory, a time zone)."""
    if (module, name) in _KEEP_FIRST:
        return slice(1, None)
    return slice(0, 1) if (module, name) in _KEEP_REST else slice(None)
