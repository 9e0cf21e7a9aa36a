"""The flavors that can be written: one small module each, and whatever other distributions add.

A distribution adds a flavor with an entry point of the group ``mlmodel.flavors`` that names a :class:`Flavor`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "mlmodel.flavors"
_OWN = ("sklearn",)


class UnsuitableError(ValueError):
    """The object cannot be written as it was asked for."""


class Saved(NamedTuple):
    """What a flavor wrote, and what the MLmodel file is to say of it."""

    flavor: dict[str, Any]
    """The keys below the flavor's name."""
    python_function: dict[str, Any] | None
    """What its ``python_function`` says beside the environment; None if the model cannot predict."""
    files: tuple[str, ...]
    """The serialized objects, relative to the folder: what they import becomes a requirement."""
    needs: tuple[str, ...]
    """Distributions that MLflow's loader of the flavor imports beside MLflow."""


class Flavor(Protocol):
    """How objects of one library are written."""

    name: str
    """The key under ``flavors``."""

    def accepts(self, model: object) -> bool:
        """Whether the object is one of the library's; must not import the library."""

    def save(self, model: object, folder: str, serialization: str | None) -> Saved:
        """Write the object into a folder.

        Raises:
            UnsuitableError: it cannot be written in this form.
        """


def flavor_of(model: object) -> Flavor | None:
    """The first flavor that accepts an object; those that other distributions add are asked first."""
    return next((flavor for flavor in _all() if flavor.accepts(model)), None)


def _all() -> Iterator[Flavor]:
    for point in entry_points(group=GROUP):
        yield point.load()
    for name in _OWN:
        yield import_module(f"{__name__}.{name}").FLAVOR
