"""A signature as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Signature:
    """The texts of a signature as the MLmodel file holds them: JSON arrays, None where a section is not stated.

    Character for character what MLflow 3.17.2 writes (``ModelSignature.to_dict``).
    """

    inputs: str | None = None
    outputs: str | None = None
    params: str | None = None

    def as_mlmodel(self) -> dict[str, str | None]:
        """The value of ``signature`` in the MLmodel file."""
        return {"inputs": self.inputs, "outputs": self.outputs, "params": self.params}
