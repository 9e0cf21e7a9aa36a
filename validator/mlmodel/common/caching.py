"""``functools.cached_property`` as it is since Python 3.12: without a lock, which takes longer than most properties here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_T = TypeVar("_T")


class cached_property(Generic[_T]):  # noqa: N801 - the name that everybody knows
    """A value that is made when it is first asked for, and then stands in the instance's own dictionary."""

    def __init__(self, make: Callable[[Any], _T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        """The value; the descriptor itself for the class."""
        if instance is None:
            return self
        value: _T = self._make(instance)
        instance.__dict__[self._name] = value
        return value
