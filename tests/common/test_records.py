"""Records are what typing.NamedTuple gives."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

import pytest

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from mlmodel.common.records import Record


class Theirs(NamedTuple):
    """A point with a name."""

    x: int
    y: int = 0
    names: tuple[str, ...] = ()

    @property
    def far(self) -> bool:
        return self.x > 10

    def moved(self) -> Theirs:
        return self._replace(x=self.x + 1)


class Ours(Record):
    """A point with a name."""

    x: int
    y: int = 0
    names: tuple[str, ...] = ()

    @property
    def far(self) -> bool:
        return self.x > 10

    def moved(self) -> Ours:
        return self._replace(x=self.x + 1)


class Nearer(Ours):
    """A record with a method more."""

    def nearer(self) -> Nearer:
        return self._replace(x=0)


class Many(Record):
    a0: int
    a1: int
    a2: int
    a3: int
    a4: int
    a5: int
    a6: int
    a7: int
    a8: int
    a9: int
    b0: int
    b1: int
    b2: int
    b3: int
    b4: int
    b5: int
    b6: int
    b7: int
    b8: int
    b9: int
    last: str = "z"


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, 2, ("a",)), {}),
    ((), {"x": 1, "names": ("b",)}),
    ((1,), {"y": 3}),
]
BAD_CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1, 2, (), 4), {}),
    ((1,), {"x": 2}),
    ((1,), {"z": 2}),
]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_a_record_is_the_named_tuple_of_its_class(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = Ours(*values, **named), Theirs(*values, **named)
    assert tuple(ours) == theirs
    assert ours == Ours(*theirs)
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert (ours.x, ours.y, ours.names, ours.far) == (theirs.x, theirs.y, theirs.names, theirs.far)
    assert isinstance(ours.moved(), Ours)
    assert tuple(ours.moved()) == theirs.moved()
    x, *rest = ours
    assert [x, *rest] == list(theirs)


@pytest.mark.parametrize(("values", "named"), BAD_CALLS)
def test_what_does_not_fit_is_refused_as_there(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError) as ours:
        Ours(*values, **named)
    with pytest.raises(TypeError) as theirs:
        Theirs(*values, **named)
    assert str(ours.value) == str(theirs.value).replace("Theirs", "Ours")


def test_the_class_tells_its_fields() -> None:
    assert Ours._fields == Theirs._fields
    assert Ours._field_defaults == Theirs._field_defaults
    assert Ours.__match_args__ == Theirs.__match_args__
    assert get_type_hints(Ours) == get_type_hints(Theirs)
    assert Ours.__doc__ == Theirs.__doc__
    assert tuple(Ours._make([1, 2, ()])) == Theirs._make([1, 2, ()])
    assert list(inspect.signature(Ours).parameters) == list(inspect.signature(Theirs).parameters)


def test_records_do_not_change_and_have_no_other_attributes() -> None:
    point = Ours(1)
    with pytest.raises(AttributeError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        point.other = 2  # type: ignore[attr-defined]
    with pytest.raises((TypeError, ValueError)):
        point._replace(other=1)  # type: ignore[call-arg]


def test_records_are_copied_and_sent_to_processes() -> None:
    point = Ours(1, 2, ("a",))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(point, protocol))  # noqa: S301
        assert again == point
        assert type(again) is Ours
    assert type(copy.deepcopy(point)) is Ours
    assert copy.copy(point) == point


def test_a_class_below_a_record_has_its_fields() -> None:
    near = Nearer(20)
    assert near.far
    assert near.nearer() == (0, 0, ())
    assert type(near.nearer()) is Nearer


def test_records_of_many_fields_keep_their_order() -> None:
    many = Many(*range(20))
    assert tuple(many) == (*range(20), "z")
    assert many.b9 == 19
    assert many.last == "z"
