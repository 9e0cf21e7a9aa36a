"""How objects of each library are written and read: one small module a flavor, found through entry points.

A distribution adds a flavor with an entry point of the group ``mlmodel.flavors`` that names a :class:`Flavor`; its own
flavors this distribution registers in the same way.

Imports the flavor's own library, late, and ``common``.  What a flavor's keys and files are stands in its schema, not here.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol

from mlmodel.common.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

GROUP = "mlmodel.flavors"


class UnsuitableError(ValueError):
    """The object cannot be written, or read, as it was asked for."""


class Request(Record):
    """What is asked of a flavor beside the object."""

    serialization: str | None = None
    """The form of the serialized object; None where the flavor is to choose."""
    artifacts: Mapping[str, str] = {}
    """Files and folders that the model takes along, by name."""
    example: Any = None
    """The input example, for forms that are made by running the model once."""
    predict_fn: str | None = None
    """The method that answers, for flavors that record it; None for ``predict``."""


class Saved(Record):
    """What a flavor wrote, and what the MLmodel file is to say of it."""

    flavor: dict[str, Any] | None
    """The keys below the flavor's name; None where ``python_function`` is all there is."""
    python_function: dict[str, Any] | None
    """What its ``python_function`` says beside the environment; None if the model cannot predict."""
    files: tuple[str, ...]
    """The serialized objects, and Python that loading runs, relative to the folder: what they import is required."""
    needs: tuple[str, ...]
    """Distributions that MLflow's loader of the flavor imports beside MLflow."""


class Flavor(Protocol):
    """How objects of one library are written and read."""

    name: str
    """The key under ``flavors``."""

    def knows(self, kind: type) -> bool:
        """Whether this class is one that the flavor writes; must not import the library.

        Asked for the class of an object, then for each of its bases in the order of resolution: a subclass belongs to
        the flavor of its nearest base.
        """

    def save(self, model: Any, folder: str, request: Request) -> Saved:
        """Write an object into a folder.

        Raises:
            UnsuitableError: it cannot be written in this form.
        """

    def load(self, folder: str, keys: Mapping[str, Any]) -> Any:
        """The object that ``save``, or MLflow, wrote into a folder.

        Runs what the files say: the caller has judged them.

        Args:
            folder: the model directory.
            keys: what its MLmodel file says under the flavor's name.

        Raises:
            UnsuitableError: the library is missing, or a file is not what the keys say.
        """

    def predictor(self, model: Any, keys: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
        """What turns inputs and params into predictions, as ``mlflow.pyfunc`` does for this flavor.

        The params are a dictionary, or None where the signature has none and none were given.

        Args:
            model: what ``load`` returned.
            keys: what the MLmodel file says under ``python_function``.
        """


def flavor_of(model: object) -> Flavor | None:
    """The flavor that knows the nearest class of an object; those that other distributions add are asked first."""
    flavors = available()
    return next((flavor for kind in type(model).__mro__ for flavor in flavors if flavor.knows(kind)), None)


def flavor_named(name: str) -> Flavor | None:
    """The flavor that is called so under ``flavors``."""
    return next((flavor for flavor in available() if flavor.name == name), None)


@cache
def available() -> Sequence[Flavor]:
    """All flavors that are installed, those of other distributions first."""
    points = metadata.entry_points(group=GROUP)
    return [
        point.load() for point in sorted(points, key=lambda point: point.value.startswith(f"{__name__}."))
    ]
