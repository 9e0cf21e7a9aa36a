"""One function a rule: from a finding to the edits that make it go away, or None where the answer is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.fixing.repairs.base import at_value
from mlmodel.fixing.repairs.conda_packages import build_dropped, conda_python
from mlmodel.fixing.repairs.env_map import env_map
from mlmodel.fixing.repairs.exact_texts import as_written
from mlmodel.fixing.repairs.lines import deleted, library_added
from mlmodel.fixing.repairs.missing_files import python_env, requirements
from mlmodel.fixing.repairs.paths import slashed
from mlmodel.fixing.repairs.pins import label_dropped, pinned, series
from mlmodel.fixing.repairs.quotes import quoted, quoted_python

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlmodel.findings import Finding
    from mlmodel.fixing.edits import Repair
    from mlmodel.model.model import Model

REPAIRS: Mapping[str, Callable[[Model, Finding], Repair | None]] = {
    "MLM032": at_value(python_env),
    "MLM006": at_value(slashed),
    "MLM007": at_value(python_env),
    "MLM022": as_written,
    "MLM111": at_value(quoted),
    "MLM210": env_map,
    "MLM211": at_value(quoted_python),
    "MLM411": at_value(quoted_python),
    "MLM404": library_added,
    "MLM430": pinned,
    "MLM431": series,
    "MLM443": label_dropped,
    "MLM464": library_added,
    "MLM465": deleted,
    "MLM498": series,
    "MLM437": conda_python,
    "MLM438": conda_python,
    "MLM445": requirements,
    "MLM456": build_dropped,
    "MLM460": env_map,
    "MLM479": env_map,
}
"""The repair for each rule that has one."""
