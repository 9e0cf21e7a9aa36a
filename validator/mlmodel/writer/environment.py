"""requirements.txt, conda.yaml and python_env.yaml, from one value, so that they cannot disagree."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from mlmodel.writer.mlmodel_file import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOOLS = ("pip", "setuptools", "wheel")


class Environment(NamedTuple):
    """What a model needs to run."""

    python: str
    """The version, ``3.11.7``."""
    requirements: tuple[str, ...]
    tools: tuple[tuple[str, str], ...]
    """What builds the environment: names and versions, as installed here."""

    @classmethod
    def here(cls, requirements: Sequence[str]) -> Environment:
        """These requirements on the Python that runs."""
        tools = []
        for name in _TOOLS:
            try:
                tools.append((name, metadata.version(name)))
            except metadata.PackageNotFoundError:
                continue
        return cls(platform.python_version(), tuple(requirements), tuple(tools))

    def files(self) -> dict[str, bytes]:
        """The three files, as MLflow names and fills them since 1.26."""
        pip = dict(self.tools).get("pip")
        return {
            "conda.yaml": emit(
                {
                    "channels": ["conda-forge"],
                    "dependencies": [
                        f"python={self.python}",
                        f"pip<={pip}" if pip else "pip",
                        {"pip": list(self.requirements)},
                    ],
                    "name": "mlflow-env",
                }
            ),
            "python_env.yaml": emit(
                {
                    "python": self.python,
                    "build_dependencies": [f"{name}=={version}" for name, version in self.tools] or ["pip"],
                    "dependencies": ["-r requirements.txt"],
                }
            ),
            "requirements.txt": "".join(f"{line}\n" for line in self.requirements).encode(),
        }
