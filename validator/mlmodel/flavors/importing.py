"""Libraries of models are imported when they are needed, and what is missing is told in one line."""

from __future__ import annotations

import importlib
from typing import Any

from mlmodel.flavors import UnsuitableError


def needed(module: str, distribution: str | None = None) -> Any:
    """A module of a library.

    Args:
        module: its import path.
        distribution: what to install for it, where that has another name.

    Raises:
        UnsuitableError: it is missing, or cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise UnsuitableError(f"{module} cannot be imported: {error}") from error
        top = module.partition(".")[0]
        raise UnsuitableError(
            f"the model needs {distribution or top.replace('_', '-')}, which is not installed"
        ) from None
    except ImportError as error:
        raise UnsuitableError(f"{module} cannot be imported: {error}") from error


def first_line(error: Exception) -> str:
    """What an exception says first, for a message of one line; its kind where it says nothing."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def is_a(kind: type, module: str, name: str) -> bool:
    """Whether a class is the one that is called so, below a top-level module; imports nothing."""
    return kind.__name__ == name and (kind.__module__ == module or kind.__module__.startswith(f"{module}."))
