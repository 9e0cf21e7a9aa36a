"""Immutable records: what ``typing.NamedTuple`` gives, at a tenth of its price.

``NamedTuple`` compiles a constructor and a forward reference for each annotation whenever a class is made: 140 us a
class when a process starts, and a check imports a hundred of them.  Here one constructor a number of fields is
compiled, and copied under the names of the fields.  To type checkers a ``Record`` is a ``NamedTuple``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Record"]

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from typing import NamedTuple as Record

    from typing_extensions import Self
else:
    from _collections import _tuplegetter
    from types import FunctionType

    _new = tuple.__new__
    _CONSTRUCTORS = (
        lambda _cls: _new(_cls, ()),
        lambda _cls, a: _new(_cls, (a,)),
        lambda _cls, a, b: _new(_cls, (a, b)),
        lambda _cls, a, b, c: _new(_cls, (a, b, c)),
        lambda _cls, a, b, c, d: _new(_cls, (a, b, c, d)),
        lambda _cls, a, b, c, d, e: _new(_cls, (a, b, c, d, e)),
        lambda _cls, a, b, c, d, e, f: _new(_cls, (a, b, c, d, e, f)),
        lambda _cls, a, b, c, d, e, f, g: _new(_cls, (a, b, c, d, e, f, g)),
        lambda _cls, a, b, c, d, e, f, g, h: _new(_cls, (a, b, c, d, e, f, g, h)),
        lambda _cls, a, b, c, d, e, f, g, h, i: _new(_cls, (a, b, c, d, e, f, g, h, i)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j: _new(_cls, (a, b, c, d, e, f, g, h, i, j)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k: _new(_cls, (a, b, c, d, e, f, g, h, i, j, k)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m: _new(_cls, (a, b, c, d, e, f, g, h, i, j, k, m)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n: _new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o: _new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p: _new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p)
        ),
    )
    """By the number of fields: what makes a tuple of a class, and of as many values."""

    def _constructor(count: int) -> FunctionType:
        if count < len(_CONSTRUCTORS):
            return _CONSTRUCTORS[count]
        values = "".join(f"_{index}, " for index in range(count))
        return eval(f"lambda _cls, {values}: _new(_cls, ({values}))", {"_new": _new})  # noqa: S307

    class _RecordType(type):
        """Makes the annotated names of a class the fields of its tuples."""

        def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
            if bases == (tuple,) or hasattr(bases[0], "_fields"):
                return super().__new__(cls, name, bases, namespace)
            fields = tuple(namespace["__annotations__"])
            defaults = {field: namespace[field] for field in fields if field in namespace}
            made = _constructor(len(fields))
            new = FunctionType(
                made.__code__.replace(co_varnames=("_cls", *fields)),
                made.__globals__,
                "__new__",
                tuple(defaults.values()),
            )
            new.__qualname__ = f"{namespace['__qualname__']}.__new__"
            namespace.update({field: _tuplegetter(index, "") for index, field in enumerate(fields)})
            return super().__new__(
                cls,
                name,
                bases,
                {
                    "__slots__": (),
                    "__new__": new,
                    "__match_args__": fields,
                    "_fields": fields,
                    "_field_defaults": defaults,
                    **namespace,
                },
            )

    class Record(tuple, metaclass=_RecordType):
        """A tuple whose items have names and types: ``class Point(Record): x: int; y: int = 0``."""

        __slots__ = ()

        @classmethod
        def _make(cls, values: Iterable[Any]) -> Self:
            """A record of the values of an iterable, in the order of the fields."""
            return cls(*values)

        def _replace(self, **changes: Any) -> Self:
            """A record with some fields changed.

            Raises:
                TypeError: a name is no field.
            """
            return type(self)(**{**self._asdict(), **changes})

        def _asdict(self) -> dict[str, Any]:
            """The fields and their values."""
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"
