"""Serialized objects, read without running them: what a pickle imports and calls, in whatever file it stands.

Imports ``sources``, ``standard`` and ``common``.  ``machine`` reads opcodes, ``containers`` opens what holds them, ``allowlist``
is what is known of names, ``judgement`` says what is wrong.  A new container format is opened in ``containers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.pickles.containers import ContainerAnomaly, DeclaredClasses, Found, Opener, Pickled, Unreadable
from mlmodel.pickles.scan_options import ScanOptions
from mlmodel.pickles.symbols import Call, CallResult, Code, Global, Problem, ProblemKind, Stream, Use, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.sources.base import Source

__all__ = [
    "Call",
    "CallResult",
    "Code",
    "ContainerAnomaly",
    "DeclaredClasses",
    "Found",
    "Global",
    "Pickled",
    "Problem",
    "ProblemKind",
    "Stream",
    "Unreadable",
    "Use",
    "Value",
    "imported",
    "scan",
]


def scan(
    directory: Source,
    path: str,
    *,
    watch: Callable[[Global], bool | str] | None = None,
    detail: bool = False,
    calls: bool = True,
) -> Iterator[Found]:
    """Every pickle in a file of the model, and what could not be read there.

    A file that holds none yields nothing.  ``watch`` says of which globals all calls are wanted and not
    only the first of each kind; ``detail`` keeps the arguments of all of them from the start, which is slower.
    Without ``calls`` the calls that nobody watches are only counted, which is faster.

    Raises:
        UnreadableError: the file is not there or cannot be read.
    """
    with directory.open_mapped(path) as data:
        yield from Opener(len(data), ScanOptions(watch, detail, calls=calls)).open(data, 0, len(data), path)


def imported(found: Found) -> frozenset[str]:
    """The modules that a reader of what was found imports, as far as they are known."""
    if isinstance(found, Pickled):
        return found.stream.modules
    if isinstance(found, DeclaredClasses):
        return frozenset(module for module, _ in found.names)
    return frozenset()
