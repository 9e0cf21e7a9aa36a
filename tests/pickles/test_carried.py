"""Classes that cloudpickle carries by value: honest ones are information, unless reading them runs what they bring."""

from __future__ import annotations

import collections
import dataclasses
import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from mlmodel import validate
from tests.overlay import make_model
from tests.pickles.attacks.assembler import call, given, name, stream, text


def honest() -> Iterator[tuple[str, Any, set[str]]]:
    """Objects, and the rules besides MLM607 that they fire; the classes are local, and so carried by value."""

    class Color(enum.Enum):
        RED = 1

    class Letter(enum.Enum):
        A = "a"

        @classmethod
        def _missing_(cls, value: object) -> Letter:  # noqa: ARG003
            return cls.A

    @dataclasses.dataclass
    class Plain:
        number: int = 1

    @dataclasses.dataclass(frozen=True)
    class Frozen:
        number: int = 1
        other: str = "a"

    class Hashed:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            return self is other

    class Predicts:
        def __init__(self, **parts: object) -> None:
            self.parts = parts

        def predict(self, data: Any) -> Any:
            return data

    pair = collections.namedtuple("pair", "one two")  # noqa: PYI024
    yield "enumeration", Color.RED, set()
    yield "enumeration as a key", {Color.RED: 1}, set()
    yield "enumeration that takes more", Letter.A, set()
    yield "dataclass", Plain(), set()
    yield "frozen dataclass", [Frozen(), Frozen(2)], set()
    yield "frozen dataclass as a key", {Frozen(): 1}, {"MLM605"}
    yield "hash that is not asked for", [Hashed(), {"a": 1}, {2}], set()
    yield "hash of a key", {Hashed(): 1}, {"MLM605"}
    yield "hash of several keys", {Hashed(): 1, "a": 2}, {"MLM605"}
    yield "hash in a set", {Hashed()}, {"MLM605"}
    yield "hash in a frozen set", frozenset([Hashed()]), {"MLM605"}
    yield "hash in a tuple", {(1, Hashed()): 1}, {"MLM605"}
    yield "named tuple", pair(1, 2), set()
    yield "named tuple as a key", {pair(1, 2): 3}, set()
    yield "model", Predicts(color=Color.RED, point=Frozen(), table={"a": Plain()}), set()


CASES = list(honest())


@pytest.mark.parametrize(("value", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_by_value(value: object, expected: set[str], tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(cloudpickle.dumps(value))
    found = {finding.rule for finding in validate(model).findings if finding.rule.startswith("MLM6")}
    assert found - {"MLM607"} == expected


@pytest.mark.parametrize(
    "body",
    [
        call("dill._dill", "_create_namedtuple", text("Pair") + given(text("a"), text("b")) + text("shop"))
        + given(b"K\1", b"K\2")
        + b"\x81",
        call("dill._dill", "_load_type", text("PartialType")) + given(name("builtins", "len")) + b"R",
        call("functools", "lru_cache", name("builtins", "len")),
    ],
)
def test_what_dill_writes(body: bytes, tmp_path: Path) -> None:
    model = make_model(tmp_path / "model")
    (model / "model.pkl").write_bytes(stream(body))
    assert [f.message for f in validate(model).findings if f.rule.startswith("MLM6")] == []
