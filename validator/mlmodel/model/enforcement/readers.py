"""The readers of MLflow, as far as they differ in what they make of an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.common.records import Record
from mlmodel.standard.releases import at_least, at_most

if TYPE_CHECKING:
    from mlmodel.standard.releases import Release


class Reader(Record):
    """MLflow of some releases, over one line of pandas."""

    keeps_null: bool
    """Null stays null in boolean, string and binary arrays, and dates in arrays stay dates (3.18)."""
    is_pandas_3: bool
    """Columns of texts are no columns of objects, so that nothing else is made of them without ``astype``."""
    optional_cells: bool = True
    """Nested values of a column that is not required may be null when the example is read (2.16)."""
    reads_zones: bool = False
    """Dates with a time zone are read as those of UTC, as pandas 1 does (up to 2.15)."""


def readers_of(release: Release | None) -> list[Reader]:
    """Those that may read a model of a release: an example is refused only if all of them refuse it.

    What changed is known for the releases that were looked at (2.15.0, 2.22.5, 3.17.2, 3.18.0); between two of them it
    may have changed at any, and a model without a release may meet all.
    """
    old = Reader(keeps_null=False, is_pandas_3=False)
    new = Reader(keeps_null=True, is_pandas_3=True)
    if at_least(release, "3.18.0"):
        return [new, new._replace(is_pandas_3=False)]
    if at_least(release, "2.16.2"):
        # pandas 3 is allowed since some 3.x; a 2.x release never meets it.
        return [old] if at_most(release, "2.99.0") else [old, old._replace(is_pandas_3=True)]
    before = old._replace(optional_cells=False, reads_zones=True)
    return [before, old, new, new._replace(is_pandas_3=False)] if release is None else [before]
