"""Reads serialized objects with the library of their format."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Reader = Callable[[str, dict[str, Any]], Any]


def read_with(module: str) -> Reader:
    """A reader that is the ``load`` of a module with the interface of pickle."""

    def read(path: str, _: dict[str, Any]) -> Any:
        with open(path, "rb") as file:
            return importlib.import_module(module).load(file)

    return read


def read_joblib(path: str, _: dict[str, Any]) -> Any:
    """Read what joblib wrote."""
    import joblib

    return joblib.load(path)


def read_skops(path: str, native: dict[str, Any]) -> Any:
    """Read what skops wrote; the types beyond its own that may be built are those that the model names."""
    import skops.io

    return skops.io.load(path, trusted=native.get("trusted") or [])


READERS = {
    "pickle": read_with("pickle"),
    "cloudpickle": read_with("cloudpickle"),  # cloudpickle's imports are part of what is proven
    "joblib": read_joblib,
    "skops": read_skops,
}
