"""Honest objects, to be pickled in every protocol."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import ipaddress
import operator
import pathlib
import re
import types
import uuid
import zoneinfo
from typing import Any


class Slots:
    __slots__ = ("left", "right")

    def __init__(self) -> None:
        self.left, self.right = 1, [2]


class Keywords:
    size: int

    def __new__(cls, *, size: int = 0) -> Keywords:
        self = super().__new__(cls)
        self.size = size
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), {"size": self.size}


class Numbers(list[int]):
    extra = None


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int
    y: list[Any]


Pair = collections.namedtuple("Pair", "first second")  # noqa: PYI024
Recursive = Numbers([1])
Recursive.extra = Recursive  # type: ignore[assignment]
LOOP: list[Any] = []
LOOP.append((LOOP, LOOP))

OBJECTS: dict[str, Any] = {
    "plain": [None, True, False, 0, -1, 255, 65536, -(2**31), 2**31, 2**70, 1.5, "x", "é\ud800\n", b"\x80\xff", (), (1,)],
    "long text": ["a" * 300, "b" * 70_000, b"c" * 300, b"d" * 70_000, bytearray(b"e" * 70_000), "n" * 255],
    "containers": [{1, 2}, frozenset("ab"), {"a": {"b": [(1, 2, 3, 4), (1, 2), (1, 2, 3)]}}, bytearray(b"xyz")],
    "big": {str(number): (number, [number, float(number), str(number)]) for number in range(3000)},
    "numbers": list(range(70_000)),
    "collections": [
        collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.Counter("aab"),
        collections.deque([1, 2], 5), collections.ChainMap({}, {"a": 1}), Pair(1, "b"), types.SimpleNamespace(a=1),
    ],
    "values": [
        datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc), datetime.timedelta(3), decimal.Decimal("1.5"),
        fractions.Fraction(1, 3), uuid.UUID(int=5), pathlib.PurePosixPath("/a/b"), re.compile("a+"), complex(1, 2),
        range(3), slice(1, 2), ipaddress.ip_address("::1"), zoneinfo.ZoneInfo("UTC"), array.array("d", [1, 2]), Ellipsis,
    ],
    "references": [len, int, functools.reduce, operator.attrgetter("a.b"), functools.partial(int, base=2), datetime.date.today],
    "classes": [Slots(), Keywords(size=3), Numbers([1, 2]), Color.RED, Point(1, [Color.RED]), Recursive, LOOP, ValueError("x")],
}  # fmt: skip


def refused(name: str, protocol: int) -> bool:
    """Whether Python itself does not pickle it so."""
    return name == "classes" and protocol < 2
