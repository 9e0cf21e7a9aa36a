"""The names in a model directory, and which of them a wrong one may have meant."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from mlmodel.common.caching import cached_property
from mlmodel.common.spelling import nearest
from mlmodel.common.texts import quoted

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from mlmodel.model.model import Model
    from mlmodel.sources.directory import Entry

DOCUMENTS = frozenset(
    {
        "MLmodel",
        "conda.yaml",
        "python_env.yaml",
        "requirements.txt",
        "input_example.json",
        "serving_input_example.json",
        "serving_input_payload.json",
        "registered_model_meta",
    }
)
"""Files that every reader knows by their names."""
_COMPARED = 300
"""Names that a missing path is compared with."""


class Names:
    """The names in a directory, sorted, so that a thousand paths are looked up in thousands of names quickly."""

    def __init__(self, model: Model) -> None:
        self._entries = model.directory.entries
        self._sorted = sorted(self._entries)
        self._guesses = 5

    def beginning(self, prefix: str) -> Iterator[Entry]:
        """The entries whose path begins with ``prefix``."""
        for index in range(bisect_left(self._sorted, prefix), len(self._sorted)):
            if not self._sorted[index].startswith(prefix):
                break
            yield self._entries[self._sorted[index]]

    def near(self, path: str, used: Container[str] = ()) -> str | None:
        """A hint where a missing path may be another name; only the first of them are looked for by likeness.

        ``used`` are names that are taken for something else: by other keys, or by what every model has.
        """
        found = self._lowered.get(path.lower()) or self._tails.get(path.rsplit("/", 1)[-1])
        if found is None and self._guesses and path not in DOCUMENTS:
            self._guesses -= 1
            folder = path.rpartition("/")[0]
            others = [
                name
                for name in self._sorted[:_COMPARED]
                if name not in used and name not in DOCUMENTS and name.rpartition("/")[0] == folder
            ]
            found = nearest(path, others, 0.6 if "/" not in path else 0.85)
        return f"the directory has {quoted(found)}" if found else None

    @cached_property
    def _lowered(self) -> dict[str, str]:
        return {name.lower(): name for name in reversed(self._sorted) if name != "MLmodel"}

    @cached_property
    def _tails(self) -> dict[str, str]:
        return {name.rsplit("/", 1)[-1]: name for name in reversed(self._sorted) if name != "MLmodel"}
