"""The checks: one module a chapter of the standard (the environment has several), each a set of generators of findings.

A check takes a :class:`~mlmodel.model.model.Model` and yields findings.  Imports ``environment`` and what is below it,
and no other check.  A new rule that no schema can decide is a generator in the module of its chapter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlmodel.checks import (
    absent_files,
    code_execution,
    copies,
    directory,
    environment,
    flavors,
    format_pins,
    imports,
    input_example,
    loader_documents,
    loader_files,
    loader_libraries,
    mlmodel_file,
    models_from_code,
    named_files,
    nested_models,
    objects,
    package_sources,
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
    *absent_files.CHECKS,
    *loader_files.CHECKS,
    *mlmodel_file.CHECKS,
    *flavors.CHECKS,
    *signature.CHECKS,
    *environment.CHECKS,
    *requirement_lines.CHECKS,
    *package_sources.CHECKS,
    *pins.CHECKS,
    *recorded_python.CHECKS,
    *recorded_files.CHECKS,
    *named_files.CHECKS,
    *format_pins.CHECKS,
    *loader_libraries.CHECKS,
    *nested_models.CHECKS,
    *imports.CHECKS,
    *objects.CHECKS,
    *serialized.CHECKS,
    *loader_documents.CHECKS,
    *code_execution.CHECKS,
    *models_from_code.CHECKS,
    *input_example.CHECKS,
)
