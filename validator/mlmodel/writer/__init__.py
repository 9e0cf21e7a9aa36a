"""The reference writer: from an object to a model directory that conforms, without MLflow."""

from __future__ import annotations

from mlmodel.writer.example import Table
from mlmodel.writer.package import WriteError, write_model

__all__ = ["Table", "WriteError", "write_model"]
