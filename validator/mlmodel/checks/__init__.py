"""The checks: one module a chapter of the standard, each a set of generators of findings.

A check takes the model and yields findings.  It imports no other check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.checks import directory, environment, flavors, input_example, mlmodel_file, signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.findings import Finding
    from mlmodel.model import Model

    Check = Callable[[Model], Iterator[Finding]]

ALL: tuple[Check, ...] = (
    *directory.CHECKS,
    *mlmodel_file.CHECKS,
    *flavors.CHECKS,
    *signature.CHECKS,
    *environment.CHECKS,
    *input_example.CHECKS,
)
