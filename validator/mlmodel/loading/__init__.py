"""Models loaded and asked without MLflow: ``mlmodel.load``.

Imports ``validation``, ``flavors``, ``inference`` and what is below them.  What is let through is decided before anything is
imported; the input is enforced as MLflow enforces it.  How a flavor is read stands in ``flavors``.
"""

from __future__ import annotations

from mlmodel.loading.errors import InputError, LoadError
from mlmodel.loading.model import Model
from mlmodel.loading.opening import load

__all__ = ["InputError", "LoadError", "Model", "load"]
