"""Classes that a pickle carries: which of their methods reading it runs, and honest ones beside them."""

from __future__ import annotations

import abc
import collections
import copyreg
import dataclasses
import enum
import fractions
import pathlib
import random
import typing
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import cloudpickle
import pytest

from mlmodel.pickles import judgement, reading
from mlmodel.pickles.observations import Kind
from mlmodel.pickles.scan_options import ScanOptions


def kinds(content: bytes) -> set[Kind]:
    """What is said of a pickle."""
    stream = reading.read(content, 0, len(content), ScanOptions(judgement.is_watched))
    return {remark.kind for remark in judgement.judge(stream)}


def reduced(function: Callable[..., object], *arguments: object) -> object:
    """An object that a pickle makes by a call."""

    class Reduced:
        def __reduce__(self) -> Any:
            return function, arguments

    return Reduced()


def reduced_class(kind: type, *arguments: object) -> object:
    """An object of a class that its own ``__reduce__`` has made by a call."""

    def reduce(self: object) -> Any:
        del self
        return kind, arguments

    kind.__reduce__ = reduce  # type: ignore[method-assign,assignment]
    return object.__new__(kind)


def hostile() -> Iterator[tuple[str, Any]]:
    """Objects whose reading runs what their classes bring; all of it does nothing."""

    class Looked:
        def __init__(self) -> None:
            self.a = 1

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name)

    yield "__getattr__", Looked()

    class Mapped(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: Any, value: Any) -> None: ...

    table = Mapped()
    dict.__setitem__(table, "a", 1)
    yield "__setitem__", table

    class Listed(list):  # type: ignore[type-arg]
        def append(self, value: Any) -> None: ...

        def extend(self, values: Any) -> None: ...

    yield "append", Listed([1])
    yield "extend", Listed([1, 2])

    class Parent:
        def __init_subclass__(cls) -> None: ...

    class Child(Parent): ...

    yield "__init_subclass__", Child

    class Making(type):
        def __new__(mcs, name: str, bases: Any, body: Any) -> Any:
            return type.__new__(mcs, name, bases, body)

    class Made(metaclass=Making): ...

    yield "metaclass with __new__", Made

    class Starting(type):
        def __init__(cls, *_: Any) -> None: ...

    class Started(metaclass=Starting): ...

    yield "metaclass with __init__", Started

    class Setting(type):
        def __setattr__(cls, name: str, value: Any) -> None: ...

    class Set(metaclass=Setting): ...

    yield "metaclass with __setattr__", Set

    class Path:
        def __fspath__(self) -> str:
            return "x"

    yield "__fspath__", reduced(pathlib.PurePosixPath, Path())

    class Number:
        def __index__(self) -> int:
            return 1

        def __hash__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[int]:
            return iter(())

    yield "__index__ of a date", reduced(date, Number(), 1, 1)
    yield "__hash__ of a seed", reduced(random.Random, Number())
    yield "fraction", reduced(fractions.Fraction, Number())
    yield "user list", reduced(collections.UserList, Number())
    yield "user dictionary", reduced(collections.UserDict, Number())
    yield "frozen set of a list", reduced(frozenset, [Number()])
    yield "dictionary of a list", reduced(dict, [(Number(), 1)])
    yield "ordered dictionary of a list", reduced(collections.OrderedDict, [(Number(), 1)])

    class FailingError(ValueError):
        def __init__(self, text: str) -> None:
            super().__init__(text)

    yield "exception with __init__", FailingError("a")

    class Called:
        def __init__(self, *_: Any) -> None: ...

    yield "class that is called", reduced_class(Called, 1)

    class Sealed:
        __slots__ = ("_a",)
        _a: int

        @property
        def a(self) -> int:
            return 1

        @a.setter
        def a(self, value: int) -> None: ...

        def __reduce__(self) -> Any:
            return copyreg.__newobj__, (type(self),), (None, {"a": 1})  # type: ignore[attr-defined]

    yield "property as a slot", Sealed()


def honest() -> Iterator[tuple[str, Any]]:
    """Objects whose reading runs nothing of what they carry."""

    class Plain:
        def __init__(self) -> None:
            self.a = 1

        def predict(self, data: Any) -> Any:
            return data

    yield "object", Plain()

    class Numbers(list):  # type: ignore[type-arg]
        def first(self) -> Any:
            return self[0]

    yield "list", Numbers([1, 2])
    yield "list of one", Numbers([1])

    class Table(dict):  # type: ignore[type-arg]
        pass

    yield "dictionary", Table(a=1)

    class Bag(set):  # type: ignore[type-arg]
        pass

    yield "set", Bag([1, 2])

    class Error(ValueError):
        pass

    yield "exception", Error("a")

    class Color(str, enum.Enum):
        RED = "red"

        @classmethod
        def _missing_(cls, value: object) -> Any:  # noqa: ARG003
            return cls.RED

    yield "enumeration of texts", Color.RED

    class Rich(enum.Enum):
        A = 1

        def __init__(self, value: int) -> None:
            self.twice = 2 * value

    yield "enumeration with __init__", Rich.A

    class Base:
        def __init__(self) -> None:
            self.a = 1

    class Derived(Base):
        def __init__(self) -> None:
            super().__init__()

    yield "derived", [Derived(), Base()]

    class Registry:
        def __init_subclass__(cls) -> None: ...

    yield "__init_subclass__ without a subclass", Registry()

    class Single(type):
        def __call__(cls, *arguments: Any) -> Any:
            return super().__call__(*arguments)

    class One(metaclass=Single):
        def __init__(self) -> None:
            self.a = 1

    yield "metaclass with __call__", One()

    class Abstract(abc.ABC):
        @abc.abstractmethod
        def run(self) -> None: ...

    class Concrete(Abstract):
        def run(self) -> None: ...

    yield "abstract class", Concrete()

    @dataclasses.dataclass
    class Record:
        a: int = 1

    yield "dataclass", Record()

    class Slotted:
        __slots__ = ("a",)

        def __init__(self) -> None:
            self.a = 1

    yield "slots", Slotted()

    class Generic(typing.Generic[typing.TypeVar("T")]):  # type: ignore[misc]
        pass

    yield "generic", Generic()
    many = type("Many", (), {f"m{number}": (lambda self: self) for number in range(80)})
    many.__module__ = "__main__"
    yield "many methods", many()


# Pickled when this file is imported: libraries that other tests import may register ways of their own to pickle exceptions
# (``tblib`` for ``distributed``), for all classes that there are.
HOSTILE = [pytest.param(cloudpickle.dumps(value), id=name) for name, value in hostile()]
HONEST = [pytest.param(cloudpickle.dumps(value), id=name) for name, value in honest()]


@pytest.mark.parametrize("content", HOSTILE)
def test_what_reading_runs(content: bytes) -> None:
    assert kinds(content) & {Kind.RUNS_CODE, Kind.EXECUTES}


@pytest.mark.parametrize("content", HONEST)
def test_what_reading_does_not_run(content: bytes) -> None:
    assert kinds(content) <= {Kind.CODE}
