"""What is wrong with a word that is to name a target: read where there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.errors import MlmodelError
from mlmodel.common.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence


class TargetError(MlmodelError, ValueError):
    """A word names no target, or a version of one that is not known."""


def unknown_target(name: str, names: Sequence[str]) -> TargetError:
    """Of a name that no profile has; ``names`` are those of all."""
    near = nearest(name.lower().replace("_", "-"), names, 0.5)
    suggestion = f"did you mean {near!r}?" if near else f"known are {', '.join(names)}"
    return TargetError(f"no target is called {name!r}; {suggestion}")


def unknown_version(name: str, version: str, known: Sequence[str]) -> TargetError:
    """Of a text that is no version of a target."""
    return TargetError(f"{name} has no version {version!r}; known are {', '.join(known)}")


def too_old(name: str, version: str, oldest: str) -> TargetError:
    """Of a version before all that were read."""
    return TargetError(f"{name} is known from {oldest} on, not {version}")
