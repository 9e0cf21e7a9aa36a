"""Puts the conformance suite into the wheel as one archive.

As plain files among the packages its Python files would be compiled where they are installed, and the cases would then have
files that nobody wrote.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file, so that the same tree makes the same archive."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Writes ``conformance.zip`` and has the wheel include it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a build: an editable install uses the tree, and a checkout without the suite has none."""
        source = os.path.join(self.root, "conformance")
        if version == "editable" or not os.path.isdir(source):
            return
        self._folder = tempfile.mkdtemp(prefix="mlmodel-build-")
        path = os.path.join(self._folder, "conformance.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(_files(source)):
                entry = zipfile.ZipInfo(os.path.relpath(file, source).replace(os.sep, "/"), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                with open(file, "rb") as content:
                    archive.writestr(entry, content.read())
        build_data["force_include"][path] = "mlmodel/_data/conformance.zip"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """After it: remove what was written."""
        del version, build_data, artifact_path
        folder = getattr(self, "_folder", None)
        if folder is not None:
            os.remove(os.path.join(folder, "conformance.zip"))
            os.rmdir(folder)


def _files(source: str) -> list[str]:
    """Every file; of folders named ``__pycache__`` only those in the cases, which are part of them."""
    found: list[str] = []
    cases = os.path.join(source, "cases", "")
    for folder, _, names in os.walk(source):
        inside = os.path.join(folder, "")
        if "__pycache__" in folder.split(os.sep) and not inside.startswith(cases):
            continue
        found += (os.path.join(folder, name) for name in names)
    return found
