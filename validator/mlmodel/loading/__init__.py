"""Models loaded and asked without MLflow: ``mlmodel.load``."""

from __future__ import annotations

from mlmodel.loading.errors import InputError, LoadError
from mlmodel.loading.model import Model
from mlmodel.loading.opening import load

__all__ = ["InputError", "LoadError", "Model", "load"]
