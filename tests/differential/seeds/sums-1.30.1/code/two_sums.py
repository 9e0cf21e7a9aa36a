"""The loader of a model that needs no library: its data is a few lines of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Sums:
    """Adds the columns ``a`` and ``b``, each times its weight."""

    def __init__(self, weights: list[float]) -> None:
        self.weights = weights

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> list[float]:
        """The weighted sum of each row."""
        del params
        return [a * self.weights[0] + b * self.weights[1] for a, b in zip(data["a"], data["b"])]


def _load_pyfunc(data_path: str, model_config: dict[str, Any] | None = None) -> Sums:
    del model_config
    text = Path(data_path, "weights.txt").read_text(encoding="utf-8")
    return Sums([float(line) for line in text.split()])
