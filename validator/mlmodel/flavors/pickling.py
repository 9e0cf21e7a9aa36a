"""Objects in one file by pickle, cloudpickle or skops, as ``mlflow.sklearn`` has them written and read."""

from __future__ import annotations

import mmap
import os
import pickle
from typing import TYPE_CHECKING, Any

from mlmodel.common.records import Record
from mlmodel.flavors import UnsuitableError
from mlmodel.flavors.importing import first_line, needed

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS = ("pickle", "cloudpickle", "skops")


class Dumped(Record):
    """An object in a file."""

    file: str
    format: str
    keys: dict[str, Any]
    """What the MLmodel file says of it under the flavor."""
    needs: tuple[str, ...]
    """Distributions that reading it takes beside those that it names."""


def dump(model: object, folder: str, wanted: str | None) -> Dumped:
    """Write an object into ``model.pkl`` or ``model.skops``.

    Where none is asked for, the format is ``pickle``, which every release reads and which needs nothing to be read; what pickle
    cannot name, because it is defined in ``__main__`` or in a function, takes ``cloudpickle``.

    Raises:
        UnsuitableError: the format is unknown, or cannot hold the object.
    """
    if wanted not in (None, *FORMATS):
        raise UnsuitableError(f"serialization {wanted!r} is unknown; use one of {', '.join(FORMATS)}")
    path = os.path.join(folder, "model.skops" if wanted == "skops" else "model.pkl")
    used = _dumped(model, path, wanted)
    keys: dict[str, Any] = {"serialization_format": used}
    if used == "skops":
        # The types that skops asks the reader to trust, in a fixed order.
        keys["skops_trusted_types"] = sorted(needed("skops.io").get_untrusted_types(file=path))
    return Dumped(os.path.basename(path), used, keys, () if used == "pickle" else (used,))


def names_main(path: str) -> bool:
    """Whether a file that was pickled may name what is defined in a script: what only cloudpickle takes along."""
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(b"__main__") >= 0


def load(folder: str, file: str, keys: Mapping[str, Any]) -> Any:
    """The object in a file, by the format that the keys record.

    Raises:
        UnsuitableError: it cannot be read.
    """
    path = os.path.join(folder, file)
    try:
        if keys.get("serialization_format") == "skops":
            return needed("skops.io").load(path, trusted=keys.get("skops_trusted_types") or [])
        # pickle's loader reads cloudpickle's files, too, as long as cloudpickle is installed.
        with open(path, "rb") as stream:
            return pickle.load(stream)  # noqa: S301 - judged by the caller
    except UnsuitableError:
        raise
    except Exception as error:
        raise UnsuitableError(f"{file} cannot be loaded: {error}") from error


def _dumped(model: object, path: str, wanted: str | None) -> str:
    """Write a file, without a copy of it in memory; the format that was used."""
    if wanted in (None, "pickle"):
        try:
            with open(path, "wb") as stream:
                pickle.dump(model, stream, protocol=5)
            if wanted or not names_main(path):
                return "pickle"
        except Exception as error:
            if wanted:
                raise UnsuitableError(f"pickle cannot write the model: {first_line(error)}") from error
    if wanted == "skops":
        skops = needed("skops.io")
        try:
            skops.dump(model, path)
        except Exception as error:
            raise UnsuitableError(f"skops cannot write the model: {first_line(error)}") from error
        return "skops"
    try:
        import cloudpickle
    except ImportError:
        raise UnsuitableError(
            "the model holds what pickle cannot name; install cloudpickle (the extra mlmodel[write])"
        ) from None
    try:
        with open(path, "wb") as stream:
            cloudpickle.dump(model, stream, protocol=5)
    except Exception as error:
        raise UnsuitableError(f"cloudpickle cannot write the model: {first_line(error)}") from error
    return "cloudpickle"
