"""The releases that serialized objects say they were written by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmodel.common.patterns import lazy_pattern
from mlmodel.environment import recorded
from mlmodel.model.model import fact
from mlmodel.sources.directory import UnreadableError
from mlmodel.sources.ranges import contiguous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlmodel.model.model import Model

_SKLEARN = lazy_pattern(
    rb"_sklearn_version(?:[\x94q].|[\x94]|r.{4})?(?:\x8c[\x01-\x20]|X[\x01-\x20]\x00\x00\x00)(\d{1,4}\.\d{1,4}(?:\.\w{1,12}){0,2})",
    re.DOTALL,
)
"""``_sklearn_version`` in the state of an estimator (``BaseEstimator.__getstate__``), its place in the memo, and the version."""
_MOST = 50_000_000
"""Bytes of a file that are searched."""
_STATES = b"_sklearn_version"


@fact
def of(model: Model) -> tuple[tuple[str, str, str], ...]:
    """File, distribution and version of what the loader reads."""
    return tuple(_found(model))


def _found(model: Model) -> Iterator[tuple[str, str, str]]:
    files = {stream.file for stream in recorded.of(model).pickles if _is_of_sklearn(stream.globals)}
    for file in sorted(files):
        try:
            with model.directory.open_mapped(file) as data:
                if len(data) > _MOST or data.find(_STATES) < 0:
                    continue
                versions = {
                    match[1].decode("ascii", "replace") for match in _SKLEARN.finditer(contiguous(data))
                }
        except UnreadableError:
            continue
        if len(versions) == 1:  # parts of several releases are the author's own business
            yield file, "scikit-learn", versions.pop()


def _is_of_sklearn(globals_: tuple[tuple[str, str, int], ...]) -> bool:
    return any(module.startswith("sklearn.") for module, _, _ in globals_)
