"""Bytes of a YAML or JSON file -> :class:`Document`: data, problems, and the position of every value.

Imports ``common`` and ``findings``; knows nothing of MLflow.  A new syntax is a module here that returns a Document.
"""

from mlmodel.documents.base import Document, Limits, Position, Problem, ProblemKind, decode
from mlmodel.documents.json import parse_json
from mlmodel.documents.locations import location_of
from mlmodel.documents.yaml import parse_yaml

__all__ = [
    "Document",
    "Limits",
    "Position",
    "Problem",
    "ProblemKind",
    "decode",
    "location_of",
    "parse_json",
    "parse_yaml",
]
