"""requirements.txt, conda.yaml and python_env.yaml, from one value, so that they cannot disagree."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING, Any

from mlmodel.common.patterns import lazy_pattern
from mlmodel.common.records import Record
from mlmodel.flavors import UnsuitableError
from mlmodel.writer import requirement_lines, settings
from mlmodel.writer.mlmodel_file import emit
from mlmodel.writer.requirement_lines import CONSTRAINTS, Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOOLS = ("pip", "setuptools", "wheel")
_MLFLOW = lazy_pattern(r"mlflow(?:[-_.]skinny)?(?![\w.-])", re.IGNORECASE)


class Environment(Record):
    """What a model needs to run."""

    python: str
    """The version, ``3.11.7``."""
    requirements: tuple[str, ...]
    tools: tuple[tuple[str, str], ...]
    """What builds the environment: names and versions, as installed here."""
    constraints: tuple[str, ...] = ()
    """Lines that only limit versions."""
    conda: dict[str, Any] | None = None
    """conda.yaml as its author gave it; None where it is made from the others."""

    @classmethod
    def here(
        cls, requirements: Sequence[str], constraints: Sequence[str] = (), conda: dict[str, Any] | None = None
    ) -> Environment:
        """These requirements on the Python that runs."""
        tools = []
        for name in _TOOLS:
            try:
                tools.append((name, metadata.version(name)))
            except metadata.PackageNotFoundError:
                continue
        limits = (f"-c {CONSTRAINTS}",) if constraints else ()
        return cls(
            platform.python_version(), (*requirements, *limits), tuple(tools), tuple(constraints), conda
        )

    def files(self) -> dict[str, bytes]:
        """The files, as MLflow names and fills them since 1.26."""
        files = {
            "conda.yaml": emit(self._conda()),
            "python_env.yaml": emit(
                {
                    "python": self.python,
                    "build_dependencies": [f"{name}=={version}" for name, version in self.tools] or ["pip"],
                    "dependencies": ["-r requirements.txt"],
                }
            ),
            "requirements.txt": "".join(f"{line}\n" for line in self.requirements).encode(),
        }
        if self.constraints:
            files[CONSTRAINTS] = "".join(f"{line}\n" for line in self.constraints).encode()
        return files

    def _conda(self) -> dict[str, Any]:
        listed = {"pip": list(self.requirements)}
        if self.conda is not None:
            others = [entry for entry in self.conda["dependencies"] if not _is_pip(entry)]
            return {**self.conda, "dependencies": [*others, listed]}
        pip = dict(self.tools).get("pip")
        return {
            "channels": ["conda-forge"],
            "dependencies": [f"python={self.python}", f"pip<={pip}" if pip else "pip", listed],
            "name": "mlflow-env",
        }


def of_conda(given: Any, mlflow: str) -> tuple[dict[str, Any], Lines]:
    """A conda environment that was given, and the requirements of its ``pip`` part (``_process_conda_env`` of MLflow).

    Args:
        given: the mapping, or the path of a YAML file.
        mlflow: the release of MLflow to require where nothing does.

    Raises:
        UnsuitableError: it is no conda environment.
    """
    conda = settings.mapping("conda_env", given)
    dependencies = conda.get("dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(each, (str, dict)) for each in dependencies):
        raise UnsuitableError("conda_env: dependencies is a list of texts, and one mapping 'pip'")
    pip = [entry for entry in dependencies if _is_pip(entry)]
    if len(pip) > 1 or any(isinstance(each, dict) and not _is_pip(each) for each in dependencies):
        raise UnsuitableError("conda_env: dependencies holds more mappings than one 'pip'")
    # What an environment file names lies beside it.
    base = os.path.dirname(os.fspath(given)) if isinstance(given, (str, os.PathLike)) else ""
    lines = requirement_lines.read("conda_env: pip", pip[0]["pip"] if pip else [], base)
    names = [each for each in dependencies if isinstance(each, str)]
    if not any(re.match(r"pip(?![\w-])", name) for name in names):
        # Without it, conda installs no part 'pip'.
        dependencies = [*names, "pip"]
    return {**conda, "dependencies": dependencies}, with_mlflow(lines, mlflow)


def with_mlflow(lines: Lines, mlflow: str) -> Lines:
    """Lines that require MLflow, as its writers see to."""
    if any(_MLFLOW.match(line) for line in lines.requirements):
        return lines
    return lines._replace(requirements=(f"mlflow=={mlflow}", *lines.requirements))


def _is_pip(entry: Any) -> bool:
    return isinstance(entry, dict) and set(entry) == {"pip"}
