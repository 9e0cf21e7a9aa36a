"""requirements.lock: every distribution that the requirements bring, in one version, with the hashes of its files."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import TYPE_CHECKING

from mlmodel.common import scratch
from mlmodel.resolution.index import explanation
from mlmodel.resolution.uv import MissingToolError, UnansweredError, ask, find_uv, write
from mlmodel.writer.dependencies import public

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "requirements.lock"
"""What ``pip install --require-hashes -r`` takes."""
TIMEOUT = 300.0
"""Seconds for the package index to answer."""


class LockError(ValueError):
    """The package index does not have what is installed, or could not be asked."""


def lock(requirements: Sequence[str]) -> bytes:
    """The lock of some requirements, as uv resolves them; what they require in turn has its installed version wherever
    that goes together.

    Asks the package index that uv is configured for; nothing is installed or built.

    Raises:
        LockError: there is no lock.
    """
    installed = sorted(
        f"{name}=={public(distribution.version)}"
        for distribution in metadata.distributions()
        if (name := distribution.metadata["Name"])
    )
    try:
        uv = find_uv("a lock")
        with scratch.folder() as folder:
            write(folder, "requirements.in", requirements)
            # uv keeps the versions of a lock that is there, as far as they go together.
            write(folder, NAME, installed)
            command = [
                *("pip", "compile", "requirements.in", "-o", NAME),
                *("--only-binary", ":all:", "--generate-hashes", "--no-header", "--no-annotate"),
                *("--python-version", platform.python_version()),
            ]
            answer = ask(uv, command, folder, TIMEOUT)
            if not answer.solved:
                raise LockError(f"no lock: {explanation(answer.text)}")
            with open(os.path.join(folder, NAME), "rb") as file:
                return file.read()
    except (MissingToolError, UnansweredError) as error:
        raise LockError(f"no lock: {error}") from error
