"""Functions of MLflow with the validator before them: ``log_model``.

Imports ``validation`` and what is below it, and MLflow, late.  Writing without MLflow lives in ``writer``.
"""

from __future__ import annotations

from mlmodel.mlflow.logging_models import InvalidModelError, log_model

__all__ = ["InvalidModelError", "log_model"]
