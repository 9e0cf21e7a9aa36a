"""Cached values: a property without a lock, and a function whose cache stays small whatever a model holds."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_T = TypeVar("_T")
_F = TypeVar("_F", bound="Callable[..., Any]")


class cached_property(Generic[_T]):  # noqa: N801 - the name that everybody knows
    """``functools.cached_property`` as it is since Python 3.12: without a lock, which takes longer than most properties here."""

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


def bounded_cache(maxsize: int, max_length: int = 500) -> Callable[[_F], _F]:
    """``functools.lru_cache`` for functions whose arguments come from a model: a call with a text (or a collection)
    longer than ``max_length`` is computed each time, so that what is kept stays below ``maxsize`` times that length.
    """

    def decorate(compute: _F) -> _F:
        cached = lru_cache(maxsize)(compute)

        @wraps(compute)
        def call(*arguments: Any) -> Any:
            for argument in arguments:
                if isinstance(argument, (str, bytes, tuple, frozenset)) and len(argument) > max_length:
                    return compute(*arguments)
            return cached(*arguments)

        call.cache_info = cached.cache_info  # type: ignore[attr-defined]
        call.cache_clear = cached.cache_clear  # type: ignore[attr-defined]
        return cast("_F", call)

    return decorate
