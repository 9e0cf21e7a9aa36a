"""The reference writer: from an object to a model directory that conforms, without MLflow.

Imports ``validation``, ``runtime``, ``flavors``, ``inference`` and what is below them.  How a library's objects are stored
stands in ``flavors``; what every model has (MLmodel file, environment files, example) is written here.
"""

from __future__ import annotations

from mlmodel.writer.example import Table
from mlmodel.writer.package import WriteError, write_model

__all__ = ["Table", "WriteError", "write_model"]
