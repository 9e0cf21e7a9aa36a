"""The checks: one module a chapter of the standard (the environment has several), each a set of generators of findings.

A check takes a :class:`~mlmodel.model.model.Model` and yields findings.  Imports ``environment`` and what is below it,
and no other check.  A new rule that no schema can decide is a generator in the module of its chapter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.checks import (
    copies,
    directory,
    environment,
    flavors,
    imports,
    input_example,
    mlmodel_file,
    named_files,
    objects,
    pins,
    recorded_files,
    recorded_python,
    requirement_lines,
    serialized,
    signature,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlmodel.findings import Finding
    from mlmodel.model.model import Model

    Check = Callable[[Model], Iterator[Finding]]

ALL: tuple[Check, ...] = (
    *directory.CHECKS,
    *copies.CHECKS,
    *mlmodel_file.CHECKS,
    *flavors.CHECKS,
    *signature.CHECKS,
    *environment.CHECKS,
    *requirement_lines.CHECKS,
    *pins.CHECKS,
    *recorded_python.CHECKS,
    *recorded_files.CHECKS,
    *named_files.CHECKS,
    *imports.CHECKS,
    *objects.CHECKS,
    *serialized.CHECKS,
    *input_example.CHECKS,
)
